//! What a reviewer should know of a row from earlier: what changed since the earlier snapshot, and what
//! was decided about it when it was last reviewed. Rows match as `diff` matches them.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::access::{BUSINESS_ID, ROLE, ROW_KEY, STATE};
use super::columns::in_words;
use super::decisions::{Standing, standing};
use super::outcomes::remembered;
use super::{Cell, View};
use crate::diff::{self, Fate, Kind};
use crate::error::Result;
use crate::model::marks::{State, Verdict};
use crate::store::{AccessRow, Snapshot};

#[derive(Default)]
pub(super) struct LastTime {
    /// By row key; those that are no change are not comparable.
    changes: HashMap<String, Vec<Kind>>,
    /// Businesses that the earlier snapshot does not have.
    added: HashSet<i64>,
    decisions: HashMap<String, Decided>,
}

/// What was decided about a row when it was last reviewed.
struct Decided {
    decision: Verdict,
    change_to: Option<Rc<str>>,
    reviewer: Rc<str>,
    reviewed_at: Rc<str>,
}

impl LastTime {
    pub(super) fn of(view: &View) -> Result<Self> {
        let mut last_time = LastTime::default();
        last_time.compare(view)?;
        // What was decided last counts: of an older review only what the newer ones left open.
        for reviewed in view.reader.reviewed_before(&view.snapshot, view.horizon.review)? {
            last_time.remember(view, &reviewed)?;
        }
        Ok(last_time)
    }

    fn compare(&mut self, view: &View) -> Result<()> {
        let Some(earlier) = &view.earlier else { return Ok(()) };
        let mut rows = 0;
        view.reader.changes(earlier.id, view.snapshot.id, |located| {
            view.look(&mut rows)?;
            let (kind, business) = (located.change.kind, located.business_id);
            if kind == Kind::BusinessAdded {
                self.added.insert(business);
            }
            if let Some(row) = &located.change.after {
                self.changes.entry(row.key(business)).or_default().push(kind);
            }
            Ok(())
        })
    }

    /// Takes in what was decided about an earlier snapshot.
    fn remember(&mut self, view: &View, reviewed: &Snapshot) -> Result<()> {
        let reviews = view.reader.reviews_of(reviewed.id, view.horizon.review)?;
        let (before, now) = (view.reader.places(reviewed.id)?, view.reader.places(view.snapshot.id)?);
        let mut shared: HashSet<Rc<str>> = HashSet::new();
        standing(view.reader, &reviews, |business, decided| {
            let Some(now) = now.of(business) else { return Ok(()) };
            let rows = match before.of(business) {
                Some(before) => view.reader.side(before)?,
                None => remembered(decided.iter().map(|standing| &standing.decision)),
            };
            let fates = diff::fates(rows, Some(view.reader.side(now)?)).into_iter();
            let mut found: HashMap<String, String> = fates
                .filter_map(|(row, fate)| match fate {
                    Fate::There(now) | Fate::Reinvited(now) => Some((row.key(business), now.key(business))),
                    Fate::Gone | Fate::Unknown => None,
                })
                .collect();
            for Standing { decision, .. } in decided {
                let Some(row_key) = found.remove(&decision.row_key) else { continue };
                let mut share = |text: String| share(&mut shared, text);
                self.decisions.entry(row_key).or_insert_with(|| Decided {
                    decision: decision.decision,
                    change_to: decision.change_to.map(&mut share),
                    reviewer: share(match decision.reviewer.is_empty() {
                        true => decision.reviewer_email,
                        false => decision.reviewer,
                    }),
                    reviewed_at: share(decision.reviewed_at),
                });
            }
            Ok(())
        })
    }

    fn changes(&self, row: &AccessRow) -> Result<Vec<Kind>> {
        let mut changes = self.changes.get(row.text(ROW_KEY)?.as_ref()).cloned().unwrap_or_default();
        if self.added.contains(&row.integer(BUSINESS_ID)?) {
            changes.insert(0, Kind::BusinessAdded);
        }
        Ok(changes)
    }

    /// Whether something is known to have changed, in words.
    pub(super) fn what_changed(&self, row: &AccessRow) -> Result<Vec<String>> {
        let changes = self.changes(row)?.into_iter().filter(|kind| kind.is_change());
        Ok(changes.map(|kind| in_words(kind.as_str())).collect())
    }

    /// What was decided last time and does not show.
    pub(super) fn left_over(&self, row: &AccessRow) -> Result<Option<&'static str>> {
        let Some(decided) = self.decisions.get(row.text(ROW_KEY)?.as_ref()) else { return Ok(None) };
        let is_active = row.text(STATE)? != State::Inactive.as_str();
        let has_role = decided.change_to.as_deref() == Some(&*row.text(ROLE)?);
        Ok(match decided.decision {
            Verdict::Remove if is_active => Some("to be removed last time"),
            Verdict::Change if is_active && !has_role => Some("to be changed last time"),
            Verdict::Ask => Some("an open question last time"),
            Verdict::Remove | Verdict::Change | Verdict::Keep => None,
        })
    }

    /// The cells of [`LAST_TIME`](super::columns::LAST_TIME).
    pub(super) fn cells(&self, row: &AccessRow) -> Result<[Cell<'_>; 4]> {
        let changes: Vec<&str> = self.changes(row)?.into_iter().map(Kind::as_str).collect();
        let changes = if changes.is_empty() { Cell::Empty } else { Cell::text(changes.join(";")) };
        Ok(match self.decisions.get(row.text(ROW_KEY)?.as_ref()) {
            None => [changes, Cell::Empty, Cell::Empty, Cell::Empty],
            Some(decided) => [
                changes,
                Cell::text(decided.decision.as_str()),
                Cell::text(&*decided.reviewer),
                Cell::text(&*decided.reviewed_at),
            ],
        })
    }
}

/// The same text once: a review has few reviewers and few days.
fn share(known: &mut HashSet<Rc<str>>, text: String) -> Rc<str> {
    match known.get(text.as_str()) {
        Some(known) => Rc::clone(known),
        None => {
            let text: Rc<str> = text.into();
            known.insert(Rc::clone(&text));
            text
        }
    }
}
