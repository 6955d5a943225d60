//! One reading of a team list from the start: which pages to ask for, when it is whole, and whether
//! its numbers agree. Pure.
//!
//! The documented `meta` has no count of pages, so a client that looks for one stops after the first.
//! And counts alone do not prove a list: while one member leaves, another may slide from page 2 to
//! page 1 after page 1 was read. So page 1 is read once more at the end, wherever there are several
//! pages.
//!
//! What moved is a problem, and another reading may agree. What would be the same next time (an entry
//! that is no record, a total that is no number, pages without end) is a flaw, and stays.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::team::{Page, PageJob};
use crate::freshbooks::{Meta, Number, Oddities, PER_PAGE};
use crate::model::Membership;
use crate::model::reading::Digest;

/// No business has a million members; a server that goes on handing out pages has lost its way.
const LAST_PAGE: i64 = 10_000;
const MOST_MEMBERS: i64 = LAST_PAGE * PER_PAGE;

/// Pages of one list asked for at once, at most. An empty page ends a list early, so running far
/// ahead of the answers would ask for pages that nobody needs.
const WINDOW: i64 = 16;

/// One reading of the list from the start.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) number: u32,
    pub(super) in_flight: u32,
    next_page: i64,
    last_page: Option<i64>,
    pub(super) pages: i64,
    /// Those that were not empty.
    filled: i64,
    pub(super) total: Option<i64>,
    first: Option<(Vec<Digest>, Meta)>,
    first_entries: i64,
    checked_again: bool,
    /// There was more than is ever read.
    is_endless: bool,
    /// A page was empty, or the same as the first: nothing lies behind it.
    ended: bool,
    members: Vec<Membership>,
    pub(super) oddities: Oddities,
    /// Something moved: another reading may agree.
    pub(super) problem: Option<String>,
    /// Another reading would end the same way.
    pub(super) flaw: Option<String>,
}

impl Round {
    pub(super) fn numbered(number: u32) -> Self {
        Round { number, in_flight: 1, next_page: 2, ..Round::default() }
    }

    pub(super) fn absorb(&mut self, job: PageJob, page: Page) {
        let digests: Vec<Digest> = page.members.iter().map(|member| member.record).collect();
        if let Some(got) = page.meta.page.filter(|got| *got != job.page) {
            self.blame(format!("page {} was asked for and page {got} came", job.page));
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
            // Nothing but an empty page tells the end, so pages come one by one.
            None => Some(job.page + 1),
            Some(total) => Some(self.last_page_by(total)),
        };
        self.members.extend(page.members);
        self.oddities.add(job.page, page.oddities);
        if self.received() > MOST_MEMBERS {
            self.ends_nowhere(format!("the list has more than {MOST_MEMBERS} entries"));
        }
    }

    /// FreshBooks' total, where it says one that can be right.
    fn total_of(&mut self, meta: Meta) -> Option<i64> {
        match meta.total {
            Number::Absent => None,
            Number::Is(total) if total >= 0 => Some(total),
            Number::Is(_) | Number::Unreadable => {
                self.flaw = Some("the total that FreshBooks says cannot be read".to_owned());
                None
            }
        }
    }

    /// The pages that may be asked for now.
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

    /// A page's size as the server sees it; it may have cut what was asked for, or may not say.
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

    /// All entries, also those that are no records.
    pub(super) fn received(&self) -> i64 {
        count(self.members.len()) + self.oddities.unread.count
    }

    /// Distinct members = rows received = FreshBooks' total. An entry that is no record may be somebody,
    /// unless the total is reached without it.
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
            self.blame(format!("{members} rows came, of which {distinct} are distinct"));
        }
        if let Some(total) = self.total.filter(|total| ![received, members].contains(total)) {
            self.blame(format!("FreshBooks says {total}, and {received} rows came"));
        }
        if received != members && self.total != Some(members) && self.flaw.is_none() {
            self.flaw = Some(format!("{members} of {received} entries are members that can be read"));
        }
    }

    /// Whatever moved in a list without end, reading it again is no help.
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

    /// Keeps the first problem: the later ones follow from it.
    fn blame(&mut self, problem: impl Into<String>) {
        self.problem.get_or_insert_with(|| problem.into());
    }
}

/// Each member once; of two records with one uuid the one that was changed last.
fn newest_of_each(mut members: Vec<Membership>) -> Vec<Membership> {
    // The order is total, and a stable sort would hold half of the list twice.
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
