//! Every command at `-vvv`, its failures and a panic included: no token, code, client secret, `state`
//! or verifier is said, kept outside the store, or seen in the list of processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fbsync::sandbox::{CLIENT_SECRET, Consent, Fault, Trouble, browser};
use serde_json::Value;

use crate::harness::{Home, Run};

const TOKEN: &str = "/auth/oauth/token";
const KEPT: [&str; 3] = ["access_token", "refresh_token", "client_secret"];

type Shared = Arc<Mutex<BTreeSet<String>>>;

/// A home, all that was said in it, and all that must not have been.
struct Watch {
    home: Home,
    secrets: Shared,
    /// How many of each kind were seen, so that nothing passes for want of secrets.
    runs: Vec<(String, Run)>,
    processes: Shared,
}

impl Watch {
    fn new() -> Watch {
        let watch =
            Watch { home: Home::new(), secrets: Arc::default(), runs: Vec::new(), processes: Arc::default() };
        watch.note(CLIENT_SECRET);
        watch.listen();
        watch
    }

    fn note(&self, secret: &str) {
        self.secrets.lock().expect("no panic").insert(secret.to_owned());
    }

    /// Notes down every token that the sandbox gives away from now on.
    fn listen(&self) {
        self.home.sandbox.disarm_all();
        let secrets = Arc::clone(&self.secrets);
        let listen = move |answer: &mut Value| {
            let tokens = KEPT.iter().filter_map(|name| answer[name].as_str());
            secrets.lock().expect("no panic").extend(tokens.map(str::to_owned));
        };
        self.home.sandbox.arm(Fault::on(TOKEN).times(usize::MAX).then(Trouble::edit(listen)));
    }

    fn run(&mut self, line: &str) -> &Run {
        self.run_with(line, &[])
    }

    fn run_with(&mut self, line: &str, environment: &[(&str, &str)]) -> &Run {
        let mut command = self.home.command(&line.split(' ').collect::<Vec<_>>());
        command.arg("-vvv").env("RUST_BACKTRACE", "full").envs(environment.iter().copied());
        let run = self.home.run(&mut command);
        self.keep(line, run)
    }

    /// Runs with this trouble at the token endpoint in place of listening there.
    fn troubled(&mut self, trouble: Trouble, line: &str) -> &Run {
        self.home.sandbox.disarm_all();
        self.home.sandbox.arm(Fault::on(TOKEN).times(usize::MAX).then(trouble));
        self.run(line);
        self.listen();
        &self.runs.last().expect("it has run").1
    }

    /// A sign-in through the listener, which `answer` brings to its end.
    fn auth(&mut self, flags: &[&str], answer: impl FnOnce(&Home, &str)) -> &Run {
        let flags: Vec<&str> = flags.iter().copied().chain(["-vvv"]).collect();
        let auth = self.home.begin_auth(&flags, Stdio::null());
        let address = auth.address.clone();
        let state = address.split("state=").nth(1).and_then(|rest| rest.split('&').next());
        self.note(state.expect("a state"));
        answer(&self.home, &address);
        let mut run = self.home.finish(auth);
        // The address is there to be opened, `state` and all; it may stand nowhere else.
        assert_eq!(run.stderr.matches(&address).count(), 1, "{run}");
        run.stderr = run.stderr.replace(&address, "");
        self.keep(&format!("auth {flags:?}"), run)
    }

    fn keep(&mut self, line: &str, run: Run) -> &Run {
        let stored = fs::read(self.home.store()).unwrap_or_default();
        let stored: Value = serde_json::from_slice(&stored).unwrap_or_default();
        KEPT.iter().filter_map(|name| stored[name].as_str()).for_each(|secret| self.note(secret));
        self.runs.push((line.to_owned(), run));
        &self.runs.last().expect("just kept").1
    }

