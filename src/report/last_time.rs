//! What a reviewer should know about a row's past: what changed since the earlier snapshot, and what
//! was decided in the last review. Rows are matched as in `diff`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::access::{BUSINESS_ID, ROLE, ROW_KEY, STATE};
use super::columns::in_words;
use super::outcomes::remembered;
use super::{Cell, View};
use crate::diff::{self, Fate, Kind};
use crate::error::Result;
use crate::model::marks::{State, Verdict};
use crate::store::{AccessRow, Place, Review, Snapshot};

#[derive(Default)]
pub(super) struct LastTime {
    /// By row key. Kinds that are not changes are those that could not be compared.
    changes: HashMap<String, Vec<Kind>>,
    /// Businesses that are not in the earlier snapshot.
    added: HashSet<i64>,
    decisions: HashMap<String, Decided>,
}

/// What was decided about a row in its last review.
struct Decided {
    decision: Verdict,
    change_to: Option<Rc<str>>,
    reviewer: Rc<str>,
    reviewed_at: Rc<str>,
}

/// Current row keys of a business, by the row keys at the time of the review.
enum Names {
    Same,
    Now(HashMap<String, String>),
}

impl Names {
    fn of(
        view: &View,
        reviews: &[Review],
        (before, now): (Option<&Place>, &Place),
        business: i64,
    ) -> Result<Self> {
        if before.is_some_and(|before| now.is_same_reading(before)) {
            return Ok(Names::Same);
        }
        let rows = match before {
            Some(before) => view.reader.side(before)?,
            None => {
                let mut decisions = BTreeMap::new();
                for review in reviews {
                    let decided = view.reader.decisions(review.id, business)?.into_iter();
                    decisions.extend(decided.map(|decision| (decision.row_key.clone(), decision)));
                }
                remembered(decisions.values())
            }
        };
        if rows.rows.is_empty() {
            return Ok(Names::Now(HashMap::new()));
        }
        let fates = diff::fates(rows, Some(view.reader.side(now)?)).into_iter();
        let names = fates.filter_map(|(row, fate)| match fate {
            Fate::There(now) | Fate::Reinvited(now) => Some((row.key(business), now.key(business))),
            Fate::Gone | Fate::Unknown => None,
        });
        Ok(Names::Now(names.collect()))
    }

    fn now<'n>(&'n self, row_key: &'n str) -> Option<&'n str> {
        match self {
            Names::Same => Some(row_key),
            Names::Now(names) => names.get(row_key).map(String::as_str),
        }
    }
}

impl LastTime {
    pub(super) fn of(view: &View) -> Result<Self> {
        let mut last_time = LastTime::default();
        last_time.compare(view)?;
        // Newer reviews win; an older review counts only for rows that newer ones left undecided.
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

    /// Adds the decisions about an earlier snapshot.
    fn remember(&mut self, view: &View, reviewed: &Snapshot) -> Result<()> {
        let reviews = view.reader.reviews_of(reviewed.id, view.horizon.review)?;
        let (before, now) = (view.reader.places(reviewed.id)?, view.reader.places(view.snapshot.id)?);
        let mut shared: HashSet<Rc<str>> = HashSet::new();
        for business in &view.businesses {
            let Some(now) = now.of(business.id) else { continue };
            let names = Names::of(view, &reviews, (before.of(business.id), now), business.id)?;
            // The last decision about a row counts.
            for review in reviews.iter().rev() {
                view.reader.each_decision(review.id, business.id, |decision| {
                    let Some(row_key) = names.now(&decision.row_key) else { return Ok(()) };
                    if self.decisions.contains_key(row_key) {
                        return Ok(());
                    }
                    let mut share = |text: String| share(&mut shared, text);
                    let decided = Decided {
                        decision: decision.decision,
                        change_to: decision.change_to.map(&mut share),
                        reviewer: share(match decision.reviewer.is_empty() {
                            true => decision.reviewer_email,
                            false => decision.reviewer,
                        }),
                        reviewed_at: share(decision.reviewed_at),
                    };
                    self.decisions.insert(row_key.to_owned(), decided);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn changes(&self, row: &AccessRow) -> Result<Vec<Kind>> {
        let mut changes = self.changes.get(row.text(ROW_KEY)?.as_ref()).cloned().unwrap_or_default();
        if self.added.contains(&row.integer(BUSINESS_ID)?) {
            changes.insert(0, Kind::BusinessAdded);
        }
        Ok(changes)
    }

    /// What is known to have changed, in words.
    pub(super) fn what_changed(&self, row: &AccessRow) -> Result<Vec<String>> {
        let changes = self.changes(row)?.into_iter().filter(|kind| kind.is_change());
        Ok(changes.map(|kind| in_words(kind.as_str())).collect())
    }

    /// A previous decision that was not carried out.
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

/// Shares equal texts: a review has few reviewers and few days.
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
