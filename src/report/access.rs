//! Reports whose rows are memberships: all of them, or a selection.

use super::columns::{ACCESS, Column, Type, at};
use super::{Cell, Take, View, remarks};
use crate::error::Result;
use crate::store::{AccessRow, BusinessLine, Value};
use crate::time::Timestamp;

/// The columns of a membership that a spreadsheet shows first.
pub(super) const LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "role_label",
    "role_class",
    "state",
    "invitation_accepted_at",
    "member_created_at",
    "last_login_at",
    "is_external",
    "businesses_count",
    "flags",
];

pub(super) const PENDING_LEAD: &[&str] =
    &["business_name", "full_name", "email", "role_label", "state", "age_days", "member_created_at", "flags"];

pub(super) const SEEN_LEAD: &[&str] =
    &["business_name", "seen", "full_name", "email", "role_label", "state", "owner_name", "owner_email"];

pub(crate) const ROW_KEY: usize = at("row_key");
const SNAPSHOT_ID: usize = at("snapshot_id");
const AS_OF: usize = at("as_of");
pub(super) const BUSINESS_ID: usize = at("business_id");
const BUSINESS_UUID: usize = at("business_uuid");
const BUSINESS_NAME: usize = at("business_name");
const ACCOUNT_ID: usize = at("account_id");
pub(super) const ACCOUNT_KEY: usize = at("account_key");
pub(super) const FULL_NAME: usize = at("full_name");
pub(super) const EMAIL: usize = at("email");
pub(super) const ROLE: usize = at("role");
pub(super) const ROLE_LABEL: usize = at("role_label");
pub(super) const ROLE_CLASS: usize = at("role_class");
pub(super) const ACTIVE: usize = at("active");
pub(super) const STATE: usize = at("state");
const CREATED: usize = at("member_created_at");
const IS_EXTERNAL: usize = at("is_external");
pub(super) const FLAGS: usize = at("flags");

pub(super) fn all(view: &View, take: &mut Take) -> Result<()> {
    view.access_rows(|row| take(&cells(view, row)?))
}

pub(super) fn privileged(view: &View, take: &mut Take) -> Result<()> {
    only(view, take, |row| Ok(row.text(ROLE_CLASS)? == "privileged"))
}

pub(super) fn inactive(view: &View, take: &mut Take) -> Result<()> {
    only(view, take, |row| Ok(row.integer(ACTIVE)? == 0))
}

pub(super) fn external(view: &View, take: &mut Take) -> Result<()> {
    only(view, take, |row| Ok(view.is_external(&row.addresses()?) == Some(true)))
}

pub(super) fn pending(view: &View, take: &mut Take) -> Result<()> {
    view.access_rows(|row| {
        if !is_pending(row)? {
            return Ok(());
        }
        let mut cells = cells(view, row)?;
        cells.push(Cell::count(age_days(view, row)?));
        take(&cells)
    })
}

pub(super) fn own_people(view: &View, take: &mut Take) -> Result<()> {
    // The rows come in business order; a business that was not read follows the rows it has.
    let mut businesses = view.businesses.iter();
    let mut business = businesses.next();
    let mut go_on_to = |id: Option<i64>, take: &mut Take| -> Result<Option<&BusinessLine>> {
        while let Some(done) = business.filter(|business| Some(business.id) != id) {
            if !view.is_read(done.id) {
                take(&with_owner("cannot_tell", business_cells(view, done), Some(done)))?;
            }
            business = businesses.next();
        }
        Ok(business)
    };
    view.access_rows(|row| {
        let business = go_on_to(Some(row.integer(BUSINESS_ID)?), take)?;
        match view.is_external(&row.addresses()?) {
            Some(false) => take(&with_owner("yes", cells(view, row)?, business)),
            Some(true) | None => Ok(()),
        }
    })?;
    go_on_to(None, take).map(drop)
}

/// A row with what was seen of the person, and the owner to ask about it.
fn with_owner<'a>(seen: &'a str, cells: Vec<Cell<'a>>, business: Option<&'a BusinessLine>) -> Vec<Cell<'a>> {
    let owner = business.and_then(|business| business.owner.as_ref());
    let mut cells = prefixed([Cell::text(seen)], cells);
    cells.push(Cell::optional(owner.map(|owner| owner.name.as_str())));
    cells.push(Cell::optional(owner.map(|owner| owner.email.as_str())));
    cells
}

fn only(view: &View, take: &mut Take, keep: impl Fn(&AccessRow) -> Result<bool>) -> Result<()> {
    view.access_rows(|row| if keep(row)? { take(&cells(view, row)?) } else { Ok(()) })
}

/// Invited but not accepted, whether or not the record is active.
pub(super) fn is_pending(row: &AccessRow) -> Result<bool> {
    Ok(row.text(STATE)? == "invited" || has_flag(row, "never_accepted")?)
}

pub(super) fn has_flag(row: &AccessRow, flag: &str) -> Result<bool> {
    Ok(row.text(FLAGS)?.split(';').any(|raised| raised == flag))
}

/// Whole days from the creation of the member record to the snapshot.
pub(super) fn age_days(view: &View, row: &AccessRow) -> Result<Option<i64>> {
    let created = Timestamp::parse(&row.text(CREATED)?);
    let age = created.map(|created| view.as_of().since(created).as_secs() / 86_400);
    Ok(age.and_then(|days| i64::try_from(days).ok()))
}

/// The cells of one row of the `access` view, which has the report's columns.
pub(super) fn cells<'a>(view: &View, row: &'a AccessRow) -> Result<Vec<Cell<'a>>> {
    // With room for the columns that some reports add.
    let mut cells = Vec::with_capacity(ACCESS.len() + 8);
    for (at, column) in ACCESS.iter().enumerate() {
        cells.push(cell(column, row.value(at)?));
    }
    if let Some(external) = view.is_external(&row.addresses()?) {
        cells[IS_EXTERNAL] = Cell::Bool(external);
    }
    let remarks = remarks::of_row(view, row)?;
    if !remarks.is_empty() {
        cells[FLAGS] = Cell::text(remarks::flags(&row.text(FLAGS)?, &remarks));
    }
    Ok(cells)
}

fn cell<'a>(column: &Column, value: Value<'a>) -> Cell<'a> {
    match (value, column.kind) {
        (Value::Null | Value::Blob(_), _) => Cell::Empty,
        (Value::Integer(value), Type::Bool) => Cell::Bool(value != 0),
        (Value::Integer(value), _) => Cell::Integer(value),
        (Value::Text(text), _) => Cell::Text(text),
    }
}

/// The columns of `access` for a business as a whole: what is known about it, without a person.
pub(super) fn business_cells<'a>(view: &'a View, business: &'a BusinessLine) -> Vec<Cell<'a>> {
    let mut cells = vec![Cell::Empty; ACCESS.len()];
    cells[ROW_KEY] = Cell::text(business.id.to_string());
    cells[SNAPSHOT_ID] = Cell::Integer(view.snapshot.id);
    cells[AS_OF] = Cell::text(view.snapshot.finished_at.to_string());
    cells[BUSINESS_ID] = Cell::Integer(business.id);
    cells[BUSINESS_UUID] = Cell::optional(business.uuid.as_deref());
    cells[BUSINESS_NAME] = Cell::text(business.name.as_str());
    cells[ACCOUNT_ID] = Cell::optional(business.account_id.as_deref());
    cells
}

pub(super) fn prefixed<'a, const N: usize>(first: [Cell<'a>; N], rest: Vec<Cell<'a>>) -> Vec<Cell<'a>> {
    first.into_iter().chain(rest).collect()
}
