//! A small database for the tests of this module: two businesses, three snapshots, one of each kind of
//! thing that can be in it.

use std::sync::{Mutex, OnceLock};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::read::{Decision, ReviewFile};
use super::{Reader, prune, record, schema, write};
use crate::classic;
use crate::model::marks::Verdict;
use crate::model::reading::{Digest, GroupMember, Member, OwnMembership, hex};
use crate::model::texts::Parts;
use crate::model::{
    Business, BusinessReading, Coverage, Identity, Membership, Outcome, RequestLine, Resource, Run, relate,
    role,
};
use crate::time::Timestamp;

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a moment")
}

/// Keeps a record, and tells its hash.
fn keep(connection: &Connection, body: &str) -> Digest {
    let sha256: Digest = Sha256::digest(body).into();
    let insert = "INSERT INTO records SELECT ?1, ?2 WHERE ?1 NOT IN (SELECT sha256 FROM records)";
    connection.execute(insert, [hex(sha256).as_str(), body]).expect("a record");
    sha256
}

/// A member of a team list, whose record says the same.
pub(super) fn member(connection: &Connection, uuid: &str, email: &str, name: &str, role: &str) -> Membership {
    let body = format!(
        r#"{{"uuid":"{uuid}","email":"{email}","first_name":"{name}","last_name":"Lee","business_role_name":"{role}","active":true,"invitation_date_accepted":"2026-01-02T00:00:00Z"}}"#
    );
    let texts = Parts { member_uuid: uuid, email, first_name: name, last_name: "Lee", job_title: "" };
    Membership::from_member(Member {
        texts,
        identity_id: None,
        role: role::kept(role),
        active: true,
        invitation_accepted_at: Some(at("2026-01-02T00:00:00Z")),
        created_at: None,
        updated_at: None,
        record: keep(connection, &body),
    })
}

pub(super) fn identity() -> Identity {
    Identity {
        id: 1,
        uuid: None,
        email: "me@x.example".to_owned(),
        first_name: "Me".to_owned(),
        last_name: "Lee".to_owned(),
    }
}

pub(super) fn reading(
    connection: &Connection,
    id: i64,
    name: &str,
    members: Vec<Membership>,
) -> BusinessReading {
    let own = format!(
        r#"{{"role":"owner","business":{{"id":{id},"name":"{name}","account_id":null,"active":true}}}}"#
    );
    let group = r#"{"identity_id":1,"email":"me@x.example","first_name":"Me","last_name":"Lee","role":"owner","active":true}"#;
    let read = |resource, rows| Coverage {
        http_status: Some(200),
        expected: Some(rows),
        received: rows,
        distinct: rows,
        pages: 1,
        attempts: 1,
        ..Coverage::unread(resource, Outcome::Ok, None)
    };
    let rows = i64::try_from(members.len()).expect("few");
    BusinessReading {
        business: Business {
            id,
            uuid: None,
            account_id: None,
            name: name.to_owned(),
            active: Some(true),
            status: None,
            subscription_status: None,
            timezone: None,
            own: vec![OwnMembership { role: "owner".to_owned(), record: keep(connection, &own) }],
        },
        members,
        group: vec![GroupMember {
            identity_id: Some(1),
            identity_uuid: None,
            email: "me@x.example".to_owned(),
            first_name: "Me".to_owned(),
            last_name: "Lee".to_owned(),
            role: "owner".to_owned(),
            active: Some(true),
            record: keep(connection, group),
        }],
        staff: Vec::new(),
        coverage: vec![read(Resource::TeamMembers, rows), read(Resource::BusinessGroup, 1)],
    }
}

