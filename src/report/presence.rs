//! Memberships over time, for `history`, `offboarding` and `who`.

use super::{Cell, View};
use crate::diff::Change;
use crate::diff::tenure::{Seen, Tenure};
use crate::error::Result;
use crate::model::Resource;
use crate::model::marks::Sources;
use crate::model::rows::collate;
use crate::store::{Snapshot, Timeline};

/// From when until when a membership exists, or a business for which this is not known.
pub(crate) struct Presence {
    pub(crate) business_id: i64,
    pub(crate) business_name: String,
    pub(crate) seen: Seen,
    pub(crate) tenure: Option<Tenure>,
    /// A remark for the reader.
    pub(crate) note: String,
}

/// Passes on every membership that the view's people have in any of the snapshots, by business, then by
/// person.
pub(super) fn each(
    view: &View,
    snapshots: &[Snapshot],
    mut take: impl FnMut(Presence) -> Result<()>,
) -> Result<()> {
    let people = &view.people;
    let Some(now) = snapshots.len().checked_sub(1) else { return Ok(()) };
    let theirs = people.keys().map(|_| view.reader.businesses_of(people)).transpose()?;
    for timeline in view.reader.timelines(snapshots)? {
        if theirs.as_ref().is_some_and(|theirs| !theirs.contains(&timeline.business_id)) {
            continue;
        }
        view.check()?;
        let mut tenures = view.reader.tenures(&timeline, now)?;
        tenures.retain(|tenure| tenure.rows().any(|row| people.has(&row.account_key.to_string())));
        tenures.sort_by(in_report_order);
        for tenure in tenures {
            take(Presence {
                business_id: timeline.business_id,
                business_name: timeline.name().to_owned(),
                seen: tenure.seen,
                note: note(&timeline, &tenure, snapshots),
                tenure: Some(tenure),
            })?;
        }
    }
    Ok(())
}

/// The memberships in all snapshots up to the view's, and then what is not known: where the people were
/// when a list could last be read, and every business whose list is not in the view's snapshot.
pub(super) fn of_people(view: &View) -> Result<Vec<Presence>> {
    let mut presences = Vec::new();
    each(view, &view.past, |presence| {
        presences.push(presence);
        Ok(())
    })?;
    let unsure: Vec<i64> =
        presences.iter().filter(|one| one.seen == Seen::CannotTell).map(|one| one.business_id).collect();
    let unread = view.not_covered().into_iter().filter(|business| !unsure.contains(&business.id));
    presences.extend(unread.map(|business| Presence {
        business_id: business.id,
        business_name: business.name.clone(),
        seen: Seen::CannotTell,
        tenure: None,
        note: match view.team_list(business.id) {
            Some(list) => format!("team list not read: {}", list.read.outcome),
            None => "team list not read".to_owned(),
        },
    }));
    presences.sort_by_key(|presence| presence.seen == Seen::CannotTell);
    Ok(presences)
}

fn in_report_order(a: &Tenure, b: &Tenure) -> std::cmp::Ordering {
    let key = |tenure: &Tenure| tenure.row.account_key.to_string();
    collate(&a.row.shown_email, &b.row.shown_email)
        .then_with(|| collate(&key(a), &key(b)))
        .then(a.first.cmp(&b.first))
        .then_with(|| collate(&a.row.role, &b.row.role))
        .then_with(|| a.row.member_uuid.cmp(&b.row.member_uuid))
}

fn note(timeline: &Timeline, tenure: &Tenure, snapshots: &[Snapshot]) -> String {
    let id = |at: usize| snapshots.get(at).map(|snapshot| snapshot.id).unwrap_or_default();
    let mut notes = Vec::new();
    if tenure.perhaps_earlier {
        notes.push(format!("may have existed before: not read until snapshot {}", id(tenure.first)));
    }
    let newest = timeline.readings.last().map_or(0, |reading| reading.at);
    let listed = timeline.readings.iter().rfind(|reading| reading.read.includes(Resource::TeamMembers));
    match (tenure.seen, listed) {
        (Seen::Yes, Some(listed)) if tenure.by_another => {
            notes.push(format!("role and status as of snapshot {}: team list not read since", id(listed.at)));
        }
        (Seen::Yes | Seen::No, _) => {}
        (Seen::CannotTell, _) if newest + 1 < snapshots.len() => {
            notes.push(format!(
                "the sign-in has had no access to this business since snapshot {}",
                id(newest + 1)
            ));
        }
        (Seen::CannotTell, _) if !tenure.row.sources.has(Sources::TEAM_MEMBERS) => {
            let sources = tenure.row.sources;
            notes.push(format!("named only by {sources}, which was not read in snapshot {}", id(newest)));
        }
        (Seen::CannotTell, Some(listed)) => {
            notes.push(format!("team list not read since snapshot {}", id(listed.at)));
        }
        (Seen::CannotTell, None) => notes.push("team list never read".to_owned()),
    }
    notes.join("; ")
}

/// Values over time, each with the snapshot that first shows it.
pub(super) fn course<'c>(values: &[(usize, &'c str)], snapshots: &[Snapshot]) -> String {
    let since = |(at, value): &(usize, &'c str)| in_snapshot(value, *at, snapshots);
    values.iter().map(since).collect::<Vec<_>>().join("; ")
}

/// The changes, each with the snapshot that shows it.
pub(super) fn changes(tenure: &Tenure, snapshots: &[Snapshot]) -> String {
    let told = |(at, change): (usize, Change)| {
        let words = match change.values() {
            (None, None) => change.kind.to_string(),
            (before, after) => {
                format!("{} {} → {}", change.kind, before.unwrap_or_default(), after.unwrap_or_default())
            }
        };
        in_snapshot(&words, at, snapshots)
    };
    tenure.changes().into_iter().map(told).collect::<Vec<_>>().join("; ")
}

fn in_snapshot(words: &str, at: usize, snapshots: &[Snapshot]) -> String {
    match snapshots.get(at) {
        Some(snapshot) => format!("{words} ({})", snapshot.id),
        None => words.to_owned(),
    }
}

/// The id and the time of a snapshot.
pub(super) fn when<'c>(at: Option<usize>, snapshots: &[Snapshot]) -> [Cell<'c>; 2] {
    match at.and_then(|at| snapshots.get(at)) {
        Some(snapshot) => [Cell::Integer(snapshot.id), Cell::text(snapshot.finished_at.to_string())],
        None => [Cell::Empty, Cell::Empty],
    }
}
