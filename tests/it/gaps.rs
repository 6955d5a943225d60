//! What a sync leaves out on purpose, and the gaps that are known beforehand.

use std::fs;

use fbsync::sandbox::{Fault, Reading, Trouble, World};

use crate::harness::{DB, Home, NEW_DB, Run};
use crate::sync::{TEAM, three};
use crate::xlsx;

/// Three businesses, the team of the second refused.
fn with_a_gap() -> Home {
    let mut world = three();
    refuse(&mut world, 9002);
    Home::reading(world)
}

fn refuse(world: &mut World, id: i64) {
    world.business(id).expect("a business").team_list = Reading::Refused(403);
}

fn sync(home: &Home, options: &[&str]) -> Run {
    home.fbsync(&[&["sync", "--db", DB], options].concat())
}

/// How the newest snapshot tells of one team list.
fn told(home: &Home, business: i64) -> String {
    home.tables().one(&format!(
        "SELECT status, outcome, coalesce(message, '') FROM coverage JOIN snapshots ON id = snapshot_id
         WHERE id = (SELECT max(id) FROM snapshots) AND business_id = {business} AND resource = 'team_members'"
    ))
}

fn parameter(home: &Home, name: &str) -> String {
    home.tables().one(&format!("SELECT parameters -> '{name}' FROM snapshots ORDER BY id DESC LIMIT 1"))
}

#[test]
fn businesses_left_out_are_rows_and_no_gap() {
    for (options, told_as) in [
        (&["--business", "9001", "--business", "9003"][..], "--business 9001, 9003"),
        (&["--skip-business", "9002"], "--skip-business 9002"),
        (
            &["--business", "9001", "--business", "9002", "--business", "9003", "--skip-business", "9002"],
            "--business 9001, 9002, 9003; --skip-business 9002",
        ),
    ] {
        let home = with_a_gap();
        let run = sync(&home, options).succeeds();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", NEW_DB), "{options:?}");
        let said = format!("snapshot 1 covers 2 of 3 businesses ({told_as})\n");
        home.fbsync(&["status", "--max-age", "1h", "--db", DB]).succeeds().says(&said);
        assert_eq!(told(&home, 9002), "complete|skipped|skipped on request");
        assert_eq!(told(&home, 9001), "complete|ok|");
        let outcomes = "SELECT resource, outcome, received, attempts FROM coverage WHERE business_id = 9002
             ORDER BY resource";
        assert_eq!(home.tables().rows(outcomes), ["business_group|skipped|0|0", "team_members|skipped|0|0"]);
        assert_eq!((home.sandbox.count("GET", TEAM), home.sandbox.count("GET", "/business/9002")), (0, 0));
        // What `users/me` says of it stays: it is a business of the snapshot, and one's own role in it.
        assert_eq!(home.tables().one("SELECT status, businesses FROM snapshots"), "complete|3");
        let own = "SELECT role, sources FROM memberships WHERE business_id = 9002";
        assert_eq!(home.tables().rows(own), ["owner|identity"]);
        let given = |name| options.chunks(2).filter(move |pair| pair[0] == name).map(|pair| pair[1]);
        let json = |name| format!("[{}]", given(name).collect::<Vec<_>>().join(","));
        assert_eq!(parameter(&home, "business"), json("--business"));
        assert_eq!(parameter(&home, "skip_business"), json("--skip-business"));
    }
}

