//! Where an export may go, and what is left of one that was killed.

use std::fs;
use std::os::unix::fs::symlink;

use fbsync::sandbox::World;

use crate::harness::{DB, Home, names_in};

#[test]
fn nothing_of_ours_is_written_over_by_whatever_name_it_is_called() {
    let home = Home::with_sign_in().with("FBSYNC_DB", DB);
    home.fbsync(&["sync"]).succeeds();
    let (database, store) = (home.database_bytes(), fs::read(home.store()).expect("a store"));
    symlink(DB, home.path("link.csv")).expect("a link");
    fs::hard_link(home.path(DB), home.path("hard.csv")).expect("a link");
    fs::hard_link(home.store(), home.path("sign-in.csv")).expect("a link");
    fs::create_dir(home.path("folder")).expect("a folder");
    fs::rename(home.path("audit.sqlite.lock"), home.path("folder/lock")).expect("moved");
    symlink("folder/lock", home.path("audit.sqlite.lock")).expect("a link");
    let absolute = home.path(DB).display().to_string();
    for output in [
        "audit.sqlite-journal",
        "audit.sqlite-wal",
        "audit.sqlite-shm",
        "audit.sqlite.lock",
        DB,
        "./audit.sqlite",
        "folder/../audit.sqlite",
        "folder/lock",
        &absolute,
        "link.csv",
        "hard.csv",
        "sign-in.csv",
        "fbsync/default.json",
        "fbsync/default.lock",
        "fbsync/night.json",
        "fbsync/access.csv",
    ] {
        // A name without a known extension is refused for that alone; in the database's place it has none.
        let run = home.fbsync(&["export", "access", "-o", output, "--force"]);
        assert!(matches!(run.code, Some(2 | 3)), "{output}: {run}");
        let run = home.fbsync(&["export", "--out", output, "--force"]).exits(3);
        run.says("; it was left as it is").says("hint: ");
        assert_eq!(home.database_bytes(), database, "{output}");
        assert_eq!(fs::read(home.store()).expect("a store"), store, "{output}");
    }
    for folder in [".", "fbsync", ".."] {
        home.fbsync(&["export", "--out", folder, "--force"]).exits(3);
    }
    for csv in ["link.csv", "hard.csv", "sign-in.csv", "fbsync/access.csv"] {
        home.fbsync(&["export", "access", "-o", csv, "--force"]).exits(3).says("it was left as it is");
    }
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn a_database_within_an_evidence_folder_is_not_replaced_with_it() {
    let home = Home::synced();
    home.fbsync(&["export", "--db", DB, "--out", "ev"]).succeeds();
    fs::rename(home.path(DB), home.path("ev").join(DB)).expect("moved");
    // Even where the folder's own list has it.
    let sums = fs::read_to_string(home.path("ev/SHA256SUMS")).expect("a file");
    fs::write(home.path("ev/SHA256SUMS"), format!("{sums}{}  {DB}\n", "0".repeat(64))).expect("a file");
    home.fbsync(&["export", "--db", "ev/audit.sqlite", "--out", "ev", "--force"])
        .exits(3)
        .says("the database");
    home.fbsync(&["verify", "--db", "ev/audit.sqlite"]).succeeds();
}

#[test]
fn a_dash_is_standard_output_and_so_is_its_device() {
    let home = Home::synced();
    let whole = home.fbsync(&["export", "access", "--db", DB]).succeeds().stdout;
    for output in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let run = home.fbsync(&["export", "access", "--db", DB, "-o", output, "--force"]).succeeds();
        assert_eq!(run.stdout, whole, "{output}");
    }
    home.run(&mut home.shell(&format!("$FBSYNC export access --db {DB} -o /dev/stdout --force > out")))
        .succeeds();
    assert_eq!(fs::read_to_string(home.path("out")).expect("a file"), whole);
    assert_eq!(home.files(), [DB, "audit.sqlite.lock", "out"]);
}

