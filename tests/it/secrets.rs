//! No secret and no contact data leaves the program or enters a database, whatever is said at `-vvv`.

use std::fs;
use std::sync::{Arc, Mutex};

use fbsync::sandbox::{Fault, Member, Trouble, World};
use serde_json::{Value, json};

use crate::harness::{DB, Home, Run};

/// What the sandbox sends and nobody may keep: by it the tests know that they looked for the right thing.
const NEVER_KEPT: [&str; 9] = [
    "SECRET.fasttrack",
    "fasttrack_token",
    "555 0100",
    "555 0101",
    "555 0103",
    "phone_number",
    "Sample Street",
    "staff.limit",
    "\"professions\"",
];

/// Everything that the home's files hold, the stored sign-in apart.
fn kept(home: &Home) -> Vec<(String, Vec<u8>)> {
    let files = home.files().into_iter().filter(|name| name != "fbsync");
    files.map(|name| (name.clone(), fs::read(home.path(&name)).expect("a file"))).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[track_caller]
fn nowhere(home: &Home, runs: &[&Run], text: &str) {
    for (name, bytes) in kept(home) {
        assert!(!holds(&bytes, text), "{text:?} is in {name}");
    }
    for run in runs {
        assert!(!run.stdout.contains(text) && !run.stderr.contains(text), "{text:?} was printed:\n{run}");
    }
}

#[test]
fn what_no_review_needs_is_sent_and_not_kept() {
    let home = Home::reading(World::demo());
    let sent = Arc::new(Mutex::new(String::new()));
    for path in ["/users/me", "/team_members", "/users/business/"] {
        let sent = Arc::clone(&sent);
        let listen = move |answer: &mut Value| sent.lock().expect("no panic").push_str(&answer.to_string());
        home.sandbox.arm(Fault::on(path).times(usize::MAX).then(Trouble::edit(listen)));
    }
    let sync = home.fbsync(&["sync", "--db", DB, "-vvv"]).succeeds();
    let export = home.fbsync(&["export", "access", "--db", DB, "-o", "access.csv", "-vvv"]).succeeds();
    for text in NEVER_KEPT {
        assert!(sent.lock().expect("no panic").contains(text), "{text:?} was not even sent");
        nowhere(&home, &[&sync, &export], text);
    }
    // The records themselves are there.
    assert!(
        home.tables().number("SELECT count(*) FROM records WHERE body LIKE '%business_role_name%'") > 280
    );
    assert_eq!(
        sync.stderr.matches("Authorization: Bearer [redacted]").count(),
        home.sandbox.requests().len()
    );
}

#[test]
fn no_token_is_in_a_database_or_an_output() {
    let home = Home::signed_in_to(World::many(2, 3));
    home.sandbox.arm(Fault::on("/team_members").then(Trouble::unauthenticated()));
    let runs = [
        home.fbsync(&["sync", "--db", DB, "-vvv"]).succeeds(),
        home.fbsync(&["export", "access", "--db", DB, "-o", "access.csv"]).succeeds(),
        home.fbsync(&["status", "--db", DB, "-vvv"]).succeeds(),
    ];
    let stored = home.stored();
    for secret in ["access_token", "refresh_token", "client_secret"] {
        let secret = stored[secret].as_str().expect("a secret");
        nowhere(&home, &runs.each_ref(), secret);
    }
}

#[test]
fn an_answer_that_quotes_the_token_is_not_quoted_in_turn() {
    let home = Home::reading(World::many(2, 3));
    let token = home.value("FBSYNC_ACCESS_TOKEN");
    let quoting = |code: u16| {
        let body =
            json!({ "error": "refused", "error_description": format!("Bearer {token} is not enough") });
        Trouble::Status { code, headers: Vec::new(), body: body.to_string() }
    };
    home.sandbox.arm(Fault::on("/9001/team_members").then(quoting(403)));
    home.sandbox.arm(Fault::on("/9002/team_members").times(5).then(quoting(500)));
    let run = home.fbsync(&["sync", "--db", DB, "-vvv"]).exits(7).says("Bearer [redacted] is not enough");
    nowhere(&home, &[&run], &token);
}

#[test]
fn secrets_of_fields_not_yet_invented_stay_out_and_other_new_fields_stay_in() {
    let mut world = World::with_members(1);
    let fields = json!({
        "api_token": "SECRET-1", "Session_Token": "SECRET-2", "oauth": { "client_secret": "SECRET-3" },
        "home_phone": "SECRET-4", "p_street": "SECRET-5", "notes": "SECRET-6", "rate": "SECRET-7",
        "tokens_left": 12, "seat": "gold",
    });
    let extra = fields.as_object().cloned().expect("an object");
    let member = Member::new("Ife", "Okafor", "ife@b9001.example", "business_employee");
    world.businesses[0].members.push(Member { extra, ..member });
    let home = Home::reading(world);
    let run = home.sync().succeeds();
    nowhere(&home, &[&run], "SECRET-");
    let kept = "SELECT body ->> 'tokens_left', body ->> 'seat', body -> 'oauth' FROM records
         WHERE body LIKE '%Okafor%' AND body LIKE '%business_role_name%'";
    assert_eq!(home.tables().one(kept), "12|gold|{}");
}
