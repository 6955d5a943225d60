//! The shapes of FreshBooks' answers, and their way into the model. None of them leaves this folder.
//!
//! Sources: API documentation, "Identity Model", "Team Members", "The /me endpoint"; the official
//! Postman collection's "List Staff" for the business group. Every field but the ids that hold the
//! answer together is optional here, whatever is documented.

use std::borrow::Cow;

use serde::Deserialize;

use super::strip::{Object, Records};
use super::tolerant::{boolean, integer, moment, optional_text, text};
use crate::model::reading::{Digest, GroupMember, Member, hex};
use crate::model::role;
use crate::model::rows::Membership;
use crate::model::texts::Parts;
use crate::time::Timestamp;

/// What is wrong with an answer, as a phrase.
pub(super) type Problem = String;

/// One page of a team list.
#[derive(Debug)]
pub(crate) struct TeamPage {
    pub(crate) members: Vec<Membership>,
    pub(crate) records: Records,
    pub(crate) meta: Meta,
}

/// The members of a business group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) members: Vec<GroupMember>,
    pub(crate) records: Records,
}

/// What a page says of the list it belongs to. `pages` is documented for other lists than this one.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct Meta {
    #[serde(deserialize_with = "integer")]
    pub(crate) page: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) per_page: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) total: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) pages: Option<i64>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    response: Option<T>,
    #[serde(default)]
    meta: Option<Meta>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireMember<'a> {
    #[serde(borrow, deserialize_with = "text")]
    uuid: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    first_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    last_name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    email: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    job_title: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "text")]
    business_role_name: Cow<'a, str>,
    #[serde(deserialize_with = "boolean")]
    active: Option<bool>,
    #[serde(deserialize_with = "integer")]
    identity_id: Option<i64>,
    #[serde(deserialize_with = "moment")]
    invitation_date_accepted: Option<Timestamp>,
    #[serde(deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireGroupBusiness<'a> {
    #[serde(borrow)]
    business_group: Option<WireGroup<'a>>,
}

#[derive(Deserialize)]
struct WireGroup<'a> {
    #[serde(borrow)]
    members: Option<Vec<Object<'a>>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireGroupMember {
    #[serde(deserialize_with = "integer")]
    identity_id: Option<i64>,
    #[serde(deserialize_with = "optional_text")]
    identity_uuid: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    email: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    first_name: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    last_name: Option<String>,
    #[serde(deserialize_with = "optional_text")]
    role: Option<String>,
    #[serde(deserialize_with = "boolean")]
    active: Option<bool>,
}

/// Reads one page of a team list. Its `response` is the list itself and `meta` stands beside it.
pub(super) fn team_page(body: &[u8]) -> Result<TeamPage, Problem> {
    let (objects, meta): (Vec<Object>, Meta) = response(body)?;
    let mut members = Vec::with_capacity(objects.len());
    let mut records = Records::default();
    for (at, object) in objects.into_iter().enumerate() {
        let what = || format!("response[{at}]");
        let wire: WireMember = read(&object, what)?;
        members.push(membership(&wire, keep(&mut records, object, &[], what)?));
    }
    Ok(TeamPage { members, records, meta })
}

fn membership(wire: &WireMember, record: Digest) -> Membership {
    let uuid = match wire.uuid.trim() {
        "" => Cow::Owned(format!("record:{}", hex(record))),
        uuid => Cow::Borrowed(uuid),
    };
    Membership::from_member(Member {
        texts: Parts {
            member_uuid: &uuid,
            email: &wire.email,
            first_name: &wire.first_name,
            last_name: &wire.last_name,
            job_title: &wire.job_title,
        },
        identity_id: wire.identity_id,
        role: role::kept(&wire.business_role_name),
        active: wire.active.unwrap_or(true),
        invitation_accepted_at: wire.invitation_date_accepted,
        created_at: wire.created_at,
        updated_at: wire.updated_at,
        record,
    })
}

/// Reads the business group out of the business's own record.
pub(super) fn group(body: &[u8]) -> Result<Group, Problem> {
    let (business, _): (WireGroupBusiness, Meta) = response(body)?;
    let objects = business.business_group.and_then(|group| group.members);
    let objects = objects.ok_or("the answer has no `business_group.members`")?;
    let mut group = Group { members: Vec::new(), records: Records::default() };
    for (at, object) in objects.into_iter().enumerate() {
        let what = || format!("business_group.members[{at}]");
        let wire: WireGroupMember = read(&object, what)?;
        let record = keep(&mut group.records, object, &[], what)?;
        group.members.push(GroupMember {
            identity_id: wire.identity_id,
            identity_uuid: wire.identity_uuid,
            email: wire.email.unwrap_or_default(),
            first_name: wire.first_name.unwrap_or_default(),
            last_name: wire.last_name.unwrap_or_default(),
            role: wire.role.unwrap_or_default(),
            active: wire.active,
            record,
        });
    }
    Ok(group)
}

pub(super) fn response<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<(T, Meta), Problem> {
    let envelope: Envelope<T> = serde_json::from_slice(body)
        .map_err(|error| format!("the answer is not the JSON that was asked for ({error})"))?;
    let response = envelope.response.ok_or("the answer has no `response`")?;
    Ok((response, envelope.meta.unwrap_or_default()))
}

/// What a page's `what` says. It is named only where something is wrong with it.
pub(super) fn read<'a, T: Deserialize<'a>>(
    object: &Object<'a>,
    what: impl FnOnce() -> String,
) -> Result<T, Problem> {
    object.read().map_err(|error| format!("{} has an unexpected shape ({error})", what()))
}

/// Keeps the record of `what`, and tells its hash.
pub(super) fn keep(
    records: &mut Records,
    object: Object,
    also_dropped: &[&str],
    what: impl FnOnce() -> String,
) -> Result<Digest, Problem> {
    records.keep(object, also_dropped).ok_or_else(|| format!("{} is nested too deeply", what()))
}
