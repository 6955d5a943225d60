//! A row on its way into its hash and into its table, without an allocation for each of its texts.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::layout::{Field, write_line};
use crate::model::reading::{Digest, Hex};
use crate::time::Timestamp;

/// A row's columns on their way into the hash and into the table. One of them serves row after row:
/// of a hundred thousand rows, making room for each text would be a third of the work.
#[derive(Default)]
pub(crate) struct Cells {
    cells: Vec<Cell>,
    /// All texts, end to end.
    text: String,
    line: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Cell {
    Null,
    Integer(i64),
    /// From where the last text ends to here.
    TextTo(usize),
}

impl Cells {
    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.text.clear();
    }

    pub(crate) fn integer(&mut self, value: impl Into<Option<i64>>) {
        self.cells.push(value.into().map_or(Cell::Null, Cell::Integer));
    }

    pub(crate) fn boolean(&mut self, value: impl Into<Option<bool>>) {
        self.integer(value.into().map(i64::from));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.text.push_str(text);
        self.cells.push(Cell::TextTo(self.text.len()));
    }

    /// Text, or null where there is none.
    pub(crate) fn optional_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.cells.push(Cell::Null),
        }
    }

    pub(crate) fn unless_empty(&mut self, text: &str) {
        self.optional_text(Some(text).filter(|text| !text.is_empty()));
    }

    /// What `value` shows as.
    pub(crate) fn shown(&mut self, value: &impl fmt::Display) {
        // Writing into a string does not fail.
        let _ = write!(self.text, "{value}");
        self.cells.push(Cell::TextTo(self.text.len()));
    }

    pub(crate) fn moment(&mut self, moment: Option<Timestamp>) {
        match moment {
            Some(moment) => self.shown(&moment),
            None => self.cells.push(Cell::Null),
        }
    }

    pub(crate) fn digest(&mut self, digest: &Digest) {
        self.text(Hex::of(digest).as_str());
    }

    pub(crate) fn field(&mut self, field: &Field) {
        match field {
            Field::Null => self.cells.push(Cell::Null),
            Field::Integer(value) => self.cells.push(Cell::Integer(*value)),
            Field::Text(text) => self.text(text),
        }
    }

    /// The columns in order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        let mut start = 0;
        self.cells.iter().map(move |cell| match *cell {
            Cell::Null => Field::Null,
            Cell::Integer(value) => Field::Integer(value),
            Cell::TextTo(end) => {
                let text = &self.text[start..end];
                start = end;
                Field::text(text)
            }
        })
    }

    /// The hash of the row.
    pub(crate) fn sha256(&mut self, kind: &str) -> Digest {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        write_line(&mut line, kind, self.fields());
        let sha256 = Sha256::digest(&line).into();
        self.line = line;
        sha256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_form_is_what_is_hashed() {
        let mut cells = Cells::default();
        for _ in 0..2 {
            cells.clear();
            cells.integer(7);
            cells.optional_text(None);
            cells.text("Zoë \"Z\"\n");
            cells.unless_empty("");
            cells.digest(&[0xab; 32]);
            let expected = format!(r#"["business",7,null,"Zoë \"Z\"\n",null,"{}"]"#, "ab".repeat(32));
            let expected: Digest = Sha256::digest(expected).into();
            assert_eq!(cells.sha256("business"), expected);
        }
    }
}
