//! What one run received: the sources side by side, nothing merged, nothing judged.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::rows::Membership;
use super::texts::Parts;
use super::words::words;
use crate::time::Timestamp;

/// A SHA-256, as bytes; [`hex`] writes it.
pub(crate) type Digest = [u8; 32];

/// Text that is held a hundred thousand times: two words instead of three.
pub(crate) type Text = Box<str>;

/// The person behind the token, from `users/me`.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) id: i64,
    pub(crate) uuid: Option<String>,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
}

/// A business that the identity belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Business {
    pub(crate) id: i64,
    pub(crate) uuid: Option<String>,
    /// The accounting account, case-sensitive; an unfinished business has none.
    pub(crate) account_id: Option<String>,
    pub(crate) name: String,
    pub(crate) active: Option<bool>,
    pub(crate) status: Option<String>,
    pub(crate) subscription_status: Option<String>,
    pub(crate) timezone: Option<String>,
    /// The identity's own roles here: usually one, as many as FreshBooks names.
    pub(crate) own: Vec<OwnMembership>,
}

/// One entry of `business_memberships`.
#[derive(Clone, Debug)]
pub(crate) struct OwnMembership {
    pub(crate) role: String,
    pub(crate) record: Digest,
}

/// What one record of a team list says.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) texts: Parts<'a>,
    pub(crate) identity_id: Option<i64>,
    pub(crate) role: Cow<'static, str>,
    pub(crate) active: bool,
    pub(crate) invitation_accepted_at: Option<Timestamp>,
    pub(crate) created_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) record: Digest,
}

/// One entry of a business group: an identity and its role, the owner among them.
#[derive(Clone, Debug)]
pub(crate) struct GroupMember {
    pub(crate) identity_id: Option<i64>,
    pub(crate) identity_uuid: Option<String>,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) role: String,
    pub(crate) active: Option<bool>,
    pub(crate) record: Digest,
}

/// One row of the deprecated staff list: when somebody last signed in, and how often.
#[derive(Clone, Debug)]
pub(crate) struct StaffMember {
    /// Unique within the accounting account alone.
    pub(crate) id: Option<i64>,
    pub(crate) email: String,
    pub(crate) last_login_at: Option<Timestamp>,
    pub(crate) logins: Option<i64>,
    pub(crate) record: Digest,
}

words! {
    /// What was asked for at a business.
    Resource { TeamMembers = "team_members", BusinessGroup = "business_group", Staff = "staff", }
}

words! {
    /// How reading one resource of one business ended.
    Outcome {
        Ok = "ok",
        /// FreshBooks does not let this identity read it.
        Denied = "denied",
        /// It kept failing.
        Failed = "failed",
        /// It was read and the numbers do not agree.
        Mismatch = "mismatch",
        /// It was not asked for, on purpose.
        Skipped = "skipped",
    }
}

/// The proof of completeness for one business and resource.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    pub(crate) resource: Resource,
    pub(crate) outcome: Outcome,
    pub(crate) http_status: Option<u16>,
    /// What FreshBooks said the total was.
    pub(crate) expected: Option<i64>,
    pub(crate) received: i64,
    pub(crate) distinct: i64,
    pub(crate) pages: i64,
    pub(crate) attempts: i64,
    pub(crate) message: Option<String>,
}

/// What begins the message of a gap that was accepted beforehand.
pub(crate) const ACCEPTED: &str = "accepted: ";

impl Coverage {
    /// Nothing was read, and why.
    pub(crate) fn unread(resource: Resource, outcome: Outcome, message: Option<String>) -> Self {
        Coverage {
            resource,
            outcome,
            http_status: None,
            expected: None,
            received: 0,
            distinct: 0,
            pages: 0,
            attempts: 0,
            message,
        }
    }

