//! What is stored: each table's columns, and how they are taken from the model.
//!
//! This is the one description of the tables. Their definition, the triggers that guard them, the
//! statements that fill and empty them and the hashes that cover them are made from it. A new column
//! goes at the end of its shape, with the layout that it came with (`Spec::since`): rows of an
//! earlier layout have no value in it, and their hashes do not cover it.

use super::field::Field;
use super::kind::{
    RowKind, Shape, Storage, bytes, column, erased, hash, integer, integer_or_null, internal, text,
    text_or_null, word,
};
use super::read::{Decision, Review, ReviewFile, Snapshot};
use crate::model::marks::{State, Status, Verdict};
use crate::model::reading::OwnMembership;
use crate::model::{Account, Business, Coverage, Membership, Outcome, RequestLine, Resource, role};

/// Every kind of row, in the order in which their tables are created.
pub(super) fn kinds() -> Vec<RowKind> {
    vec![
        SNAPSHOT.kind(),
        COVERAGE.kind(),
        REQUEST.kind(),
        BUSINESS.kind(),
        ACCOUNT.kind(),
        MEMBERSHIP.kind(),
        REVIEW.kind(),
        REVIEW_FILE.kind(),
        DECISION.kind(),
    ]
}

pub(super) const BUSINESS: Shape<Business> = Shape {
    name: "business",
    table: "business_rows",
    storage: Storage::Once,
    columns: &[
        integer("business_id", |_, business| business.id.into()),
        text_or_null("business_uuid", |_, business| business.uuid.as_deref().into()),
        text_or_null("account_id", |_, business| business.account_id.as_deref().into()),
        text("name", |_, business| business.name.as_str().into()),
        text("own_role", |_, business| own_roles(&business.own).into()),
        integer_or_null("active", |_, business| business.active.into()),
        text_or_null("status", |_, business| business.status.as_deref().into()),
        text_or_null("subscription_status", |_, business| business.subscription_status.as_deref().into()),
        text_or_null("timezone", |_, business| business.timezone.as_deref().into()),
        text("record_sha256", |_, business| {
            business.own.first().map_or("".into(), |own| Field::from(&own.record))
        }),
    ],
};

/// The identity's own roles in a business, `;`-joined.
fn own_roles(own: &[OwnMembership]) -> String {
    own.iter().map(|own| own.role.as_str()).collect::<Vec<_>>().join(";")
}

pub(super) const ACCOUNT: Shape<Account> = Shape {
    name: "account",
    table: "account_rows",
    storage: Storage::Once,
    columns: &[
        text("account_key", |_, account| account.key.to_string().into()),
        integer_or_null("identity_id", |_, account| account.identity_id.into()),
        text_or_null("identity_uuid", |_, account| account.identity_uuid.as_deref().into()),
        text("email", |_, account| account.email.as_str().into()),
        text("emails", |_, account| account.emails.as_str().into()),
        text("first_name", |_, account| account.first_name.as_str().into()),
        text("last_name", |_, account| account.last_name.as_str().into()),
        text("full_name", |_, account| account.full_name.as_str().into()),
        integer("businesses", |_, account| account.businesses.into()),
    ],
};

pub(super) const MEMBERSHIP: Shape<Membership> = Shape {
    name: "membership",
    table: "membership_rows",
    storage: Storage::Once,
    columns: &[
        integer("business_id", |business_id, _| business_id.into()),
        text("account_key", |_, row| row.account_key.to_string().into()),
        text("role", |_, row| (&*row.role).into()),
        text("role_label", |_, row| role::label(&row.role).into()),
        text("role_class", |_, row| role::class(&row.role).into()),
        text_or_null("member_uuid", |_, row| Field::unless_empty(row.texts.member_uuid())),
        text("email", |_, row| row.texts.email().into()),
        text("first_name", |_, row| row.texts.first_name().into()),
        text("last_name", |_, row| row.texts.last_name().into()),
        integer("active", |_, row| row.active.into()),
        word("state", State::WORDS, |_, row| row.state.as_str().into()),
        text_or_null("invitation_accepted_at", |_, row| row.invitation_accepted_at.into()),
        text_or_null("member_created_at", |_, row| row.member_created_at.into()),
        text_or_null("member_updated_at", |_, row| row.member_updated_at.into()),
        text_or_null("job_title", |_, row| Field::unless_empty(row.texts.job_title())),
        text_or_null("last_login_at", |_, row| row.last_login.moment().into()),
        integer_or_null("logins", |_, row| row.logins.into()),
        text("flags", |_, row| row.flags.to_string().into()),
        text("sources", |_, row| row.sources.to_string().into()),
        text("record_sha256", |_, row| (&row.record).into()),
        internal(integer_or_null("identity_id", |_, row| row.identity_id.into())),
        internal(text_or_null("identity_uuid", |_, row| row.identity_uuid.as_deref().into())),
        internal(text("last_login_status", |_, row| row.last_login.status().into())),
    ],
};