/// Adds a snapshot that ended at `finished_at`.
pub(super) fn add(connection: &Connection, finished_at: &str, readings: Vec<BusinessReading>) {
    let finished_at = at(finished_at);
    let run = Run {
        started_at: finished_at,
        finished_at,
        server_date_first: Some(finished_at),
        server_date_last: Some(finished_at),
        identity: identity(),
        identity_record: keep(connection, r#"{"identity_id":1,"email":"me@x.example"}"#),
        requests: vec![RequestLine {
            method: "GET",
            url: "https://api.freshbooks.com/auth/api/v1/users/me".to_owned(),
            status: Some(200),
            received_at: Some(finished_at),
            bytes: Some(7),
            sha256: Some([7; 32]),
            attempts: 1,
            request_id: None,
        }],
    };
    let provenance = write::Provenance {
        source: "https://api.freshbooks.com".to_owned(),
        scopes: None,
        parameters: "{}".to_owned(),
        note: Some("a note".to_owned()),
        os_user: "ann".to_owned(),
        host: "desk".to_owned(),
    };
    let listings = relate(&run.identity, readings);
    // Foreign keys are checked at the commit: a snapshot's own row comes last.
    let transaction = connection.unchecked_transaction().expect("a transaction");
    write::insert_snapshot(&transaction, &run, &listings, &provenance).expect("a snapshot");
    transaction.commit().expect("a commit");
}

/// Three snapshots: in the second somebody left, in the third somebody became an admin.
pub(super) fn database() -> Connection {
    // Made once, since some tests want hundreds.
    static MADE: OnceLock<Mutex<Connection>> = OnceLock::new();
    let made = MADE.get_or_init(|| Mutex::new(make())).lock().expect("a database");
    let mut copy = Connection::open_in_memory().expect("memory");
    let pages = rusqlite::backup::Backup::new(&made, &mut copy).expect("a copy").step(-1);
    pages.expect("all pages");
    copy
}

/// The same for other modules' tests, with the content of these snapshots pruned.
pub(crate) fn reader(pruned: &[i64]) -> Reader {
    let connection = database();
    prune::erase(&connection, pruned).expect("pruned");
    Reader { connection }
}

fn begun() -> Connection {
    let connection = Connection::open_in_memory().expect("memory");
    schema::create(&connection).expect("a schema");
    schema::create_triggers(&connection).expect("triggers");
    connection
}

fn make() -> Connection {
    let connection = begun();
    let c = &connection;
    let books = |members| vec![reading(c, 100, "Books", members), yarn(c)];
    add(c, "2026-01-31T03:00:00Z", first(c));
    add(c, "2026-02-28T03:00:00Z", books(vec![ann(c), bob(c, "client")]));
    add(c, "2026-03-31T03:00:00Z", books(vec![ann(c), bob(c, "business_partner")]));
    review(c);
    connection
}

fn ann(c: &Connection) -> Membership {
    member(c, "u-ann", "ann@x.example", "Ann", "business_manager")
}

fn bob(c: &Connection, role: &str) -> Membership {
    member(c, "u-bob", "bob@x.example", "Bob", role)
}

fn yarn(c: &Connection) -> BusinessReading {
    reading(c, 200, "Yarn", vec![member(c, "u-dee", "bob@x.example", "Bob", "client")])
}

fn first(c: &Connection) -> Vec<BusinessReading> {
    let cid = member(c, "u-cid", "ann@x.example", "Cid", "contractor");
    vec![reading(c, 100, "Books", vec![ann(c), bob(c, "client"), cid]), yarn(c)]
}

/// A system of FreshBooks Classic, with somebody of each role.
pub(super) fn classic_database() -> Connection {
    let c = begun();
    let person = |role: &str, body: &str| {
        classic::Recorded::parse(body).expect("a record").member(role, keep(&c, body))
    };
    let members = vec![
        person(
            "classic_admin",
            r#"{"staff_id":"1","first_name":"Me","last_name":"Lee","email":"me@x.example"}"#,
        ),
        person(
            "classic_staff",
            r#"{"staff_id":"2","first_name":"Ann","last_name":"Lee","email":"ann@x.example","last_login":"2026-01-02T00:00:00Z","number_of_logins":"3"}"#,
        ),
        person("classic_contractor", r#"{"contractor_id":"7","name":"Bob Lee","status":"invited"}"#),
    ];
    // Elsewhere, what it keeps for FreshBooks proper is not in the way.
    let mut books = reading(&begun(), 100, "Books", members);
    let company = keep(&c, r#"{"company_name":"Books"}"#);
    books.business.own = vec![OwnMembership { role: "classic_admin".to_owned(), record: company }];
    books.group.clear();
    books.coverage.truncate(1);
    add(&c, "2026-01-31T03:00:00Z", vec![books]);
    c
}

/// One more snapshot, in which everything is as it was in the first.
pub(super) fn add_the_first_again(connection: &Connection) {
    add(connection, "2026-04-30T03:00:00Z", first(connection));
}

/// A review of the second snapshot, with a decision of its own.
fn review(connection: &Connection) {
    let body = b"row_key,decision\n".to_vec();
    let judgement = record::Judgement {
        snapshot_id: 2,
        recorded_at: at("2026-04-02T09:00:00Z"),
        decisions: vec![Decision {
            row_key: "100/u-bob".to_owned(),
            decision: Verdict::Remove,
            change_to: None,
            reviewer: "Me Lee".to_owned(),
            reviewer_email: "me@x.example".to_owned(),
            reviewed_at: "2026-04-01".to_owned(),
            justification: "left".to_owned(),
            ticket: String::new(),
            findings: String::new(),
            business_id: 100,
            business_name: "Books".to_owned(),
            account_key: "email:bob@x.example".to_owned(),
            full_name: "Bob Lee".to_owned(),
            email: "bob@x.example".to_owned(),
            role: "client".to_owned(),
            state: "active".to_owned(),
        }],
        files: vec![ReviewFile { name: "r.csv".to_owned(), sha256: hex(Sha256::digest(&body)), body }],
        undecided: 4,
        note: None,
        os_user: "ann".to_owned(),
    };
    let transaction = connection.unchecked_transaction().expect("a transaction");
    record::insert_review(&transaction, &judgement).expect("a review");
    transaction.commit().expect("a commit");
}

/// The views whose columns no layout adds to.
pub(super) const VIEWS: &[&str] =
    &["businesses", "accounts", "roles", "memberships", "access", "latest_access"];

/// Everything that the public tables and views show.
pub(super) fn shown(connection: &Connection) -> Vec<String> {
    let tables = ["snapshots", "coverage", "requests", "reviews", "review_files", "decisions"];
    tables.iter().chain(VIEWS).flat_map(|view| rows_of(connection, view)).collect()
}

/// The rows of a table or view, a line each.
pub(super) fn rows_of(connection: &Connection, view: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {view}")).expect("a view");
    let columns = statement.column_count();
    let mut rows = statement.query([]).expect("rows");
    let mut lines = Vec::new();
    // What cannot be read any more shows as an end.
    while let Ok(Some(row)) = rows.next() {
        let value = |at| row.get::<_, rusqlite::types::Value>(at).expect("a value");
        let values: Vec<_> = (0..columns).map(value).collect();
        lines.push(format!("{view} {values:?}"));
    }
    lines
}
