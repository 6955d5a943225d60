//! One staff list: optional, deprecated, and read page after page.

use super::team::Missing;
use crate::freshbooks::StaffPage;
use crate::model::{Coverage, Outcome, Resource, StaffMember};

/// Ends a list that goes on handing out pages.
const LAST_PAGE: i64 = 1_000;

#[derive(Debug, Default)]
pub(super) struct StaffList {
    members: Vec<StaffMember>,
    pages: i64,
    total: Option<i64>,
    attempts: i64,
    missing: Option<Missing>,
}

impl StaffList {
    /// Takes a page in; the next one to ask for, if there is one.
    pub(super) fn take(&mut self, page: i64, came: StaffPage, attempts: u32) -> Option<i64> {
        self.pages += 1;
        self.attempts += i64::from(attempts);
        self.total = came.total;
        let empty = came.members.is_empty();
        self.members.extend(came.members);
        let more = match (came.pages, self.total) {
            (Some(pages), _) => page < pages,
            (None, Some(total)) => self.received() < total,
            (None, None) => true,
        };
        (more && !empty && page < LAST_PAGE).then_some(page + 1)
    }

    pub(super) fn miss(&mut self, missing: Missing) {
        self.attempts += i64::from(missing.attempts);
        self.missing = Some(missing);
    }

    fn received(&self) -> i64 {
        i64::try_from(self.members.len()).unwrap_or(i64::MAX)
    }

    pub(super) fn settle(self) -> (Vec<StaffMember>, Coverage) {
        let received = self.received();
        let mut ids: Vec<Option<i64>> = self.members.iter().map(|member| member.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let distinct = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let agrees = distinct == received && self.total.is_none_or(|total| total == received);
        let (outcome, http_status, message) = match self.missing {
            Some(missing) => (missing.outcome, missing.http_status, Some(missing.message)),
            None if agrees => (Outcome::Ok, Some(200), None),
            None => {
                let total = self.total.map_or_else(|| "no total".to_owned(), |total| total.to_string());
                let told =
                    format!("FreshBooks says {total}; {received} rows came, {distinct} of them distinct");
                (Outcome::Mismatch, Some(200), Some(told))
            }
        };
        let coverage = Coverage {
            http_status,
            expected: self.total,
            received,
            distinct,
            pages: self.pages,
            attempts: self.attempts,
            ..Coverage::unread(Resource::Staff, outcome, message)
        };
        (self.members, coverage)
    }
}
