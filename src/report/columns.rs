//! Column definitions, and the columns shared by reports of memberships.

use std::borrow::Cow;

use super::shared;

/// What a column contains, which decides how a format can treat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Written by people, so a spreadsheet could take it for a formula.
    Text,
    /// A key or a hash: never altered.
    Id,
    /// A word from a fixed vocabulary, or several, `;`-joined; a spreadsheet shows `no_login` as "no
    /// login".
    Word,
    /// An id that is an integer; a spreadsheet gets it as text, so that it is not rounded.
    NumericId,
    Integer,
    Bool,
    /// RFC 3339, UTC, whole seconds.
    Time,
    /// A day that a person enters.
    Date,
}

impl Type {
    /// The name of the type in the column contract.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Type::Text => "text",
            Type::Id => "id",
            Type::Word => "word",
            Type::NumericId => "integer id",
            Type::Integer => "integer",
            Type::Bool => "boolean",
            Type::Time => "time",
            Type::Date => "date",
        }
    }
}

/// A [`Type::Word`] as a spreadsheet shows it.
pub(crate) fn in_words(word: &str) -> String {
    word.replace(';', "; ").replace('_', " ")
}

#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The column's name in every format except a spreadsheet.
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: Type,
    /// The heading in a spreadsheet.
    pub(crate) heading: Cow<'static, str>,
    pub(crate) meaning: Cow<'static, str>,
    /// Derived for readers; other formats leave it out.
    pub(crate) sheet_only: bool,
    /// FreshBooks' own word for a role, for which a spreadsheet shows the one that its pages use.
    pub(crate) is_role: bool,
}

pub(crate) const fn column(
    name: &'static str,
    kind: Type,
    heading: &'static str,
    meaning: &'static str,
) -> Column {
    described(name, kind, heading, meaning, false)
}

pub(crate) const fn role_column(
    name: &'static str,
    kind: Type,
    heading: &'static str,
    meaning: &'static str,
) -> Column {
    described(name, kind, heading, meaning, true)
}

const fn described(
    name: &'static str,
    kind: Type,
    heading: &'static str,
    meaning: &'static str,
    is_role: bool,
) -> Column {
    Column {
        name: Cow::Borrowed(name),
        kind,
        heading: Cow::Borrowed(heading),
        meaning: Cow::Borrowed(meaning),
        sheet_only: false,
        is_role,
    }
}

/// The columns of `access`, in the order of the database's view of that name. Frozen.
pub(crate) const ACCESS: &[Column] = &[
    column("row_key", Type::Id, "Row key", "identifies the membership; the same in every snapshot and file"),
    shared::SNAPSHOT_ID,
    shared::AS_OF,
    shared::BUSINESS_ID,
    shared::BUSINESS_UUID,
    shared::BUSINESS_NAME,
    column(
        "account_id",
        Type::Id,
        "Accounting account",
        "the business's account in FreshBooks' accounting; case-sensitive",
    ),
    shared::ACCOUNT_KEY,
    shared::IDENTITY_ID,
    shared::FULL_NAME,
    column("first_name", Type::Text, "First name", "as FreshBooks has it"),
    column("last_name", Type::Text, "Last name", "as FreshBooks has it"),
    shared::MEMBER_EMAIL,
    column("email_domain", Type::Text, "E-mail domain", "the part after the @, in lower case"),
    shared::ROLE,
    shared::ROLE_LABEL,
    shared::ROLE_CLASS,
    column("active", Type::Bool, "Active", "FreshBooks' own flag"),
    shared::STATE,
    shared::INVITATION_ACCEPTED_AT,
    shared::MEMBER_CREATED_AT,
    column("member_updated_at", Type::Time, "Updated (UTC)", "when the member record was last changed"),
    column("last_login_at", Type::Time, "Last login (UTC)", "empty if not known; the next column says why"),
    column(
        "last_login_status",
        Type::Word,
        "Last login status",
        "known, never, not_requested or not_provided_by_source",
    ),
    shared::IS_EXTERNAL,
    shared::BUSINESSES_COUNT,
    column("flags", Type::Word, "Flags", "derived: what is unusual about the row, ;-joined"),
    column(
        "sources",
        Type::Word,
        "Sources",
        "which sources list it: identity, team_members, business_group, staff",
    ),
    column(
        "record_sha256",
        Type::Id,
        "Record SHA-256",
        "hash of FreshBooks' record, which is in the table `records` of the database",
    ),
];

