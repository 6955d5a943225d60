//! Reads stored records as they were read when they were received, to compare a database with them.
//!
//! A field must always be read in the same way: rows stored long ago are compared with their records by
//! the same rules.

use super::object::Object;
use super::{me, wire};
use crate::model::Membership;
use crate::model::reading::{Business, Digest, GroupMember};

/// A record from FreshBooks, or the part of it that was stored.
pub(crate) struct Recorded<'a> {
    object: Object<'a>,
    sha256: Digest,
}

impl<'a> Recorded<'a> {
    /// `None` if the text is not a JSON object.
    pub(crate) fn parse(body: &'a str, sha256: Digest) -> Option<Self> {
        wire::object(body).ok().map(|object| Recorded { object, sha256 })
    }

    /// As an entry of a team list.
    pub(crate) fn member(&self) -> Membership {
        wire::member(&self.object, self.sha256)
    }

    /// As an entry of a business group.
    pub(crate) fn group_member(&self) -> GroupMember {
        wire::group_member(&self.object, self.sha256)
    }

    /// As an entry of `business_memberships`: the business, and the identity's own role there.
    pub(crate) fn business(&self) -> Option<Business> {
        me::business(&self.object, self.sha256)
    }
}
