//! FreshBooks' role strings, and what a reviewer should read into them.
//!
//! The raw string is always kept. A role that is not in the table is shown as it is and classed
//! `unknown`, never dropped (API documentation, "Identity Model", with the values seen beyond it).

use std::borrow::Cow;

/// Name in words and class for each known role.
const KNOWN: [(&str, &str, &str); 15] = [
    ("owner", "Owner", "privileged"),
    ("business_partner", "Admin", "privileged"),
    ("business_manager", "Manager", "standard"),
    ("business_accountant", "Accountant", "standard"),
    ("business_employee", "Employee", "limited"),
    ("contractor", "Contractor", "limited"),
    ("client", "Client", "none"),
    (NO_SEAT, "Unassigned (no login)", "none"),
    ("manager", "Manager (legacy)", "standard"),
    ("systemless_owner", "Owner (no accounting)", "privileged"),
    ("systemless_manager", "Manager (no accounting)", "standard"),
    ("classic_admin", "Administrator (Classic)", "privileged"),
    ("classic_staff", "Staff (Classic)", "standard"),
    ("classic_contractor", "Contractor (Classic)", "limited"),
    ("", "(no role given)", UNKNOWN),
];

/// A team profile without a paid seat and without a login.
pub(crate) const NO_SEAT: &str = "no_seat_employee";

pub(crate) const UNKNOWN: &str = "unknown";

/// The roles that a person can be given at FreshBooks.
const ASSIGNABLE: [&str; 7] = [
    "owner",
    "business_partner",
    "business_manager",
    "business_accountant",
    "business_employee",
    "contractor",
    NO_SEAT,
];

/// The roles that a person can be given in FreshBooks Classic, whose administrator is one for good.
const ASSIGNABLE_IN_CLASSIC: [&str; 2] = ["classic_staff", "classic_contractor"];

/// The roles that somebody can be given where this one is held.
pub(crate) fn assignable(held: &str) -> &'static [&'static str] {
    match held.starts_with("classic_") {
        true => &ASSIGNABLE_IN_CLASSIC,
        false => &ASSIGNABLE,
    }
}

/// Every class, from the one that can do most to the one that can do least, and what is not known.
pub(crate) const CLASSES: [&str; 5] = ["privileged", "standard", "limited", "none", UNKNOWN];

/// Whether it is a role of FreshBooks Classic.
pub(crate) fn is_classic(role: &str) -> bool {
    role.starts_with("classic_")
}

/// Whether it is that of somebody whose business it is.
pub(crate) fn is_owner(role: &str) -> bool {
    matches!(role, "owner" | "systemless_owner" | "classic_admin")
}

/// Whether one role can do more than the other. Of a role that is not known nobody can tell.
pub(crate) fn outranks(role: &str, other: &str) -> bool {
    let weight = |role| {
        let place = CLASSES.iter().position(|known| *known == class(role) && *known != UNKNOWN)?;
        Some((place, !is_owner(role)))
    };
    weight(role).zip(weight(other)).is_some_and(|(role, other)| role < other)
}

/// The role as people know it from FreshBooks' own pages.
pub(crate) fn label(role: &str) -> &str {
    KNOWN.iter().find(|(known, ..)| *known == role).map_or(role, |(_, label, _)| label)
}

/// The role that is meant by FreshBooks' own word or by its label; any other text is a role of that name.
pub(crate) fn named(text: &str) -> &str {
    let word = KNOWN.iter().find(|(role, ..)| role.eq_ignore_ascii_case(text));
    let label = || KNOWN.iter().find(|(_, label, _)| label.eq_ignore_ascii_case(text));
    word.or_else(label).map_or(text, |(role, ..)| role)
}

/// The role itself, without an allocation where it is a known one.
pub(crate) fn kept(role: &str) -> Cow<'static, str> {
    match KNOWN.iter().find(|(known, ..)| *known == role) {
        Some((known, ..)) => Cow::Borrowed(known),
        None => Cow::Owned(role.to_owned()),
    }
}

/// One of [`CLASSES`].
pub(crate) fn class(role: &str) -> &'static str {
    KNOWN.iter().find(|(known, ..)| *known == role).map_or(UNKNOWN, |(.., class)| class)
}
