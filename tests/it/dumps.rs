//! Databases of every version of the schema, as the program of their day wrote them, and what this
//! one makes of them.
//!
//! `UPDATE_FIXTURES=db cargo test --test it dumps` writes the dump of the version that the program
//! writes now, and what is expected of it. Once a version is released, its dump stays as it is.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::LazyLock;

use fbsync::sandbox::{Reading, World, changes};

use crate::harness::{DB, Home, names_in};
use crate::reports;
use crate::tables::Tables;

/// The addresses of all requests are part of the evidence, so they have to be the same each time.
const PORT: u16 = 46_359;

/// Noon of the days on which something was done, and the same in seconds since 1970.
const DAYS: [(&str, &str); 5] = [
    ("2025-09-30T12:00:00Z", "1759233600"),
    ("2025-12-31T12:00:00Z", "1767182400"),
    ("2026-03-31T12:00:00Z", "1774958400"),
    ("2026-06-30T12:00:00Z", "1782820800"),
    ("2026-07-01T12:00:00Z", "1782907200"),
];

/// The dumps that there are, by their version's name.
static DUMPS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/db");
    if std::env::var_os("UPDATE_FIXTURES").is_some_and(|what| what == "db") {
        write_dump(&folder);
    }
    let dump = |name: String| {
        let text = fs::read_to_string(folder.join(&name)).expect("a dump");
        (name.trim_end_matches(".sql").to_owned(), text)
    };
    names_in(&folder).into_iter().map(dump).collect()
});

/// Two businesses, of which one holds every kind of person that there is.
fn world() -> World {
    let mut world = reports::world();
    world.businesses.truncate(2);
    world
}

/// Four readings: one that was let go, a complete one, a partial one, and one with a change of each
/// kind.
fn write_dump(folder: &Path) {
    let home = Home::served_at(PORT, world())
        .with_bare_token()
        .with("USER", "ingrid")
        .with("FBSYNC_TEST_HOST", "audit.harbourlight.example");
    let on_day = |day: usize, arguments: &[&str]| {
        let (noon, seconds) = DAYS[day];
        home.sandbox.change(|world| world.clock = noon.parse().ok());
        home.run(home.command(arguments).env("FBSYNC_TEST_CLOCK", seconds))
    };
    let sync = ["sync", "--db", DB, "--jobs", "1", "--note", "a review"];
    let list = |reading| home.sandbox.change(|world| world.businesses[1].team_list = reading);
    on_day(0, &sync).succeeds();
    on_day(1, &sync).succeeds();
    list(Reading::Refused(403));
    on_day(2, &sync).exits(7);
    list(Reading::Allowed);
    home.sandbox.change(changes::quarter_later);
    on_day(3, &sync).succeeds();
    on_day(4, &["snapshots", "prune", "--db", DB, "--keep-last", "2", "--yes"]).succeeds();
    let tables = home.tables();
    let late = "SELECT count(*) FROM snapshots WHERE finished_at NOT LIKE '%T12:00:00Z'";
    assert_eq!(tables.number(late), 0, "the machine was too busy to be quick; once more");
    let name = format!("v{}.sql", tables.number("PRAGMA user_version"));
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join(name), tables.dump()).expect("written");
}

/// A home in which the database of a dump lies.
fn restored(dump: &str) -> Home {
    let home = Home::reading(world());
    Tables::open_for_writing(&home.path(DB)).execute(dump);
    fs::set_permissions(home.path(DB), Permissions::from_mode(0o600)).expect("a file");
    home
}

#[test]
fn a_database_of_each_version_is_read_and_continued() {
    for (version, dump) in &*DUMPS {
        let home = restored(dump);
        let snapshots = home.fbsync(&["snapshots", "--db", DB]).succeeds();
        reports::expect(&format!("expected/db/{version}.snapshots.txt"), &snapshots.stdout);
        let access = home.fbsync(&["export", "access", "--db", DB]).succeeds();
        reports::expect(&format!("expected/db/{version}.access.csv"), &access.stdout);
        let verified = home.fbsync(&["verify", "--db", DB]).succeeds();
        reports::expect(&format!("expected/db/{version}.verify.txt"), &verified.stderr);

        let before = home.tables().rows("SELECT * FROM access");
        home.sync().succeeds();
        home.fbsync(&["verify", "--db", DB]).succeeds().says("ok: 5 snapshots");
        assert_eq!(home.tables().rows("SELECT * FROM access WHERE snapshot_id < 5"), before);
    }
}

#[test]
fn there_is_a_dump_of_the_version_that_is_written() {
    let version = Home::synced().tables().one("PRAGMA user_version");
    assert!(DUMPS.iter().any(|(name, _)| *name == format!("v{version}")), "see fixtures/README.md");
}

#[test]
fn a_dump_makes_the_database_that_it_was_taken_of() {
    for (_, dump) in &*DUMPS {
        let home = restored(dump);
        assert_eq!(home.tables().dump(), *dump);
    }
}
