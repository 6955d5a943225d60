//! Rows as JSON: one object per row, one key per column, in order and typed. Either one object per
//! line, or all objects in one array.

use std::io::Write;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::format::write_failed;
use super::{Cell, Column};
use crate::error::Result;

pub(crate) struct JsonLines<'a, W: Write> {
    columns: Vec<&'a Column>,
    out: W,
}

impl<'a, W: Write> JsonLines<'a, W> {
    pub(super) fn new(columns: Vec<&'a Column>, out: W) -> Self {
        JsonLines { columns, out }
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        write_object(&mut self.out, &self.columns, cells)?;
        self.out.write_all(b"\n").map_err(write_failed)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.out.flush().map_err(write_failed)
    }
}

pub(crate) struct JsonArray<'a, W: Write> {
    columns: Vec<&'a Column>,
    out: W,
    /// Whether a row has been written.
    begun: bool,
}

impl<'a, W: Write> JsonArray<'a, W> {
    pub(super) fn new(columns: Vec<&'a Column>, out: W) -> Self {
        JsonArray { columns, out, begun: false }
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        let separator = if self.begun { ",\n" } else { "[\n" };
        self.begun = true;
        self.out.write_all(separator.as_bytes()).map_err(write_failed)?;
        write_object(&mut self.out, &self.columns, cells)
    }

    pub(super) fn finish(mut self) -> Result<()> {
        let end = if self.begun { "\n]\n" } else { "[]\n" };
        self.out.write_all(end.as_bytes()).and_then(|()| self.out.flush()).map_err(write_failed)
    }
}

/// One row as an object.
fn write_object(out: &mut impl Write, columns: &[&Column], cells: &[Cell]) -> Result<()> {
    serde_json::to_writer(out, &Line { columns, cells }).map_err(|error| write_failed(error.into()))
}

struct Line<'a> {
    columns: &'a [&'a Column],
    cells: &'a [Cell<'a>],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            map.serialize_key(&column.name)?;
            match cell {
                Cell::Empty => map.serialize_value(&())?,
                Cell::Text(text) => map.serialize_value(text)?,
                Cell::Integer(value) => map.serialize_value(value)?,
                Cell::Bool(value) => map.serialize_value(value)?,
            }
        }
        map.end()
    }
}