/// A complete snapshot of one business is the latest complete one. Nobody shall take it for all of them.
#[test]
fn every_answer_from_a_snapshot_of_some_businesses_says_so() {
    let home = Home::reading(three());
    home.sync().succeeds().does_not_say("covers");
    sync(&home, &["--business", "9002"]).succeeds();
    let covers = "snapshot 2 covers 1 of 3 businesses (--business 9002)\n";
    for command in [
        &["export", "access"][..],
        &["export", "--out", "e"],
        &["who", "identity:6100001"],
        &["diff"],
        &["status", "--max-age", "26h"],
    ] {
        let run = home.fbsync(&[command, &["--db", DB]].concat());
        assert!(run.stderr.contains(covers), "{command:?}: {run}");
    }
    home.fbsync(&["export", "access", "--db", DB, "--snapshot", "1"]).succeeds().does_not_say("covers");
    home.fbsync(&["export", "--db", DB, "--split-by", "business", "--out", "each"])
        .exits(7)
        .says(covers)
        .says("Business 0001 (9001), left out when reading");
    // Of that business alone, it is all there is.
    home.fbsync(&["export", "access", "--db", DB, "--business", "9002"]).succeeds().does_not_say("covers");
    let readme = fs::read_to_string(home.path("e/README.txt")).expect("a text");
    let omitted = "Omitted           2 businesses, left out when reading (--business 9002)\n";
    assert!(readme.contains(omitted), "{readme}");
    home.fbsync(&["verify", "e", "--db", DB]).succeeds();
    home.fbsync(&["export", "access", "--db", DB, "-o", "a.xlsx"]).succeeds();
    let texts = xlsx::part(&home.path("a.xlsx"), "xl/sharedStrings.xml");
    assert!(texts.contains("2 businesses, left out when reading (--business 9002)"), "{texts}");
}

#[test]
fn an_accepted_gap_is_in_the_evidence_with_its_reason_and_its_last_day() {
    let home = with_a_gap();
    fs::write(home.path("gaps.csv"), "business_id,reason,until\n9002,the client's wish,2999-12-31\n")
        .expect("a file");
    sync(&home, &["--accept-gaps", "gaps.csv"]).succeeds();
    home.fbsync(&["export", "--db", DB, "--out", "e"]).succeeds();
    let readme = fs::read_to_string(home.path("e/README.txt")).expect("a text");
    let words: Vec<&str> = readme.split_whitespace().collect();
    let told = "Business 0002 (9002): denied; accepted: the client's wish (until 2999-12-31), ";
    assert!(words.join(" ").contains(told), "{readme}");
    home.fbsync(&["verify", "e", "--db", DB]).succeeds();
    home.fbsync(&["export", "access", "--db", DB, "-o", "a.xlsx"]).succeeds();
    let texts = xlsx::part(&home.path("a.xlsx"), "xl/sharedStrings.xml");
    assert!(texts.contains("denied; accepted: the client's wish (until 2999-12-31)"), "{texts}");

    home.fbsync(&["export", "--db", DB, "--out", "one", "--business", "9002"]).succeeds();
    let readme = fs::read_to_string(home.path("one/README.txt")).expect("a text");
    assert!(readme.contains("0 of 1 business; not covered: Business 0002 (9002)."), "{readme}");
    assert!(readme.contains("denied; accepted: the client's wish"), "{readme}");

    // It gets no folder, and the command says so.
    home.fbsync(&["export", "--db", DB, "--split-by", "business", "--out", "each"])
        .exits(7)
        .says("whose lists were not read: Business 0002 (9002), an accepted gap\n");
}

#[test]
fn a_split_says_that_it_takes_a_partial_snapshot() {
    let home = Home::reading(three());
    home.sync().succeeds();
    home.sandbox.change(|world| refuse(world, 9002));
    home.sync().exits(7);
    let run = home.fbsync(&["export", "--db", DB, "--split-by", "business", "--out", "each"]).exits(7);
    run.says(") is partial and is used all the same: with --split-by, each business is decided by its own list; the last complete one is snapshot 1\n");
    home.fbsync(&["export", "--db", DB, "--split-by", "business", "--out", "whole", "--snapshot", "1"])
        .succeeds()
        .does_not_say("partial");
}

#[test]
fn options_that_leave_no_business_are_refused() {
    let home = Home::reading(three());
    for options in [
        &["--business", "9001", "--skip-business", "9001"][..],
        &["--skip-business", "9001", "--skip-business", "9002", "--skip-business", "9003"],
    ] {
        sync(&home, options).exits(2).says("leave no business to read").says("hint: ");
        assert!(!home.path(DB).exists());
    }
    assert_eq!(home.sandbox.count("GET", "team_members"), 0);
}

