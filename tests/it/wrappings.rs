//! A pair of tokens that arrived is kept, whatever its answer looks like otherwise: the token that was
//! sent for it is spent.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::Duration;

use fbsync::sandbox::{Answer, Asked, Fault, Trouble, http_date};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::harness::{DB, Home};
use crate::running::{start, until};

const TOKEN: &str = "/auth/oauth/token";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn edit(answer: &mut Answer, edit: impl Fn(&mut Value)) {
    let mut body = serde_json::from_slice(&answer.body).expect("JSON");
    edit(&mut body);
    answer.body = body.to_string().into_bytes();
}

fn replace(answer: &mut Answer, old: &str, new: &str) {
    let body = String::from_utf8(answer.body.clone()).expect("UTF-8");
    assert!(body.contains(old), "{body}");
    answer.body = body.replacen(old, new, 1).into_bytes();
}

type Wrap = fn(&mut Answer);

const WRAPPINGS: [(&str, Wrap); 18] = [
    ("a list of scopes", |answer| {
        edit(answer, |body| body["scope"] = json!(["user:profile:read", "user:teams:read"]));
    }),
    ("a byte order mark", |answer| answer.body.splice(0..0, *b"\xef\xbb\xbf").for_each(drop)),
    ("a key twice", |answer| replace(answer, "\"access_token\"", "\"scope\":\"x\",\"access_token\"")),
    ("a token twice", |answer| {
        replace(answer, "\"access_token\"", "\"access_token\":\"old\",\"access_token\"");
    }),
    ("201", |answer| answer.status = 201),
    ("202", |answer| answer.status = 202),
    ("500", |answer| answer.status = 500),
    ("400", |answer| answer.status = 400),
    ("an empty error", |answer| edit(answer, |body| body["error"] = json!(""))),
    ("no type", |answer| edit(answer, |body| body["token_type"] = json!(null))),
    ("numbers as text", |answer| {
        edit(answer, |body| {
            body["expires_in"] = json!("43200");
            body["created_at"] = json!(body["created_at"].to_string());
        });
    }),
    ("dates that say nothing", |answer| {
        edit(answer, |body| {
            body["expires_in"] = json!({});
            body["created_at"] = json!(1e300);
        });
    }),
    ("half an emoji", |answer| replace(answer, "\"Bearer\"", "\"Bearer \\ud83d\"")),
    ("another content type", |answer| answer.set_header("Content-Type", "text/html")),
    ("gzip", |answer| {
        answer.set_header("Content-Encoding", "gzip");
        answer.body = gzip(&answer.body);
    }),
    ("x-gzip, in two members", |answer| {
        answer.set_header("Content-Encoding", "x-gzip");
        let (first, second) = answer.body.split_at(20);
        answer.body = [gzip(first), gzip(second)].concat();
    }),
    ("gzip that is none", |answer| answer.set_header("Content-Encoding", "gzip")),
    ("something behind it", |answer| answer.body.extend(b"\n<!-- 12 ms -->")),
];

#[test]
fn a_pair_is_kept_whatever_it_is_wrapped_in() {
    for (name, wrap) in WRAPPINGS {
        let home = Home::with_sign_in();
        let before = home.stored();
        home.sandbox.arm(Fault::on(TOKEN).then(Trouble::rewrite(move |_, answer| wrap(answer))));
        let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
        assert_eq!((posts, run.code), (1, Some(0)), "{name}: {run}");
        let after = home.stored();
        for token in ["access_token", "refresh_token"] {
            assert_ne!(before[token], after[token], "{name}");
        }
        assert_eq!((&after["in_flight"], &after["dead"]), (&Value::Null, &Value::Null), "{name}");
        assert_eq!(after["scopes"], "user:profile:read user:teams:read", "{name}");
        // The pair is good, and so is the next one.
        home.fbsync(&["status", "--check"]).succeeds();
        home.fbsync(&["refresh"]).succeeds();
    }
}

