//! The record of requests: one line each, and what the answers say about the time.

use sha2::{Digest as _, Sha256};

use super::ClockOffset;
use crate::freshbooks::Reply;
use crate::http::{Answer, Failed, Failure};
use crate::model::RequestLine;
use crate::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Trace {
    /// FreshBooks' time: the earliest and the latest in any answer.
    pub(super) server_dates: Option<(Timestamp, Timestamp)>,
    pub(super) clock_offset: Option<ClockOffset>,
}

impl Trace {
    /// The line for a request, however it ended.
    pub(super) fn noted<T>(&mut self, url: String, reply: &Reply<T>) -> RequestLine {
        match reply {
            Ok((_, answer)) => self.answered(url, answer),
            Err(Failed { failure: Failure::Answered(answer, _), attempts }) => {
                RequestLine { attempts: *attempts, ..self.answered(url, answer) }
            }
            Err(Failed { attempts, .. }) => RequestLine {
                method: "GET",
                url,
                status: None,
                received_at: None,
                bytes: None,
                sha256: None,
                attempts: *attempts,
                request_id: None,
            },
        }
    }

    /// The line for a request that was answered.
    pub(super) fn answered(&mut self, url: String, answer: &Answer) -> RequestLine {
        if let Some(date) = answer.server_date {
            let (first, last) = self.server_dates.unwrap_or((date, date));
            self.server_dates = Some((first.min(date), last.max(date)));
        }
        if let Some(skew) = answer.skew() {
            let first = self.clock_offset.map_or(skew, |known| known.first);
            self.clock_offset = Some(ClockOffset { first, last: skew });
        }
        RequestLine {
            method: "GET",
            url,
            status: Some(answer.status),
            received_at: Some(answer.received_at),
            bytes: i64::try_from(answer.body.len()).ok(),
            sha256: Some(Sha256::digest(&answer.body).into()),
            attempts: answer.attempts,
            request_id: answer.request_id.clone(),
        }
    }
}
