//! The demo's seven businesses, which together have every quirk that a sync has to handle.
//!
//! All of it is invented and every domain is `.example`. A comment gives the reason for each unusual person.

use super::crowd::{crowd, joined, uuid};
use super::world::{
    Business, GroupMember, Identity, Member, Membership, ProjectGroup, Reading, Staff, World,
};

pub(super) const HARBOURLIGHT: i64 = 48_201;
const ATELIER: i64 = 48_202;
const MOEBIUS: i64 = 48_203;
pub(super) const KESTREL: i64 = 48_204;
const GARDEN: i64 = 48_205;
const OLD_MILL: i64 = 48_206;
const OASIS: i64 = 48_207;

/// In three businesses under one identity.
const NOOR: (&str, i64) = ("noor.haddad@ledgerworks.example", 6_100_010);

impl World {
    /// A bookkeeper's view: her own business and six she works in, all readable.
    pub fn demo() -> World {
        let mut world = World::empty();
        world.me.client_of = vec!["zzC11e".to_owned()];
        // Roles in projects, which are easily mistaken for roles in the business.
        world.me.project_groups =
            vec![project(930_001, "owner", KESTREL), project(930_002, "manager", OLD_MILL)];
        let me = &world.me;
        world.businesses = vec![
            harbourlight(me),
            atelier(me),
            moebius(me),
            kestrel(me),
            garden(me),
            old_mill(me),
            oasis(me),
        ];
        world.businesses.iter_mut().for_each(regroup);
        world
    }

    /// The demo, with one business whose members this identity may not list.
    pub fn demo_with_denied() -> World {
        let mut world = World::demo();
        if let Some(business) = world.business(MOEBIUS) {
            business.team_list = Reading::Refused(403);
            business.group_read = Reading::Refused(403);
            business.staff_list = Reading::Refused(403);
        }
        world
    }
}

fn harbourlight(me: &Identity) -> Business {
    let mut business = Business::new(HARBOURLIGHT, "Harbourlight Bookkeeping").owned_by(me);
    business.account_id = Some("hK4Lq9".to_owned());
    add(
        &mut business,
        joined("Bram", "Visser", "bram.visser@harbourlight.example", "business_manager", 3),
        11,
    );
    add(&mut business, joined("Lars", "Holm", "lars.holm@harbourlight.example", "business_employee", 4), 12);
    add(&mut business, joined("雪", "田中", "yuki.tanaka@harbourlight.example", "business_employee", 5), 13);
    add(&mut business, joined("Noor", "Haddad", NOOR.0, "business_accountant", 6), NOOR.1 - 6_100_000);
    add(&mut business, joined("Petra", "Lindgren", "petra@lindgren-studio.example", "contractor", 7), 14);
    add(&mut business, joined("Tomás", "Ibáñez", "tomas@ibanez.example", "client", 8), 15);
    // Left, and kept by FreshBooks as inactive.
    let left = joined("Oskar", "Nyman", "oskar.nyman@harbourlight.example", "business_employee", 9);
    add(&mut business, Member { active: false, ..left }, 16);
    // Invited and not accepted, in the two shapes that are documented.
    let invited = joined("Sofia", "Marques", "sofia.marques@harbourlight.example", "business_employee", 6);
    add(&mut business, Member { active: false, ..never_accepted(invited) }, 0);
    let invited = joined("Dmitri", "Volkov", "dmitri@volkov.example", "business_manager", 10);
    add(&mut business, never_accepted(invited), 0);
    // A profile without a login.
    let profile = joined("Teo", "Brandt", "teo@harbourlight.example", "no_seat_employee", 11);
    add(&mut business, never_accepted(profile), 0);
    // One without an address, one without a name.
    let silent = joined("Mina", "Sato", "", "no_seat_employee", 12);
    add(&mut business, Member { email: None, ..never_accepted(silent) }, 0);
    add(&mut business, joined("", "", "intake@harbourlight.example", "business_employee", 13), 17);
    // Names that a spreadsheet would run as formulas.
    add(
        &mut business,
        joined("=1+1", "Formula", "formula@harbourlight.example", "business_employee", 14),
        18,
    );
    add(&mut business, joined("+47", "Plusman", "plus@harbourlight.example", "business_employee", 15), 19);
    add(&mut business, joined("@SUM(A1)", "Atwood", "at@harbourlight.example", "business_employee", 16), 20);
    business.staff.push(Staff::new(2, "Bram", "Visser", "bram.visser@harbourlight.example"));
    business.staff.push(Staff {
        last_login: None,
        num_logins: 0,
        ..Staff::new(3, "Lars", "Holm", "lars.holm@harbourlight.example")
    });
    business
}

fn atelier(me: &Identity) -> Business {
    let mut business = Business::new(ATELIER, "Atelier Céleste").joined_by(me, "business_partner");
    business.account_id = Some("Qd81Zx".to_owned());
    business.timezone = Some("Europe/Paris".to_owned());
    add(&mut business, joined("Céleste", "Béranger", "celeste@atelier-celeste.example", "owner", 1), 30);
    add(&mut business, joined("Ελένη", "Παππά", "eleni@atelier-celeste.example", "business_manager", 2), 31);
    add(
        &mut business,
        joined("Zoë 🌿", "D'Angelo-Łukasz", "zoe@atelier-celeste.example", "business_employee", 3),
        32,
    );
    add(&mut business, joined("Noor", "Haddad", NOOR.0, "business_accountant", 4), NOOR.1 - 6_100_000);
    business
}

