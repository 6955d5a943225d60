//! The built worlds hold what their documentation says.

use std::collections::HashSet;

use crate::sandbox::{CLIENT_ID, CLIENT_SECRET, Reading, World, changes};

#[test]
fn the_app_looks_like_freshbooks() {
    for value in [CLIENT_ID, CLIENT_SECRET] {
        assert_eq!(value.len(), 64);
        assert!(value.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[test]
fn generated_worlds_have_the_size_asked() {
    for (businesses, members) in [(1, 0), (1, 1), (3, 250)] {
        let world = World::many(businesses, members);
        assert_eq!(world.businesses.len(), businesses);
        let uuids: HashSet<_> =
            world.businesses.iter().flat_map(|b| &b.members).map(|member| member.uuid.clone()).collect();
        assert_eq!(uuids.len(), businesses * members);
    }
}

#[test]
fn every_demo_address_is_an_example() {
    let mut world = World::demo();
    changes::quarter_later(&mut world);
    let emails = world.businesses.iter().flat_map(|business| {
        let members = business.members.iter().filter_map(|member| member.email.clone());
        members.chain(business.group.iter().filter_map(|member| member.email.clone()))
    });
    for email in emails {
        assert!(email.ends_with(".example"), "{email}");
    }
}

#[test]
fn the_demo_holds_its_quirks() {
    let mut world = World::demo();
    let sizes: Vec<usize> = world.businesses.iter().map(|business| business.members.len()).collect();
    assert!(sizes.contains(&0) && sizes.contains(&250), "{sizes:?}");
    let members: Vec<_> = world.businesses.iter().flat_map(|business| &business.members).collect();
    let noor = members.iter().filter(|m| m.email.as_deref() == Some("noor.haddad@ledgerworks.example"));
    assert_eq!(noor.count(), 3);
    let roles: HashSet<_> = members.iter().filter_map(|member| member.role.as_deref()).collect();
    for role in
        ["", "workshop_wizard", "no_seat_employee", "contractor", "business_accountant", "client", "owner"]
    {
        assert!(roles.contains(role), "{role}");
    }
    let owner = "layla@oasis-dates.example";
    assert!(world.member(owner).is_none());
    assert!(world.businesses.iter().flat_map(|b| &b.group).any(|row| row.email.as_deref() == Some(owner)));
    assert!(world.businesses.iter().all(|business| business.team_list == Reading::Allowed));
    let denied = World::demo_with_denied();
    assert_eq!(denied.businesses.iter().filter(|b| b.team_list == Reading::Refused(403)).count(), 1);
}

#[test]
fn a_quarter_changes_people() {
    let mut world = World::demo();
    changes::quarter_later(&mut world);
    assert!(world.member("lars.holm@harbourlight.example").is_none());
    assert!(world.member("amara.okonjo@harbourlight.example").is_some());
    assert_eq!(
        world.member("bram.visser@harbourlight.example").unwrap().role.as_deref(),
        Some("business_partner")
    );
    assert!(!world.member("yuki.tanaka@harbourlight.example").unwrap().active);
    assert!(world.member("sofia.marques@harbourlight.example").unwrap().identity_id.is_some());
    assert_eq!(world.business(48_204).unwrap().members.len(), 248);
    let gone = |world: &World| {
        let rows = world.businesses.iter().flat_map(|business| &business.group);
        rows.filter(|row| row.email.as_deref() == Some("lars.holm@harbourlight.example")).count()
    };
    assert_eq!((gone(&World::demo()), gone(&world)), (1, 0));
}
