//! What the machine does not give: handles, room, memory, an output. Each is told as such, with the code of
//! local storage, and never as something wrong with the data.

use std::fs::{self, File};
use std::io;
use std::process::Command;

use fbsync::sandbox::World;

use crate::harness::{DB, Home, Run};

/// A database, its evidence folder and a sign-in.
fn home() -> Home {
    let home = Home::with_sign_in().with("FBSYNC_DB", DB);
    home.fbsync(&["sync"]).succeeds();
    home.fbsync(&["export", "--out", "ev"]).succeeds();
    home
}

const COMMANDS: [&str; 8] = [
    "verify ev",
    "verify",
    "export access",
    "export access -o access.csv --force",
    "export access -o access.xlsx --force",
    "export --out ev",
    "diff",
    "status --max-age 1h",
];

/// Runs under a limit that the shell sets; `None` where not even the program's own libraries could be
/// loaded.
fn limited(home: &Home, limit: &str, command: &str) -> Option<Run> {
    let mut shell = home.shell(&format!("ulimit {limit} && exec $FBSYNC {command}"));
    let output = shell.env("RUST_BACKTRACE", "0").output().expect("a shell");
    match output.status.code() {
        Some(127) => None,
        _ => Some(home.read(output)),
    }
}

#[test]
fn few_handles_are_a_matter_of_the_machine() {
    let home = home();
    for command in COMMANDS {
        let runs: Vec<Run> =
            (3..14).filter_map(|handles| limited(&home, &format!("-n {handles}"), command)).collect();
        for run in &runs {
            match run.code {
                Some(0) => {}
                Some(9) => assert!(run.stderr.starts_with("error: "), "{command}: {run}"),
                _ => panic!("{command}: {run}"),
            }
        }
        assert!(runs.len() > 6 && runs[0].code == Some(9), "{command}");
        assert_eq!(runs.last().and_then(|run| run.code), Some(0), "{command}");
    }
    assert_eq!(home.files(), ["access.csv", "access.xlsx", DB, "audit.sqlite.lock", "ev", "fbsync"]);
}

#[test]
fn few_handles_do_not_cost_a_pair() {
    let home = Home::with_sign_in();
    let killed = home.run(home.command(&["refresh"]).env("FBSYNC_TEST_DIE_AT", "before-rename"));
    assert_eq!(killed.signal, Some(9));
    for handles in 3..16 {
        // Whatever becomes of it, FreshBooks included: the pair is there.
        if let Some(run) = limited(&home, &format!("-n {handles}"), "refresh") {
            assert!(matches!(run.code, Some(0 | 5 | 9)), "{handles}: {run}");
        }
        home.fbsync(&["refresh", "--if-expires-within", "1h"]).succeeds();
    }
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn a_file_that_may_grow_no_further_is_a_full_disk() {
    let home = home();
    let commands = ["export access -o a.csv", "export access -o a.xlsx", "export --out other"];
    for command in commands {
        for blocks in [0, 1, 8] {
            let run = limited(&home, &format!("-f {blocks}"), command).expect("it starts");
            run.exits(9).says("error: cannot ").says("File too large");
        }
    }
    // What only reads needs no room.
    limited(&home, "-f 0", "verify ev").expect("it starts").succeeds();
    assert_eq!(home.files(), [DB, "audit.sqlite.lock", "ev", "fbsync"]);
}

#[test]
fn no_memory_ends_with_a_sentence() {
    let home = home();
    let starts = |kib: &usize| {
        limited(&home, &format!("-v {kib}"), "--version").is_some_and(|run| run.code == Some(0))
    };
    let least = (10_000..200_000).step_by(2_000).find(starts).expect("it starts");
    for more in (0..24_000).step_by(3_000) {
        for command in ["verify", "export access", "export access -o a.xlsx --force"] {
            let Some(run) = limited(&home, &format!("-v {}", least + more), command) else { continue };
            assert!(matches!(run.code, Some(0 | 9)), "{command} with {} KiB: {run}", least + more);
            assert!(run.code == Some(0) || !run.stderr.is_empty(), "{command}");
        }
    }
    home.fbsync(&["verify"]).succeeds();
}

#[test]
fn a_workbook_without_a_place_for_temporary_files_says_so() {
    let home = home().with("TMPDIR", "/nowhere/at/all");
    for command in
        [&["export", "access", "-o", "a.xlsx"][..], &["export", "--format", "xlsx", "--out", "other"]]
    {
        let run = home.fbsync(command).exits(9).says("cannot write the workbook's temporary file\n");
        run.says("/nowhere/at/all").says("hint: TMPDIR=/path/with/room");
    }
    home.fbsync(&["export", "access", "-o", "a.csv"]).succeeds();
    assert_eq!(home.files(), ["a.csv", DB, "audit.sqlite.lock", "ev", "fbsync"]);
}

/// Everything that prints data.
const PRINTING: [&str; 19] = [
    "export access",
    "export access --format xlsx",
    "export access --format jsonl",
    "export --list",
    "export --list --json",
    "export --out ev",
    "snapshots",
    "snapshots --json",
    "snapshots --head",
    "diff --format csv",
    "diff --json",
    "verify --json",
    "status",
    "status --json",
    "refresh --json",
    "sync --json",
    "completions bash",
    "man",
    "--help",
];

#[test]
fn data_that_cannot_be_written_is_no_success() {
    let home = home();
    for command in PRINTING {
        for output in ["/dev/full", "&-"] {
            let run = home.run(&mut home.shell(&format!("exec $FBSYNC {command} >{output}")));
            run.exits(9).says("error: cannot write ");
        }
        let run = home.run(&mut home.shell(&format!("exec $FBSYNC {command} >&- <&-")));
        run.exits(9).says("error: cannot write ");
        // Whoever throws it away, in whatever way it was opened, wants it so.
        for output in ["/dev/null", "&1 1<>/dev/null"] {
            home.run(&mut home.shell(&format!("exec $FBSYNC {command} >{output}"))).succeeds();
        }
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let mut shell: Command = home.shell(&format!("exec $FBSYNC {command}"));
        let ended = shell.stdout(writer).output().expect("fbsync starts");
        assert_eq!(home.read(ended).code, Some(0), "{command}");
    }
    for command in ["sync", "verify", "refresh", "export access -o a.csv"] {
        home.run(&mut home.shell(&format!("exec $FBSYNC {command} >&-"))).succeeds();
    }
}

#[test]
fn a_workbook_of_many_rows_goes_through_a_small_file_at_a_time() {
    let home = Home::reading(World::with_members(3_000));
    home.sync().succeeds();
    let file = |name: &str| {
        File::open(home.path(name)).and_then(|file| file.metadata()).map_or(0, |found| found.len())
    };
    home.fbsync(&["export", "access", "--db", DB, "-o", "a.xlsx"]).succeeds();
    // Somewhere among the rows, where the library itself gives up.
    let line = format!("ulimit -f 1000; exec $FBSYNC export access --db {DB} -o b.xlsx");
    home.run(&mut home.shell(&line)).exits(9).says("hint: TMPDIR=").does_not_say("internal error");
    assert!(file("a.xlsx") > 100_000 && !fs::exists(home.path("b.xlsx")).expect("a folder"));
}
