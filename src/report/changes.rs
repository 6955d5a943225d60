//! `changes`: what became different between two snapshots, one row a change.

use super::{Cell, Column, Report, Type};
use crate::diff::Row;
use crate::store::Located;

const fn column(name: &'static str, kind: Type) -> Column {
    Column { name, kind }
}

pub(crate) const CHANGES: Report = Report {
    name: "changes",
    columns: &[
        column("change", Type::Id),
        column("business_id", Type::Integer),
        column("business_name", Type::Text),
        column("account_key", Type::Id),
        column("email", Type::Text),
        column("full_name", Type::Text),
        column("role", Type::Text),
        column("before", Type::Text),
        column("after", Type::Text),
        column("from_snapshot_id", Type::Integer),
        column("to_snapshot_id", Type::Integer),
        column("note", Type::Text),
    ],
};

/// The cells of one change. A change of a whole business names no person.
pub(crate) fn change_cells(located: &Located) -> Vec<Cell<'_>> {
    let text = |value: Option<&'_ str>| match value.filter(|value| !value.is_empty()) {
        Some(value) => Cell::Text(value.to_owned().into()),
        None => Cell::Empty,
    };
    let person = |value: fn(&Row) -> &str| text(located.change.row().map(value));
    let (before, after) = located.change.values();
    vec![
        Cell::Text(located.change.kind.as_str().into()),
        Cell::Integer(located.business_id),
        text(Some(&located.business_name)),
        person(|row| &row.account_key),
        person(|row| &row.email),
        person(|row| &row.full_name),
        person(|row| &row.role),
        text(before),
        text(after),
        Cell::Integer(located.from_snapshot_id),
        Cell::Integer(located.to_snapshot_id),
        text(located.note.as_deref()),
    ]
}
