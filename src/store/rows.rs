//! Model values as columns, in the order of their tables.

use super::cells::Cells;
use super::layout::Field;
use crate::model::reading::{Hex, RequestLine};
use crate::model::rows::full_name;
use crate::model::{Account, Business, Coverage, Membership, role};

/// Something that is a row of a table which is stored once by hash.
pub(super) trait Columns {
    /// Writes the columns behind `id` and `sha256`.
    fn fill(&self, cells: &mut Cells);
}

impl Columns for &Business {
    fn fill(&self, cells: &mut Cells) {
        let roles: Vec<&str> = self.own.iter().map(|own| own.role.as_str()).collect();
        let record = self.own.first().map(|own| Hex::of(&own.record));
        cells.integer(self.id);
        cells.optional_text(self.uuid.as_deref());
        cells.optional_text(self.account_id.as_deref());
        cells.text(&self.name);
        cells.text(&roles.join(";"));
        cells.boolean(self.active);
        cells.optional_text(self.status.as_deref());
        cells.optional_text(self.subscription_status.as_deref());
        cells.optional_text(self.timezone.as_deref());
        cells.text(record.as_ref().map_or("", Hex::as_str));
    }
}

impl Columns for Account {
    fn fill(&self, cells: &mut Cells) {
        cells.shown(&self.key);
        cells.integer(self.identity_id);
        cells.optional_text(self.identity_uuid.as_deref());
        cells.text(&self.email);
        cells.text(&self.emails);
        cells.text(&self.first_name);
        cells.text(&self.last_name);
        cells.text(&full_name(&self.first_name, &self.last_name));
        cells.integer(self.businesses);
    }
}

/// A membership and its business.
impl Columns for (i64, &Membership) {
    fn fill(&self, cells: &mut Cells) {
        let (business_id, row) = *self;
        cells.integer(business_id);
        cells.shown(&row.account_key);
        cells.text(&row.role);
        cells.text(role::label(&row.role));
        cells.text(role::class(&row.role));
        cells.unless_empty(row.texts.member_uuid());
        cells.text(row.texts.email());
        cells.text(row.texts.first_name());
        cells.text(row.texts.last_name());
        cells.boolean(row.active);
        cells.text(row.state.as_str());
        cells.moment(row.invitation_accepted_at);
        cells.moment(row.member_created_at);
        cells.moment(row.member_updated_at);
        cells.unless_empty(row.texts.job_title());
        cells.moment(row.last_login.moment());
        cells.integer(row.logins);
        cells.shown(&row.flags);
        cells.shown(&row.sources);
        cells.digest(&row.record);
        cells.integer(row.identity_id);
        cells.optional_text(row.identity_uuid.as_deref());
        cells.text(row.last_login.status());
    }
}

/// A row as it was read from a table.
impl Columns for &[Field<'_>] {
    fn fill(&self, cells: &mut Cells) {
        self.iter().for_each(|field| cells.field(field));
    }
}

/// Columns of `coverage` after `snapshot_id`.
pub(super) fn coverage(business_id: i64, coverage: &Coverage) -> Vec<Field<'_>> {
    vec![
        Field::from(business_id),
        Field::text(coverage.resource.as_str()),
        Field::text(coverage.outcome.as_str()),
        Field::optional_integer(coverage.http_status.map(i64::from)),
        Field::optional_integer(coverage.expected),
        Field::from(coverage.received),
        Field::from(coverage.distinct),
        Field::from(coverage.pages),
        Field::from(coverage.attempts),
        Field::optional_text(coverage.message.as_deref()),
    ]
}

/// Columns of `requests` after `snapshot_id`.
pub(super) fn request(seq: i64, line: &RequestLine) -> Vec<Field<'_>> {
    vec![
        Field::from(seq),
        Field::text("GET"),
        Field::text(line.url.as_str()),
        Field::optional_integer(line.status.map(i64::from)),
        Field::moment(line.received_at),
        Field::optional_integer(line.bytes),
        line.sha256.as_ref().map_or(Field::Null, Field::digest),
        Field::from(i64::from(line.attempts)),
        Field::optional_text(line.request_id.as_deref()),
    ]
}
