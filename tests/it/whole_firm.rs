//! `docs/whole-firm.md`: the script that collects is run here; its queries need DuckDB, and
//! `tests/whole_firm.py` runs them by hand.

use std::fs;
use std::path::Path;

use assert_cmd::cargo::cargo_bin;
use fbsync::sandbox::{Fault, Reading, Trouble, World};
use serde_json::Value;

use crate::harness::Home;
use crate::readme::blocks;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/whole-firm.md");
    fs::read_to_string(path).expect("the page")
}

#[test]
fn every_client_is_collected_and_what_was_not_read_is_told() {
    let home = Home::in_world(World::demo());
    for profile in ["acme", "bolt"] {
        let grant = home.grant();
        let mut import = home.command(&["--profile", profile, "auth", "--import-refresh-token"]);
        home.run(import.env("FBSYNC_REFRESH_TOKEN", grant)).succeeds();
    }
    fs::create_dir(home.path("db")).expect("a folder");
    fs::write(home.path("profiles.txt"), "acme\nbolt\n").expect("a file");
    let script = blocks::all(&page()).into_iter().find(|block| block.file_name() == Some("collect.sh"));
    fs::write(home.path("collect.sh"), script.expect("the script").text).expect("a file");
    let folder = cargo_bin!("fbsync").parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let home = home.with("PATH", &path).with("TZ", "UTC");
    let collect = || home.run(&mut home.shell("sh collect.sh"));

    // No database is begun by a job.
    collect().exits(9).says("there is no database db/acme.sqlite, and --no-create was given");
    for profile in ["acme", "bolt"] {
        home.fbsync(&["--profile", profile, "sync", "--db", "db/{profile}.sqlite"]).succeeds();
    }
    let run = collect().succeeds();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let rows = |report: &str, profile: &str| -> Vec<Value> {
        let days = fs::read_dir(home.path(&format!("firm/{report}"))).expect("a folder");
        let days: Vec<_> = days.map(|day| day.expect("an entry").path()).collect();
        assert!(days.iter().all(|day| day.display().to_string().contains("/date=20")), "{days:?}");
        let file = days.last().expect("a day").join(format!("{profile}.jsonl"));
        let text = fs::read_to_string(file).expect("rows");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    for profile in ["acme", "bolt"] {
        assert_eq!((rows("access", profile).len(), rows("coverage", profile).len()), (284, 14));
    }

    // On the same day once more, a client less: told, and the files are of this run.
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    collect().exits(7).says("snapshot 3 is partial");
    let unread = rows("coverage", "acme").into_iter().filter(|row| row["outcome"] == "denied").count();
    assert_eq!(unread, 1);

    // What was read yesterday is not today's: where nothing is recorded, nothing is exported.
    fs::remove_dir_all(home.path("firm")).expect("removed");
    home.sandbox.arm(Fault::on("/users/me").times(usize::MAX).then(Trouble::unavailable()));
    collect().exits(5);
    assert!(!home.path("firm").exists());
    home.sandbox.disarm_all();
}

#[test]
fn the_queries_ask_for_columns_that_there_are() {
    let home = Home::synced();
    let columns = |report: &str| -> Vec<String> {
        let run = home.fbsync(&["export", report, "--format", "jsonl", "--db", "audit.sqlite"]).succeeds();
        let first: Value = serde_json::from_str(run.stdout.lines().next().expect("a row")).expect("JSON");
        first.as_object().expect("an object").keys().cloned().collect()
    };
    let known = [columns("access"), columns("coverage")].concat();
    let queries: Vec<_> = blocks::all(&page()).into_iter().filter(|block| block.kind == "sql").collect();
    assert!(queries.len() >= 6, "{}", queries.len());
    for name in [
        "row_key",
        "email",
        "email_domain",
        "business_id",
        "business_name",
        "role_label",
        "role_class",
        "state",
        "account_key",
        "resource",
        "outcome",
        "message",
    ] {
        assert!(known.iter().any(|column| column == name), "{name}");
        assert!(queries.iter().any(|query| query.text.contains(name)), "{name}");
    }
}