#[test]
fn a_business_that_is_not_there_is_refused_by_name_or_told() {
    let home = Home::reading(three());
    sync(&home, &["--business", "9001", "--business", "4711"])
        .exits(2)
        .says("error: this sign-in has no access to business 4711")
        .says("hint: --business takes one of: 9001 (Business 0001), 9002 (Business 0002), 9003 (Business 0003)\n");
    assert!(!home.path(DB).exists());
    assert_eq!(home.sandbox.count("GET", "team_members"), 0);
    for option in ["--skip-business", "--accept-gap"] {
        let said = "this sign-in has no access to business 4711, which the options name";
        sync(&home, &[option, "4711"]).succeeds().says(said);
        sync(&home, &[option, "4711", "-q"]).succeeds().does_not_say("4711");
    }
    sync(&home, &["--business", "first"]).exits(2).says("first");
    sync(&home, &["--accept-gap", "first=why"]).exits(2).says("a business's id, and after `=` the reason");
}

#[test]
fn an_accepted_gap_is_tried_keeps_its_outcome_and_does_not_make_the_snapshot_partial() {
    let home = with_a_gap();
    for (option, why) in [
        ("9002=the client = its own master", "the client = its own master"),
        ("9002=", "no reason given"),
        ("9002", "no reason given"),
    ] {
        let asked = home.sandbox.count("GET", TEAM);
        let run = sync(&home, &["--accept-gap", option]).succeeds();
        assert_eq!(run.stderr.replace(NEW_DB, ""), "", "{option}");
        assert_eq!(home.sandbox.count("GET", TEAM), asked + 1);
        assert_eq!(told(&home, 9002), format!("complete|denied|accepted: {why}"));
        assert_eq!(parameter(&home, "accept_gaps"), "[9002]");
    }
    // Another gap still counts, and is the only one that is told.
    home.sandbox.change(|world| refuse(world, 9003));
    let run = sync(&home, &["--accept-gap", "9002=known"]).exits(7);
    run.says("--accept-gap 9003=REASON").does_not_say("(9002)");
    assert_eq!(told(&home, 9002), "partial|denied|accepted: known");
}

#[test]
fn a_list_whose_numbers_do_not_agree_can_be_accepted() {
    let home = Home::reading(three());
    let one_more = Trouble::edit(|body| body["meta"]["total"] = 6.into());
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(one_more));
    sync(&home, &[])
        .exits(7)
        .says("mismatch: FreshBooks reported 6, but 5 rows were received")
        .says("9002=REASON");
    sync(&home, &["--accept-gap", "9002=a ghost"]).succeeds();
    assert_eq!(told(&home, 9002), "complete|mismatch|accepted: a ghost");
    let rows = "SELECT count(*) FROM memberships WHERE snapshot_id = 2 AND business_id = 9002";
    assert_eq!(home.tables().number(rows), 5);
}

#[test]
fn a_list_that_failed_is_never_accepted_nor_offered() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(Trouble::unavailable()));
    let run = sync(&home, &["--accept-gap", "9002=known"]).exits(7).says("failed: HTTP 503");
    run.says("hint: run it again: fbsync sync --db 'audit.sqlite' --accept-gap '9002=known'\n")
        .does_not_say("REASON");
    assert!(told(&home, 9002).starts_with("partial|failed|HTTP 503"));
}

#[test]
fn a_gap_that_can_be_read_again_is_told() {
    let home = Home::reading(three());
    let said = "Business 0002 (9002) can be read again: its --accept-gap is no longer needed";
    sync(&home, &["--accept-gap", "9002=known"]).succeeds().says(said);
    fs::write(home.path("gaps.csv"), "business_id,reason\n9002,known\n").expect("a file");
    let said = "Business 0002 (9002) can be read again: remove its row from gaps.csv\n";
    sync(&home, &["--accept-gaps", "gaps.csv"]).succeeds().says(said);
    assert_eq!(told(&home, 9002), "complete|ok|");
    sync(&home, &["--accept-gap", "9002", "--skip-business", "9002"]).succeeds().does_not_say("again");
}

