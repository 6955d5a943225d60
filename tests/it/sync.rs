//! What goes wrong at FreshBooks on the way, and what `sync` makes of it: it asks again, or says
//! exactly what is missing.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use fbsync::sandbox::{Fault, Reading, Trouble, World};
use serde_json::json;

use crate::harness::{DB, Home, NEW_DB, Run};

pub(crate) const ME: &str = "/users/me";
pub(crate) const TEAM: &str = "/businesses/9002/team_members";
pub(crate) const GROUP: &str = "/users/business/9002";

/// Three businesses of five; the troubles are the second one's.
pub(crate) fn three() -> World {
    World::many(3, 5)
}

pub(crate) fn team_outcomes(home: &Home) -> Vec<String> {
    home.tables().rows(
        "SELECT business_id, outcome, http_status, received, attempts FROM coverage
         WHERE resource = 'team_members' ORDER BY business_id",
    )
}

/// A sync in which every request for `path` meets this trouble.
pub(crate) fn for_ever(path: &str, trouble: Trouble) -> (Home, Run) {
    let home = Home::reading(three());
    home.sandbox.arm(Fault::on(path).times(usize::MAX).then(trouble));
    let run = home.sync();
    (home, run)
}

#[test]
fn a_good_reading_is_silent_unless_asked() {
    let home = Home::reading(three());
    let run = home.sync().succeeds();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", NEW_DB));
    let run = home.fbsync(&["sync", "--db", DB, "-v"]).succeeds();
    assert_eq!(run.stdout, "");
    run.says("snapshot 2: 3 businesses, 13 accounts, 15 memberships (0 joined, 0 left since snapshot 1)\n");
    let run = home.fbsync(&["sync", "--db", DB, "--json"]).succeeds();
    assert_eq!(run.stderr, "");
    let summary = run.json();
    for (key, value) in [("snapshot", 3), ("businesses", 3), ("accounts", 13), ("memberships", 15)] {
        assert_eq!(summary[key], value, "{key}");
    }
    assert_eq!(summary["status"], "complete");
}

#[test]
fn what_was_asked_and_by_whom_is_recorded() {
    let home = Home::signed_in_to(three()).with("USER", "auditor");
    home.fbsync(&["sync", "--db", DB, "--note", "second quarter", "--jobs", "2"]).succeeds();
    let columns = "source, tool_version, identity_id, identity_uuid, identity_email, identity_name, scopes,
         note, os_user, requests, hash_layout, previous_sha256";
    assert_eq!(
        home.tables().one(&format!("SELECT {columns} FROM snapshots")),
        "http://127.0.0.1|0.1.0|6100001|1d000000-0000-4000-8000-000000000001|ingrid@harbourlight.example|\
         Ingrid Solheim|user:profile:read user:teams:read|second quarter|auditor|7|fbsync-1|"
    );
    let jobs = home.tables().number("SELECT parameters ->> 'jobs' FROM snapshots");
    assert_eq!(jobs, 2);
    let urls = home.tables().rows("SELECT method, status, url FROM requests ORDER BY seq LIMIT 2");
    let origin = home.sandbox.origin();
    assert_eq!(urls[0], format!("GET|200|{origin}/auth/api/v1/users/me"));
    assert!(
        urls[1].starts_with(&format!("GET|200|{origin}/auth/api/v1/businesses/9001/team_members?page=1"))
    );
}

#[test]
fn a_token_that_is_refused_is_rotated_once_and_the_read_repeated() {
    for (path, attempts) in [(ME, "1"), (TEAM, "2")] {
        let home = Home::signed_in_to(three());
        home.sandbox.arm(Fault::on(path).then(Trouble::unauthenticated()));
        let (rotations, _) = home.posts_of(|| home.sync().succeeds());
        assert_eq!(rotations, 1, "{path}");
        let recorded = "SELECT attempts FROM coverage WHERE business_id = 9002 AND resource = 'team_members'";
        assert_eq!(home.tables().one(recorded), attempts);
    }
}

#[test]
fn a_token_that_dies_on_the_way_is_rotated_once_by_all_workers_together() {
    let home = Home::signed_in_to(World::many(20, 3));
    let tomorrow = home.sandbox.now() + Duration::from_secs(13 * 3600);
    let expire = Trouble::hook(move |world| world.clock = Some(tomorrow));
    home.sandbox.arm(Fault::on(ME).then(expire));
    let (rotations, _) = home.posts_of(|| home.fbsync(&["sync", "--db", DB, "--jobs", "8"]).succeeds());
    assert_eq!(rotations, 1);
    let refused = home.sandbox.requests().into_iter().filter(|seen| seen.status == Some(401)).count();
    assert!((1..=8).contains(&refused), "{refused} requests with the dead token");
}

#[test]
fn a_bare_token_that_is_refused_asks_for_sign_in_and_leaves_no_database() {
    let home = Home::reading(three()).with("FBSYNC_ACCESS_TOKEN", "expired-long-ago");
    home.sync().exits(4).says("error: FreshBooks rejects the access token in FBSYNC_ACCESS_TOKEN");
    assert!(!home.path(DB).exists());
}

