//! `docs/monitoring.md`: every script of it is run, and every other file is read by who would read it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use fbsync::sandbox::{self, Reading, World};

use crate::harness::{DB, Home, Run, has};
use crate::readme::blocks::{self, Block};
use crate::readme::{READ_YAML, judged};

fn page() -> String {
    crate::readme::page("docs/monitoring.md")
}

fn block(name: &str) -> Block {
    blocks::all(&page()).into_iter().find(|block| block.file_name() == Some(name)).expect(name)
}

/// A home with the page's scripts, the program in `PATH`, and a folder for programs that pose as others.
fn home() -> Home {
    let home = Home::reading(World::demo()).with("FBSYNC_DB", DB);
    for block in blocks::all(&page()).iter().filter(|block| block.kind == "sh") {
        fs::write(home.path(block.file_name().expect("a name")), &block.text).expect("a script");
    }
    let posing = home.path("posing");
    fs::create_dir(&posing).expect("a folder");
    let folder = cargo_bin!("fbsync").parent().expect("a folder").display().to_string();
    let usual = std::env::var("PATH").unwrap_or_default();
    home.with("PATH", &format!("{}:{folder}:{usual}", posing.display()))
}

/// Puts a program in the way that writes its arguments, and what it is given, to a file of its name.
fn pose(home: &Home, name: &str, answer: &str) {
    let file = home.path("posing").join(name);
    let log = home.path(name).display().to_string();
    let script = format!("#!/bin/sh\necho \"$@\" >>'{log}'\n{answer}\n");
    fs::write(&file, script.replace("LOG", &log)).expect("a program");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
}

fn log(home: &Home, name: &str) -> Vec<String> {
    let text = fs::read_to_string(home.path(name)).unwrap_or_default();
    let _ = fs::remove_file(home.path(name));
    text.lines().map(str::to_owned).collect()
}

fn run(home: &Home, line: &str) -> Run {
    home.run(&mut home.shell(line))
}

