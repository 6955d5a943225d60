//! Names, addresses and messages of other people, in everything that is printed: on a terminal nothing of
//! them acts, into a pipe or a file data goes as it is.

use fbsync::sandbox::{Reading, World};

use crate::harness::{DB, Home, Run, has};

/// One of each kind that acts on a terminal, or is not seen there: control characters and line ends,
/// escape sequences, C1, direction, zero width, separators, tags, fillers, forms without a character.
const HOSTILE: &str = "\u{0}\u{7}\u{8}\t\n\r\u{1b}[31m\u{7f}\u{85}\u{9b}2J\u{ad}\u{34f}\u{61c}\u{115f}\u{17b4}\u{180e}\
    \u{200b}\u{200d}\u{200e}\u{2028}\u{2029}\u{202e}\u{2060}\u{2066}\u{206a}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{fff9}\
    \u{110bd}\u{1d173}\u{e0001}\u{e0041}\u{e0100}";

/// A name with all of them in it.
fn name(of: &str) -> String {
    format!("{of}{HOSTILE}.")
}

/// Everybody and everything is called so.
fn world() -> World {
    let mut world = World::many(2, 2);
    world.me.first_name = name("Ingrid");
    world.me.email = name("ingrid@harbourlight.example");
    for business in &mut world.businesses {
        business.name = Some(name("Harbourlight"));
        for member in &mut business.members {
            member.first_name = Some(name("Eve"));
            member.email = Some(name("eve@harbourlight.example"));
        }
    }
    world
}

/// Two snapshots with something of each kind between them, one of them partial.
fn home() -> Home {
    let home = Home::signed_in_to(world()).with("FBSYNC_DB", DB);
    home.fbsync(&["sync"]).succeeds();
    home.sandbox.change(|world| {
        world.businesses[0].members[0].last_name = Some(name("Newly"));
        world.businesses[1].members.pop();
    });
    home.fbsync(&["sync"]).succeeds();
    home
}

fn acts(c: &char) -> bool {
    HOSTILE.contains(*c) && !c.is_ascii_graphic()
}

/// What a terminal was sent, both streams, without the ends of its lines.
fn shown(home: &Home, line: &str) -> String {
    let run: Run =
        home.run(home.on_a_terminal(line).env("FBSYNC", env!("CARGO_BIN_EXE_fbsync")).env("NO_COLOR", "1"));
    run.stdout.replace("\r\n", "\n")
}

#[test]
fn nothing_acts_on_a_terminal_on_either_stream() {
    if !has(&["script"]) {
        return;
    }
    let home = home();
    for command in [
        "export access",
        "export accounts",
        "export role-matrix",
        "export access --format jsonl",
        "export changes",
        "export --for vanta",
        "diff",
        "diff --format csv",
        "diff --format jsonl",
        "diff --json",
        "snapshots",
        "snapshots --json",
        "status",
        "status --json",
        "status --check",
        "verify --json",
        "export access --people nobody@x.example",
        "export --out ev -v --force",
        "sync --business 1",
    ] {
        let shown = shown(&home, &format!("$FBSYNC {command}"));
        let acting: Vec<char> = shown.chars().filter(|c| acts(c) && !matches!(c, '\n')).collect();
        assert!(acting.is_empty(), "{command}: {acting:?} in\n{}", shown.escape_debug());
        let names_people = ["export access", "export access --format jsonl", "status"].contains(&command)
            || command.starts_with("diff");
        let by_number = shown.contains("\\u{0}") || shown.contains("\\u{202e}");
        assert!(!names_people || by_number, "{command}: {shown}");
        // Our own lines begin as they always do: nothing that a name brought began one.
        assert!(
            !shown.lines().any(|line| line.starts_with("[31m") || line.starts_with("2J")),
            "{command}: {shown}"
        );
    }
    // A list that cannot be read is told with the business's name.
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    let shown = shown(&home, "$FBSYNC sync");
    assert!(
        shown.contains("warning: Harbourlight\\u{0}\\u{7}\\u{8}\\u{9}\\u{a}\\u{d}\\u{1b}[31m"),
        "{shown}"
    );
    assert!(!shown.contains(|c| acts(&c) && c != '\n'), "{}", shown.escape_debug());
}

#[test]
fn data_goes_untouched_into_a_pipe_and_talk_never_does() {
    let home = home();
    let csv = home.fbsync(&["export", "access"]).succeeds().stdout;
    assert!(csv.contains(&name("Eve")), "{}", csv.escape_debug());
    home.fbsync(&["export", "access", "-o", "access.csv"]).succeeds();
    assert_eq!(std::fs::read_to_string(home.path("access.csv")).expect("a file"), csv);
    let json = home.fbsync(&["export", "access", "--format", "jsonl"]).succeeds().stdout;
    let first: serde_json::Value = serde_json::from_str(json.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["business_name"], name("Harbourlight").as_str());
    let status = home.fbsync(&["status", "--json"]).succeeds().json();
    assert_eq!(status["profiles"][0]["identity"]["businesses"][0]["name"], name("Harbourlight").as_str());

    // A table in a pipe is read line by line.
    let table = home.fbsync(&["diff"]).succeeds().stdout;
    let visible = |line: &str| line.contains("Eve\u{0}") && line.contains("\u{1b}[31m");
    assert!(table.lines().skip(1).all(visible), "{}", table.escape_debug());

    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    let run =
        home.fbsync(&["sync"]).exits(7).says("Harbourlight\\u{0}\\u{7}\\u{8}\\u{9}\\u{a}\\u{d}\\u{1b}[31m");
    assert!(!run.stderr.contains(|c| acts(&c) && c != '\n'), "{}", run.stderr.escape_debug());
}

#[test]
fn what_a_file_holds_is_shown_as_what_it_is() {
    let home = home();
    home.fbsync(&["export", "--out", "ev"]).succeeds();
    std::fs::write(home.path("ev").join("a\u{1b}[31m\u{202e}\nerror: forged"), "").expect("a file");
    std::fs::write(home.path("gaps.csv"), "business_id,rea\u{1b}[31m\u{202e}son\n").expect("a file");
    for (arguments, code) in [(&["verify", "ev"][..], 10), (&["sync", "--accept-gaps", "gaps.csv"], 3)] {
        let run = home.fbsync(arguments).exits(code).says("\\u{1b}[31m\\u{202e}");
        assert!(!run.stderr.contains(['\u{1b}', '\u{202e}']), "{}", run.stderr.escape_debug());
        assert!(!run.stderr.lines().any(|line| line.starts_with("error: forged")), "{run}");
    }
}
