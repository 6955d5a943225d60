//! Answers in the documented shape, served as files: the program reads them without the sandbox,
//! whose author could have misread the documentation in the same way.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use fbsync::sandbox::World;
use tiny_http::{Header, Request, Response, Server};

use crate::harness::{DB, Home};

const TOKEN: &str = "an-opaque-access-token";

/// A server that knows a few files, and checks the token as FreshBooks does.
struct Files {
    server: Arc<Server>,
    serving: Option<JoinHandle<()>>,
}

impl Files {
    fn serve() -> Files {
        let server = Arc::new(Server::http("127.0.0.1:0").expect("a port"));
        let requests = Arc::clone(&server);
        let serving = thread::spawn(move || requests.incoming_requests().for_each(answer));
        Files { server, serving: Some(serving) }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.server.server_addr())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(serving) = self.serving.take() {
            let joined = serving.join();
            assert!(joined.is_ok() || thread::panicking(), "the server failed");
        }
    }
}

fn answer(request: Request) {
    let authorized = request.headers().iter().any(|header| {
        header.field.equiv("Authorization") && header.value.as_str() == format!("Bearer {TOKEN}")
    });
    let file = match request.url() {
        _ if !authorized => "unauthenticated.json",
        "/auth/api/v1/users/me" => "users_me.json",
        "/auth/api/v1/businesses/501330/team_members?page=1&per_page=100" => "team_members_501330.json",
        "/auth/api/v1/businesses/501440/team_members?page=1&per_page=100" => "team_members_501440.json",
        "/auth/api/v1/users/business/501440" => "business_501440.json",
        _ => "nothing",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api");
    let (status, body) = match fs::read(folder.join(file)) {
        Ok(body) if authorized => (200, body),
        Ok(body) => (401, body),
        Err(_) => (404, Vec::new()),
    };
    let json = Header::from_bytes("Content-Type", "application/json").expect("a header");
    let response = Response::from_data(body).with_status_code(status).with_header(json);
    request.respond(response).expect("a client that listens");
}

fn synced() -> (Home, Files) {
    let files = Files::serve();
    let home = Home::in_world(World::empty())
        .with("FRESHBOOKS_API_URL", &files.origin())
        .with("FBSYNC_ACCESS_TOKEN", TOKEN);
    home.sync().succeeds();
    (home, files)
}

#[test]
fn the_identity_and_its_businesses_are_read() {
    let (home, _files) = synced();
    let identity =
        "SELECT identity_id, identity_uuid, identity_email, identity_name, scopes, status FROM snapshots";
    assert_eq!(
        home.tables().one(identity),
        "771204|7d1c5f0e-1111-4000-8000-0000000771a4|solvei@aakre-regnskap.example|Solvei Aakre||complete"
    );
    let businesses = "SELECT business_id, business_uuid, account_id, name, own_role, active, status,
         subscription_status, timezone FROM businesses ORDER BY business_id";
    let expected = [
        "501330|7d1c5f0e-1111-4000-8000-0000000b0001|pQ4r7S|Aakre Regnskap|owner|||active|",
        "501440|7d1c5f0e-1111-4000-8000-0000000b0002|Pq4R7s|Lofoten Ferry Co-op|business_employee|||cancelled|",
    ];
    assert_eq!(home.tables().rows(businesses), expected);
}

#[test]
fn every_membership_is_read_with_its_state_and_sources() {
    let (home, _files) = synced();
    let rows = home
        .tables()
        .rows("SELECT business_name, email, role_label, state, account_key, flags, sources FROM access");
    let expected = [
        "Aakre Regnskap|odin@aakre-regnskap.example|Unassigned (no login)|no_login|\
         email:odin@aakre-regnskap.example|owners_not_checked|team_members",
        "Aakre Regnskap|ragna@aakre-regnskap.example|Employee|inactive|\
         email:ragna@aakre-regnskap.example|never_accepted;owners_not_checked|team_members",
        "Aakre Regnskap|solvei@aakre-regnskap.example|Owner|active|\
         identity:771204|owners_not_checked|identity+team_members",
        "Aakre Regnskap|Tarjei@aakre-regnskap.example|Manager|active|\
         identity:771390|owners_not_checked|team_members",
        "Lofoten Ferry Co-op|gudrun@lofoten-ferry.example|Owner|active|identity:781000||business_group",
        "Lofoten Ferry Co-op|iver@lofoten-ferry.example|Admin|active|\
         identity:781001||team_members+business_group",
        "Lofoten Ferry Co-op|solvei@aakre-regnskap.example|Employee|active|\
         identity:771204||identity+team_members+business_group",
        "Lofoten Ferry Co-op|tarjei@aakre-regnskap.example|Contractor|invited|identity:771390||team_members",
    ];
    assert_eq!(rows, expected);
}

#[test]
fn people_are_put_together_across_businesses() {
    let (home, _files) = synced();
    let accounts = "SELECT account_key, identity_uuid, email, emails, full_name, businesses FROM accounts
         WHERE businesses > 1 OR account_key = 'identity:781000' ORDER BY account_key";
    let expected = [
        "identity:771204|7d1c5f0e-1111-4000-8000-0000000771a4|solvei@aakre-regnskap.example|\
         solvei@aakre-regnskap.example|Solvei Aakre|2",
        // The newest record speaks for the person, its spelling of the address too.
        "identity:771390||tarjei@aakre-regnskap.example|tarjei@aakre-regnskap.example|Tarjei Moen|2",
        "identity:781000|7d1c5f0e-1111-4000-8000-000000781000|gudrun@lofoten-ferry.example|\
         gudrun@lofoten-ferry.example|Gudrun Strand|1",
    ];
    assert_eq!(home.tables().rows(accounts), expected);
}

#[test]
fn what_could_not_be_read_is_in_the_coverage() {
    let (home, _files) = synced();
    let coverage = "SELECT business_id, resource, outcome, http_status, expected, received FROM coverage";
    let expected = [
        "501330|business_group|failed|404||0",
        "501330|team_members|ok|200|4|4",
        "501440|business_group|ok|200||3",
        "501440|team_members|ok|200|3|3",
    ];
    assert_eq!(home.tables().rows(coverage), expected);
    home.fbsync(&["verify", "--db", DB]).succeeds();
}

#[test]
fn contact_data_of_the_answers_is_not_kept() {
    let (home, _files) = synced();
    let bytes = String::from_utf8_lossy(&fs::read(home.path(DB)).expect("a database")).into_owned();
    for text in ["555 01", "Example Quay", "Pier Road", "Moskenes", "8392", "business_clients", "designation"]
    {
        assert!(!bytes.contains(text), "{text:?} was kept");
    }
    assert!(bytes.contains("has_password"), "the identity's record is not there");
}

#[test]
fn a_token_that_the_server_does_not_know_needs_sign_in() {
    let files = Files::serve();
    let home = Home::in_world(World::empty())
        .with("FRESHBOOKS_API_URL", &files.origin())
        .with("FBSYNC_ACCESS_TOKEN", "another-token");
    home.sync().exits(4).says("error: ");
    assert!(!home.path(DB).exists());
}