    fn judge(self) {
        let posted = self.home.sandbox.requests().into_iter().flat_map(|seen| seen.form);
        for (name, value) in posted {
            if !["grant_type", "client_id", "redirect_uri"].contains(&name.as_str()) {
                self.note(&value);
            }
        }
        let secrets = self.secrets.lock().expect("no panic").clone();
        assert!(secrets.len() > 30, "hardly a secret was there to be found: {}", secrets.len());
        let files = files_under(self.home.path("").as_path());
        for kind in ["a.sqlite", "access.csv", "fbsync-demo/audit.sqlite"] {
            assert!(files.iter().any(|(name, _)| name.ends_with(kind)), "{kind} was not looked into");
        }
        let processes = self.processes.lock().expect("no panic").clone();
        assert!(processes.iter().any(|line| line.contains("refresh -vvv")), "{processes:?}");
        for secret in &secrets {
            for (line, run) in &self.runs {
                assert!(!run.stdout.contains(secret), "`{line}` printed {secret}:\n{run}");
                assert!(!run.stderr.contains(secret), "`{line}` said {secret}:\n{run}");
            }
            for (name, bytes) in &files {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{name} holds {secret}");
            }
            assert!(!processes.iter().any(|line| line.contains(secret)), "everybody could see {secret}");
        }
    }
}

/// All files but the stored sign-ins.
fn files_under(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match path.is_dir() {
            true if name == "fbsync" || name == "state" => {}
            true => files.extend(files_under(&path)),
            false => files.push((path.display().to_string(), fs::read(&path).expect("a file"))),
        }
    }
    files
}

/// What everybody on the machine can see of everybody's processes.
fn command_lines() -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).collect()
}

#[track_caller]
fn redacted(run: &Run) {
    assert!(run.stderr.contains("[redacted]"), "nothing was there to be left out:\n{run}");
}

#[test]
fn whatever_is_run_and_however_it_ends_nothing_leaks() {
    let mut watch = Watch::new();
    sign_ins(&mut watch);
    rotations(&mut watch);
    readings(&mut watch);
    redacted(watch.run("logout --all"));
    watch.judge();
}

fn sign_ins(watch: &mut Watch) {
    let allow = |_: &Home, address: &str| drop(browser::allow(address).expect("a page"));
    redacted(watch.auth(&[], allow));
    watch.home.sandbox.change(|world| world.consent = Consent::Deny);
    assert_eq!(watch.auth(&[], allow).code, Some(4));
    watch.home.sandbox.change(|world| world.consent = Consent::Allow);
    let too_late = |home: &Home, address: &str| {
        let back = browser::consent(address).expect("consent");
        home.sandbox.advance(Duration::from_secs(301));
        browser::visit(&back).expect("a page");
    };
    let run = watch.auth(&[], too_late);
    redacted(run);
    assert_eq!(run.code, Some(4));
    watch.note("a-code-that-was-pasted-alone");
    let mut paste = watch.home.begin_auth(&["--paste", "-vvv"], Stdio::piped());
    paste.type_in("a-code-that-was-pasted-alone");
    let run = watch.home.finish(paste).exits(2);
    watch.keep("auth --paste", run);

    let grant = watch.home.grant();
    watch.note(&grant);
    let import = "auth --import-refresh-token";
    redacted(watch.run_with(import, &[("FBSYNC_REFRESH_TOKEN", &grant)]));
    let run = watch.run_with(import, &[("FBSYNC_REFRESH_TOKEN", &grant)]);
    redacted(run);
    assert_eq!(run.code, Some(4));
    watch.note("another-secret-of-another-app");
    let wrong =
        [("FBSYNC_CLIENT_SECRET", "another-secret-of-another-app"), ("FBSYNC_REFRESH_TOKEN", grant.as_str())];
    assert_eq!(watch.run_with(import, &wrong).code, Some(4));
}

