//! The deprecated staff list of the accounting API: the only source for the time of the last sign-in.
//!
//! It has its own envelope, uses US Eastern time without saying so, and can refuse with an error body
//! under HTTP 200 (API documentation, "Staff" and "Errors").

use serde::Deserialize;

use super::oddities::Noted;
use super::strip::Records;
use super::tolerant::{Number, eastern_moment, integer, number, optional_text};
use super::wire::{Problem, entries, list, nested, object};
use crate::http::Complaint;
use crate::model::StaffMember;
use crate::time::Timestamp;

/// The result of a request for the staff list.
#[derive(Debug)]
pub(crate) enum StaffAnswer {
    Page(StaffPage),
    /// The text of a refusal that had a success status.
    Refused(String),
}

#[derive(Debug)]
pub(crate) struct StaffPage {
    pub(crate) members: Vec<StaffMember>,
    pub(crate) records: Records,
    pub(crate) unread: Noted,
    pub(crate) pages: Option<i64>,
    pub(crate) total: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireResult {
    #[serde(deserialize_with = "integer")]
    pages: Option<i64>,
    #[serde(deserialize_with = "number")]
    total: Number,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireStaff {
    #[serde(deserialize_with = "integer")]
    id: Option<i64>,
    #[serde(deserialize_with = "optional_text")]
    email: Option<String>,
    #[serde(deserialize_with = "eastern_moment")]
    last_login: Option<Timestamp>,
    #[serde(deserialize_with = "integer")]
    num_logins: Option<i64>,
}

pub(super) fn staff_page(body: &str) -> Result<StaffAnswer, Problem> {
    let response = nested(&object(body)?, "response")?;
    if response.get("errors").is_some() {
        return Ok(StaffAnswer::Refused(Complaint::read(200, body, None).words().to_owned()));
    }
    let result = nested(&response, "result")?;
    let WireResult { pages, total } = result.read();
    let (mut members, mut records) = (Vec::new(), Records::default());
    let unread = entries(list(&result, "staffs")?, "staffs", |staff, _| {
        let wire: WireStaff = staff.read();
        members.push(StaffMember {
            id: wire.id,
            email: wire.email.unwrap_or_default(),
            last_login_at: wire.last_login,
            logins: wire.num_logins,
            record: records.keep(&staff, &[]),
        });
        Ok(())
    })?;
    Ok(StaffAnswer::Page(StaffPage { members, records, unread, pages, total }))
}
