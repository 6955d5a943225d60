//! Worlds to start from, and parts to build others with.

use std::time::Duration;

use super::classic::System;
use super::crowd::{crowd, joined, uuid};
use super::world::{
    App, Business, Consent, Extra, GroupMember, Identity, Member, Membership, Reading, Staff, World,
};

/// The client id of the app every built world has.
pub const CLIENT_ID: &str = "5a4db0c5c1e4715a4db0c5c1e4715a4db0c5c1e4715a4db0c5c1e4715a4db0c5";

/// Its secret, which guards invented data.
pub const CLIENT_SECRET: &str = "0ddba11c0ffee0ddba11c0ffee0ddba11c0ffee0ddba11c0ffee0ddba11c0ffe";

/// The first of its redirect URIs.
pub const REDIRECT_URI: &str = "https://localhost:8765/callback";

/// The identity every built world signs in.
const MY_ID: i64 = 6_100_001;

/// The first business of a generated world; the others follow.
const FIRST_BUSINESS: i64 = 9001;

impl World {
    /// An identity that belongs to no business.
    pub fn empty() -> World {
        World {
            apps: vec![App::default()],
            me: Identity::sample(),
            businesses: Vec::new(),
            classic: System::default(),
            consent: Consent::Allow,
            token_lifetime: Duration::from_secs(43_200),
            per_page_default: 15,
            per_page_cap: 100,
            meta_has_pages: false,
            meta_has_total: true,
            send_created_at: true,
            rotate_refresh_token: true,
            refresh_needs_redirect_uri: true,
            latency: Duration::ZERO,
            clock: None,
            date: None,
        }
    }

    /// One business with `n` member records, of which the first is the signed-in owner's.
    pub fn with_members(n: usize) -> World {
        World::many(1, n)
    }

    /// This many businesses, ids from 9001, with this many member records each. The signed-in identity owns them all
    /// and is the first member of each; everyone else is in one business only.
    pub fn many(businesses: usize, members_each: usize) -> World {
        let mut world = World::empty();
        for n in 0..businesses {
            let id = FIRST_BUSINESS + n as i64;
            let mut business = Business::new(id, &format!("Business {:04}", n + 1)).owned_by(&world.me);
            business.members.truncate(members_each);
            let domain = format!("b{id}.example");
            business.members.extend(crowd(id, &domain, 1, members_each.saturating_sub(1)));
            world.businesses.push(business);
        }
        world
    }
}

impl Default for App {
    fn default() -> App {
        App {
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            redirect_uris: vec![REDIRECT_URI.to_owned(), "https://fbsync.example/callback".to_owned()],
            scopes: vec!["user:profile:read".to_owned(), "user:teams:read".to_owned()],
        }
    }
}

impl Identity {
    fn sample() -> Identity {
        Identity {
            id: Some(MY_ID),
            uuid: Some("1d000000-0000-4000-8000-000000000001".to_owned()),
            first_name: "Ingrid".to_owned(),
            last_name: "Solheim".to_owned(),
            email: "ingrid@harbourlight.example".to_owned(),
            created_at: "2020-05-04T07:08:09Z".to_owned(),
            mfa: true,
            ..Identity::default()
        }
    }
}

impl Business {
    /// Somebody else's business, still without members.
    pub fn new(id: i64, name: &str) -> Business {
        Business {
            id,
            uuid: Some(format!("b0000000-0000-4000-8000-{id:012x}")),
            name: Some(name.to_owned()),
            account_id: Some(format!("aC{id}")),
            active: true,
            status: "active".to_owned(),
            subscription_status: "active".to_owned(),
            timezone: Some("Europe/Oslo".to_owned()),
            city: Some("Oslo".to_owned()),
            mine: Vec::new(),
            members: Vec::new(),
            group: Vec::new(),
            staff: Vec::new(),
            team_list: Reading::Allowed,
            group_read: Reading::Allowed,
            staff_list: Reading::Allowed,
            extra: Extra::new(),
        }
    }

    /// Gives the identity the role `owner` in all three lists and the membership.
    pub fn owned_by(self, me: &Identity) -> Business {
        self.joined_by(me, "owner")
    }

    /// Gives the identity this role in all three lists and the membership.
    pub fn joined_by(mut self, me: &Identity, role: &str) -> Business {
        let membership_id = self.id * 100 + 1;
        self.mine.push(Membership { id: membership_id, role: Some(role.to_owned()), extra: Extra::new() });
        let member = joined(&me.first_name, &me.last_name, &me.email, role, 0);
        self.members.push(Member { uuid: Some(uuid(self.id, 0)), identity_id: me.id, ..member });
        self.group.push(GroupMember {
            id: membership_id,
            role: Some(role.to_owned()),
            identity_id: me.id,
            identity_uuid: me.uuid.clone(),
            first_name: Some(me.first_name.clone()),
            last_name: Some(me.last_name.clone()),
            email: Some(me.email.clone()),
            active: true,
            extra: Extra::new(),
        });
        let admin = Staff::new(1, &me.first_name, &me.last_name, &me.email);
        self.staff.push(Staff { role: "admin".to_owned(), ..admin });
        self
    }
}

impl Membership {
    /// A membership with this id and role.
    pub fn new(id: i64, role: &str) -> Membership {
        Membership { id, role: Some(role.to_owned()), extra: Extra::new() }
    }
}

impl Member {
    /// An active member who has accepted; without uuid or identity until they are given.
    pub fn new(first_name: &str, last_name: &str, email: &str, role: &str) -> Member {
        joined(first_name, last_name, email, role, 0)
    }
}

impl Staff {
    /// A row of the deprecated list who has signed in a few times, on either side of a change to summer time.
    pub fn new(id: i64, first_name: &str, last_name: &str, email: &str) -> Staff {
        Staff {
            id,
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_owned(),
            role: "staff".to_owned(),
            num_logins: 7,
            last_login: "2026-07-01T16:00:00Z".parse().ok(),
            signup_date: "2024-01-15T14:30:00Z".parse().ok(),
            updated: "2026-07-01T16:00:05Z".parse().ok(),
            extra: Extra::new(),
        }
    }
}