pub(super) const COVERAGE: Shape<Coverage> = Shape {
    name: "coverage",
    table: "coverage",
    storage: Storage::Line { of: "snapshots", id: "snapshot_id", key: "business_id, resource" },
    columns: &[
        integer("business_id", |business_id, _| business_id.into()),
        word("resource", Resource::WORDS, |_, read| read.resource.as_str().into()),
        word("outcome", Outcome::WORDS, |_, read| read.outcome.as_str().into()),
        integer_or_null("http_status", |_, read| read.http_status.map(i64::from).into()),
        integer_or_null("expected", |_, read| read.expected.into()),
        integer("received", |_, read| read.received.into()),
        integer("distinct_rows", |_, read| read.distinct.into()),
        integer("pages", |_, read| read.pages.into()),
        integer("attempts", |_, read| read.attempts.into()),
        text_or_null("message", |_, read| read.message.as_deref().into()),
    ],
};

pub(super) const REQUEST: Shape<RequestLine> = Shape {
    name: "request",
    table: "requests",
    storage: Storage::Line { of: "snapshots", id: "snapshot_id", key: "seq" },
    columns: &[
        integer("seq", |seq, _| seq.into()),
        text("method", |_, line| line.method.into()),
        text("url", |_, line| line.url.as_str().into()),
        integer_or_null("status", |_, line| line.status.map(i64::from).into()),
        text_or_null("received_at", |_, line| line.received_at.into()),
        integer_or_null("bytes", |_, line| line.bytes.into()),
        text_or_null("sha256", |_, line| line.sha256.as_ref().into()),
        integer("attempts", |_, line| i64::from(line.attempts).into()),
        text_or_null("request_id", |_, line| line.request_id.as_deref().into()),
    ],
};

pub(super) const SNAPSHOT: Shape<Snapshot> = Shape {
    name: "snapshot",
    table: "snapshots",
    storage: Storage::Head,
    columns: &[
        column("id", "INTEGER PRIMARY KEY", |_, snapshot| snapshot.id.into()),
        text("started_at", |_, snapshot| snapshot.started_at.into()),
        text("finished_at", |_, snapshot| snapshot.finished_at.into()),
        erased("'pruned'", word("status", Status::WORDS, |_, snapshot| snapshot.status.as_str().into())),
        text("source", |_, snapshot| snapshot.source.as_str().into()),
        text("tool_version", |_, snapshot| snapshot.tool_version.as_str().into()),
        erased("0", integer("identity_id", |_, snapshot| snapshot.identity_id.into())),
        erased("NULL", text_or_null("identity_uuid", |_, snapshot| snapshot.identity_uuid.as_deref().into())),
        erased(
            "NULL",
            text_or_null("identity_email", |_, snapshot| snapshot.identity_email.as_deref().into()),
        ),
        erased("NULL", text_or_null("identity_name", |_, snapshot| snapshot.identity_name.as_deref().into())),
        erased("NULL", text_or_null("scopes", |_, snapshot| snapshot.scopes.as_deref().into())),
        erased("'{}'", text("parameters", |_, snapshot| snapshot.parameters.as_str().into())),
        erased("NULL", text_or_null("note", |_, snapshot| snapshot.note.as_deref().into())),
        erased("NULL", text_or_null("os_user", |_, snapshot| snapshot.os_user.as_deref().into())),
        erased("NULL", text_or_null("host", |_, snapshot| snapshot.host.as_deref().into())),
        text_or_null("server_date_first", |_, snapshot| snapshot.server_date_first.into()),
        text_or_null("server_date_last", |_, snapshot| snapshot.server_date_last.into()),
        integer("businesses", |_, snapshot| snapshot.businesses.into()),
        integer("accounts", |_, snapshot| snapshot.accounts.into()),
        integer("memberships", |_, snapshot| snapshot.memberships.into()),
        integer("requests", |_, snapshot| snapshot.requests.into()),
        integer_or_null("joined", |_, snapshot| snapshot.joined.into()),
        integer_or_null("left", |_, snapshot| snapshot.left.into()),
        integer_or_null("changed", |_, snapshot| snapshot.changed.into()),
        text("hash_layout", |_, snapshot| snapshot.hash_layout.as_str().into()),
        hash(text("content_sha256", |_, snapshot| snapshot.content_sha256.as_str().into())),
        text_or_null("previous_sha256", |_, snapshot| snapshot.previous_sha256.as_deref().into()),
    ],
};