/// What is to be typed, behind the name of the program.
fn first_hint(said: &str) -> &str {
    let (_, hint) = said.split_once("permanent: fbsync sync").expect("a command");
    hint.lines().next().expect("a line")
}

#[test]
fn the_hint_names_every_gap_and_can_be_typed() {
    let mut world = three();
    refuse(&mut world, 9001);
    refuse(&mut world, 9003);
    let home = Home::reading(world);
    let said = sync(&home, &[]).exits(7).says("2 lists could not be read completely").stderr;
    let hint = first_hint(&said);
    home.run(&mut home.shell(&format!("\"$FBSYNC\" sync {hint}"))).succeeds();
    assert_eq!(parameter(&home, "accept_gaps"), "[9001,9003]");
    assert_eq!(told(&home, 9003), "complete|denied|accepted: REASON");
}

#[test]
fn the_hint_keeps_what_was_asked_for() {
    let mut world = World::many(5, 3);
    (9001..=9004).for_each(|id| refuse(&mut world, id));
    let home = Home::reading(world);
    fs::write(home.path("their gaps.csv"), "business_id,reason\n9002,listed\n").expect("a file");
    let options = ["--skip-business", "9004", "--include", "staff", "--accept-gap", "9003=the client's wish"];
    let said = sync(&home, &[&options[..], &["--accept-gaps", "their gaps.csv"]].concat()).exits(7).stderr;
    let hint = first_hint(&said);
    home.run(&mut home.shell(&format!("\"$FBSYNC\" sync {hint}"))).succeeds();
    assert_eq!(parameter(&home, "accept_gaps"), "[9001,9002,9003]");
    assert_eq!(parameter(&home, "include"), r#"["staff"]"#);
    assert_eq!(told(&home, 9003), "complete|denied|accepted: the client's wish");
    assert_eq!(told(&home, 9004), "complete|skipped|skipped on request");
}

#[test]
fn a_file_of_gaps_counts_until_its_days_are_over_and_behind_the_options() {
    let home = with_a_gap();
    let write = |text: &str| fs::write(home.path("gaps.csv"), text).expect("a file");
    let run = |options: &[&str]| sync(&home, &[&["--accept-gaps", "gaps.csv"], options].concat());
    let rows = "business_id,reason,until\n9002,\"the client, as agreed\",\n";
    let utf16 = [0xfeff].into_iter().chain(rows.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [
        rows.into(),
        b"\xef\xbb\xbfbusiness_id,reason,until\r\n9002,\"the client, as agreed\",2999-12-31\r\n".to_vec(),
        b"Business ID;Reason;Until\r\n9002;the client, as agreed;31.12.2999\r\n".to_vec(),
        b"business_id\treason\tuntil\n9002\tthe client, as agreed\t\n".to_vec(),
        utf16,
    ] {
        fs::write(home.path("gaps.csv"), &bytes).expect("a file");
        run(&[]).succeeds();
        let shown = String::from_utf8_lossy(&bytes);
        assert_eq!(told(&home, 9002), "complete|denied|accepted: the client, as agreed", "{shown}");
    }
    write("business_id,reason\n9002,\"moved away,\r\nask Eve\"\n");
    run(&[]).succeeds();
    assert_eq!(told(&home, 9002), "complete|denied|accepted: moved away,\nask Eve");
    run(&["--accept-gap", "9002=typed"]).succeeds();
    assert_eq!(told(&home, 9002), "complete|denied|accepted: typed");
    write("business_id,reason,until\n9002,as agreed,2020-02-29\n");
    let run = run(&[]).exits(7).says("denied: HTTP 403").does_not_say("agreed");
    run.says("warning: the accepted gap of Business 0002 (9002) expired on 2020-02-29\n");
    assert_eq!(parameter(&home, "accept_gaps"), "[]");
    sync(&home, &["--accept-gaps", "gaps.csv", "--accept-gap", "9002"]).succeeds().does_not_say("expired");
}

#[test]
fn the_last_day_of_a_gap_still_counts() {
    let home = with_a_gap().with("FBSYNC_TEST_CLOCK", "1790726400");
    for (until, code) in [("2026-09-30", 0), ("2026-09-29", 7)] {
        fs::write(home.path("gaps.csv"), format!("business_id,reason,until\n9002,known,{until}\n"))
            .expect("a file");
        sync(&home, &["--accept-gaps", "gaps.csv"]).exits(code);
    }
}

#[test]
fn a_file_of_gaps_that_cannot_be_understood_ends_the_sync_before_it_asks() {
    let home = with_a_gap();
    sync(&home, &["--accept-gaps", "no.csv"]).exits(3).says("cannot read the accepted gaps in no.csv");
    for (text, why) in [
        (
            "business_id,until\n9002,2026-02-30\n",
            "row 2: `2026-02-30` is not a date\nhint: write it as YYYY-MM-DD\n",
        ),
        (
            "business_id,until\n9002,3/4/2026\n",
            "row 2: `3/4/2026` could be two different dates\nhint: write it as YYYY-MM-DD\n",
        ),
        (
            "business_id\nnine\n",
            "row 2: `nine` is not the id of a business\nhint: business_id,reason,until\n",
        ),
        (
            "id;reason\n9002;known\n",
            "row 1: there is no column `business_id`\nhint: business_id,reason,until\n",
        ),
        ("business_id,untill\n9002,2026-12-31\n", "row 1: there is an unknown column `untill`\n"),
        ("business_id,\"un\ntill\"\n9002,\n", "row 1: there is an unknown column `un\\ntill`"),
        ("business_id,reason\n9002,\"moved\n9003,y\n", "row 2: a quote is opened but not closed"),
        (
            "business_id,reason\n9001,known\n9002,\n",
            "row 3: there is no reason for business 9002\nhint: write why",
        ),
        ("business_id\n9002\n", "row 2: there is no reason for business 9002\n"),
        ("business_id,reason\n9002,a\n9001,c\n9002,b\n", "row 4: business 9002 is listed twice\n"),
    ] {
        fs::write(home.path("gaps.csv"), text).expect("a file");
        let run =
            sync(&home, &["--accept-gaps", "gaps.csv"]).exits(3).says(&format!("error: gaps.csv, {why}"));
        assert_eq!(run.stderr.lines().count(), 2, "{run}");
    }
    fs::write(home.path("gaps.csv"), b"business_id,reason\n9002,caf\xe9\n").expect("a file");
    let run = sync(&home, &["--accept-gaps", "gaps.csv"]).exits(3);
    run.says("error: gaps.csv: it is neither UTF-8 nor UTF-16\nhint: save it as \"CSV UTF-8\"");
    assert!(!home.path(DB).exists());
    assert_eq!(home.sandbox.requests(), []);
}

#[test]
fn long_lists_are_cut_and_the_rest_can_be_asked_for() {
    let mut world = World::many(30, 1);
    (9001..=9030).for_each(|id| refuse(&mut world, id));
    let home = Home::reading(world);
    let run = sync(&home, &["--business", "4711"]).exits(2);
    run.says("9005 (Business 0005) and 25 more\nhint: all of them: fbsync status --json\n")
        .does_not_say("0006");

    let run = sync(&home, &[]).exits(7).says("warning: Business 0005 (9005): denied").does_not_say("9006");
    let more = "fbsync export coverage --db 'audit.sqlite' --allow-partial";
    let run = run.says(&format!("warning: and 25 more businesses; all of them: {more}\n"));
    let all = home.run(&mut home.shell(&more.replace("fbsync", "\"$FBSYNC\""))).succeeds();
    let all = all.says("not covered: Business 0001 (9001), ").says("Business 0005 (9005) and 25 more\n");
    assert_eq!(all.stdout.lines().filter(|line| line.contains("denied")).count(), 30);
    assert_eq!(run.stderr.lines().count(), 10, "{run}");
    let unknown = ["export", "access", "--db", DB, "--allow-partial", "--people", "ann@x.example"];
    home.fbsync(&unknown).exits(10).says("could not be read: Business 0001 (9001), ").says(" and 25 more\n");
    home.fbsync(&["export", "--db", DB, "--split-by", "business", "--out", "e"])
        .exits(7)
        .says(" and 25 more\n");

    // The two hints lead to a complete snapshot.
    let hint = first_hint(&run.stderr);
    assert!(hint.ends_with(" --write-gaps gaps.csv"), "{hint}");
    let run = home.run(&mut home.shell(&format!("\"$FBSYNC\" sync {hint}"))).exits(7);
    let (_, hint) = run.stderr.split_once("fill in the reasons in gaps.csv: fbsync sync").expect("a command");
    let again = || home.run(&mut home.shell(&format!("\"$FBSYNC\" sync {hint}")));
    again().exits(3).says("gaps.csv, row 2: there is no reason for business 9001");
    let filled = fs::read_to_string(home.path("gaps.csv")).expect("a file").replace(",,", ",theirs,");
    fs::write(home.path("gaps.csv"), filled).expect("a file");
    again().succeeds();
    assert_eq!(told(&home, 9030), "complete|denied|accepted: theirs");

    let expired: String = (9001..=9030).map(|id| format!("{id},known,2020-02-29\n")).collect();
    fs::write(home.path("gaps.csv"), format!("business_id,reason,until\n{expired}")).expect("a file");
    let run = sync(&home, &["--accept-gaps", "gaps.csv"]).exits(7);
    run.says("(9005) expired on 2020-02-29\nwarning: 25 more accepted gaps have expired: ")
        .does_not_say("9006");
}

#[test]
fn a_file_of_gaps_is_begun_and_never_overwritten() {
    let mut world = three();
    refuse(&mut world, 9001);
    refuse(&mut world, 9003);
    let home = Home::reading(world);
    let written = || fs::read_to_string(home.path("gaps.csv")).expect("a file");
    let write = |code| sync(&home, &["--write-gaps", "gaps.csv"]).exits(code);
    write(7)
        .says("permanent, fill in the reasons in gaps.csv: fbsync sync --db 'audit.sqlite' --accept-gaps");
    assert_eq!(written(), "business_id,reason,until\n9001,,\n9003,,\n");

    // Whoever fills it in keeps what they wrote, also where no gap is left or another one is there.
    let filled = "business_id;reason;until\n9003;theirs;\n9001;ours;2020-02-29\n";
    fs::write(home.path("gaps.csv"), filled).expect("a file");
    write(7).does_not_say("left as it is");
    home.sandbox.change(|world| refuse(world, 9002));
    let hint = "permanent, add these rows, with the reasons, to gaps.csv: fbsync sync --db 'audit.sqlite' --accept-gaps";
    write(7)
        .says("warning: gaps.csv exists and was left as it is; it lacks these rows:\n9002,REASON,\n")
        .says(hint);
    // Whoever accepts what the file holds already is not told the option twice.
    let both = sync(&home, &["--write-gaps", "gaps.csv", "--accept-gaps", "gaps.csv"]).exits(7);
    assert_eq!(both.stderr.matches("--accept-gaps 'gaps.csv'").count(), 1, "{both}");
    home.sandbox.change(|world| {
        world.businesses.iter_mut().for_each(|business| business.team_list = Reading::Allowed);
    });
    write(0);
    assert_eq!(written(), filled);

    fs::write(home.path("gaps.csv"), "something else").expect("a file");
    let asked = home.sandbox.requests().len();
    write(3).says("gaps.csv, row 1: there is no column `business_id`");
    assert_eq!((written().as_str(), home.sandbox.requests().len()), ("something else", asked));
    // Too late to be an error: the snapshot is there.
    sync(&home, &["--write-gaps", "no/gaps.csv"]).succeeds();
    home.sandbox.change(|world| refuse(world, 9002));
    let run = sync(&home, &["--write-gaps", "no/gaps.csv"]).exits(7);
    run.says("warning: cannot write no/gaps.csv: No such file").says("error: snapshot ");
}

#[test]
fn what_failed_is_not_offered_in_a_file_either() {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(Trouble::unavailable()));
    sync(&home, &["--write-gaps", "gaps.csv"]).exits(7).says("hint: run it again: ");
    assert!(!home.path("gaps.csv").exists());
}
