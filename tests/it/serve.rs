//! `demo --serve`: the sandbox stays up for the other commands, until it is told to stop.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use fbsync::sandbox::browser;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::Home;

/// A demo that serves. Gone with the test, however that ends.
struct Serving(Option<Child>);

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill().and_then(|()| child.wait());
        }
    }
}

/// Starts one, and tells what it printed to be pasted into a shell.
fn serving(home: &Home, flags: &[&str], last: &str) -> (Serving, String) {
    let mut command = home.command(&["demo", "--dir", "it's a demo", "--serve"]);
    let mut child =
        command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let mut said = BufReader::new(child.stdout.take().expect("a pipe"));
    let serving = Serving(Some(child));
    let mut printed = String::new();
    while !printed.contains(last) {
        assert!(said.read_line(&mut printed).expect("text") > 0, "ended early: {printed}");
    }
    (serving, printed)
}

fn stop(home: &Home, mut serving: Serving) {
    let child = serving.0.take().expect("a process");
    kill_process(Pid::from_child(&child), Signal::INT).expect("alive");
    home.read(child.wait_with_output().expect("ends")).exits(130);
}

#[test]
fn what_it_prints_leads_every_other_command_to_it() {
    // Somebody's real things, which must not reach the sandbox.
    let home = Home::new().with("FBSYNC_ACCESS_TOKEN", "a-real-access-token").with("FBSYNC_PROFILE", "acme");
    let (serving, environment) = serving(&home, &[], "FBSYNC_PROFILE");
    // In a file and not in the shell's line, which everybody on the machine could read.
    std::fs::write(home.path("environment"), &environment).expect("a file");
    let run = |command: &str| {
        let arguments: Vec<&str> = command.split(' ').collect();
        let quoted: String = arguments.iter().map(|argument| format!("\"{argument}\" ")).collect();
        home.run(&mut home.shell(&format!(". ./environment; \"$FBSYNC\" {quoted}")))
    };
    let odd = environment.lines().find(|line| !line.starts_with("export ") && !line.starts_with("unset "));
    assert_eq!(odd, None, "more than the environment on standard output");
    let status = run("status --check").succeeds();
    assert!(status.stdout.contains("ingrid@harbourlight.example"), "{status}");
    run("refresh").succeeds();
    run("sync").succeeds();
    assert!(run("snapshots").succeeds().stdout.contains("\n3 "));
    assert_eq!(home.sandbox.requests(), [], "somebody else's FreshBooks was asked");

    // From now on a person clicks: the sandbox redirects nobody by itself.
    let mut auth = home.shell(". ./environment; exec \"$FBSYNC\" auth --no-browser");
    let mut auth = auth.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("starts");
    let mut lines = BufReader::new(auth.stderr.take().expect("a pipe")).lines();
    let address = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http://"))).expect("one");
    assert!(browser::visit(&address).expect("a page").contains("Allow this app to connect?"));
    let page = browser::allow(&format!("{address}&sandbox_decision=allow")).expect("a page");
    assert!(page.contains("Signed in"), "{page}");
    assert!(auth.wait().expect("ends").success());
    stop(&home, serving);
}

#[test]
fn scripts_get_the_environment_as_json() {
    let home = Home::new();
    let (serving, printed) = serving(&home, &["--json"], "\n}");
    let environment: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert!(environment["FRESHBOOKS_API_URL"].as_str().expect("text").starts_with("http://127.0.0.1:"));
    assert!(environment["FBSYNC_STATE_DIR"].as_str().expect("text").ends_with("/it's a demo/state"));
    stop(&home, serving);
}
