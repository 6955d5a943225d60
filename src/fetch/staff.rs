//! One staff list: optional, deprecated, and read page by page.

use std::collections::HashSet;

use super::team::Missing;
use crate::freshbooks::{Noted, Number, StaffPage};
use crate::model::{Coverage, Outcome, Resource, StaffMember};

/// The limit for a list that keeps sending pages.
const LAST_PAGE: i64 = 1_000;

#[derive(Debug, Default)]
pub(super) struct StaffList {
    members: Vec<StaffMember>,
    ids: HashSet<Option<i64>>,
    unread: Noted,
    pages: i64,
    total: Number,
    attempts: i64,
    missing: Option<Missing>,
    /// There was more than could be requested.
    endless: bool,
}

impl StaffList {
    /// Adds a page and returns the next one to request, if any.
    pub(super) fn take(&mut self, page: i64, came: StaffPage, attempts: u32) -> Option<i64> {
        self.pages += 1;
        self.attempts += i64::from(attempts);
        self.total = came.total;
        let known = self.ids.len();
        self.ids.extend(came.members.iter().map(|member| member.id));
        // The same people again come from a server that ignores `page`.
        let brings_more = self.ids.len() > known || came.unread.count > 0;
        self.members.extend(came.members);
        self.unread.add(page, came.unread);
        let more = match (came.pages, self.total) {
            (Some(pages), _) => page < pages,
            (None, Number::Is(total)) => self.received() < total,
            (None, Number::Absent | Number::Unreadable) => true,
        };
        self.endless = more && brings_more && page >= LAST_PAGE;
        (more && brings_more && !self.endless).then_some(page + 1)
    }

    pub(super) fn miss(&mut self, missing: Missing) {
        self.attempts += i64::from(missing.attempts);
        self.missing = Some(missing);
    }

    fn received(&self) -> i64 {
        i64::try_from(self.members.len()).unwrap_or(i64::MAX) + self.unread.count
    }

    pub(super) fn settle(self) -> (Vec<StaffMember>, Coverage) {
        let received = self.received();
        let distinct = i64::try_from(self.ids.len()).unwrap_or(i64::MAX);
        let (outcome, http_status, message) = match &self.missing {
            Some(missing) => (missing.outcome, missing.http_status, Some(missing.message.clone())),
            None => match self.disagreement(received, distinct) {
                None => (Outcome::Ok, Some(200), None),
                flaw => (Outcome::Mismatch, Some(200), flaw),
            },
        };
        let coverage = Coverage {
            http_status,
            expected: self.total.known(),
            received,
            distinct,
            pages: self.pages,
            attempts: self.attempts,
            ..Coverage::unread(Resource::Staff, outcome, message)
        };
        (self.members, coverage)
    }

    fn disagreement(&self, received: i64, distinct: i64) -> Option<String> {
        let total = match self.total {
            Number::Absent => None,
            Number::Is(total) => Some(total.to_string()),
            Number::Unreadable => Some("a total that cannot be read".to_owned()),
        };
        if self.endless {
            return Some(format!("the list does not end within {LAST_PAGE} pages"));
        }
        if let Some(unread) = self.unread.told("1 entry cannot be read", "entries cannot be read") {
            return Some(unread);
        }
        let agrees =
            self.total.known().is_none_or(|total| total == received) && self.total != Number::Unreadable;
        (!agrees || distinct != received).then(|| {
            let total = total.unwrap_or_else(|| "no total".to_owned());
            format!("FreshBooks reported {total}; {received} rows received, {distinct} of them distinct")
        })
    }
}
