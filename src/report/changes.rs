//! `changes`: what became different between two snapshots, one row a change.

use std::collections::HashSet;

use super::columns::{Column, Type, column};
use super::shared;
use super::view::account_keys;
use super::{Cell, Take, View};
use crate::diff::{Change, Row};
use crate::error::Result;
use crate::model::addresses::normalized;
use crate::store::Located;

pub(crate) const COLUMNS: &[Column] = &[
    column(
        "change",
        Type::Word,
        "Change",
        "joined, left, role_changed, activated, deactivated, invitation_accepted, renamed, email_changed, business_added, business_removed, business_renamed or not_comparable",
    ),
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    column("account_key", Type::Id, "Account key", "names the person"),
    column("email", Type::Text, "E-mail", "the person's address"),
    shared::FULL_NAME,
    column("role", Type::Text, "Role (raw)", "FreshBooks' own word for the role"),
    column("before", Type::Text, "Before", "what it was"),
    column("after", Type::Text, "After", "what it is"),
    column("from_snapshot_id", Type::NumericId, "From snapshot", "the earlier reading of the business"),
    column("to_snapshot_id", Type::NumericId, "To snapshot", "the later reading of the business"),
    column("note", Type::Text, "Note", "what to know of the change"),
];

/// What became different since the complete snapshot before. A change of a whole business is told
/// whomever the listing is kept to.
pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let Some(earlier) = view.earlier else { return Ok(()) };
    let people = Wanted::of(view, earlier)?;
    let mut rows = 0;
    view.reader.changes(earlier, view.snapshot.id, |located| {
        view.look(&mut rows)?;
        if people.as_ref().is_none_or(|people| people.has(&located.change)) {
            take(&cells(&located))?;
        }
        Ok(())
    })
}

pub(super) fn not_made(view: &View) -> Option<String> {
    view.earlier.is_none().then(|| "no earlier complete snapshot".to_owned())
}

/// The cells of one change. A change of a whole business names no person.
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

/// The people that the listing is kept to, on either side: who left has no account any more.
struct Wanted<'v> {
    keys: HashSet<String>,
    addresses: &'v [String],
}

impl<'v> Wanted<'v> {
    fn of(view: &'v View, earlier: i64) -> Result<Option<Self>> {
        let addresses = view.options.people.as_slice();
        if addresses.is_empty() {
            return Ok(None);
        }
        let (mut keys, _) = account_keys(view.reader, view.snapshot.id, addresses)?;
        keys.extend(account_keys(view.reader, earlier, addresses)?.0);
        Ok(Some(Wanted { keys: keys.into_iter().collect(), addresses }))
    }

    fn has(&self, change: &Change) -> bool {
        let mut rows = [&change.before, &change.after].into_iter().flatten().peekable();
        rows.peek().is_none()
            || rows.any(|row| {
                let address = normalized(&row.shown_email);
                self.keys.contains(&row.account_key.to_string())
                    || self.addresses.iter().any(|own| *own == address)
            })
    }
}
