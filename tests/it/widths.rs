//! Tables for people fit the terminal; a pipe or a file gets all of them.

use fbsync::sandbox::{Member, World, changes};
use unicode_width::UnicodeWidthStr as _;

use crate::harness::{DB, Home, has};

/// A database with a quarter's changes, and a sign-in to show.
fn home() -> Home {
    let home = Home::with_sign_in().with("FBSYNC_DB", DB);
    home.fbsync(&["sync"]).succeeds();
    home.sandbox.change(changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    home
}

/// What stands on a terminal of so many columns, standard error apart, line by line.
pub(crate) fn shown(home: &Home, columns: usize, line: &str) -> Vec<String> {
    let line = format!("stty cols {columns}; {{ {line}; }} 2>/dev/null");
    let run = home.run(home.on_a_terminal(&line).env("FBSYNC", env!("CARGO_BIN_EXE_fbsync"))).succeeds();
    run.stdout.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

#[track_caller]
pub(crate) fn fits(lines: &[String], columns: usize) {
    let wide: Vec<_> = lines.iter().filter(|line| line.width() > columns).collect();
    assert!(wide.is_empty(), "wider than {columns}: {wide:#?}");
}

#[test]
fn the_changes_fit_and_none_is_missing() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    let pipe = home.fbsync(&["diff"]).succeeds().stdout;
    let kinds: Vec<&str> = pipe.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(kinds.len(), 9);
    for columns in [200, 100, 80, 60, 40, 20, 8, 1] {
        let lines = shown(&home, columns, "$FBSYNC diff");
        fits(&lines, columns);
        assert_eq!(lines.len(), kinds.len(), "{columns}: {lines:#?}");
        for (line, kind) in lines.iter().zip(&kinds) {
            let (start, _) = line.split_once(['…', ' ']).unwrap_or((line, ""));
            assert!(kind.starts_with(start), "{columns}: {kind} is {line}");
        }
    }
}

#[test]
fn what_a_person_needs_of_a_change_is_there_on_eighty_columns() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    let lines = shown(&home, 80, "$FBSYNC diff");
    let heading: Vec<&str> = lines[0].split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    assert_eq!(heading, ["change", "business", "who", "role", "before → after"]);
    let row = |start: &str| lines.iter().find(|line| line.starts_with(start)).expect("a row").as_str();
    for (start, words) in [
        ("role_", ["Harbourlight", "Bram Visser", "Admin", "Manager → Admin"]),
        ("joined", ["Harbourlight", "Amara Okonjo", "Manager", "→ active"]),
        ("left", ["Harbourlight", "Lars Holm", "Employee", "active →"]),
    ] {
        assert!(words.iter().all(|word| row(start).contains(word)), "{lines:#?}");
    }
    // Where there is room enough, nothing is cut, and the address is there too.
    let wide = shown(&home, 200, "$FBSYNC diff").join("\n");
    assert!(!wide.contains('…') && wide.contains("amara.okonjo@harbourlight.example"), "{wide}");
    // The smallest terminal still says who it was, and where.
    let narrow = shown(&home, 40, "$FBSYNC diff");
    assert!(narrow.iter().any(|line| line.contains("Harbour") && line.contains("Lars Ho")), "{narrow:#?}");
}

#[test]
fn a_pipe_and_a_file_get_everything() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    for command in ["diff", "diff --format csv", "diff --format jsonl", "diff --json", "snapshots"] {
        let words: Vec<&str> = command.split(' ').collect();
        let pipe = home.fbsync(&words).succeeds().stdout;
        assert!(!pipe.contains('…'), "{command}: {pipe}");
        assert_eq!(shown(&home, 40, &format!("$FBSYNC {command} | cat")), lines(&pipe), "{command}");
        shown(&home, 40, &format!("$FBSYNC {command} >file"));
        assert_eq!(std::fs::read_to_string(home.path("file")).expect("a file"), pipe, "{command}");
        if command.contains(' ') {
            assert_eq!(shown(&home, 40, &format!("$FBSYNC {command}")), lines(&pipe), "{command}");
        }
    }
    // It tells how long a sign-in is still good, which may be another minute by now.
    let status = shown(&home, 40, "$FBSYNC status | cat").join("\n");
    assert!(!status.contains('…') && status.contains("  user:profile:read user:teams:read  "), "{status}");
    let table = home.fbsync(&["diff"]).succeeds().stdout;
    let heading: Vec<&str> = table.lines().next().expect("a heading").split_whitespace().collect();
    assert_eq!(heading, ["change", "business_name", "email", "full_name", "role", "before", "after", "note"]);
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn snapshots_keep_their_numbers_whole() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    let pipe = home.fbsync(&["snapshots"]).succeeds().stdout;
    let all: Vec<Vec<&str>> = pipe.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    for (columns, least) in [(105, 11), (100, 11), (80, 9), (40, 3)] {
        let lines = shown(&home, columns, "$FBSYNC snapshots");
        fits(&lines, columns);
        assert_eq!(lines.len(), all.len() + 1, "{lines:#?}");
        assert!(lines[0].split_whitespace().count() >= least, "{columns}: {lines:#?}");
        for (line, cells) in lines.iter().skip(1).zip(&all) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert!(words.iter().all(|word| cells.contains(word)), "{columns}: {line}");
            assert_eq!(words[..3], cells[..3], "{columns}");
        }
    }
}

#[test]
fn a_sign_in_keeps_its_name_and_its_state() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = home();
    for columns in [100, 80, 40] {
        let lines = shown(&home, columns, "$FBSYNC status");
        fits(&lines[..2], columns);
        let (name, state) = ("default  ", "  ready, expires in ");
        assert!(lines[1].starts_with(name) && lines[1].contains(state), "{columns}: {lines:#?}");
        assert!(lines.iter().all(|line| !line.contains('…')), "{columns}: {lines:#?}");
    }
}

#[test]
fn a_terminal_that_does_not_tell_its_width_has_eighty() {
    if !has(&["script"]) {
        return;
    }
    let home = home();
    let eighty = shown(&home, 80, "$FBSYNC diff");
    assert_eq!(shown(&home, 0, "$FBSYNC diff"), eighty);
    assert_eq!(shown(&home, 0, "COLUMNS=soon $FBSYNC diff"), eighty);
    assert_eq!(shown(&home, 0, "COLUMNS=40 $FBSYNC diff"), shown(&home, 40, "$FBSYNC diff"));
    // What the terminal itself says is newer than what a shell once noted.
    assert_eq!(shown(&home, 80, "COLUMNS=40 $FBSYNC diff"), eighty);
}

#[test]
fn no_name_breaks_a_row() {
    if !has(&["script", "stty"]) {
        return;
    }
    let home = Home::reading(World::many(1, 2));
    home.sync().succeeds();
    let names =
        ["王小明".repeat(40), "one\ntwo\tthree".to_owned(), "👩‍👩‍👧❤️".repeat(30), "e\u{301}".repeat(300)];
    home.sandbox.change(|world| {
        for (n, name) in names.iter().enumerate() {
            let email = format!("{n}@x.example");
            let member = Member::new(name, "", &email, "business_manager");
            world.businesses[0].members.push(Member { uuid: Some(format!("uuid {n}")), ..member });
        }
    });
    home.sync().succeeds();
    for columns in [100, 40, 7] {
        let lines = shown(&home, columns, &format!("$FBSYNC diff --db {DB}"));
        fits(&lines, columns);
        assert_eq!(lines.len(), names.len() + 1, "{lines:#?}");
    }
    assert_eq!(home.fbsync(&["diff", "--db", DB]).succeeds().stdout.lines().count(), names.len() + 1);
}
