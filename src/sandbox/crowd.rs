//! Any number of invented people, the same ones every time.

use super::world::Member;

const GIVEN: [&str; 12] =
    ["Alva", "Bruno", "Chidi", "Daria", "Emre", "Freya", "Goran", "Hana", "Idris", "Juno", "Kenji", "Leila"];
const FAMILY: [&str; 11] =
    ["Abara", "Blom", "Castel", "Dumont", "Eriksen", "Farah", "Gallo", "Horvat", "Ito", "Jensen", "Kovacs"];

/// Three in four are employees, as in a real business.
const ROLES: [&str; 8] = [
    "business_employee",
    "business_employee",
    "business_manager",
    "business_employee",
    "business_employee",
    "contractor",
    "business_employee",
    "business_employee",
];

/// People `first` to `first + count - 1` of a business, with a domain of their own.
pub(super) fn crowd(business_id: i64, domain: &str, first: usize, count: usize) -> Vec<Member> {
    (first..first + count).map(|n| one(business_id, domain, n)).collect()
}

fn one(business_id: i64, domain: &str, n: usize) -> Member {
    let (given, family) = (GIVEN[n % GIVEN.len()], FAMILY[n % FAMILY.len()]);
    let email = format!("{}.{}.{n}@{domain}", given.to_lowercase(), family.to_lowercase());
    Member {
        uuid: Some(uuid(business_id, n)),
        identity_id: Some(business_id * 1_000_000 + n as i64),
        ..joined(given, family, &email, ROLES[n % ROLES.len()], n)
    }
}

/// An active member who accepted an invitation; `n` moves the dates about.
pub(super) fn joined(given: &str, family: &str, email: &str, role: &str, n: usize) -> Member {
    let (month, day) = (n % 12 + 1, n % 28 + 1);
    Member {
        first_name: Some(given.to_owned()),
        last_name: Some(family.to_owned()),
        email: Some(email.to_owned()),
        role: Some(role.to_owned()),
        active: true,
        invitation_date_accepted: Some(format!("2024-{month:02}-{day:02}T15:04:05Z")),
        created_at: Some(format!("2024-{month:02}-{day:02}T09:30:00Z")),
        updated_at: Some(format!("2025-{month:02}-{day:02}T11:45:30Z")),
        city: Some("Bergen".to_owned()),
        street_1: Some(format!("{} Sample Street", n + 1)),
        phone_number: Some("555 0103".to_owned()),
        ..Member::default()
    }
}

/// The uuid of the nth member of a business.
pub(super) fn uuid(business_id: i64, n: usize) -> String {
    format!("{business_id:08x}-0000-4000-8000-{n:012x}")
}