#[test]
fn a_name_that_promises_another_format_is_refused() {
    let home = Home::synced();
    for (name, hint) in [
        ("a.xls", "-o 'a.csv'"),
        ("a.json", "-o 'a.csv'"),
        ("a.tsv", "-o 'a.csv'"),
        ("a.txt", "-o 'a.csv'"),
        ("a.csv.gz", "-o 'a.csv'"),
        ("a.b.ODS", "-o 'a.b.csv'"),
    ] {
        for format in [&[][..], &["--format", "csv"]] {
            let arguments = [&["export", "access", "--db", DB, "-o", name], format].concat();
            home.fbsync(&arguments).exits(2).says(&format!("hint: {hint}"));
        }
    }
    for name in ["a", "a.csv", "b.JSONL", "c.xlsx"] {
        home.fbsync(&["export", "access", "--db", DB, "-o", name]).succeeds();
    }
    home.fbsync(&["export", "access", "--db", DB, "-o", "a.csv", "--format", "xlsx"]).exits(2);
}

#[test]
fn what_a_killed_export_left_is_cleaned_up_by_the_next() {
    let home = Home::synced();
    let beside = || names_in(&home.path(".")).into_iter().filter(|name| name.starts_with(".fbsync-")).count();
    for (arguments, step) in [
        (&["export", "--db", DB, "--out", "ev"][..], "export-folder"),
        (&["export", "access", "--db", DB, "-o", "access.csv"], "export-file"),
    ] {
        home.fbsync(&["export", "--db", DB, "--out", "kept"]).succeeds();
        let run = home.run(home.command(arguments).env("FBSYNC_TEST_DIE_AT", step));
        assert_eq!((run.signal, beside()), (Some(9), 1), "{run}");
        home.fbsync(arguments).succeeds();
        assert_eq!(beside(), 0, "{arguments:?}");
    }
}

#[test]
fn what_another_export_is_at_stays() {
    let home = Home::synced();
    home.fbsync(&["export", "--db", DB, "--out", "kept"]).succeeds();
    let held = home.path(".fbsync-a1B2c3");
    fs::create_dir(&held).expect("a folder");
    let lock = fs::File::open(&held).expect("a folder");
    lock.lock().expect("locked");
    home.fbsync(&["export", "--db", DB, "--out", "ev"]).succeeds();
    home.fbsync(&["export", "access", "--db", DB, "-o", "a.csv"]).succeeds();
    home.fbsync(&["verify", "kept", "--db", DB]).succeeds();
    assert!(held.exists());
    lock.unlock().expect("it was locked");
    home.fbsync(&["export", "access", "--db", DB, "-o", "a.csv"]).succeeds();
    assert!(!held.exists());
}

#[test]
fn a_cell_that_no_spreadsheet_takes_is_cut_and_said() {
    let mut world = World::many(1, 2);
    let long = "Björk Ýr ".repeat(5_000);
    world.businesses[0].members[0].first_name = Some(long.clone());
    world.businesses[0].name = Some("A long name ".repeat(4_000));
    let home = Home::reading(world);
    home.sync().succeeds();
    let run = home.fbsync(&["export", "access", "--db", DB, "-o", "a.xlsx"]).succeeds();
    run.says("/first_name is longer than a spreadsheet takes: cut at 32767 characters");
    let run = home.fbsync(&["export", "--db", DB, "--format", "xlsx", "--out", "ev"]).succeeds();
    run.says("cells longer than a spreadsheet takes");
    let manifest = fs::read_to_string(home.path("ev/manifest.json")).expect("a manifest");
    assert!(manifest.contains("cut_cells"), "{}", manifest.len());
    home.fbsync(&["verify", "ev", "--db", DB]).succeeds();
    // Nothing is cut where nothing has to be.
    let csv = home.fbsync(&["export", "access", "--db", DB]).succeeds();
    assert!(csv.stdout.contains(long.trim_end()) && !csv.stderr.contains("longer"), "{}", csv.stderr);
}