#[test]
fn a_pair_whose_answer_is_cut_behind_it_is_kept_and_one_that_is_cut_before_is_asked_for_again() {
    // FreshBooks' order of fields, with the tokens before the rest.
    let ordered = |answer: &mut Answer| {
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let pair = format!(
            "{{\"access_token\":{},\"refresh_token\":{},\"scope\":{}",
            body["access_token"], body["refresh_token"], body["scope"]
        );
        answer.body = pair.into_bytes();
    };
    let home = Home::with_sign_in();
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::rewrite(move |_, answer| ordered(answer))));
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.succeeds();
    assert_eq!(posts, 1);
    home.fbsync(&["refresh"]).succeeds();

    let home = Home::with_sign_in();
    let cut = |answer: &mut Answer| {
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        answer.body = format!("{{\"access_token\":{},\"refresh_to", body["access_token"]).into_bytes();
    };
    home.sandbox.arm(Fault::on(TOKEN).then(Trouble::rewrite(move |_, answer| cut(answer))));
    let before = home.stored();
    let (posts, run) = home.posts_of(|| home.fbsync(&["refresh"]));
    run.exits(5).says("they are kept");
    let after = home.stored();
    assert_eq!((posts, &after["refresh_token"]), (2, &before["refresh_token"]));
    assert_ne!(after["in_flight"], Value::Null);
}

#[test]
fn a_pair_of_this_run_is_used_until_it_is_refused_whatever_its_dates_say() {
    // A refresh has been seen to answer with the first grant's `created_at`.
    let home = Home::with_due_sign_in();
    let long_ago = home.sandbox.now().as_second() - 86_400;
    let aged = Trouble::edit(move |answer| answer["created_at"] = json!(long_ago));
    home.sandbox.arm(Fault::on(TOKEN).times(usize::MAX).then(aged));
    let (posts, run) = home.posts_of(|| home.fbsync(&["sync", "--db", DB]));
    run.succeeds();
    assert_eq!(posts, 1);
    let (posts, run) = home.posts_of(|| home.fbsync(&["status", "--check"]));
    run.succeeds();
    assert_eq!(posts, 1);
    // Refused, it is replaced all the same.
    home.sandbox.arm(Fault::on("/team_members").then(Trouble::unauthenticated()));
    let (posts, run) = home.posts_of(|| home.fbsync(&["sync", "--db", DB]));
    run.succeeds();
    assert_eq!(posts, 2);
}

#[test]
fn a_pair_that_another_process_wrote_meanwhile_is_taken_however_short_it_lives() {
    let home = Home::with_due_sign_in();
    let lock = File::options().write(true).open(home.state().join("default.lock")).expect("the lock");
    lock.lock().expect("locked");
    let waiting = start(&home, &["refresh", "--if-expires-within", "30m", "--json"]);
    // Whoever waits for the lock has read the store.
    let files = format!("/proc/{}/fd", waiting.id());
    until("the lock is waited for", || {
        let files = fs::read_dir(&files).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file.ends_with("default.lock"))
    });
    let (access, refresh) = home.sandbox.grant();
    home.edit_store(|store| {
        store["access_token"] = json!(access);
        store["refresh_token"] = json!(refresh);
        store["expires_at"] = json!("2001-01-01T00:00:00Z");
    });
    let (posts, run) = home.posts_of(|| {
        drop(lock);
        home.read(waiting.wait_with_output().expect("ends"))
    });
    assert_eq!((posts, &run.succeeds().json()["rotated"]), (0, &json!(false)));
}

#[test]
fn what_a_server_repeats_is_no_token() {
    let home = Home::with_sign_in();
    let before = home.stored();
    let repeat = |sent: &Asked, answer: &mut Answer| {
        let field = |name: &str| {
            let form = sent.body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            form.expect("a field").to_owned()
        };
        let (token, secret) = (field("refresh_token"), field("client_secret"));
        answer.body = json!({ "access_token": token, "refresh_token": secret }).to_string().into_bytes();
    };
    home.sandbox.arm(Fault::on(TOKEN).times(2).then(Trouble::rewrite(repeat)));
    home.fbsync(&["refresh"]).exits(5).says("contains no access token");
    assert_eq!(home.stored()["access_token"], before["access_token"]);
}

#[test]
fn retry_after_counts_against_the_servers_own_time() {
    let home = Home::with_sign_in();
    let tomorrow = home.sandbox.now() + Duration::from_secs(86_400);
    let later = http_date(tomorrow + Duration::from_secs(40));
    let overload = Trouble::too_many(&later).header("Date", &http_date(tomorrow));
    home.sandbox.arm(Fault::on("/users/me").then(overload));
    home.fbsync(&["sync", "--db", DB, "-v"]).succeeds().says(" in 40 s");
}
