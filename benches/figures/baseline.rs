//! The bare minimum that a reader of team lists has to do.

use std::path::Path;

use rusqlite::{Connection, params};
use serde::Deserialize;

#[derive(Deserialize)]
struct Page {
    response: Vec<Member>,
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

/// Reads all pages of business 9000, one after the other, into ten columns.
pub(crate) fn run(origin: &str, db: &Path) {
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let mut connection = Connection::open(db).expect("a database");
    let columns =
        "uuid, first_name, last_name, email, business_id, role, active, identity_id, created_at, updated_at";
    connection.execute(&format!("CREATE TABLE members ({columns})"), []).expect("a table");
    let transaction = connection.transaction().expect("a transaction");
    let mut insert = transaction
        .prepare("INSERT INTO members VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
        .expect("a statement");
    for page in 1.. {
        let url = format!("{origin}/auth/api/v1/businesses/9000/team_members?page={page}&per_page=100");
        let body = agent.get(&url).call().expect("an answer").body_mut().read_to_vec().expect("a body");
        let Page { response, meta } = serde_json::from_slice(&body).expect("a page");
        for member in response {
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
                    updated_at
                ])
                .expect("a row");
        }
        if page * meta.per_page >= meta.total {
            break;
        }
    }
    drop(insert);
    transaction.commit().expect("a commit");
}
