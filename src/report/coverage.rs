//! `coverage`: the proof of completeness.

use super::columns::{Column, Type, column};
use super::shared;
use super::{Cell, Take, View};
use crate::error::Result;

pub(super) const COLUMNS: &[Column] = &[
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    shared::BUSINESS_ID,
    shared::BUSINESS_UUID,
    shared::BUSINESS_NAME,
    column("account_id", Type::Id, "Accounting account", "the business's account in FreshBooks' accounting"),
    column("own_role", Type::Text, "Own role", "the role of the signed-in person"),
    column("resource", Type::Word, "Source", "what was read: team_members, business_group or staff"),
    column("outcome", Type::Word, "Outcome", "ok, denied, failed, mismatch or skipped"),
    column("http_status", Type::Integer, "HTTP status", "HTTP status of the last response"),
    column(
        "expected",
        Type::Integer,
        "FreshBooks' total",
        "the number of rows that FreshBooks reported; empty if it did not say",
    ),
    column("received", Type::Integer, "Received", "number of rows received"),
    column("distinct_rows", Type::Integer, "Distinct", "how many of them are distinct"),
    column("pages", Type::Integer, "Pages", "number of pages read"),
    column("attempts", Type::Integer, "Attempts", "number of requests it took"),
    column("message", Type::Text, "Message", "what went wrong, or why a gap was accepted"),
    column(
        "rows_team_members",
        Type::Integer,
        "Rows from the list",
        "rows in `access` from the team list; the same on every line of the business",
    ),
    column(
        "rows_business_group_only",
        Type::Integer,
        "Rows only from the group",
        "rows in `access` from the business group only; the same on every line of the business",
    ),
    column(
        "rows_identity_only",
        Type::Integer,
        "Rows only from the sign-in",
        "rows in `access` from the signed-in identity only; the same on every line of the business",
    ),
    column(
        "rows_in_access",
        Type::Integer,
        "Rows in access",
        "the sum of the three columns before; the same on every line of the business",
    ),
];

pub(super) const LEAD: &[&str] = &[
    "business_name",
    "resource",
    "outcome",
    "own_role",
    "expected",
    "received",
    "distinct_rows",
    "rows_team_members",
    "rows_business_group_only",
    "rows_identity_only",
    "rows_in_access",
    "message",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    for business in &view.businesses {
        for line in view.coverage.iter().filter(|line| line.business_id == business.id) {
            let line = &line.read;
            take(&[
                Cell::Integer(view.snapshot.id),
                Cell::text(view.snapshot.finished_at.to_string()),
                Cell::Integer(business.id),
                Cell::optional(business.uuid.as_deref()),
                Cell::text(business.name.as_str()),
                Cell::optional(business.account_id.as_deref()),
                Cell::text(business.own_role.as_str()),
                Cell::text(line.resource.as_str()),
                Cell::text(line.outcome.as_str()),
                Cell::count(line.http_status.map(i64::from)),
                Cell::count(line.expected),
                Cell::Integer(line.received),
                Cell::Integer(line.distinct),
                Cell::Integer(line.pages),
                Cell::Integer(line.attempts),
                Cell::optional(line.message.as_deref()),
                Cell::Integer(business.rows_team_members),
                Cell::Integer(business.rows_business_group_only),
                Cell::Integer(business.rows_identity_only),
                Cell::Integer(business.rows),
            ])?;
        }
    }
    Ok(())
}
