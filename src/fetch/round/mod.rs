//! One pass over a team list: which pages to request, when it is complete, and whether its numbers
//! agree. Pure.
//!
//! The documented `meta` has no page count, so a client that looks for one stops after the first page.
//! And counts alone do not prove that a list is complete: while one member leaves, another can move
//! from page 2 to page 1 after page 1 was read. So page 1 is read again at the end whenever there are
//! several pages.
//!
//! A list that changed has a problem, and another pass can succeed. What would be the same next time
//! (an entry that is not a record, a total that is not a number, endless pages) is a flaw.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::team::{Page, PageJob};
use crate::freshbooks::{Meta, Number, Oddities, PER_PAGE};
use crate::model::Membership;
use crate::model::reading::Digest;

/// No business has a million members; a server that keeps sending pages is broken.
const LAST_PAGE: i64 = 10_000;
const MOST_MEMBERS: i64 = LAST_PAGE * PER_PAGE;

/// The most pages of one list to request at once. An empty page ends a list early, so running far ahead
/// of the answers would request pages that nobody needs.
const WINDOW: i64 = 16;

/// One pass over the list.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) number: u32,
    pub(super) in_flight: u32,
    next_page: i64,
    last_page: Option<i64>,
    pub(super) pages: i64,
    /// The number of pages that were not empty.
    filled: i64,
    pub(super) total: Option<i64>,
    first: Option<(Vec<Digest>, Meta)>,
    first_entries: i64,
    checked_again: bool,
    /// There was more than the maximum that is read.
    is_endless: bool,
    /// A page was empty, or identical to the first: there is nothing after it.
    ended: bool,
    members: Vec<Membership>,
    pub(super) oddities: Oddities,
    /// The list changed: another pass can succeed.
    pub(super) problem: Option<String>,
    /// Another pass would end the same way.
    pub(super) flaw: Option<String>,
}

impl Round {
    pub(super) fn numbered(number: u32) -> Self {
        Round { number, in_flight: 1, next_page: 2, ..Round::default() }
    }

    pub(super) fn absorb(&mut self, job: PageJob, page: Page) {
        let digests: Vec<Digest> = page.members.iter().map(|member| member.record).collect();
        if let Some(got) = page.meta.page.filter(|got| *got != job.page) {
            self.blame(format!("page {} was requested but page {got} was received", job.page));
        }
        match &self.first {
            None => self.total = self.total_of(page.meta),
            Some((_, meta)) if page.meta.total != meta.total => {
                self.blame("the total changed while the list was read")
            }
            Some((first, _)) if job.again && *first != digests => {
                self.blame("the first page changed while the list was read");
            }
            Some((first, _)) => self.ended |= !job.again && !first.is_empty() && *first == digests,
        }
        if job.again {
            return;
        }
        let entries = count(digests.len()) + page.oddities.unread.count;
        self.pages += 1;
        self.filled += i64::from(entries > 0);
        self.ended |= entries == 0;
        if self.first.is_none() {
            (self.first, self.first_entries) = (Some((digests, page.meta)), entries);
        }
        self.last_page = match self.total {
            // Only an empty page shows the end, so pages are requested one by one.
            None => Some(job.page + 1),
            Some(total) => Some(self.last_page_by(total)),
        };
        self.members.extend(page.members);
        self.oddities.add(job.page, page.oddities);
        if self.received() > MOST_MEMBERS {
            self.ends_nowhere(format!("the list has more than {MOST_MEMBERS} entries"));
        }
    }

    /// FreshBooks' total, if it is plausible.
    fn total_of(&mut self, meta: Meta) -> Option<i64> {
        match meta.total {
            Number::Absent => None,
            Number::Is(total) if total >= 0 => Some(total),
            Number::Is(_) | Number::Unreadable => {
                self.flaw = Some("FreshBooks' total cannot be read".to_owned());
                None
            }
        }
    }