    /// Accepts the gap, if it is one that can be accepted. What failed today may work tomorrow: that
    /// is an alarm, not a known gap.
    pub(crate) fn accept(&mut self, reason: &str) {
        if matches!(self.outcome, Outcome::Denied | Outcome::Mismatch) {
            self.message = Some(format!("{ACCEPTED}{reason}"));
        }
    }

    /// Whether somebody said beforehand that this gap is known and expected.
    pub(crate) fn is_accepted(&self) -> bool {
        let accepted = self.message.as_deref().is_some_and(|message| message.starts_with(ACCEPTED));
        accepted && matches!(self.outcome, Outcome::Denied | Outcome::Mismatch)
    }

    /// Whether it is of a team list that counts as read: to its end, or with a gap that was accepted.
    pub(crate) fn is_whole_list(&self) -> bool {
        self.resource == Resource::TeamMembers && (self.outcome == Outcome::Ok || self.is_accepted())
    }

    /// Whether a snapshot can be called complete with it.
    pub(crate) fn suffices(&self) -> bool {
        self.is_accepted() || matches!(self.outcome, Outcome::Ok | Outcome::Skipped)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct BusinessReading {
    pub(crate) business: Business,
    pub(crate) members: Vec<Membership>,
    pub(crate) group: Vec<GroupMember>,
    pub(crate) staff: Vec<StaffMember>,
    pub(crate) coverage: Vec<Coverage>,
}

impl BusinessReading {
    /// The coverage of `resource`; nothing if it was not asked for.
    pub(crate) fn coverage_of(&self, resource: Resource) -> Option<&Coverage> {
        self.coverage.iter().find(|coverage| coverage.resource == resource)
    }

    /// How reading `resource` ended; nothing if it was not asked for.
    pub(crate) fn outcome(&self, resource: Resource) -> Option<Outcome> {
        self.coverage_of(resource).map(|coverage| coverage.outcome)
    }
}

/// One request of the run, for the auditor who asks what was asked.
#[derive(Clone, Debug)]
pub(crate) struct RequestLine {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) status: Option<u16>,
    pub(crate) received_at: Option<Timestamp>,
    pub(crate) bytes: Option<i64>,
    /// Of the body as received.
    pub(crate) sha256: Option<Digest>,
    pub(crate) attempts: u32,
    pub(crate) request_id: Option<String>,
}

/// Who signed in, when, and what was asked.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) server_date_first: Option<Timestamp>,
    pub(crate) server_date_last: Option<Timestamp>,
    pub(crate) identity: Identity,
    pub(crate) identity_record: Digest,
    pub(crate) requests: Vec<RequestLine>,
}

impl Run {
    /// Corrects every time that this machine's clock told, where it is so many seconds ahead of
    /// FreshBooks'; negative where it is behind.
    pub(crate) fn set_back(&mut self, seconds: i64) {
        let by = Duration::from_secs(seconds.unsigned_abs());
        let corrected = |moment: Timestamp| match seconds < 0 {
            true => moment.saturating_add(by),
            false => moment.saturating_sub(by),
        };
        self.started_at = corrected(self.started_at);
        self.finished_at = corrected(self.finished_at);
        for request in &mut self.requests {
            request.received_at = request.received_at.map(corrected);
        }
    }
}

/// Everything that one run read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) run: Run,
    pub(crate) businesses: Vec<BusinessReading>,
}

/// Lower-case hexadecimal.
pub(crate) fn hex(digest: impl Into<Digest>) -> String {
    Hex::of(&digest.into()).to_string()
}

/// Reads what [`hex`] writes.
pub(crate) fn unhex(text: &str) -> Option<Digest> {
    let mut digest = Digest::default();
    if text.len() != 64 || text.bytes().any(|digit| !matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(digest)
}

/// A digest written out, without an allocation.
#[derive(Clone, Copy)]
pub(crate) struct Hex([u8; 64]);

impl Hex {
    pub(crate) fn of(digest: &Digest) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Hex(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        // Digits alone were put in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