#[test]
fn prometheus_is_given_every_metric_that_the_page_names() {
    let home = home().with("TEXTFILES", ".");
    // `--no-create` keeps a mistyped name from beginning a history.
    run(&home, "sh metered.sh").exits(9);
    home.sync().succeeds();
    run(&home, "sh metered.sh").succeeds();
    let written = fs::read_to_string(home.path("fbsync.prom")).expect("metrics");
    let names = |text: &str| -> BTreeSet<String> {
        let is_of_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let words = text.split(|c| !is_of_name(c)).filter(|word| word.starts_with("fbsync_"));
        words.map(str::to_owned).collect()
    };
    assert_eq!(names(&page()), names(&written));
    let folder = tempfile::tempdir().expect("a folder");
    let rules = block("fbsync.rules.yaml");
    let file = folder.path().join("rules.yaml");
    fs::write(&file, &rules.text).expect("a file");
    let read = READ_YAML.replace("assert part['apiVersion'] and part['kind'] and part['metadata']['name']", "
        [[rule['alert'], rule['expr'], rule['annotations']['summary']] for group in part['groups'] for rule in group['rules']]");
    assert_eq!(judged(Command::new("python3").args(["-c", read.trim()]).arg(&file)), None);
}

#[test]
fn healthchecks_are_told_start_and_end() {
    let home = home().with("HEALTHCHECK_URL", "https://hc.example/uuid");
    pose(&home, "curl", "");
    let pings = |home: &Home| -> Vec<String> {
        let asked = log(home, "curl");
        asked.iter().filter_map(|line| Some(line.split_once("hc.example/uuid")?.1.to_owned())).collect()
    };
    run(&home, "sh watched.sh").exits(9);
    assert_eq!(pings(&home), ["/start", "/9"]);
    home.sync().succeeds();
    let told = run(&home, "sh watched.sh").succeeds();
    assert_eq!((told.stdout.as_str(), told.stderr.as_str()), ("", ""));
    assert_eq!(pings(&home), ["/start", "/0"]);
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    run(&home, "sh watched.sh").exits(7);
    assert_eq!(pings(&home), ["/start", "/7"]);
    // A monitor that cannot be reached costs no snapshot.
    pose(&home, "curl", "exit 6");
    run(&home, "sh watched.sh")
        .exits(7)
        .says("healthchecks.io was not reached")
        .says("snapshot 4 is partial");
}

#[test]
fn nagios_is_told_what_to_do() {
    let home = home();
    let check = |arguments: &str, code, line: &str| {
        let run = run(&home, &format!("sh check_fbsync.sh {arguments}")).exits(code);
        assert!(run.stdout.starts_with(line) && run.stdout.lines().count() == 1, "{line}: {run}");
        assert_eq!(run.stderr, "", "{run}");
    };
    check(
        "audit.sqlite",
        2,
        "FBSYNC CRITICAL - no complete snapshot within 26h: audit.sqlite: no snapshot yet",
    );
    home.sync().succeeds();
    check("audit.sqlite", 0, "FBSYNC OK - audit.sqlite: snapshot 1 (complete, ");
    home.sandbox.change(sandbox::changes::quarter_later);
    home.sync().succeeds();
    check("audit.sqlite", 1, "FBSYNC WARNING - access changed: 8 changes, see fbsync diff");
    home.sync().succeeds();
    check("audit.sqlite", 0, "FBSYNC OK - ");
    check("audit.sqlite soon", 3, "FBSYNC UNKNOWN - error: ");
    let old = home.with("FBSYNC_TEST_CLOCK", "2000000000");
    let run = run(&old, "sh check_fbsync.sh audit.sqlite 26h").exits(2);
    assert!(run.stdout.starts_with("FBSYNC CRITICAL - no complete snapshot within 26h: "), "{run}");
}

/// The units of `docs/unattended.md` with those of the page, as systemd reads them.
#[test]
fn systemd_understands_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let executable = cargo_bin!("fbsync").display().to_string();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text.replace("/usr/local/bin/fbsync", &executable)).expect("a file");
    };
    let mut units = Vec::new();
    let unattended = blocks::all(&crate::readme::page("docs/unattended.md"));
    for block in unattended.iter().chain(&blocks::all(&page())).filter(|block| block.kind == "ini") {
        match block.file_name().expect("a name") {
            // A template is read as one of its units.
            "fbsync-alarm@.service" => {
                write("fbsync-alarm@.service", &block.text);
                units.push(folder.path().join("fbsync-alarm@fbsync.service"));
            }
            name => {
                write(name, &block.text);
                units.push(folder.path().join(name));
            }
        }
    }
    assert_eq!(units.len(), 4, "{units:?}");
    let verify = ["verify", "--man=no", "--recursive-errors=no"];
    assert_eq!(judged(Command::new("systemd-analyze").args(verify).args(&units)), None);
}

#[test]
fn the_alarm_mails_what_the_unit_said() {
    let home = home();
    let unit = block("fbsync-alarm@.service");
    let (_, command) = unit.text.split_once("ExecStart=").expect("a command");
    let command = command.lines().next().expect("a line");
    // As systemd does before it starts it.
    let command = command.replace("%i", "fbsync.service").replace("%H", "ledger");
    pose(&home, "journalctl", "echo 'error: this sign-in has no access'");
    pose(&home, "mail", "cat >>'LOG'");
    run(&home, &command).succeeds();
    let mail = ["-s fbsync.service on ledger root", "error: this sign-in has no access"];
    assert_eq!(log(&home, "mail"), mail);
    assert_eq!(log(&home, "journalctl"), ["--unit=fbsync.service --since=-1h --output=cat --no-pager"]);

    // What the unit of changes says, and ends with.
    let unit = block("fbsync-changes.service");
    let (_, command) = unit.text.split_once("ExecStart=/usr/local/bin/").expect("a command");
    let command = command.lines().next().expect("a line");
    home.sync().succeeds();
    run(&home, command).succeeds();
    home.sandbox.change(sandbox::changes::quarter_later);
    home.sync().succeeds();
    let told = run(&home, command).exits(10);
    assert!(told.stdout.contains("amara.okonjo@harbourlight.example"), "{told}");
}

#[test]
fn every_script_of_the_page_is_one_that_a_shell_can_read() {
    if !has(&["sh"]) {
        return;
    }
    let scripts: Vec<Block> = blocks::all(&page()).into_iter().filter(|block| block.kind == "sh").collect();
    assert_eq!(scripts.len(), 3);
    for script in scripts {
        // A recipe without it would begin a new history where a volume is not mounted.
        let syncs = script.text.matches("fbsync sync").count();
        assert_eq!(script.text.matches("fbsync sync --no-create").count(), syncs);
    }
}
