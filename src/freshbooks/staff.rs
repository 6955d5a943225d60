//! The deprecated staff list of the accounting family: the only place where FreshBooks tells when
//! somebody last signed in.
//!
//! It has an envelope of its own, keeps US Eastern time without saying so, and may refuse with an
//! error body under HTTP 200 (API documentation, "Staff" and "Errors").

use serde::Deserialize;
use serde_json::value::RawValue;

use super::strip::{Object, Records};
use super::tolerant::{eastern_moment, integer, optional_text};
use super::wire::{Problem, keep, read};
use crate::http;
use crate::model::StaffMember;
use crate::time::Timestamp;

/// What a request for the staff list came to.
#[derive(Debug)]
pub(crate) enum StaffAnswer {
    Page(StaffPage),
    /// A refusal that came as a success; its text.
    Refused(String),
}

#[derive(Debug)]
pub(crate) struct StaffPage {
    pub(crate) members: Vec<StaffMember>,
    pub(crate) records: Records,
    pub(crate) pages: Option<i64>,
    pub(crate) total: Option<i64>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    response: Option<Response<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    result: Option<WireResult<'a>>,
    #[serde(borrow)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WireResult<'a> {
    #[serde(borrow)]
    staffs: Option<Vec<Object<'a>>>,
    #[serde(default, deserialize_with = "integer")]
    pages: Option<i64>,
    #[serde(default, deserialize_with = "integer")]
    total: Option<i64>,
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

pub(super) fn staff_page(body: &[u8]) -> Result<StaffAnswer, Problem> {
    let envelope: Envelope = serde_json::from_slice(body)
        .map_err(|error| format!("the answer is not the JSON that was asked for ({error})"))?;
    let response = envelope.response.ok_or("the answer has no `response`")?;
    if response.errors.is_some() {
        return Ok(StaffAnswer::Refused(http::complaint(200, body)));
    }
    let result = response.result.ok_or("the answer has no `response.result`")?;
    let objects = result.staffs.ok_or("the answer has no `response.result.staffs`")?;
    let mut page = StaffPage {
        members: Vec::new(),
        records: Records::default(),
        pages: result.pages,
        total: result.total,
    };
    for (at, object) in objects.into_iter().enumerate() {
        let what = || format!("staffs[{at}]");
        let wire: WireStaff = read(&object, what)?;
        page.members.push(StaffMember {
            id: wire.id,
            email: wire.email.unwrap_or_default(),
            last_login_at: wire.last_login,
            logins: wire.num_logins,
            record: keep(&mut page.records, object, &[], what)?,
        });
    }
    Ok(StaffAnswer::Page(page))
}
