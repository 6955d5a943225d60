//! `changes`: the differences between two snapshots, one row per change.

use super::columns::{Column, Type, column};
use super::shared;
use super::{Cell, Take, View};
use crate::diff::Row;
use crate::error::Result;
use crate::store::Located;
use crate::time::Timestamp;

pub(super) const COLUMNS: &[Column] = &[
    column(
        "change",
        Type::Word,
        "Change",
        "joined, left, role_changed, activated, deactivated, invitation_accepted, renamed, email_changed, business_added, business_removed, business_renamed or not_comparable",
    ),
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    column("account_key", Type::Id, "Account key", "identifies the person"),
    column("email", Type::Text, "E-mail", "the person's address"),
    shared::FULL_NAME,
    column("role", Type::Text, "Role (raw)", "FreshBooks' own word for the role"),
    column("before", Type::Text, "Before", "what it was"),
    column("after", Type::Text, "After", "what it is"),
    column("from_snapshot_id", Type::NumericId, "From snapshot", "the earlier snapshot"),
    column("to_snapshot_id", Type::NumericId, "To snapshot", "the later snapshot"),
    column("note", Type::Text, "Note", "a remark on the change"),
];

/// The columns that `diff` does not have.
pub(super) const TIMES: &[Column] = &[
    column("from_finished_at", Type::Time, "From (UTC)", "when the earlier snapshot was finished"),
    column("to_finished_at", Type::Time, "To (UTC)", "when the later snapshot was finished"),
];

/// The changes since the earlier snapshot. A change to a whole business is included even if the listing
/// is limited to some people.
pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let Some(earlier) = &view.earlier else { return Ok(()) };
    let mut rows = 0;
    view.reader.changes(earlier.id, view.snapshot.id, |located| {
        view.look(&mut rows)?;
        let mut sides = [&located.change.before, &located.change.after].into_iter().flatten().peekable();
        let of_business = sides.peek().is_none();
        if of_business || sides.any(|row| view.people.has(&row.account_key.to_string())) {
            let mut cells = cells(&located);
            cells.extend([time(located.from_finished_at), time(located.to_finished_at)]);
            take(&cells)?;
        }
        Ok(())
    })
}

fn time(moment: Option<Timestamp>) -> Cell<'static> {
    moment.map_or(Cell::Empty, |moment| Cell::text(moment.to_string()))
}

/// The cells of one change. A change to a whole business has no person.
pub(crate) fn cells(located: &Located) -> Vec<Cell<'_>> {
    let text = |value: Option<&'_ str>| match value.filter(|value| !value.is_empty()) {
        Some(value) => Cell::text(value.to_owned()),
        None => Cell::Empty,
    };
    let person = |value: fn(&Row) -> &str| text(located.change.row().map(value));
    let (before, after) = located.values();
    vec![
        Cell::text(located.change.kind.as_str()),
        Cell::Integer(located.business_id),
        text(Some(&located.business_name)),
        located.change.row().map_or(Cell::Empty, |row| Cell::text(row.account_key.to_string())),
        person(|row| &row.shown_email),
        person(|row| &row.shown_name),
        person(|row| &row.role),
        text(before),
        text(after),
        Cell::Integer(located.from_snapshot_id),
        Cell::Integer(located.to_snapshot_id),
        text(located.note.as_deref()),
    ]
}
