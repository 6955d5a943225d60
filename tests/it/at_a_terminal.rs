//! What a person at a terminal sees: tables of chosen columns, messages that break between words, what
//! needs doing first. A pipe gets data as ever, and cron no mail about a plain "no".

use fbsync::sandbox::{World, changes};
use unicode_width::UnicodeWidthStr as _;

use crate::harness::{DB, Home, has};
use crate::widths::{fits, shown};

/// The demo's world, a quarter apart, with a review of the first reading.
fn home() -> Home {
    let home = Home::signed_in_to(World::demo()).with("FBSYNC_DB", DB);
    home.fbsync(&["sync"]).succeeds();
    home.sandbox.change(changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    home
}

/// Both streams of a line on a terminal of so many columns.
fn on_screen(home: &Home, columns: usize, line: &str) -> String {
    let line = format!("stty cols {columns}; {line}");
    let run = home.run(home.on_a_terminal(&line).env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")));
    run.stdout.replace("\r\n", "\n")
}

fn headings(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|heading| !heading.is_empty()).collect()
}

#[test]
fn every_report_is_a_table_that_fits() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    let reports = home.fbsync(&["export", "--list", "--json"]).succeeds().json();
    let names: Vec<&str> =
        reports.as_array().expect("reports").iter().filter_map(|report| report["name"].as_str()).collect();
    assert!(names.len() > 15, "{names:?}");
    // A page has no rows, and nothing was reviewed.
    for name in names.iter().filter(|name| !["overview", "decisions", "outcomes"].contains(name)) {
        let arguments =
            format!("{name} --own-domain harbourlight.example --people ingrid@harbourlight.example");
        let words: Vec<&str> = ["export"].into_iter().chain(arguments.split(' ')).collect();
        let csv = home.fbsync(&words).succeeds().stdout;
        assert!(csv.contains("\r\n"), "{name}: {csv}");
        for columns in [200, 80, 30] {
            let lines = shown(&home, columns, &format!("$FBSYNC export {arguments}"));
            fits(&lines, columns);
            assert_eq!(lines.len(), csv.matches("\r\n").count(), "{name} on {columns}: {lines:#?}");
        }
    }
}

#[test]
fn who_has_access_is_told_by_name_role_and_status() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    let wide = shown(&home, 140, "$FBSYNC export access");
    assert_eq!(headings(&wide[0]), ["business", "name", "e-mail", "role", "status", "flags"]);
    let lines = shown(&home, 80, "$FBSYNC export access");
    assert_eq!(headings(&lines[0]), ["business", "name", "e-mail", "role", "status"]);
    assert!(
        lines.iter().any(|line| line.contains("Noor Haddad") && line.contains("Accountant")),
        "{lines:#?}"
    );
    // The changes are told in the words of FreshBooks' pages, as `diff` tells them.
    let lines = shown(&home, 100, "$FBSYNC export changes");
    assert!(lines.iter().any(|line| line.contains("Manager") && line.contains("Admin")), "{lines:#?}");
    // Asked for as a file, it is one, and what another product imports always is.
    for arguments in ["access --format csv", "access --bom", "--for vanta"] {
        let words: Vec<&str> = ["export"].into_iter().chain(arguments.split(' ')).collect();
        let pipe = home.fbsync(&words).succeeds().stdout;
        let pipe: Vec<&str> = pipe.trim_start_matches('\u{feff}').lines().collect();
        let lines = shown(&home, 80, &format!("$FBSYNC export {arguments}"));
        assert_eq!(lines.len(), pipe.len(), "{arguments}");
        assert!(lines[0].ends_with(pipe[0]), "{arguments}: {lines:#?}");
    }
}

#[test]
fn columns_are_chosen_by_name_in_any_form() {
    let home = home();
    let csv = home.fbsync(&["export", "access", "--columns", "email,role,row_key,email"]).succeeds().stdout;
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0], "email,role,row_key");
    assert!(lines[1].starts_with("celeste@atelier-celeste.example,owner,48202/"), "{}", lines[1]);
    let all = home.fbsync(&["export", "access"]).succeeds().stdout;
    assert_eq!(all.matches("\r\n").count() + 1, lines.len());
    let file = home.path("few.jsonl");
    home.fbsync(&["export", "access", "--columns", "role", "--columns", "email", "-o", "few.jsonl"])
        .succeeds();
    let text = std::fs::read_to_string(file).expect("a file");
    assert!(text.starts_with("{\"role\":\"owner\",\"email\":\"celeste@"), "{text}");
    let who = home.fbsync(&["who", "Noor Haddad", "--columns", "business_name,role"]).succeeds().stdout;
    assert!(who.starts_with("business_name,role\r\nAtelier Céleste,business_accountant\r\n"), "{who}");

    for command in
        [&["export", "access"][..], &["export", "access", "--format", "jsonl"], &["who", "Noor Haddad"]]
    {
        let run = home.fbsync(&[command, &["--columns", "email,rolle"]].concat()).exits(2);
        assert_eq!(run.stdout, "");
        run.says("error: there is no column `rolle`").says("hint: --columns takes any of: row_key, ");
    }
    for arguments in [&["access", "-o", "a.xlsx"][..], &["overview", "-o", "o.html"], &["--out", "folder"]] {
        home.fbsync(&[&["export", "--columns", "email"], arguments].concat()).exits(2).says("--columns");
    }
    if !has(&["script", "stty"]) {
        return;
    }
    let lines = shown(&home, 80, "$FBSYNC export access --columns as_of,role");
    assert_eq!(headings(&lines[0]), ["as of", "role"]);
    // Who asks for a column gets what it holds.
    assert!(lines[1].contains("Z  owner"), "{lines:#?}");
    let table = shown(&home, 80, "$FBSYNC who Noor Haddad --columns role,business_name");
    assert_eq!(table[1], "business_accountant  Atelier Céleste");
}

