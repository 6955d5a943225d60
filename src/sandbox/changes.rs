//! What happens to the demo's people between its two readings.
//!
//! Each edit finds its person by e-mail and does nothing if there is none. The business groups follow the members.

use super::demo;
use super::world::{Member, World};

/// `updated_at` of every record that changed.
const WHEN: &str = "2026-09-28T13:20:00Z";

/// A quarter passes: people join, leave, change role, are deactivated, accept an invitation, change their names.
pub fn quarter_later(world: &mut World) {
    edit(world, "bram.visser@harbourlight.example", |member| {
        member.role = Some("business_partner".to_owned())
    });
    edit(world, "yuki.tanaka@harbourlight.example", |member| member.active = false);
    edit(world, "sofia.marques@harbourlight.example", |member| {
        member.active = true;
        member.identity_id = Some(6_100_077);
        member.invitation_date_accepted = Some(WHEN.to_owned());
    });
    edit(world, "eleni@atelier-celeste.example", |member| {
        member.last_name = Some("Παππά-Ρούσσου".to_owned())
    });
    for business in &mut world.businesses {
        business.members.retain(|member| member.email.as_deref() != Some("lars.holm@harbourlight.example"));
    }
    if let Some(business) = world.business(demo::HARBOURLIGHT) {
        let newcomer =
            Member::new("Amara", "Okonjo", "amara.okonjo@harbourlight.example", "business_manager");
        business.members.push(Member {
            uuid: Some("00000000-0000-4000-8000-0000000a3a2a".to_owned()),
            identity_id: Some(6_100_078),
            invitation_date_accepted: Some(WHEN.to_owned()),
            created_at: Some("2026-09-21T08:15:00Z".to_owned()),
            updated_at: Some(WHEN.to_owned()),
            ..newcomer
        });
    }
    if let Some(business) = world.business(demo::KESTREL) {
        // Two at the end leave, so that a long list shrinks by a few rows, not by a page.
        business.members.truncate(business.members.len().saturating_sub(2));
    }
    world.businesses.iter_mut().for_each(demo::regroup);
}

fn edit(world: &mut World, email: &str, change: impl FnOnce(&mut Member)) {
    if let Some(member) = world.member(email) {
        change(member);
        member.updated_at = Some(WHEN.to_owned());
    }
}
