//! A server that repeats everything it was sent, headers and body, in every encoding, in every shape of
//! answer, at every status: no secret reaches an output, a database, a manifest or an export.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fbsync::sandbox::{Answer, Asked, CLIENT_SECRET, Fault, Trouble, World};
use serde_json::Value;

use crate::harness::{DB, Home, Run};

const STATUSES: [u16; 9] = [200, 201, 302, 400, 401, 403, 404, 429, 500];

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\u{byte:04x}")).collect()
}

/// Base64 of `text` behind so many other bytes.
fn base64(text: &str, shift: usize) -> String {
    STANDARD.encode([&"~~~"[..shift], text].concat())
}

/// What is said of a text, one way after the other.
fn said(text: &str, way: usize) -> String {
    match way % 7 {
        0 => text.to_owned(),
        1 => percent(text),
        2 => escaped(text),
        shift @ 3..=5 => base64(text, shift - 3),
        _ => URL_SAFE_NO_PAD.encode(text),
    }
}

/// How `text` would be recognized in a file or an output.
fn traces(text: &str) -> Vec<String> {
    let inner = |encoded: String, shift: usize| {
        let first = (shift * 8).div_ceil(6);
        encoded[first..(shift + text.len()) * 8 / 6].to_owned()
    };
    let mut traces = vec![text.to_owned(), percent(text), percent(text).to_lowercase(), escaped(text)];
    traces.extend((0..3).map(|shift| inner(base64(text, shift), shift)));
    traces.push(URL_SAFE_NO_PAD.encode(text));
    traces
}

type Shape = fn(&mut Answer, u16, &str);

/// `text` in a body, as JSON unless it is an escape already.
fn quoted(text: &str) -> String {
    if text.starts_with("\\u") { format!("\"{text}\"") } else { Value::from(text).to_string() }
}

