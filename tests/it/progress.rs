//! What is seen of a sync: an object for a script, a bar for who watches, nothing for anybody else.

use std::fs;
use std::time::Duration;

use fbsync::sandbox::{Fault, Reading, Trouble, World};
use serde_json::Value;

use crate::harness::{DB, Home, NEW_DB, has};
use crate::sync::{TEAM, three};

#[test]
fn for_scripts_there_is_one_object_with_the_documented_keys() {
    let mut world = three();
    world.business(9002).expect("a business").team_list = Reading::Refused(403);
    let home = Home::reading(world);
    let run = home.fbsync(&["sync", "--db", DB, "--json"]).exits(7);
    let object = run.json();
    let mut keys: Vec<&str> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "accounts",
        "businesses",
        "changed",
        "gaps",
        "joined",
        "left",
        "memberships",
        "since",
        "snapshot",
        "status",
    ];
    assert_eq!(keys, expected);
    assert_eq!((&object["status"], &object["since"]), (&Value::from("partial"), &Value::Null));
    assert_eq!(object["gaps"][0]["business_id"], 9002);
    let problem = object["gaps"][0]["problem"].as_str().expect("a text");
    assert!(problem.starts_with("Business 0002 (9002): denied: HTTP 403"), "{problem}");
    assert_eq!(object["gaps"].as_array().map(Vec::len), Some(1));

    let object = home.fbsync(&["sync", "--db", DB, "--json", "--accept-gap", "9002"]).succeeds().json();
    assert_eq!((&object["status"], object["gaps"].as_array().map(Vec::len)), (&"complete".into(), Some(0)));
}

/// What a terminal shows of a sync that takes a while, as bytes.
fn shown(home: &Home, before: &str, options: &str, code: i32) -> String {
    home.sandbox.change(|world| world.latency = Duration::from_millis(120));
    let line = format!("{before} \"$FBSYNC\" sync --db {DB} {options}");
    let mut command = home.on_a_terminal(&line);
    command.env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")).env("TERM", "xterm").env("NO_COLOR", "1");
    home.run(&mut command).exits(code).stdout
}

/// What is left standing on the line that `text` is on: all that came since the line was last wiped.
fn standing<'a>(shown: &'a str, text: &str) -> &'a str {
    let at = shown.find(text).unwrap_or_else(|| panic!("no {text:?} in {shown:?}"));
    let line = shown[..at].rfind('\n').map_or(0, |end| end + 1);
    let wiped = shown[line..at].rfind("\x1b[2K").map_or(line, |wipe| line + wipe + "\x1b[2K".len());
    shown[wiped..at].trim_start_matches(['\r', ' '])
}

#[test]
fn the_bar_is_gone_before_the_last_words() {
    if !has(&["script"]) {
        return;
    }
    let home = Home::reading(three());
    let screen = shown(&home, "", "", 0);
    assert!(screen.contains("/3 businesses, "), "{screen:?}");
    assert_eq!(standing(&screen, "snapshot 1: 3 businesses"), "", "{screen:?}");
    let after = &screen[screen.find("snapshot 1: ").expect("the last words")..];
    assert!(!after.contains("members,") && after.contains("next: fbsync export"), "{screen:?}");

    home.sandbox.arm(Fault::on(TEAM).then(Trouble::forbidden()));
    home.sandbox.arm(Fault::on("/9003/team_members").then(Trouble::too_many("1")));
    let screen = shown(&home, "", "", 7);
    for said in ["HTTP 429", "warning: Business 0002", "error: snapshot 2 is partial"] {
        assert_eq!(standing(&screen, said), "", "{said}: {screen:?}");
    }
}

#[test]
fn the_bar_counts_nobody_twice() {
    if !has(&["script"]) {
        return;
    }
    // Two pages, so the first is read once more at the end.
    let home = Home::reading(World::many(1, 150));
    let screen = shown(&home, "", "", 0);
    let counted =
        screen.split(" members,").filter_map(|before| before.rsplit(' ').next()?.parse::<u32>().ok());
    assert_eq!(counted.max(), Some(150), "{screen:?}");
}

#[test]
fn there_is_no_bar_where_nobody_can_watch_one() {
    if !has(&["script"]) {
        return;
    }
    for (before, options) in [("", "-q"), ("", "--json"), ("TERM=dumb", ""), ("", "2>said")] {
        let home = Home::reading(three());
        let screen = shown(&home, before, options, 0);
        assert!(!screen.contains("/3 businesses") && !screen.contains('\x1b'), "{options}: {screen:?}");
        if options == "2>said" {
            assert_eq!(fs::read_to_string(home.path("said")).expect("a file"), NEW_DB);
        }
    }
}
