//! The messages for people, businesses, roles and grants (`c1.connector.v2`).
//!
//! Status, profile and creation time moved from the traits to the resource in 2026. Older readers only
//! know those of the traits, so both are written.

use super::id;
use super::protobuf::{Message, Value};
use crate::model::marks::State;
use crate::report::census::{Business, Grant, Held, Person};
use crate::time::Timestamp;

pub(super) const USER: &str = "user";
pub(super) const BUSINESS: &str = "business";

/// `ResourceType.Trait`.
const TRAIT_USER: u8 = 1;
const TRAIT_GROUP: u8 = 2;

/// `Status.ResourceStatus`.
const ENABLED: u64 = 1;
const DISABLED: u64 = 2;

/// `UserTrait.AccountType`.
const HUMAN: u64 = 1;

/// `Entitlement.PurposeValue`.
const ASSIGNMENT: u64 = 1;

fn new() -> Message {
    Message::default()
}

/// Id, name and message of the two types of resources.
pub(super) fn resource_types() -> [(&'static str, Message); 2] {
    [(USER, user_type()), (BUSINESS, resource_type(BUSINESS, "Business", TRAIT_GROUP))]
}

fn user_type() -> Message {
    resource_type(USER, "User", TRAIT_USER)
}

fn resource_type(id: &str, name: &str, kind: u8) -> Message {
    new().text(1, id).text(2, name).bytes(3, &[kind])
}

fn resource_id(kind: &str, id: &str) -> Message {
    new().text(1, kind).text(2, id)
}

/// A reference to a resource: its id only.
fn resource(kind: &str, id: &str) -> Message {
    new().message(1, &resource_id(kind, id))
}

pub(super) fn business(business: &Business) -> Message {
    let profile = [
        ("business_uuid", Value::Text(&business.uuid)),
        ("account_id", Value::Text(&business.account_id)),
        ("own_role", Value::Text(&business.own_role)),
        ("coverage", Value::Text(&business.outcome)),
    ];
    resource(BUSINESS, &business.id.to_string())
        .text(3, &business.name)
        .any(4, "GroupTrait", &new().structure(2, &profile))
        .structure(9, &profile)
}

pub(super) fn user(person: &Person, switched_off: &[String]) -> Message {
    let id = id::of_user(&person.key);
    let (status, details, state) = standing(person);
    let status = new().number(1, status).text(2, details);
    let (flags, switched_off) = (flags(person), switched_off.join("; "));
    let mut profile = vec![
        ("user_id", Value::Text(&id)),
        ("first_name", Value::Text(&person.first_name)),
        ("last_name", Value::Text(&person.last_name)),
        ("account_key", Value::Text(&person.account_key)),
        ("state", Value::Text(state)),
        ("flags", Value::Text(&flags)),
    ];
    if !switched_off.is_empty() {
        profile.push(("switched_off_roles", Value::Text(&switched_off)));
    }
    let created = person.held.iter().filter_map(|held| Timestamp::parse(&held.created_at)).min();
    let login = emails(person)
        .message(2, &status)
        .structure(3, &profile)
        .number(5, HUMAN)
        .text(6, &person.email)
        .time(8, created)
        .time(9, Timestamp::parse(person.last_login_at()));
    resource(USER, &id)
        .text(3, person.called())
        .any(4, "UserTrait", &login)
        .structure(9, &profile)
        .message(11, &status)
        .time(12, created)
}

/// The beginning of a `UserTrait`: the primary address, then the others.
fn emails(person: &Person) -> Message {
    let primary = person.email.to_lowercase();
    let others = person.emails.split(';').filter(|email| !email.is_empty() && *email != primary);
    let first = match person.email.as_str() {
        "" => new(),
        email => new().message(1, &new().text(1, email).number(2, 1)),
    };
    others.fold(first, |emails, other| emails.message(1, &new().text(1, other)))
}

/// The format's status, its reason, and fbsync's own word for it. A grant has no state, so an invitation
/// shows here.
fn standing(person: &Person) -> (u64, &'static str, &'static str) {
    match () {
        () if person.has(State::Active) => (ENABLED, "", "active"),
        () if person.has(State::Invited) => (DISABLED, "invitation pending", "invited"),
        () if person.has(State::NoLogin) => (DISABLED, "profile without a login", "no_login"),
        () => (DISABLED, "switched off in every business", "inactive"),
    }
}

fn flags(person: &Person) -> String {
    let raised = person.held.iter().flat_map(|held| held.flags.split(';')).filter(|flag| !flag.is_empty());
    raised.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(";")
}

/// `business:48201:owner`, the form that readers expect.
pub(super) fn entitlement_id(business: &Business, role: &str) -> String {
    format!("{BUSINESS}:{}:{role}", business.id)
}

pub(super) fn entitlement(business: &Business, held: &Held) -> Message {
    new()
        .message(1, &resource(BUSINESS, &business.id.to_string()))
        .text(2, &entitlement_id(business, &held.role))
        .text(3, &held.role_label)
        .message(5, &user_type())
        .any(6, "EntitlementImmutable", &new())
        .number(7, ASSIGNMENT)
        .text(8, &held.role)
}

/// Refers to entitlement and principal by id, as connectors do: readers look up the rest.
pub(super) fn grant(id: &str, grant: &Grant, user: &str) -> Message {
    let first = grant.rows[0];
    let entitlement = new()
        .message(1, &resource(BUSINESS, &grant.business.id.to_string()))
        .text(2, &entitlement_id(grant.business, &first.role));
    let metadata = new().structure(
        1,
        &[
            ("row_keys", Value::List(grant.rows.iter().map(|held| held.row_key.as_str()).collect())),
            ("states", Value::List(grant.rows.iter().map(|held| held.state.as_str()).collect())),
        ],
    );
    new()
        .message(1, &entitlement)
        .message(2, &resource(USER, user))
        .text(3, id)
        .any(4, "GrantImmutable", &new())
        .any(4, "GrantMetadata", &metadata)
}