const SHAPES: [Shape; 8] = [
    |answer, _, text| {
        answer.body = format!(r#"{{"error":"forbidden","error_description":{}}}"#, quoted(text)).into();
    },
    |answer, _, text| answer.body = format!(r#"{{"error":{}}}"#, quoted(text)).into(),
    |answer, _, text| answer.body = format!(r#"{{"code":7,"message":{}}}"#, quoted(text)).into(),
    |answer, _, text| {
        answer.body =
            format!(r#"{{"response":{{"errors":[{{"errno":1,"message":{}}}]}}}}"#, quoted(text)).into();
    },
    |answer, _, text| answer.body = text.into(),
    |answer, _, text| answer.body = format!("<html><title>{text}</title></html>").into(),
    // Another shape than asked for, for a parser to stumble over.
    |answer, _, text| answer.body = format!(r#"{{"response":{0},"meta":{0}}}"#, quoted(text)).into(),
    // The right one, with the secret wherever there was a name.
    |answer, _, text| {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let mut body = body.to_string();
        for name in ["first_name", "name", "fname", "scope", "job_title", "email"] {
            body = body.replace(&format!("\"{name}\":"), &format!("\"{name}\":{},\"was\":", quoted(text)));
        }
        answer.body = body.into();
    },
];

/// A home, what its server has heard, and what was said there.
struct Echo {
    home: Home,
    secrets: Arc<Mutex<BTreeSet<String>>>,
    runs: Vec<(String, Run)>,
}

impl Echo {
    fn new() -> Echo {
        let secrets = Arc::new(Mutex::new(BTreeSet::from([CLIENT_SECRET.to_owned()])));
        Echo { home: Home::signed_in_to(World::many(2, 3)), secrets, runs: Vec::new() }
    }

    /// Repeats at `paths`, whatever is asked there, in another encoding each time.
    fn repeat(&self, paths: &[&str], status: u16, shape: Shape) {
        self.home.sandbox.disarm_all();
        for path in paths {
            let (secrets, mut times) = (Arc::clone(&self.secrets), 0);
            let repeat = move |sent: &Asked, answer: &mut Answer| {
                times += 1;
                let heard = heard(sent);
                secrets.lock().expect("no panic").extend(heard.iter().cloned());
                let text = said(&format!("You sent {}.", heard.join(", ")), times - 1);
                shape(answer, status, &text);
                answer.status = status;
                answer.set_header("X-Request-Id", &heard.join(" "));
                answer.set_header("Location", &format!("/{}?{}", heard[0], sent.body));
            };
            self.home.sandbox.arm(Fault::on(path).times(usize::MAX).then(Trouble::rewrite(repeat)));
        }
    }

    fn run(&mut self, line: &str) {
        let mut command = self.home.command(&line.split(' ').collect::<Vec<_>>());
        let run = self.home.run(command.arg("-vvv"));
        let stored: Value =
            serde_json::from_slice(&fs::read(self.home.store()).unwrap_or_default()).unwrap_or_default();
        for name in ["access_token", "refresh_token"] {
            let token = stored[name].as_str().map(str::to_owned);
            self.secrets.lock().expect("no panic").extend(token);
        }
        self.runs.push((line.to_owned(), run));
    }

    /// Nothing of a secret is in any output or file.
    fn judge(self) {
        let Echo { home, secrets, runs } = self;
        home.sandbox.disarm_all();
        let secrets = secrets.lock().expect("no panic");
        assert!(secrets.len() > 2, "hardly a secret was sent: {secrets:?}");
        let files = files_under(home.path("").as_path());
        for secret in secrets.iter() {
            assert!(secret.len() > 30, "no secret: {secret}");
            for trace in traces(secret) {
                for (line, Run { stdout, stderr, .. }) in &runs {
                    let silent = !stdout.contains(&trace) && !stderr.contains(&trace);
                    assert!(silent, "`{line}` says {trace}:\n{stdout}{stderr}");
                }
                for (name, bytes) in &files {
                    let found = bytes.windows(trace.len()).any(|window| window == trace.as_bytes());
                    assert!(!found, "{name} holds {trace}");
                }
            }
        }
    }
}

/// What a request carried that is nobody's business.
fn heard(sent: &Asked) -> Vec<String> {
    let bearer = sent.headers.iter().find(|(name, _)| name == "authorization");
    let bearer = bearer.and_then(|(_, value)| value.strip_prefix("Bearer "));
    let form = url::form_urlencoded::parse(sent.body.as_bytes());
    let fields = form.filter(|(name, _)| !["grant_type", "client_id", "redirect_uri"].contains(&&**name));
    bearer.map(str::to_owned).into_iter().chain(fields.map(|(_, value)| value.into_owned())).collect()
}

fn files_under(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            // The stored sign-in.
            path if path.ends_with("fbsync") => {}
            path if path.is_dir() => files.extend(files_under(&path)),
            path => files.push((path.display().to_string(), fs::read(&path).expect("a file"))),
        }
    }
    files
}

#[test]
fn lists_that_repeat_the_token_are_neither_shown_nor_kept() {
    let mut echo = Echo::new();
    for (status, shape) in STATUSES.iter().flat_map(|status| SHAPES.map(|shape| (*status, shape))) {
        echo.repeat(&["/team_members", "/users/business/", "/users/staffs"], status, shape);
        echo.run(&format!("sync --db {DB} --include staff"));
    }
    let tables = echo.home.tables();
    assert!(tables.number("SELECT count(*) FROM snapshots") > 60);
    assert_eq!(tables.number("SELECT count(*) FROM coverage WHERE outcome = 'ok'"), 0);
    drop(tables);
    echo.run(&format!("export --db {DB} --out evidence --allow-partial"));
    echo.run(&format!("verify --db {DB}"));
    assert!(echo.runs.iter().rev().take(2).all(|(_, run)| run.code == Some(0)), "{}", echo.runs[0].1);
    assert!(echo.home.path("evidence/manifest.json").exists());
    echo.judge();
}

#[test]
fn an_identity_that_repeats_the_token_is_neither_shown_nor_kept() {
    let mut echo = Echo::new();
    for (status, shape) in STATUSES.iter().flat_map(|status| SHAPES.map(|shape| (*status, shape))) {
        echo.repeat(&["/users/me"], status, shape);
        echo.run("status --check --json");
        assert_ne!(echo.runs.last().expect("a run").1.code, Some(0));
    }
    echo.run("status");
    echo.judge();
}

#[test]
fn a_token_endpoint_that_repeats_secrets_is_not_quoted() {
    let mut echo = Echo::new();
    for (status, shape) in STATUSES.iter().flat_map(|status| SHAPES.map(|shape| (*status, shape))) {
        let grant = echo.home.grant();
        let echoing = |echo: &mut Echo, line: &str| {
            echo.repeat(&["/auth/oauth/"], status, shape);
            echo.run(line);
            echo.home.sandbox.disarm_all();
        };
        echoing(&mut echo, "refresh");
        // Whatever became of that sign-in, another follows.
        let mut import = echo.home.command(&["auth", "--import-refresh-token"]);
        echo.home.run(import.env("FBSYNC_REFRESH_TOKEN", &grant)).succeeds();
        echo.run("status --json");
    }
    echo.repeat(&["/auth/oauth/"], 403, SHAPES[0]);
    echo.run("logout");
    echo.judge();
}