/// The index of a column of [`ACCESS`], computed at compile time.
pub(crate) const fn at(name: &str) -> usize {
    place(&[ACCESS], name)
}

/// The indexes of several columns in rows that have these groups of columns, computed at compile time.
pub(crate) const fn places<const N: usize>(groups: &[&[Column]], names: [&str; N]) -> [usize; N] {
    let mut places = [0; N];
    let mut at = 0;
    while at < N {
        places[at] = place(groups, names[at]);
        at += 1;
    }
    places
}

const fn place(groups: &[&[Column]], name: &str) -> usize {
    let (mut group, mut before) = (0, 0);
    while group < groups.len() {
        let mut at = 0;
        while at < groups[group].len() {
            if let Cow::Borrowed(known) = groups[group][at].name
                && same(known.as_bytes(), name.as_bytes())
            {
                return before + at;
            }
            at += 1;
        }
        before += groups[group].len();
        group += 1;
    }
    panic!("there is no such column");
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}

pub(crate) const AGE: &[Column] = &[column(
    "age_days",
    Type::Integer,
    "Days waiting",
    "whole days from the creation of the member record to the snapshot",
)];

pub(crate) const SEEN: &[Column] = &[column(
    "seen",
    Type::Word,
    "Seen",
    "yes; or cannot_tell, if the business's list was not read and the person may have access unseen",
)];

pub(crate) const OWNER: &[Column] = &[
    column("owner_name", Type::Text, "Owner", "the business's first owner, whom to ask"),
    column("owner_email", Type::Text, "Owner's e-mail", "the owner's address"),
];

pub(crate) const REASON: &[Column] = &[
    column("severity", Type::Word, "Severity", "high, medium or info"),
    column("reason", Type::Word, "Reason", "why the row is here, as one word"),
    column("meaning", Type::Id, "What it means", "the reason as a sentence"),
];

pub(crate) const WHY_REVIEW: &[Column] = &[Column {
    name: Cow::Borrowed("why_review"),
    kind: Type::Text,
    heading: Cow::Borrowed("Why review"),
    meaning: Cow::Borrowed(
        "derived: what the report `attention` says of the row, what changed, what was decided last time",
    ),
    sheet_only: true,
    is_role: false,
}];

pub(crate) const DECISION: &[Column] = &[
    column("decision", Type::Text, "Decision", "the reviewer's decision: keep, remove, change or ask"),
    column("change_to", Type::Text, "Change to", "the role to change to"),
    column("reviewer", Type::Text, "Reviewer", "who decided"),
    column("reviewer_email", Type::Text, "Reviewer e-mail", "the reviewer's address"),
    column("reviewed_at", Type::Date, "Reviewed on", "the day of the decision"),
    column("justification", Type::Text, "Reason", "why the access is right or wrong"),
    column("ticket", Type::Text, "Ticket", "the ticket in which the change was requested"),
];

pub(crate) const LAST_TIME: &[Column] = &[
    column(
        "change_since",
        Type::Word,
        "Changed",
        "what changed since the earlier snapshot, as in the report `changes`, ;-joined",
    ),
    column(
        "previous_decision",
        Type::Word,
        "Previous decision",
        "what was decided in the last review of this access",
    ),
    column("previous_reviewer", Type::Text, "Previous reviewer", "who made that decision"),
    column("previous_reviewed_at", Type::Date, "Previously reviewed on", "the day of that decision"),
];
