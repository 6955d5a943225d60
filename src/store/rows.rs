//! Model values as columns, in the order of their tables.

use super::layout::Field;
use crate::model::reading::{RequestLine, hex};
use crate::model::rows::full_name;
use crate::model::{Account, Business, Coverage, Membership, role};

/// Columns of `business_rows`.
pub(super) fn business(business: &Business) -> Vec<Field<'_>> {
    let roles: Vec<&str> = business.own.iter().map(|own| own.role.as_str()).collect();
    let record = business.own.first().map(|own| hex(&own.record)).unwrap_or_default();
    vec![
        Field::from(business.id),
        Field::optional_text(business.uuid.as_deref()),
        Field::optional_text(business.account_id.as_deref()),
        Field::text(business.name.as_str()),
        Field::text(roles.join(";")),
        Field::optional_bool(business.active),
        Field::optional_text(business.status.as_deref()),
        Field::optional_text(business.subscription_status.as_deref()),
        Field::optional_text(business.timezone.as_deref()),
        Field::text(record),
    ]
}

/// Columns of `account_rows`.
pub(super) fn account(account: &Account) -> Vec<Field<'_>> {
    vec![
        Field::text(account.key.to_string()),
        Field::optional_integer(account.identity_id),
        Field::optional_text(account.identity_uuid.as_deref()),
        Field::text(account.email.as_str()),
        Field::text(account.emails.as_str()),
        Field::text(account.first_name.as_str()),
        Field::text(account.last_name.as_str()),
        Field::text(full_name(&account.first_name, &account.last_name)),
        Field::from(account.businesses),
    ]
}

/// Columns of `membership_rows`.
pub(super) fn membership(business_id: i64, row: &Membership) -> Vec<Field<'_>> {
    let unless_empty = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let or_null = |text: &str| unless_empty(text).map_or(Field::Null, Field::text);
    vec![
        Field::from(business_id),
        Field::text(row.account_key.to_string()),
        Field::text(&*row.role),
        Field::text(role::label(&row.role)),
        Field::text(role::class(&row.role)),
        or_null(&row.member_uuid),
        Field::text(&*row.email),
        Field::text(&*row.first_name),
        Field::text(&*row.last_name),
        Field::from(row.active),
        Field::text(row.state.as_str()),
        Field::moment(row.invitation_accepted_at),
        Field::moment(row.member_created_at),
        Field::moment(row.member_updated_at),
        or_null(&row.job_title),
        Field::moment(row.last_login.moment()),
        Field::optional_integer(row.logins),
        Field::text(row.flags.to_string()),
        Field::text(row.sources.to_string()),
        Field::digest(&row.record),
        Field::optional_integer(row.identity_id),
        Field::optional_text(row.identity_uuid.as_deref()),
        Field::text(row.last_login.status()),
    ]
}

/// Columns of `coverage` after `snapshot_id`.
pub(super) fn coverage(business_id: i64, coverage: &Coverage) -> Vec<Field<'_>> {
    vec![
        Field::from(business_id),
        Field::text(coverage.resource.as_str()),
        Field::text(coverage.outcome.as_str()),
        Field::optional_integer(coverage.http_status.map(i64::from)),
        Field::optional_integer(coverage.expected),
        Field::from(coverage.received),
        Field::from(coverage.distinct),
        Field::from(coverage.pages),
        Field::from(coverage.attempts),
        Field::optional_text(coverage.message.as_deref()),
    ]
}

/// Columns of `requests` after `snapshot_id`.
pub(super) fn request(seq: i64, line: &RequestLine) -> Vec<Field<'_>> {
    vec![
        Field::from(seq),
        Field::text("GET"),
        Field::text(line.url.as_str()),
        Field::optional_integer(line.status.map(i64::from)),
        Field::moment(line.received_at),
        Field::optional_integer(line.bytes),
        line.sha256.as_ref().map_or(Field::Null, Field::digest),
        Field::from(i64::from(line.attempts)),
        Field::optional_text(line.request_id.as_deref()),
    ]
}