fn rotations(watch: &mut Watch) {
    redacted(watch.run("refresh"));
    redacted(watch.run("refresh --json"));
    let processes = Arc::clone(&watch.processes);
    let look = Trouble::hook(move |_| processes.lock().expect("no panic").extend(command_lines()));
    redacted(watch.troubled(look, "refresh"));
    // A server that says what it was asked, in each of the ways that are told apart.
    for (code, exit) in [(400, 6), (503, 5), (200, 5)] {
        let stored = watch.home.stored();
        let quote = format!("{} {}", stored["refresh_token"], stored["client_secret"]).replace('"', "");
        let body = match code {
            200 => format!(r#"{{"said":"{quote}"}}"#),
            _ => format!(r#"{{"error":"invalid_request","error_description":"not {quote}"}}"#),
        };
        let run = watch.troubled(Trouble::Status { code, headers: Vec::new(), body }, "refresh");
        redacted(run);
        assert_eq!(run.code, Some(exit), "{run}");
    }
    // An answer that is cut in the middle of a token, or not JSON, with the tokens in it.
    let stored = watch.home.stored();
    let raw = format!(r#"{{"access_token":"{}","refresh_token":7}}"#, stored["refresh_token"]);
    assert_eq!(watch.troubled(Trouble::Raw(raw.into_bytes()), "refresh").code, Some(5));
    assert_eq!(watch.troubled(Trouble::CutBody, "refresh").code, Some(5));

    let grant = watch.home.grant();
    watch.note(&grant);
    let import = "auth --import-refresh-token";
    assert_eq!(watch.run_with(import, &[("FBSYNC_REFRESH_TOKEN", &grant)]).code, Some(0));
    for step in ["panic:before-post", "panic:after-post"] {
        let run = watch.run_with("refresh", &[("FBSYNC_TEST_DIE_AT", step)]);
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.stderr.contains("error: internal error in fbsync at src/"), "{run}");
        assert!(!run.stderr.contains("panicked") && !run.stderr.contains("stack backtrace"), "{run}");
    }
    let run = watch.run("refresh");
    assert!(run.code == Some(4) && run.stderr.contains("an earlier refresh"), "{run}");
    let damaged = fs::read(watch.home.store()).expect("a store");
    fs::write(watch.home.store(), &damaged[..damaged.len() - 40]).expect("a store");
    for line in ["refresh", "status --check", "auth --paste"] {
        assert_eq!(watch.run(line).code, Some(3));
    }
}

fn readings(watch: &mut Watch) {
    assert_eq!(watch.run("logout").code, Some(0));
    let grant = watch.home.grant();
    watch.note(&grant);
    // The seed in the environment of a service.
    redacted(watch.run_with("sync --db a.sqlite", &[("FBSYNC_REFRESH_TOKEN", &grant)]));
    for line in
        ["status --check", "status --check --json --db a.sqlite", "sync --db a.sqlite --include staff"]
    {
        let run = watch.run(line);
        redacted(run);
        assert_eq!(run.code, Some(0), "{run}");
    }
    let (access, refresh) = watch.home.sandbox.grant();
    watch.note(&access);
    watch.note(&refresh);
    redacted(watch.run_with("sync --db a.sqlite", &[("FBSYNC_ACCESS_TOKEN", &access)]));
    // A token that is refused, by an answer that quotes it; and a business that is.
    let token = watch.home.stored()["access_token"].as_str().expect("a token").to_owned();
    let quoting = |code, error: &str| {
        let body = format!(r#"{{"error":"{error}","error_description":"Bearer {token}"}}"#);
        Trouble::Status { code, headers: Vec::new(), body }
    };
    watch.home.sandbox.arm(Fault::on("/users/me").then(quoting(401, "unauthenticated")));
    watch.home.sandbox.arm(Fault::on("/team_members").times(3).then(quoting(403, "forbidden")));
    let run = watch.run("sync --db a.sqlite");
    redacted(run);
    assert_eq!(run.code, Some(7), "{run}");
    watch.home.sandbox.arm(Fault::on("/users/me").times(9).then(quoting(500, "internal_server_error")));
    assert_eq!(watch.run("status --check").code, Some(5));
    for line in [
        "snapshots --db a.sqlite",
        "snapshots --db a.sqlite --json",
        "export access --db a.sqlite -o access.csv",
        "export access --db a.sqlite",
        "diff --db a.sqlite",
        "verify --db a.sqlite",
        "snapshots prune --db a.sqlite --keep-last 1 --yes",
        "verify --db a.sqlite",
        "status --db a.sqlite",
        "demo",
    ] {
        let run = watch.run(line);
        assert_eq!(run.code, Some(0), "{run}");
    }
}
