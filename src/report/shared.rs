//! Columns that several reports share, with one name and one meaning.

use super::columns::{Column, Type, column};

pub(super) const BUSINESS_ID: Column =
    column("business_id", Type::NumericId, "Business id", "FreshBooks' id of the business");
pub(super) const BUSINESS_NAME: Column =
    column("business_name", Type::Text, "Business", "the business's name");
pub(super) const FULL_NAME: Column = column("full_name", Type::Text, "Name", "first and last name");
pub(super) const SNAPSHOT_ID: Column =
    column("snapshot_id", Type::NumericId, "Snapshot", "the snapshot that the row comes from");
pub(super) const AS_OF: Column =
    column("as_of", Type::Time, "As of (UTC)", "when that snapshot was finished");
pub(super) const BUSINESS_UUID: Column =
    column("business_uuid", Type::Id, "Business uuid", "FreshBooks' uuid of the business");
pub(super) const ACCOUNT_KEY: Column = column(
    "account_key",
    Type::Id,
    "Account key",
    "identifies the person: by identity, else by e-mail address, else by member record",
);
pub(super) const IDENTITY_ID: Column = column(
    "identity_id",
    Type::NumericId,
    "Identity id",
    "FreshBooks' id of the person; empty until the invitation is accepted",
);
pub(super) const ROLE: Column =
    column("role", Type::Text, "Role (raw)", "FreshBooks' own word for the role, unaltered");
pub(super) const ROLE_LABEL: Column =
    column("role_label", Type::Text, "Role", "the role as FreshBooks' pages name it");
pub(super) const ROLE_CLASS: Column =
    column("role_class", Type::Word, "Role class", "derived: privileged, standard, limited, none or unknown");
pub(super) const IS_EXTERNAL: Column = column(
    "is_external",
    Type::Bool,
    "External",
    "derived: true if no address of the person is at one of your own domains; empty without --own-domain or without an address",
);
pub(super) const BUSINESSES_COUNT: Column = column(
    "businesses_count",
    Type::Integer,
    "Businesses",
    "derived: number of businesses the person has a membership in",
);
pub(super) const MEMBER_EMAIL: Column =
    column("email", Type::Text, "E-mail", "the address on this membership, else the account's");
pub(super) const MEMBER_CREATED_AT: Column =
    column("member_created_at", Type::Time, "Added (UTC)", "when the member record was created");
pub(super) const INVITATION_ACCEPTED_AT: Column =
    column("invitation_accepted_at", Type::Time, "Accepted (UTC)", "when the invitation was accepted");
pub(super) const STATE: Column =
    column("state", Type::Word, "Status", "derived: active, inactive, invited or no_login");
pub(super) const ACTIVE: Column =
    column("active", Type::Integer, "With access", "how many of them are active");
pub(super) const INVITED: Column =
    column("invited", Type::Integer, "Invited", "how many of them are invitations not yet accepted");
pub(super) const NO_LOGIN: Column =
    column("no_login", Type::Integer, "Without login", "how many of them are profiles that cannot sign in");
pub(super) const INACTIVE: Column =
    column("inactive", Type::Integer, "Inactive", "how many of them are deactivated");
pub(super) const ACCOUNT_EMAIL: Column =
    column("email", Type::Text, "E-mail", "the address on the person's newest record");