#[test]
fn without_a_sign_in_there_is_a_hint_and_no_database() {
    let home = Home::in_world(three()).without("FBSYNC_CLIENT_ID").without("FBSYNC_CLIENT_SECRET");
    home.sync().exits(4).says("hint: fbsync auth");
    assert!(!home.path(DB).exists());
    assert_eq!(home.sandbox.requests(), []);
}

#[test]
fn a_business_whose_list_is_refused_is_a_gap_and_the_others_are_whole() {
    for status in [403, 404] {
        let mut world = three();
        let business = world.business(9002).expect("a business");
        business.team_list = Reading::Refused(status);
        let home = Home::reading(world);
        home.sync()
            .exits(7)
            .says(&format!("warning: Business 0002 (9002): denied: HTTP {status}: "))
            .says("error: snapshot 1 is partial: 1 list could not be read completely; ")
            .says("hint: ");
        let expected =
            ["9001|ok|200|5|1".to_owned(), format!("9002|denied|{status}|0|1"), "9003|ok|200|5|1".to_owned()];
        assert_eq!(team_outcomes(&home), expected);
        // The identity and the group still name who they name, and say that this is not all.
        let rows = "SELECT role, sources, flags FROM memberships WHERE business_id = 9002";
        assert_eq!(home.tables().rows(rows), ["owner|identity+business_group|listing_incomplete"]);
        assert_eq!(home.tables().one("SELECT status, businesses FROM snapshots"), "partial|3");
        assert_eq!(home.tables().number("SELECT count(*) FROM latest_access"), 0);
    }
}

#[test]
fn the_hint_about_a_gap_can_be_typed_and_makes_the_next_snapshot_complete() {
    let mut world = three();
    world.business(9002).expect("a business").team_list = Reading::Refused(403);
    let home = Home::reading(world);
    let said = home.sync().exits(7).stderr;
    let (_, hint) = said.split_once("fbsync sync").expect("a command");
    let hint = hint.lines().next().unwrap_or_default().replace("REASON", "'the client keeps it to himself'");
    home.run(&mut home.shell(&format!("\"$FBSYNC\" sync {hint}"))).succeeds();
    let gap = "SELECT status, outcome, message FROM coverage JOIN snapshots ON id = snapshot_id
         WHERE id = 2 AND business_id = 9002 AND resource = 'team_members'";
    let gap = home.tables().one(gap);
    assert!(gap.starts_with("complete|denied|accepted: the client keeps it to himself"), "{gap}");
    assert!(home.tables().number("SELECT count(*) FROM latest_access") > 0);
}

#[test]
fn a_list_that_answers_401_to_a_good_token_is_denied() {
    let home = Home::signed_in_to(three());
    home.sandbox.arm(Fault::on(TEAM).times(usize::MAX).then(Trouble::unauthenticated()));
    let (rotations, _) = home.posts_of(|| home.sync().exits(7));
    assert_eq!(rotations, 1);
    assert_eq!(team_outcomes(&home)[1], "9002|denied|401|0|2");
}

#[test]
fn a_business_group_that_is_refused_is_no_gap_and_says_that_owners_were_not_checked() {
    let mut world = three();
    world.business(9002).expect("a business").group_read = Reading::Refused(403);
    let home = Home::reading(world);
    home.sync().succeeds();
    let group = "SELECT outcome, http_status, received FROM coverage
         WHERE business_id = 9002 AND resource = 'business_group'";
    assert_eq!(home.tables().one(group), "denied|403|0");
    let flags = home.tables().rows("SELECT DISTINCT business_id, flags FROM memberships ORDER BY 1");
    assert_eq!(flags, ["9001|", "9002|owners_not_checked", "9003|"]);
}

#[test]
fn no_list_of_businesses_is_an_error_and_an_empty_one_a_snapshot() {
    let mut world = World::empty();
    world.me.extra.insert("business_memberships".to_owned(), json!(fbsync::sandbox::ABSENT));
    let home = Home::reading(world);
    home.sync().exits(5).says("the answer has no `business_memberships`");
    assert!(!home.path(DB).exists());

    let home = Home::reading(World::empty());
    home.sync().succeeds();
    let snapshot = "SELECT status, businesses, accounts, memberships, requests FROM snapshots";
    assert_eq!(home.tables().one(snapshot), "complete|0|0|0|1");
    let csv = home.fbsync(&["export", "access", "--db", DB]).succeeds().stdout;
    assert_eq!(csv.lines().count(), 1);
}

#[test]
fn a_redirect_is_not_followed_and_the_other_host_hears_nothing() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    other.set_nonblocking(true).expect("a socket");
    let elsewhere = format!("http://{}/auth/api/v1/users/me", other.local_addr().expect("an address"));
    for path in [ME, TEAM] {
        let (home, run) = for_ever(path, Trouble::Redirect(elsewhere.clone()));
        let run = run.exits(if path == ME { 5 } else { 7 }).says("HTTP 302");
        assert!(!run.stdout.contains("127.0.0.1"), "{run}");
        assert_eq!(home.sandbox.count("GET", path), 5, "a portal's redirect passes");
        let nobody = other.accept().expect_err("somebody came");
        assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
    }
}