fn moebius(me: &Identity) -> Business {
    let mut business = Business::new(MOEBIUS, "Möbius Werkstatt GmbH").joined_by(me, "business_manager");
    business.account_id = Some("qd81zX".to_owned()); // the atelier's, but for case
    business.timezone = Some("Europe/Berlin".to_owned());
    add(&mut business, joined("Jürgen", "Groß", "juergen@moebius.example", "owner", 5), 40);
    // An undocumented role, and no role at all.
    add(&mut business, joined("Anneliese", "Weiß", "anneliese@moebius.example", "workshop_wizard", 6), 41);
    add(&mut business, joined("Falk", "Sommer", "falk@moebius.example", "", 7), 42);
    business
}

fn kestrel(me: &Identity) -> Business {
    let mut business = Business::new(KESTREL, "Kestrel Logistics").joined_by(me, "business_accountant");
    business.account_id = Some("Ks7712".to_owned());
    business.timezone = Some("America/Toronto".to_owned());
    add(&mut business, joined("Gwen", "Marlowe", "gwen.marlowe@kestrel.example", "owner", 1), 50);
    add(&mut business, joined("Noor", "Haddad", NOOR.0, "business_manager", 2), NOOR.1 - 6_100_000);
    add(&mut business, joined("Pavel", "Horák", "pavel.horak@kestrel.example", "business_employee", 3), 51);
    // The same person, known only by e-mail address, in another case.
    let again = joined("Pavel", "Horák", "Pavel.Horak@Kestrel.example", "no_seat_employee", 4);
    add(&mut business, never_accepted(again), 0);
    let rest = 250 - business.members.len();
    business.members.extend(crowd(KESTREL, "kestrel.example", 100, rest));
    business
}

/// Not set up: no accounting account, no address, no time zone, nobody listed.
fn garden(me: &Identity) -> Business {
    let mut business = Business::new(GARDEN, "Sesame Garden").joined_by(me, "systemless_owner");
    business.account_id = None;
    business.timezone = None;
    business.city = None;
    business.status = "active_trial".to_owned();
    business.members.clear();
    business.group.clear();
    business.staff.clear();
    business
}

fn old_mill(me: &Identity) -> Business {
    let mut business = Business::new(OLD_MILL, "Old Mill Brewery").joined_by(me, "manager");
    business.account_id = Some("0ldM11".to_owned());
    business.active = false;
    business.subscription_status = "cancelled".to_owned();
    add(&mut business, joined("Hamish", "Reid", "hamish@oldmill.example", "owner", 2), 60);
    // One mailbox, two people.
    add(
        &mut business,
        never_accepted(joined("Isla", "Reid", "office@oldmill.example", "business_employee", 3)),
        0,
    );
    add(&mut business, joined("Fergus", "Baird", "office@oldmill.example", "business_employee", 4), 0);
    business
}

fn oasis(me: &Identity) -> Business {
    let mut business = Business::new(OASIS, "تمور الواحة").joined_by(me, "client");
    business.account_id = Some("Oa5is7".to_owned());
    // Two roles in one business.
    business.mine.push(Membership::new(OASIS * 100 + 2, "contractor"));
    // The owner is only in the business group.
    business.group.push(GroupMember {
        id: OASIS * 100 + 3,
        role: Some("owner".to_owned()),
        identity_id: Some(6_100_070),
        first_name: Some("ليلى".to_owned()),
        last_name: Some("منصور".to_owned()),
        email: Some("layla@oasis-dates.example".to_owned()),
        active: true,
        ..GroupMember::default()
    });
    add(&mut business, joined("Karim", "منصور", "karim@oasis-dates.example", "business_manager", 5), 71);
    business
}

/// Adds a member with the next uuid; `identity` counts from 6,100,000 and 0 is none.
fn add(business: &mut Business, member: Member, identity: i64) {
    let identity_id = (identity > 0).then_some(6_100_000 + identity);
    let uuid = Some(uuid(business.id, business.members.len()));
    business.members.push(Member { uuid, identity_id, ..member });
}

/// Makes the business group name every member with an identity, as FreshBooks' does, beside the rows written by hand.
pub(super) fn regroup(business: &mut Business) {
    let derived = business.id * 10_000;
    business.group.retain(|row| row.id < derived);
    for (row, member) in (derived..).zip(&business.members) {
        let known = business.group.iter().any(|other| other.identity_id == member.identity_id);
        if member.identity_id.is_some() && !known {
            business.group.push(GroupMember {
                id: row,
                role: member.role.clone(),
                identity_id: member.identity_id,
                first_name: member.first_name.clone(),
                last_name: member.last_name.clone(),
                email: member.email.clone(),
                active: member.active,
                ..GroupMember::default()
            });
        }
    }
}

fn never_accepted(member: Member) -> Member {
    Member { identity_id: None, invitation_date_accepted: None, ..member }
}

fn project(id: i64, role: &str, business_id: i64) -> ProjectGroup {
    ProjectGroup { id, group_id: id + 500_000, role: role.to_owned(), business_id }
}
