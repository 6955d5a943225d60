//! `history`: every membership that ever existed, and what became of it. `who` shows the same for one
//! person.

use super::columns::{Column, Type, column};
use super::presence::{self, Presence, course, when};
use super::shared;
use super::{Cell, Take, View};
use crate::diff::tenure::Tenure;
use crate::error::Result;
use crate::model::role;
use crate::store::{MemberDates, Snapshot};
use crate::time::Timestamp;

pub(super) const COLUMNS: &[Column] = &[
    column(
        "row_key",
        Type::Id,
        "Row key",
        "identifies the membership as in `access`; from its last known row",
    ),
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    column(
        "seen",
        Type::Word,
        "There now",
        "yes or no; cannot_tell if the source that lists it was not read",
    ),
    shared::BUSINESS_ID,
    shared::BUSINESS_NAME,
    shared::ACCOUNT_KEY,
    shared::FULL_NAME,
    shared::MEMBER_EMAIL,
    shared::ROLE,
    shared::ROLE_LABEL,
    shared::ROLE_CLASS,
    shared::STATE,
    column("first_seen_snapshot_id", Type::NumericId, "First seen in", "the first snapshot with it"),
    column("first_seen_at", Type::Time, "First seen (UTC)", "when that snapshot was finished"),
    column("last_seen_snapshot_id", Type::NumericId, "Last seen in", "the last snapshot with it"),
    column("last_seen_at", Type::Time, "Last seen (UTC)", "when that snapshot was finished"),
    column(
        "gone_snapshot_id",
        Type::NumericId,
        "Gone in",
        "the first snapshot without it after it was last seen; empty while it is there, or if that is not known",
    ),
    column("gone_at", Type::Time, "Gone (UTC)", "when that snapshot was finished"),
    shared::MEMBER_CREATED_AT,
    shared::INVITATION_ACCEPTED_AT,
    column(
        "roles",
        Type::Text,
        "Roles over time",
        "derived: every role it had, each with the first snapshot that shows it, ;-joined",
    ),
    column(
        "states",
        Type::Id,
        "Status over time",
        "derived: every status it had, each with the first snapshot that shows it; absent means not there",
    ),
    column(
        "changes",
        Type::Text,
        "Changes",
        "derived: its changes as in the report `changes`, each with the snapshot that shows it",
    ),
    column("note", Type::Text, "Note", "a remark on the row"),
];

pub(super) const LEAD: &[&str] = &[
    "business_name",
    "full_name",
    "email",
    "seen",
    "role_label",
    "state",
    "first_seen_at",
    "last_seen_at",
    "gone_at",
    "roles",
    "states",
    "note",
];

pub(super) const WHO_LEAD: &[&str] = &[
    "business_name",
    "seen",
    "role_label",
    "state",
    "first_seen_at",
    "gone_at",
    "changes",
    "note",
    "member_created_at",
];

pub(super) fn rows(view: &View, take: &mut Take) -> Result<()> {
    let (past, mut rows) = (view.complete_past(), 0);
    presence::each(view, &past, |presence| {
        view.look(&mut rows)?;
        take(&cells(view, &past, &presence)?)
    })
}

/// The memberships of the view's people in every snapshot, including partial ones; those of which
/// nothing is known come last.
pub(super) fn who(view: &View, take: &mut Take) -> Result<()> {
    let presences = presence::of_people(view)?;
    presences.iter().try_for_each(|presence| take(&cells(view, &view.past, presence)?))
}

fn cells<'c>(view: &View, snapshots: &[Snapshot], presence: &'c Presence) -> Result<Vec<Cell<'c>>> {
    let mut cells = vec![
        Cell::text(presence.business_id.to_string()),
        Cell::Integer(view.snapshot.id),
        Cell::text(view.snapshot.finished_at.to_string()),
        Cell::text(presence.seen.as_str()),
        Cell::Integer(presence.business_id),
        Cell::text(presence.business_name.as_str()),
    ];
    if let Some(tenure) = &presence.tenure {
        cells[0] = Cell::text(tenure.row.key(presence.business_id));
        cells.extend(of_tenure(tenure, snapshots, view.reader.member_dates(tenure.entry)?));
    }
    cells.resize(COLUMNS.len() - 1, Cell::Empty);
    cells.push(Cell::optional(Some(presence.note.as_str()).filter(|note| !note.is_empty())));
    Ok(cells)
}

/// The cells from the account's key to the changes.
fn of_tenure<'c>(tenure: &'c Tenure, snapshots: &[Snapshot], dates: MemberDates) -> Vec<Cell<'c>> {
    let row = &tenure.row;
    let time =
        |moment: Option<Timestamp>| moment.map_or(Cell::Empty, |moment| Cell::text(moment.to_string()));
    let text = |text: String| if text.is_empty() { Cell::Empty } else { Cell::text(text) };
    let mut cells = vec![
        Cell::text(row.account_key.to_string()),
        Cell::text(row.shown_name.as_str()),
        Cell::text(row.shown_email.as_str()),
        Cell::text(row.role.as_str()),
        Cell::text(role::label(&row.role)),
        Cell::text(role::class(&row.role)),
        Cell::text(row.state.as_str()),
    ];
    for at in [Some(tenure.first), Some(tenure.last), tenure.gone()] {
        cells.extend(when(at, snapshots));
    }
    cells.extend([
        time(dates.created_at),
        time(dates.accepted_at),
        Cell::text(course(&tenure.roles(), snapshots)),
        Cell::text(course(&tenure.states(), snapshots)),
        text(presence::changes(tenure, snapshots)),
    ]);
    cells
}
