//! The FreshBooks that the sandbox plays: people, businesses, apps, and how the server behaves today.
//!
//! Everything is plain public data, and a test edits what it needs through [`Sandbox::change`](super::Sandbox::change).
//! Dates are the raw text that goes on the wire, so a test can send any. What the fields cannot say goes into `extra`,
//! which is laid over the rendered object: an id as a string, an unknown field, or [`ABSENT`] to leave a key out.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::classic::System;

/// As a value in an `extra` map: the key is left out of the rendered object.
pub const ABSENT: &str = "<absent>";

/// Keys laid over a rendered object.
pub type Extra = Map<String, Value>;

/// The sandbox's data and behaviour.
#[derive(Clone, Debug)]
pub struct World {
    pub apps: Vec<App>,
    /// The identity that signs in.
    pub me: Identity,
    pub businesses: Vec<Business>,
    /// The FreshBooks Classic system that answers beside them.
    pub classic: System,
    /// What the person does on the consent page.
    pub consent: Consent,
    pub token_lifetime: Duration,
    pub per_page_default: usize,
    pub per_page_cap: usize,
    pub meta_has_pages: bool,
    pub meta_has_total: bool,
    /// Whether token answers carry `created_at`.
    pub send_created_at: bool,
    pub rotate_refresh_token: bool,
    /// One third party found that a refresh without `redirect_uri` is `invalid_client`; another that it works.
    pub refresh_needs_redirect_uri: bool,
    /// How long each answer takes.
    pub latency: Duration,
    /// Stops the sandbox's clock at this instant; without it the clock is the system's. Either way
    /// [`Sandbox::advance`](super::Sandbox::advance) adds to it.
    pub clock: Option<Timestamp>,
    /// What `Date` says, where whoever asks lives at another time: a test with a clock of its own.
    pub date: Option<Timestamp>,
}

/// An app as registered in FreshBooks' developer portal.
#[derive(Clone, Debug)]
pub struct App {
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uris: Vec<String>,
    pub scopes: Vec<String>,
}

/// What happens on the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    Allow,
    /// Whoever opens the page chooses there.
    Ask,
    /// Allows, but only these of the scopes that were asked.
    AllowOnly(Vec<String>),
    Deny,
    /// Allows; the redirect comes back without `state`.
    ForgetState,
    /// Allows; the redirect comes back with another `state`.
    WrongState(String),
    /// The person leaves the page open and never chooses.
    Undecided,
}

/// The signed-in identity.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub id: Option<i64>,
    pub uuid: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub created_at: String,
    pub mfa: bool,
    /// Rows of `groups` that are about projects and must not be read as access to a business.
    pub project_groups: Vec<ProjectGroup>,
    /// Accounting accounts of other people's businesses, where this identity is only a client.
    pub client_of: Vec<String>,
    pub extra: Extra,
}

/// A row of `groups` which is not a business group.
#[derive(Clone, Debug)]
pub struct ProjectGroup {
    pub id: i64,
    pub group_id: i64,
    pub role: String,
    pub business_id: i64,
}

/// A business and the three lists of its people.
#[derive(Clone, Debug)]
pub struct Business {
    pub id: i64,
    pub uuid: Option<String>,
    pub name: Option<String>,
    pub account_id: Option<String>,
    pub active: bool,
    pub status: String,
    pub subscription_status: String,
    pub timezone: Option<String>,
    /// Unfinished businesses have no address and no phone number.
    pub city: Option<String>,
    /// The signed-in identity's own memberships; none makes it somebody else's business.
    pub mine: Vec<Membership>,
    pub members: Vec<Member>,
    pub group: Vec<GroupMember>,
    pub staff: Vec<Staff>,
    pub team_list: Reading,
    pub group_read: Reading,
    pub staff_list: Reading,
    pub extra: Extra,
}

/// Whether the signed-in identity may read a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Allowed,
    /// Refused with this status and the body that goes with it. In the accounting family it may be 200.
    Refused(u16),
}

/// The signed-in identity's place in a business.
#[derive(Clone, Debug)]
pub struct Membership {
    pub id: i64,
    pub role: Option<String>,
    pub extra: Extra,
}

/// A row of `team_members`.
#[derive(Clone, Debug, Default)]
pub struct Member {
    pub uuid: Option<String>,
    pub first_name: Option<String>,
    pub middle_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub job_title: Option<String>,
    pub street_1: Option<String>,
    pub street_2: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub country: Option<String>,
    pub postal_code: Option<String>,
    pub phone_number: Option<String>,
    pub role: Option<String>,
    pub active: bool,
    pub identity_id: Option<i64>,
    pub invitation_date_accepted: Option<String>,
    pub created_at: Option<String>,
    pub updated_at: Option<String>,
    pub extra: Extra,
}

/// A row of a business group.
#[derive(Clone, Debug, Default)]
pub struct GroupMember {
    pub id: i64,
    pub role: Option<String>,
    pub identity_id: Option<i64>,
    pub identity_uuid: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub active: bool,
    pub extra: Extra,
}

/// A row of the deprecated `staffs` list. Times are instants; the wire has them in US/Eastern.
#[derive(Clone, Debug)]
pub struct Staff {
    pub id: i64,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub role: String,
    pub num_logins: i64,
    pub last_login: Option<Timestamp>,
    pub signup_date: Option<Timestamp>,
    pub updated: Option<Timestamp>,
    pub extra: Extra,
}

impl World {
    /// Registers one more redirect URI on the first app.
    pub fn register(&mut self, redirect_uri: &str) {
        if let Some(app) = self.apps.first_mut() {
            app.redirect_uris.push(redirect_uri.to_owned());
        }
    }

    /// The business with this id.
    pub fn business(&mut self, id: i64) -> Option<&mut Business> {
        self.businesses.iter_mut().find(|business| business.id == id)
    }

    /// The first member record with exactly this e-mail, in whichever business.
    pub fn member(&mut self, email: &str) -> Option<&mut Member> {
        self.businesses.iter_mut().find_map(|business| business.member(email))
    }
}

impl Business {
    /// The first member record with exactly this e-mail.
    pub fn member(&mut self, email: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.email.as_deref() == Some(email))
    }
}
