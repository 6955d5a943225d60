//! What is no regular file, wherever one can be named or handed over: refused at once, and no link followed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fbsync::sandbox::World;

use crate::harness::{DB, Home, Run};
use crate::running::{FOR_EVER, start};

/// Puts something in a file's place, and says what it is called.
type Oddity = fn(&Path) -> &'static str;

const ODDITIES: [Oddity; 4] = [
    |path| {
        assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
        "a pipe"
    },
    |path| {
        drop(UnixListener::bind(path).expect("a socket"));
        "a socket"
    },
    |path| {
        fs::create_dir(path).expect("a folder");
        "a folder"
    },
    // Links are followed where a person typed the path, and to what does not end.
    |path| {
        symlink("/dev/zero", path).expect("a link");
        "a device"
    },
];

/// Runs a command that would otherwise wait for ever, or read for ever.
fn at_once(home: &Home, arguments: &[&str]) -> Run {
    let mut child = start(home, arguments);
    let deadline = Instant::now() + FOR_EVER / 4;
    while child.try_wait().expect("a child").is_none() {
        if Instant::now() > deadline {
            child.kill().expect("alive");
            panic!("{arguments:?} waits");
        }
        thread::sleep(Duration::from_millis(10));
    }
    home.read(child.wait_with_output().expect("ends"))
}

fn remove(path: &Path) {
    if fs::remove_file(path).is_err() {
        fs::remove_dir_all(path).expect("removed");
    }
}

#[test]
fn a_file_that_is_none_is_refused_wherever_it_can_be_named() {
    let home = Home::synced();
    for make in ODDITIES {
        let what = make(&home.path("odd"));
        for (line, code) in [
            ("verify --db odd", 9),
            ("snapshots --db odd", 9),
            ("snapshots --db odd prune --keep-last 1 --yes", 9),
            ("export access --db odd", 9),
            ("export --db odd --out ev", 9),
            ("diff --db odd", 9),
            ("status --max-age 1h --db odd", 9),
            ("sync --db odd", 9),
            ("sync --db audit.sqlite --accept-gaps odd", 3),
            ("export access --db audit.sqlite --people odd", 3),
            ("review record odd --db audit.sqlite", 3),
            ("auth --redirect-cert odd --redirect-key odd --no-browser", 3),
        ] {
            let arguments: Vec<&str> = line.split(' ').collect();
            at_once(&home, &arguments).exits(code).says(what);
        }
        // A shell hands over what another program prints as a pipe.
        if what != "a pipe" {
            let secret = ["auth", "--no-browser", "--client-secret-file", "odd"];
            at_once(&home, &secret).exits(3).says(what);
        }
        remove(&home.path("odd"));
    }
    assert_eq!(home.sandbox.count("GET", "/team_members"), 2, "something was asked after the first sync");
}

#[test]
fn a_stored_sign_in_that_is_none_is_refused() {
    let home = Home::with_sign_in();
    for name in ["default.json", "default.lock"] {
        for make in [ODDITIES[0], ODDITIES[1]] {
            let place = home.state().join(name);
            let kept = fs::read(&place).expect("a file");
            remove(&place);
            let what = make(&place);
            fs::set_permissions(&place, Permissions::from_mode(0o600)).expect("chmod");
            let (posts, run) = home.posts_of(|| at_once(&home, &["refresh"]));
            run.exits(3).says(what);
            assert_eq!(posts, 0);
            remove(&place);
            fs::write(&place, kept).expect("a file");
            fs::set_permissions(&place, Permissions::from_mode(0o600)).expect("chmod");
        }
    }
    home.fbsync(&["refresh"]).succeeds();
}

#[test]
fn no_file_of_an_evidence_folder_is_waited_for_and_no_link_followed() {
    let home = Home::synced();
    home.fbsync(&["export", "--db", DB, "--out", "ev"]).succeeds();
    fs::write(home.path("elsewhere"), "a secret").expect("a file");
    let to_elsewhere: Oddity = |path| {
        symlink("../elsewhere", path).expect("a link");
        "a symbolic link"
    };
    for name in ["access.csv", "manifest.json", "SHA256SUMS"] {
        let file = home.path("ev").join(name);
        for (make, linked) in ODDITIES.iter().map(|make| (*make, false)).chain([(to_elsewhere, true)]) {
            let kept = fs::read(&file).expect("a file");
            remove(&file);
            let made = make(&file);
            let what = if linked || made == "a device" { "a symbolic link" } else { made };
            let run = at_once(&home, &["verify", "ev"]).exits(10);
            run.says(&format!("{name} cannot be evidence: it is {what}")).does_not_say("a secret");
            at_once(&home, &["verify", "ev", "--db", DB]).exits(10);
            remove(&file);
            fs::write(&file, kept).expect("a file");
        }
    }
    at_once(&home, &["verify", "ev", "--db", DB]).succeeds();
}

