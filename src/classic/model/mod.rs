//! From Classic's elements to model types: a system is a business, its staff and contractors are members,
//! and the element itself is the record.
//!
//! - Classic has no roles. Staff 1 is the account that created the system and administers it.
//! - Its times have no zone. They stay in the record as text, and become a moment only if they are
//!   written with an offset.
//! - Staff have a login as soon as they are added, contractors once they have accepted the invitation.

use std::borrow::Cow;

use serde_json::Value;

use super::System;
use super::wire::meta;
use super::xml::Element;
use crate::freshbooks::{Me, Noted, Records, TeamPage};
use crate::model::marks::{LastLogin, State};
use crate::model::reading::{Digest, Member, OwnMembership, hex};
use crate::model::texts::Parts;
use crate::model::{Business, Identity, Membership};
use crate::time::Timestamp;

const ADMIN: &str = "classic_admin";
const STAFF: &str = "classic_staff";
const CONTRACTOR: &str = "classic_contractor";

/// Dropped in addition to what no record keeps: phone numbers, parts of an address, and the request
/// counter, which would change the record with every sync.
const DROPPED: [&str; 9] =
    ["business_phone", "mobile_phone", "home_phone", "work_phone", "phone", "state", "code", "zip", "api"];

/// The lists of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum List {
    Staff,
    Contractors,
}

impl List {
    pub(crate) const ALL: [List; 2] = [List::Staff, List::Contractors];

    pub(crate) fn method(self) -> &'static str {
        match self {
            List::Staff => "staff.list",
            List::Contractors => "contractor.list",
        }
    }

    fn element(self) -> &'static str {
        match self {
            List::Staff => "staff_members",
            List::Contractors => "contractors",
        }
    }
}

/// A page of a list of people.
#[derive(Debug)]
pub(crate) struct ListPage {
    pub(crate) team: TeamPage,
    /// How many last logins are known as text only.
    pub(crate) zoneless: usize,
}

/// The company that `system.current` describes.
pub(super) fn company(root: Element) -> Result<Element, String> {
    let found = root.children.into_iter().find(|child| child.name == "system");
    found.ok_or_else(|| "the answer has no `system`".to_owned())
}

/// The person that `staff.current` describes.
pub(super) fn current(root: Element) -> Result<Element, String> {
    let found = root.children.into_iter().find(|child| !child.text_of("staff_id").is_empty());
    found.ok_or_else(|| "the answer has no `staff_id`".to_owned())
}

/// Who signed in, and the one business that a Classic sign-in has.
pub(super) fn me(system: &System, company: &Element, current: &Element) -> Result<Me, String> {
    let mut records = Records::default();
    let staff_id = current.text_of("staff_id");
    let own = OwnMembership { role: role_of(staff_id).to_owned(), record: keep(&mut records, company)? };
    let name = match company.text_of("company_name") {
        "" => system.to_string(),
        name => name.to_owned(),
    };
    let business = Business {
        id: system.business_id(),
        uuid: None,
        account_id: Some(system.to_string()),
        name,
        active: None,
        status: None,
        subscription_status: None,
        timezone: None,
        own: vec![own],
    };
    let identity = Identity {
        id: system.identity_id(staff_id),
        uuid: None,
        email: current.text_of("email").to_owned(),
        first_name: current.text_of("first_name").to_owned(),
        last_name: current.text_of("last_name").to_owned(),
    };
    let identity_record = keep(&mut records, current)?;
    let unread = Noted::default();
    Ok(Me { identity, identity_record, businesses: vec![business], unread, records })
}

/// A page of `list`; `me` is the identity that signed in.
pub(super) fn page(system: &System, me: i64, list: List, root: &Element) -> Result<ListPage, String> {
    let found = root.child(list.element());
    let found = found.ok_or_else(|| format!("the answer has no `{}`", list.element()))?;
    let mut team = TeamPage { meta: meta(found), ..TeamPage::default() };
    for entry in &found.children {
        let record = keep(&mut team.records, entry)?;
        team.members.push(match list {
            List::Staff => {
                let identity_id = system.identity_id(entry.text_of("staff_id"));
                staff(Some(identity_id).filter(|identity| *identity == me), entry, record)
            }
            List::Contractors => contractor(entry, record),
        });
    }
    let zoneless = found.children.iter().filter(|entry| is_zoneless(entry.text_of("last_login"))).count();
    Ok(ListPage { team, zoneless })
}

