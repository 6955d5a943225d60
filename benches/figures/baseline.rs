//! What fbsync is compared with: the bare minimum that a reader of team lists has to do, and the plain
//! way to keep the same evidence.

use std::path::Path;

use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// What of a page is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Ten columns a member.
    Columns,
    /// Also each record's own text, once, by its SHA-256 as primary key; the eleventh column names it.
    Records,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    response: Vec<&'a RawValue>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Meta {
    per_page: i64,
    total: i64,
}

#[derive(Deserialize)]
struct Member {
    uuid: String,
    first_name: String,
    last_name: String,
    email: String,
    business_id: i64,
    business_role_name: String,
    active: bool,
    identity_id: i64,
    created_at: String,
    updated_at: String,
}

/// Reads all pages of business 9000, one after the other, and writes them in one transaction. No checks.
pub(crate) fn run(origin: &str, db: &Path, kept: Kept) {
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let mut connection = Connection::open(db).expect("a database");
    let columns =
        "uuid, first_name, last_name, email, business_id, role, active, identity_id, created_at, updated_at,
                   record";
    connection.execute(&format!("CREATE TABLE members ({columns})"), []).expect("a table");
    connection.execute("CREATE TABLE records (sha256 TEXT PRIMARY KEY, body TEXT)", []).expect("a table");
    let transaction = connection.transaction().expect("a transaction");
    let mut insert = transaction
        .prepare("INSERT INTO members VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
        .expect("a statement");
    let mut keep = transaction.prepare("INSERT OR IGNORE INTO records VALUES (?1, ?2)").expect("a statement");
    for page in 1.. {
        let url = format!("{origin}/auth/api/v1/businesses/9000/team_members?page={page}&per_page=100");
        let body = agent.get(&url).call().expect("an answer").body_mut().read_to_vec().expect("a body");
        let Page { response, meta } = serde_json::from_slice(&body).expect("a page");
        for record in response {
            let member: Member = serde_json::from_str(record.get()).expect("a member");
            let sha256 = (kept == Kept::Records).then(|| {
                let sha256: String =
                    Sha256::digest(record.get()).iter().map(|byte| format!("{byte:02x}")).collect();
                keep.execute(params![sha256, record.get()]).expect("a record");
                sha256
            });
            let Member { uuid, first_name, last_name, email, business_id, .. } = &member;
            let Member { business_role_name, active, identity_id, created_at, updated_at, .. } = &member;
            insert
                .execute(params![
                    uuid,
                    first_name,
                    last_name,
                    email,
                    business_id,
                    business_role_name,
                    active,
                    identity_id,
                    created_at,
                    updated_at,
                    sha256
                ])
                .expect("a row");
        }
        if page * meta.per_page >= meta.total {
            break;
        }
    }
    drop((insert, keep));
    transaction.commit().expect("a commit");
}
