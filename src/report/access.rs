//! `access`: every membership of a snapshot, one row each.

use super::{Cell, Column, Report, Type};
use crate::error::Result;
use crate::store::{AccessRow, Value};

const fn column(name: &'static str, kind: Type) -> Column {
    Column { name, kind }
}

pub(crate) const ACCESS: Report = Report {
    name: "access",
    columns: &[
        column("row_key", Type::Id),
        column("snapshot_id", Type::Integer),
        column("as_of", Type::Time),
        column("business_id", Type::Integer),
        column("business_uuid", Type::Id),
        column("business_name", Type::Text),
        column("account_id", Type::Id),
        column("account_key", Type::Id),
        column("identity_id", Type::Integer),
        column("full_name", Type::Text),
        column("first_name", Type::Text),
        column("last_name", Type::Text),
        column("email", Type::Text),
        column("email_domain", Type::Text),
        column("role", Type::Text),
        column("role_label", Type::Text),
        column("role_class", Type::Id),
        column("active", Type::Bool),
        column("state", Type::Id),
        column("invitation_accepted_at", Type::Time),
        column("member_created_at", Type::Time),
        column("member_updated_at", Type::Time),
        column("last_login_at", Type::Time),
        column("last_login_status", Type::Id),
        column("is_external", Type::Bool),
        column("businesses_count", Type::Integer),
        column("flags", Type::Id),
        column("sources", Type::Id),
        column("record_sha256", Type::Id),
    ],
};

/// The cells of one row of the `access` view, whose columns are the report's.
pub(crate) fn access_cells<'a>(row: &'a AccessRow) -> Result<Vec<Cell<'a>>> {
    let typed = |(at, column): (usize, &Column)| {
        Ok(match (row.value(at)?, column.kind) {
            (Value::Null, _) => Cell::Empty,
            (Value::Integer(value), Type::Bool) => Cell::Bool(value != 0),
            (Value::Integer(value), _) => Cell::Integer(value),
            (Value::Text(text), _) => Cell::Text(text),
        })
    };
    ACCESS.columns.iter().enumerate().map(typed).collect()
}