    /// The pages to request now.
    pub(super) fn next_jobs(&mut self) -> Vec<PageJob> {
        let mut jobs = Vec::new();
        let last = self.last_page.unwrap_or(1).min(LAST_PAGE);
        while !self.ended && self.next_page <= last && i64::from(self.in_flight) < WINDOW {
            jobs.push(PageJob { round: self.number, page: self.next_page, again: false });
            self.next_page += 1;
            self.in_flight += 1;
        }
        jobs
    }

    pub(super) fn check_again(&mut self) -> Option<PageJob> {
        if self.filled < 2 || self.checked_again || self.problem.is_some() || self.is_endless {
            return None;
        }
        self.checked_again = true;
        self.in_flight += 1;
        Some(PageJob { round: self.number, page: 1, again: true })
    }

    /// The page size according to the server, which can be smaller than requested or not stated.
    fn per_page(&self) -> i64 {
        let said = self.first.as_ref().and_then(|(_, meta)| meta.per_page);
        said.filter(|said| *said > 0).unwrap_or(match self.first_entries {
            0 => PER_PAGE,
            entries => entries,
        })
    }

    fn last_page_by(&self, total: i64) -> i64 {
        let by_total = total.saturating_add(self.per_page() - 1) / self.per_page();
        let said = self.first.as_ref().and_then(|(_, meta)| meta.pages);
        said.map_or(by_total, |said| by_total.max(said))
    }

    /// All entries, including those that are not records.
    pub(super) fn received(&self) -> i64 {
        count(self.members.len()) + self.oddities.unread.count
    }

    /// Distinct members = rows received = FreshBooks' total. An entry that is not a record could be a
    /// member, unless the total is reached without it.
    pub(super) fn judge(&mut self) {
        if !self.ended && self.last_page.is_some_and(|last| last > LAST_PAGE) {
            self.ends_nowhere(format!("the list does not end within {LAST_PAGE} pages"));
        }
        if self.is_endless {
            return;
        }
        let (received, members) = (self.received(), count(self.members.len()));
        let distinct = self.distinct();
        if distinct != members {
            self.blame(format!("{members} rows received, of which {distinct} are distinct"));
        }
        if let Some(total) = self.total.filter(|total| ![received, members].contains(total)) {
            self.blame(format!("FreshBooks reported {total}, but {received} rows were received"));
        }
        if received != members && self.total != Some(members) && self.flaw.is_none() {
            self.flaw = Some(format!("{members} of {received} entries are readable members"));
        }
    }

    /// An endless list is not read again, whatever changed in it.
    fn ends_nowhere(&mut self, why: String) {
        (self.is_endless, self.ended) = (true, true);
        (self.problem, self.flaw) = (None, Some(why));
    }

    /// Each member once.
    pub(super) fn into_members(self) -> Vec<Membership> {
        let mut members = match self.distinct() == count(self.members.len()) {
            true => self.members,
            false => newest_of_each(self.members),
        };
        members.shrink_to_fit();
        members
    }

    fn distinct(&self) -> i64 {
        count(self.members.iter().map(|member| member.texts.member_uuid()).collect::<HashSet<_>>().len())
    }

    /// Keeps only the first problem: later ones follow from it.
    fn blame(&mut self, problem: impl Into<String>) {
        self.problem.get_or_insert_with(|| problem.into());
    }
}

/// Each member once; of two records with the same uuid, the one that was changed last.
fn newest_of_each(mut members: Vec<Membership>) -> Vec<Membership> {
    // The order is total, and a stable sort would need memory for half of the list.
    members.sort_unstable_by(|a, b| {
        let newest_first = b.member_updated_at.cmp(&a.member_updated_at);
        a.texts
            .member_uuid()
            .cmp(b.texts.member_uuid())
            .then(newest_first)
            .then_with(|| a.record.cmp(&b.record))
    });
    members.dedup_by(|later, first| later.texts.member_uuid() == first.texts.member_uuid());
    members
}

pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