/// A record as it is stored. A field has to be read in one way for ever, since stored rows are held
/// against their records.
pub(crate) struct Recorded(Element);

impl Recorded {
    /// `None` where the text is not a JSON object.
    pub(crate) fn parse(body: &str) -> Option<Self> {
        let object = serde_json::from_str(body).ok()?;
        Some(Recorded(Element::of_object(&object)))
    }

    /// As an entry of the list that people of this role are in. Whether they are the identity that signed
    /// in, the record does not say.
    pub(crate) fn member(&self, role: &str, record: Digest) -> Membership {
        match role {
            CONTRACTOR => contractor(&self.0, record),
            _ => staff(None, &self.0, record),
        }
    }

    /// As the company; empty where it has no name.
    pub(crate) fn company_name(&self) -> &str {
        self.0.text_of("company_name")
    }
}

fn staff(identity_id: Option<i64>, entry: &Element, record: Digest) -> Membership {
    let id = entry.text_of("staff_id");
    let names = Parts {
        member_uuid: &member_id("staff", id, record),
        email: entry.text_of("email"),
        first_name: entry.text_of("first_name"),
        last_name: entry.text_of("last_name"),
        ..Parts::default()
    };
    let logins = entry.text_of("number_of_logins").parse().ok();
    let last_login = match (entry.text_of("last_login"), logins) {
        (text, Some(0)) if Timestamp::parse(text).is_none() => LastLogin::Never,
        (text, _) => Timestamp::parse_exact(text).map_or(LastLogin::NotProvided, LastLogin::At),
    };
    let member = member(names, identity_id, role_of(id), entry.text_of("signup_date"), record);
    Membership { state: State::Active, last_login, logins, ..member }
}

fn contractor(entry: &Element, record: Digest) -> Membership {
    let names = Parts {
        member_uuid: &member_id("contractor", entry.text_of("contractor_id"), record),
        email: entry.text_of("email"),
        // Classic has one field for the whole name; splitting it would be a guess.
        first_name: entry.text_of("name"),
        ..Parts::default()
    };
    let accepted = entry.text_of("status").eq_ignore_ascii_case("accepted");
    let state = if accepted { State::Active } else { State::Invited };
    let member = member(names, None, CONTRACTOR, "", record);
    Membership { state, last_login: LastLogin::NotProvided, ..member }
}

fn member(
    texts: Parts,
    identity_id: Option<i64>,
    role: &'static str,
    created_at: &str,
    record: Digest,
) -> Membership {
    Membership::from_member(Member {
        texts,
        identity_id,
        role: Cow::Borrowed(role),
        active: true,
        invitation_accepted_at: None,
        created_at: Timestamp::parse_exact(created_at),
        updated_at: None,
        record,
    })
}

fn role_of(staff_id: &str) -> &'static str {
    if staff_id == "1" { ADMIN } else { STAFF }
}

fn member_id(kind: &str, id: &str, record: Digest) -> String {
    match id {
        "" => format!("record:{}", hex(record)),
        id => format!("{kind}:{id}"),
    }
}

/// A time that cannot be placed without its zone. All zeros mean "never".
fn is_zoneless(text: &str) -> bool {
    Timestamp::parse(text).is_some() && Timestamp::parse_exact(text).is_none()
}

fn keep(records: &mut Records, element: &Element) -> Result<Digest, String> {
    let kept = records.keep_text(&Value::Object(element.to_object()).to_string(), &DROPPED);
    kept.ok_or_else(|| format!("`{}` is not a record", element.name))
}

#[cfg(test)]
mod tests;
