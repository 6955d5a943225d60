//! The rows of a snapshot that a reviewer was asked about.

use std::collections::HashMap;

use crate::error::Result;
use crate::report::{ACCESS_COLUMNS, ROW_KEY, Type};
use crate::review::{Asked, Cells};
use crate::store::{Reader, Snapshot, Value};

/// The rows of the snapshot's access listing with the given keys, in report order and formatted as in
/// CSV.
pub(super) fn rows(
    reader: &Reader,
    snapshot: &Snapshot,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Asked>> {
    let addresses: HashMap<String, String> = reader.account_addresses(snapshot.id)?.into_iter().collect();
    let mut asked = Vec::new();
    reader.access_rows(snapshot.id, &Default::default(), |row| {
        if !wanted(&row.text(ROW_KEY)?) {
            return Ok(());
        }
        let mut cells = Vec::with_capacity(ACCESS_COLUMNS.len());
        for (at, column) in ACCESS_COLUMNS.iter().enumerate() {
            let text = match (row.value(at)?, column.kind) {
                (Value::Integer(value), Type::Bool) => (value != 0).to_string(),
                (Value::Integer(value), _) => value.to_string(),
                (Value::Text(text), _) => text.into_owned(),
                (Value::Null | Value::Blob(_), _) => continue,
            };
            cells.push((column.name.as_ref(), text.into_boxed_str()));
        }
        let cells = Cells::from_iter(cells);
        let known = cells.get("account_key").and_then(|key| addresses.get(key.as_ref()));
        let emails = known.map(|emails| emails.split(';').map(str::to_owned).collect()).unwrap_or_default();
        asked.push(Asked { cells, emails });
        Ok(())
    })?;
    Ok(asked)
}