#[test]
fn the_reports_are_listed_in_a_line_each_and_one_with_its_columns() {
    let home = Home::new();
    let list = home.fbsync(&["export", "--list"]).succeeds().stdout;
    let json = home.fbsync(&["export", "--list", "--json"]).succeeds().json();
    assert_eq!(list.lines().count(), json.as_array().expect("reports").len());
    assert!(list.starts_with("access          every membership: one row per account"), "{list}");
    let access = home.fbsync(&["export", "access", "--list"]).succeeds().stdout;
    assert_eq!(access, home.fbsync(&["export", "--list", "access"]).succeeds().stdout);
    let names: Vec<&str> = access.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let columns = json[0]["columns"].as_array().expect("columns");
    assert_eq!(names, columns.iter().filter_map(|column| column["name"].as_str()).collect::<Vec<_>>());
    let one = home.fbsync(&["export", "--list", "access", "--json"]).succeeds().json();
    assert_eq!(one, json[0]);
    home.fbsync(&["export", "--list", "nothing"]).exits(2).says("there is no report `nothing`");
    if !has(&["script", "stty"]) {
        return;
    }
    let lines = shown(&home, 60, "$FBSYNC export --list access");
    fits(&lines, 60);
    // What a column means is never cut: it goes on below.
    assert!(
        !lines.concat().contains('…') && lines.iter().any(|line| line.starts_with("      ")),
        "{lines:#?}"
    );
}

#[test]
fn messages_break_between_words_and_commands_do_not() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    let pipe = home.fbsync(&["verify"]).succeeds().stderr;
    let long = pipe.lines().find(|line| line.width() > 150).expect("a long sentence");
    for columns in [50, 80, 120] {
        let screen = on_screen(&home, columns, "$FBSYNC verify");
        let lines: Vec<String> = screen.lines().map(str::to_owned).collect();
        let has_hash = |line: &String| line.split(' ').any(|word| word.len() == 64);
        fits(&lines.iter().filter(|line| !has_hash(line)).cloned().collect::<Vec<_>>(), columns);
        let joined = lines.join(" ");
        assert!(joined.contains(long), "{columns}: a word was broken in\n{screen}");
    }
    // The second line of an error stands below its first.
    let screen = on_screen(&home, 40, "NO_COLOR=1 $FBSYNC snapshots --period 1999-Q3");
    assert!(screen.contains("error: there is no complete snapshot in\n       1999-Q3 ("), "{screen}");
    let hint = screen.lines().last().expect("a hint");
    assert!(hint.ends_with("fbsync snapshots --all --db 'audit.sqlite' shows what there is"), "{screen}");
}

#[test]
fn a_sign_in_that_is_needed_is_said_first_and_in_colour() {
    if !has(&["script"]) {
        return;
    }
    let home = home();
    std::fs::copy(home.store(), home.state().join("zoe.json")).expect("a copy");
    let mut stored = home.stored();
    stored["dead"] = "FreshBooks no longer accepts it".into();
    std::fs::write(home.state().join("zoe.json"), stored.to_string()).expect("a store");
    let run = home.fbsync(&["status"]).succeeds();
    assert!(
        run.stderr.starts_with("warning: zoe needs a sign-in: FreshBooks no longer accepts it\n"),
        "{run}"
    );
    let profiles: Vec<&str> = run.stdout.lines().filter_map(|line| line.split(' ').next()).take(3).collect();
    assert_eq!(profiles, ["profile", "zoe", "default"]);
    let colored = "\x1b[1;33mwarning:\x1b[0m zoe needs a sign-in: ";
    assert!(on_screen(&home, 100, "$FBSYNC status").starts_with(colored));
    for plain in ["NO_COLOR=1 $FBSYNC status", "$FBSYNC status --color never"] {
        assert!(on_screen(&home, 100, plain).starts_with("warning: zoe needs a sign-in: "), "{plain}");
    }
}

#[test]
fn quiet_and_no_is_said_by_the_exit_code_only() {
    let home = home();
    for command in [
        "diff --exit-code --format csv",
        "status --max-age 26h --db none.sqlite",
        "snapshots --period 1999-Q3",
        "verify --expect 1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let run = home.fbsync(&[&words[..], &["-q"]].concat()).exits(10);
        assert!(!run.stderr.contains("error:") && !run.stderr.contains("hint:"), "{command}: {run}");
        // What was found is still printed.
        assert_eq!(run.stderr.contains("problem:"), command.starts_with("verify"), "{command}: {run}");
        home.fbsync(&words).exits(10).says("error: ");
    }
    // Who cannot be told anything was not answered.
    home.fbsync(&["diff", "--exit-code", "-q", "--from", "7"]).exits(2).says("error: ");
    home.fbsync(&["who", "nobody@x.example", "-q"]).exits(10).says("error: ");
}
