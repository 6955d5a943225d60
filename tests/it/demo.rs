//! `demo` shows the whole job in one folder and touches nothing outside it.

use std::fs;

use crate::harness::{DB, Home, Run, mode_of, names_in};
use crate::tables::Tables;

/// A home in which nothing but the demo may leave a trace.
pub(crate) fn home() -> Home {
    let home = Home::new();
    home.without("FBSYNC_CLIENT_ID").without("FBSYNC_CLIENT_SECRET").without("FBSYNC_REDIRECT_URI")
}

/// The commands that the demo ends with, the real sign-in apart.
fn commands_to_try(run: &Run) -> Vec<String> {
    let (_, next) = run.stderr.split_once("try next:\n").expect("commands to try");
    // The real thing is not signed in to with the sandbox's state.
    assert!(next.trim_end().ends_with(" auth"), "{next}");
    next.lines().map_while(|line| line.strip_prefix("    ")).map(str::to_owned).collect()
}

#[test]
fn it_does_the_whole_job_in_one_folder() {
    let home = home();
    let run = home.fbsync(&["demo"]).succeeds();
    assert_eq!(home.files(), ["fbsync-demo"]);
    assert_eq!(home.sandbox.requests(), [], "somebody else's FreshBooks was asked");
    let folder = home.path("fbsync-demo");
    for file in ["access.csv", "review.csv", DB, "state"] {
        assert!(names_in(&folder).iter().any(|name| name == file), "{file}");
    }
    let modes = [folder.clone(), folder.join("state"), folder.join(DB), folder.join("access.csv")];
    assert_eq!(modes.map(|path| mode_of(&path)), [0o700, 0o700, 0o600, 0o600]);

    let tables = Tables::open(&folder.join(DB));
    let snapshots = r#"SELECT id, status, note, businesses, joined, "left", changed FROM snapshots"#;
    assert_eq!(
        tables.rows(snapshots),
        ["1|complete|first reading|7|||", "2|complete|a quarter later|7|1|3|4"]
    );
    let csv = fs::read_to_string(folder.join("access.csv")).expect("a file");
    let rows = tables.number("SELECT count(*) FROM latest_access");
    assert_eq!(csv.matches("\r\n").count() as i64, rows + 1);
    run.says("signed in as")
        .says("marked decided_within_a_minute")
        .says("snapshot 2: 7 businesses")
        .says("ok: 2 snapshots");
    let reviews = "SELECT snapshot_id, decisions, undecided, note FROM reviews";
    assert_eq!(tables.rows(reviews), ["1|284|0|the demo played the reviewer"]);
    let outcomes = fs::read_to_string(folder.join("evidence/outcomes.csv")).expect("outcomes");
    assert!(
        outcomes.contains("lars.holm@harbourlight.example") && outcomes.contains(",gone,2,"),
        "{outcomes}"
    );
}

/// What the demo itself says: not what its commands print, and no command to type.
fn sentences(run: &Run) -> Vec<&str> {
    let own = run.stderr.lines().filter(|line| line.starts_with("— ") || line.starts_with("everything "));
    own.filter(|line| !line.contains("fbsync export")).collect()
}

#[test]
fn what_it_says_itself_fits_a_terminal() {
    let home = home();
    for arguments in [&["demo"][..], &["demo", "--classic"]] {
        let run = home.fbsync(arguments).succeeds();
        let said = sentences(&run);
        assert!(said.len() > 4, "{run}");
        let long: Vec<&str> = said.into_iter().filter(|line| line.chars().count() > 100).collect();
        assert_eq!(long, Vec::<&str>::new());
    }
}

#[test]
fn classic_is_shown_from_the_sign_in_to_the_verified_database() {
    let home = home();
    let run = home.fbsync(&["demo", "--classic"]).succeeds();
    assert_eq!((home.files(), home.sandbox.requests().len()), (vec!["fbsync-demo".to_owned()], 0));
    run.says("to FreshBooks Classic (harbourlight)").says("4 memberships").says("ok: 1 snapshot");
    let tables = Tables::open(&home.path("fbsync-demo").join(DB));
    assert_eq!(tables.one("SELECT account_id FROM businesses"), "harbourlight");
    let csv = fs::read_to_string(home.path("fbsync-demo/access.csv")).expect("a file");
    assert_eq!(csv.matches("\r\n").count(), 5);
    home.fbsync(&["demo", "--classic", "--serve"]).exits(2);
}

#[test]
fn every_command_it_suggests_works_as_printed() {
    let home = home();
    let commands = commands_to_try(&home.fbsync(&["demo", "--dir", "my demo"]).succeeds());
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let run = home.run(&mut home.shell(&command)).succeeds();
        // What is written to a file is told on a terminal alone.
        let file = command.split_once(" -o ").map(|(_, file)| home.path(file));
        let told = !run.stdout.is_empty() || !run.stderr.is_empty();
        assert!(file.map_or(told, |file| file.is_file()), "{command}: {run}");
    }
}

#[test]
fn a_second_demo_replaces_the_first() {
    let home = home();
    home.fbsync(&["demo"]).succeeds();
    fs::write(home.path("fbsync-demo/old"), "").expect("a file");
    home.fbsync(&["demo"]).succeeds();
    assert!(!home.path("fbsync-demo/old").exists());
    let tables = Tables::open(&home.path("fbsync-demo").join(DB));
    assert_eq!(tables.number("SELECT count(*) FROM snapshots"), 2);
}

#[test]
fn a_folder_that_holds_something_else_is_left_as_it_is() {
    let home = home();
    fs::create_dir(home.path("fbsync-demo")).expect("a folder");
    fs::write(home.path("fbsync-demo/thesis.txt"), "years of work").expect("a file");
    let run = home.fbsync(&["demo"]).exits(3);
    run.says("error: ./fbsync-demo holds something else and was left as it is")
        .says("hint: fbsync demo --dir");
    assert_eq!(names_in(&home.path("fbsync-demo")), ["thesis.txt"]);
    // A file in its place, too; an empty folder is no obstacle.
    fs::write(home.path("a-file"), "mine").expect("a file");
    home.fbsync(&["demo", "--dir", "a-file"]).exits(3);
    assert_eq!(fs::read_to_string(home.path("a-file")).expect("a file"), "mine");
    fs::create_dir(home.path("empty")).expect("a folder");
    home.fbsync(&["demo", "--dir", "empty"]).succeeds();
}

#[test]
fn nothing_of_the_persons_own_sign_in_is_used_or_changed() {
    let home = Home::with_sign_in()
        .with("FBSYNC_ACCESS_TOKEN", "a-real-access-token")
        .with("FBSYNC_REFRESH_TOKEN", "a-real-refresh-token")
        .with("FBSYNC_DB", "precious.sqlite")
        .with("FBSYNC_PROFILE", "acme");
    let (stored, asked) = (home.stored(), home.sandbox.requests().len());
    home.fbsync(&["demo"]).succeeds();
    assert_eq!((home.stored(), home.sandbox.requests().len()), (stored, asked));
    assert!(!home.path("precious.sqlite").exists());
    let state = home.path("fbsync-demo/state");
    let kept: String = names_in(&state)
        .iter()
        .filter(|name| name.ends_with(".json"))
        .map(|name| fs::read_to_string(state.join(name)).expect("a store"))
        .collect();
    assert!(kept.contains("access_token") && !kept.contains("a-real-"), "{kept}");
}
