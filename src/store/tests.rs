//! A small database for the tests of this module: two businesses, three snapshots, one of each kind of
//! thing that can be in it.

use std::sync::{Mutex, OnceLock};

use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::{Reader, prune, schema, write};
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
fn record(connection: &Connection, body: &str) -> Digest {
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
        record: record(connection, &body),
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
            own: vec![OwnMembership { role: "owner".to_owned(), record: record(connection, &own) }],
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
            record: record(connection, group),
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
        identity_record: record(connection, r#"{"identity_id":1,"email":"me@x.example"}"#),
        requests: vec![RequestLine {
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

fn make() -> Connection {
    let connection = Connection::open_in_memory().expect("memory");
    schema::create(&connection).expect("a schema");
    let c = &connection;
    let ann = || member(c, "u-ann", "ann@x.example", "Ann", "business_manager");
    let bob = |role| member(c, "u-bob", "bob@x.example", "Bob", role);
    let cid = || member(c, "u-cid", "ann@x.example", "Cid", "contractor");
    let books = |members| reading(c, 100, "Books", members);
    let yarn = || reading(c, 200, "Yarn", vec![member(c, "u-dee", "bob@x.example", "Bob", "client")]);
    add(c, "2026-01-31T03:00:00Z", vec![books(vec![ann(), bob("client"), cid()]), yarn()]);
    add(c, "2026-02-28T03:00:00Z", vec![books(vec![ann(), bob("client")]), yarn()]);
    add(c, "2026-03-31T03:00:00Z", vec![books(vec![ann(), bob("business_partner")]), yarn()]);
    connection
}

/// The views whose columns no layout adds to.
pub(super) const VIEWS: &[&str] =
    &["businesses", "accounts", "roles", "memberships", "access", "latest_access"];

/// Everything that the public tables and views show.
pub(super) fn shown(connection: &Connection) -> Vec<String> {
    let tables = ["snapshots", "coverage", "requests"];
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