#[test]
fn no_folder_of_a_split_is_looked_for_elsewhere() {
    let home = Home::synced();
    home.fbsync(&["export", "--db", DB, "--out", "clients", "--split-by", "business"]).succeeds();
    at_once(&home, &["verify", "clients"]).succeeds();
    let clients = home.path("clients");
    let one = fs::read_dir(&clients).expect("a folder").flatten().map(|entry| entry.path());
    let one = one.filter(|path| !path.ends_with("_firm")).min().expect("a client's folder");
    fs::rename(&one, home.path("aside")).expect("moved");
    symlink("../aside", &one).expect("a link");
    let run = at_once(&home, &["verify", "clients"]).exits(10);
    run.says("is not listed anywhere").says("is missing");
    fs::remove_file(&one).expect("removed");
    fs::rename(home.path("aside"), &one).expect("moved");

    let index = clients.join("_firm/index.csv");
    fs::remove_file(&index).expect("removed");
    ODDITIES[0](&index);
    at_once(&home, &["verify", "clients"]).exits(10).says("_firm/index.csv cannot be evidence: it is a pipe");
}

#[test]
fn what_a_system_leaves_in_a_folder_is_no_evidence_and_hides_nothing() {
    let home = Home::synced();
    home.fbsync(&["export", "--db", DB, "--out", "ev"]).succeeds();
    home.fbsync(&["export", "--db", DB, "--out", "clients", "--split-by", "business"]).succeeds();
    for name in [".DS_Store", "._access.csv", "Thumbs.db", "desktop.ini"] {
        fs::write(home.path("ev").join(name), "x").expect("a file");
        fs::write(home.path("clients").join(name), "x").expect("a file");
    }
    fs::create_dir(home.path("clients/__MACOSX")).expect("a folder");
    fs::create_dir(home.path("clients/more")).expect("a folder");
    for arguments in [&["verify", "ev"][..], &["verify", "ev", "--db", DB]] {
        home.fbsync(arguments).succeeds().says("ev/.DS_Store was left there by the operating system");
    }
    // An export of the same evidence, and one in its place, do not stumble over them.
    home.fbsync(&["export", "--db", DB, "--out", "ev"]).succeeds().says("holds that evidence already");
    home.fbsync(&["export", "--db", DB, "--out", "ev", "--bom", "--force"]).succeeds();
    // A folder too many is told, and so is what is wrong with the others.
    let forged = fs::read_dir(home.path("clients")).expect("a folder").flatten().map(|entry| entry.path());
    let forged = forged.filter(|path| path.join("README.txt").exists() && !path.ends_with("_firm")).min();
    fs::write(forged.expect("a client's folder").join("README.txt"), "all is well").expect("a file");
    let run = home.fbsync(&["verify", "clients"]).exits(10);
    run.says("README.txt was changed").says("clients/more is no evidence folder: SHA256SUMS is missing");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let home = Home::synced();
    home.fbsync(&["export", "--db", DB, "--out", "ev"]).succeeds();
    let sums = fs::File::options().write(true).open(home.path("ev/SHA256SUMS")).expect("a file");
    sums.set_len(1 << 40).expect("a hole");
    at_once(&home, &["verify", "ev"]).exits(10).says("SHA256SUMS cannot be evidence: it is larger than");
}

#[test]
fn a_secret_may_come_out_of_a_pipe() {
    let home = Home::reading(World::empty()).without("FBSYNC_CLIENT_SECRET");
    let grant = home.grant();
    let line = "exec 3<<END\nfake-sandbox-secret\nEND\nexec $FBSYNC auth --import-refresh-token --client-secret-file /dev/fd/3";
    let line = line.replace("fake-sandbox-secret", fbsync::sandbox::CLIENT_SECRET);
    let mut import = home.shell(&line);
    home.run(import.env("FBSYNC_REFRESH_TOKEN", grant).stdin(Stdio::null())).succeeds();
}