pub(super) const REVIEW: Shape<Review> = Shape {
    name: "review",
    table: "reviews",
    storage: Storage::Head,
    columns: &[
        column("id", "INTEGER PRIMARY KEY", |_, review| review.id.into()),
        integer("snapshot_id", |_, review| review.snapshot_id.into()),
        text("recorded_at", |_, review| review.recorded_at.into()),
        integer("files", |_, review| review.files.into()),
        integer("decisions", |_, review| review.decisions.into()),
        integer("undecided", |_, review| review.undecided.into()),
        text_or_null("note", |_, review| review.note.as_deref().into()),
        text_or_null("os_user", |_, review| review.os_user.as_deref().into()),
        text("tool_version", |_, review| review.tool_version.as_str().into()),
        text("hash_layout", |_, review| review.hash_layout.as_str().into()),
        hash(text("content_sha256", |_, review| review.content_sha256.as_str().into())),
        text_or_null("previous_sha256", |_, review| review.previous_sha256.as_deref().into()),
    ],
};

pub(super) const REVIEW_FILE: Shape<ReviewFile> = Shape {
    name: "file",
    table: "review_files",
    storage: Storage::Line { of: "reviews", id: "review_id", key: "name" },
    columns: &[
        text("name", |_, file| file.name.as_str().into()),
        text("sha256", |_, file| file.sha256.as_str().into()),
        bytes("body", |_, file| Field::Blob(file.body.as_slice().into())),
    ],
};

/// The columns behind `findings` say what was decided about, so that it can still be read when the
/// snapshot's content is gone.
pub(super) const DECISION: Shape<Decision> = Shape {
    name: "decision",
    table: "decisions",
    storage: Storage::Line { of: "reviews", id: "review_id", key: "row_key" },
    columns: &[
        text("row_key", |_, row| row.row_key.as_str().into()),
        word("decision", Verdict::WORDS, |_, row| row.decision.as_str().into()),
        text_or_null("change_to", |_, row| row.change_to.as_deref().into()),
        text("reviewer", |_, row| row.reviewer.as_str().into()),
        text("reviewer_email", |_, row| row.reviewer_email.as_str().into()),
        text("reviewed_at", |_, row| row.reviewed_at.as_str().into()),
        text("justification", |_, row| row.justification.as_str().into()),
        text("ticket", |_, row| row.ticket.as_str().into()),
        text("findings", |_, row| row.findings.as_str().into()),
        integer("business_id", |_, row| row.business_id.into()),
        text("business_name", |_, row| row.business_name.as_str().into()),
        text("account_key", |_, row| row.account_key.as_str().into()),
        text("full_name", |_, row| row.full_name.as_str().into()),
        text("email", |_, row| row.email.as_str().into()),
        text("role", |_, row| row.role.as_str().into()),
        text("state", |_, row| row.state.as_str().into()),
    ],
};
