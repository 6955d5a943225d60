//! The shapes of FreshBooks' answers, and their conversion to the model. None of them leaves this
//! folder.
//!
//! Sources: API documentation, "Identity Model", "Team Members", "The /me endpoint"; the official
//! Postman collection's "List Staff" for the business group. Every field is optional here, whatever is
//! documented, except the ids that hold the answer together. One odd entry never costs a list: it is
//! noted, and the others are read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::object::{Object, each};
use super::oddities::{Noted, Oddities};
use super::strip::Records;
use super::tolerant::{Number, boolean, integer, moment, number, optional_text, text};
use crate::model::reading::{Digest, GroupMember, Member, hex};
use crate::model::role;
use crate::model::rows::Membership;
use crate::model::texts::Parts;
use crate::time::Timestamp;

/// What is wrong with an answer, as a phrase. It never quotes the answer.
pub(super) type Problem = String;

/// A page has a hundred entries. A server that ignores the limit can send a whole list, but no list is
/// this long.
const MOST_ENTRIES: i64 = 100_000;

/// One page of a team list.
#[derive(Debug, Default)]
pub(crate) struct TeamPage {
    pub(crate) members: Vec<Membership>,
    pub(crate) records: Records,
    pub(crate) oddities: Oddities,
    pub(crate) meta: Meta,
}

/// The members of a business group.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) members: Vec<GroupMember>,
    pub(crate) records: Records,
    pub(crate) oddities: Oddities,
}

/// What a page says about its list. `pages` is documented only for other lists.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct Meta {
    #[serde(deserialize_with = "integer")]
    pub(crate) page: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) per_page: Option<i64>,
    #[serde(deserialize_with = "number")]
    pub(crate) total: Number,
    #[serde(deserialize_with = "integer")]
    pub(crate) pages: Option<i64>,
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
    #[serde(deserialize_with = "number")]
    business_id: Number,
    #[serde(deserialize_with = "number")]
    identity_id: Number,
    #[serde(deserialize_with = "moment")]
    invitation_date_accepted: Option<Timestamp>,
    #[serde(deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireGroupBusiness<'a> {
    #[serde(deserialize_with = "number")]
    id: Number,
    #[serde(borrow)]
    business_group: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireGroupMember {
    #[serde(deserialize_with = "number")]
    business_id: Number,
    #[serde(deserialize_with = "number")]
    identity_id: Number,
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

/// Reads one page of a business's team list. Its `response` is the list itself, with `meta` beside it.
pub(super) fn team_page(body: &str, business_id: i64) -> Result<TeamPage, Problem> {
    let answer = object(body)?;
    let list = list(&answer, "response")?;
    let meta = match answer.get("meta").map(Object::of) {
        None => Meta::default(),
        Some(Ok(meta)) => meta.read(),
        Some(Err(_)) => Meta { total: Number::Unreadable, ..Meta::default() },
    };
    let (mut members, mut records, mut oddities) = (Vec::new(), Records::default(), Oddities::default());
    oddities.unread = entries(list, "response", |object, name| {
        let wire: WireMember = object.read();
        oddities.of_record(wire.business_id, business_id, wire.identity_id, name);
        members.push(membership(&wire, records.keep(&object, &[])));
        Ok(())
    })?;
    Ok(TeamPage { members, records, oddities, meta })
}

/// Reads the record of a team member.
pub(super) fn member(object: &Object, record: Digest) -> Membership {
    membership(&object.read(), record)
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
        identity_id: wire.identity_id.known(),
        role: role::kept(&wire.business_role_name),
        active: wire.active.unwrap_or(true),
        invitation_accepted_at: wire.invitation_date_accepted,
        created_at: wire.created_at,
        updated_at: wire.updated_at,
        record,
    })
}

/// Reads the business group from the business's own record.
pub(super) fn group(body: &str, business_id: i64) -> Result<Group, Problem> {
    let answer = object(body)?;
    let business: WireGroupBusiness = nested(&answer, "response")?.read();
    // Members of another business's group have no access to this one.
    if business.id.differs_from(business_id) {
        return Err("the answer is about another business".to_owned());
    }
    let missing = || "the answer has no `business_group.members`".to_owned();
    let business_group = business.business_group.and_then(|raw| Object::of(raw).ok()).ok_or_else(missing)?;
    let list = list(&business_group, "members").map_err(|_| missing())?;
    let mut group = Group::default();
    group.oddities.unread = entries(list, "business_group.members", |object, name| {
        let wire: WireGroupMember = object.read();
        group.oddities.of_record(wire.business_id, business_id, wire.identity_id, name);
        group.members.push(named(wire, group.records.keep(&object, &[])));
        Ok(())
    })?;
    Ok(group)
}

/// Reads the record of a group member.
pub(super) fn group_member(object: &Object, record: Digest) -> GroupMember {
    named(object.read(), record)
}

fn named(wire: WireGroupMember, record: Digest) -> GroupMember {
    GroupMember {
        identity_id: wire.identity_id.known(),
        identity_uuid: wire.identity_uuid,
        email: wire.email.unwrap_or_default(),
        first_name: wire.first_name.unwrap_or_default(),
        last_name: wire.last_name.unwrap_or_default(),
        role: wire.role.unwrap_or_default(),
        active: wire.active,
        record,
    }
}

/// A body as an object, which every answer is.
pub(super) fn object(body: &str) -> Result<Object<'_>, Problem> {
    serde_json::from_str(body).map_err(|error| {
        // The library's messages quote the text they fail at.
        let kind = match error.classify() {
            Category::Eof => "it ends early",
            Category::Syntax => "it is not JSON",
            Category::Data | Category::Io => "it has an unexpected shape",
        };
        let (line, column) = (error.line(), error.column());
        format!("the answer is not the expected JSON ({kind}: line {line}, column {column})")
    })
}

pub(super) fn nested<'a>(object: &Object<'a>, name: &str) -> Result<Object<'a>, Problem> {
    let raw = object.get(name).ok_or_else(|| format!("the answer has no `{name}`"))?;
    Object::of(raw).map_err(|flaw| format!("`{name}` {flaw}"))
}

pub(super) fn list<'a>(object: &Object<'a>, name: &str) -> Result<&'a RawValue, Problem> {
    let raw = object.get(name).ok_or_else(|| format!("the answer has no `{name}`"))?;
    match raw.get().starts_with('[') {
        true => Ok(raw),
        false => Err(format!("`{name}` is not a list")),
    }
}

/// Passes the records of a list to `take`, each with its position, and notes entries that are not
/// records or that `take` cannot use.
pub(super) fn entries<'a>(
    list: &'a RawValue,
    name: &str,
    mut take: impl FnMut(Object<'a>, &dyn Fn() -> String) -> Result<(), &'static str>,
) -> Result<Noted, Problem> {
    let (mut at, mut unread) = (0, Noted::default());
    each(list, |entry| {
        let place = || format!("{name}[{at}]");
        if let Err(flaw) = Object::of(entry).and_then(|object| take(object, &place)) {
            unread.note(|| format!("{} {flaw}", place()));
        }
        at += 1;
        at <= MOST_ENTRIES
    });
    match at > MOST_ENTRIES {
        true => Err(format!("`{name}` has more than {MOST_ENTRIES} entries")),
        false => Ok(unread),
    }
}
