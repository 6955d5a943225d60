//! Tables for people. A terminal gets what fits, one line for each row; a pipe or a file gets
//! everything.
//!
//! Widths on a terminal are those of the first rows, and the others are printed as they come: a hundred
//! thousand rows are never held.

mod fit;

use std::borrow::Cow;
use std::io::{self, Write};
use std::mem;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Data, Ui, output_failed, printable};
use crate::error::Result;
use fit::{Shown, fitted};

/// Blanks between two columns.
const BETWEEN: usize = 2;

const CUT: &str = "…";

/// With less of them, a reader could not tell two cells apart.
const LEAST: usize = 8;

/// As many rows are measured, the heading among them.
const MEASURED: usize = 1_000;

#[derive(Clone, Debug)]
pub(crate) struct Column {
    heading: Cow<'static, str>,
    yields: Yields,
    /// A cell that is cut shows so much.
    least: usize,
    /// The highest is left out first.
    rank: u8,
}

/// What a column gives up if there is too little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Yields {
    Cells,
    /// Only what is longer than any usual term.
    LongCells,
    /// Half a number would be another number.
    Heading,
    Everything,
}

impl Column {
    const fn new(heading: &'static str, yields: Yields, rank: u8) -> Self {
        Column { heading: Cow::Borrowed(heading), yields, least: LEAST, rank }
    }

    pub(crate) const fn cut(heading: &'static str, rank: u8) -> Self {
        Column::new(heading, Yields::Cells, rank)
    }

    /// For roles and other terms, which are whole if they have a usual length.
    pub(crate) const fn term(heading: &'static str, rank: u8) -> Self {
        Column::new(heading, Yields::LongCells, rank)
    }

    pub(crate) const fn whole(heading: &'static str, rank: u8) -> Self {
        Column::new(heading, Yields::Heading, rank)
    }

    pub(crate) const fn spare(heading: &'static str) -> Self {
        Column::new(heading, Yields::Everything, 0)
    }

    pub(crate) fn at_least(mut self, least: usize) -> Self {
        self.least = least;
        self
    }

    pub(crate) fn headed(self, heading: String) -> Self {
        Column { heading: Cow::Owned(heading), ..self }
    }
}

impl Ui {
    /// Prints rows as aligned columns under a heading.
    pub(crate) fn table(&self, columns: &[Column], rows: &[Vec<String>]) -> Result<()> {
        let mut table = self.begin_table(columns.to_vec());
        rows.iter().try_for_each(|row| table.row(row.clone()))?;
        table.finish().map(|_| ())
    }

    /// The same with rows that come one by one.
    pub(crate) fn begin_table(&self, columns: Vec<Column>) -> Table {
        Table::new(columns, self.width, self.data())
    }
}

/// A table being printed. End with [`Table::finish`].
pub(crate) struct Table<W: Write = Data> {
    columns: Vec<Column>,
    room: Option<usize>,
    out: W,
    /// The heading and the rows that are not printed yet.
    held: Vec<Vec<String>>,
    /// Once the widths are known.
    shown: Option<Vec<Shown>>,
}

impl Table<Data> {
    /// Ends the table and tells how many columns there was room for.
    pub(crate) fn finish(mut self) -> Result<usize> {
        self.print().map_err(output_failed)?;
        self.out.done()?;
        Ok(self.shown.map_or(0, |shown| shown.len()))
    }
}

impl<W: Write> Table<W> {
    fn new(columns: Vec<Column>, room: Option<usize>, out: W) -> Self {
        let mut table = Table { columns, room, out, held: Vec::new(), shown: None };
        let heading = table.columns.iter().map(|column| column.heading.to_string()).collect();
        let heading = table.in_lines(heading);
        table.held.push(heading);
        table
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) -> Result<()> {
        let cells = self.in_lines(cells);
        self.held.push(cells);
        match self.room {
            Some(_) if self.shown.is_some() || self.held.len() == MEASURED => {
                self.print().map_err(output_failed)
            }
            _ => Ok(()),
        }
    }

    /// A line's end in a name would make two rows of one, whoever reads them.
    fn in_lines(&self, cells: Vec<String>) -> Vec<String> {
        let in_one_line = |cell: String| match self.room {
            Some(_) => printable(&cell).into_owned(),
            None => cell.replace('\n', "\\u{a}").replace('\r', "\\u{d}"),
        };
        cells.into_iter().map(in_one_line).collect()
    }

    fn print(&mut self) -> io::Result<()> {
        let held = mem::take(&mut self.held);
        let mut rows = held.iter();
        let shown = match &mut self.shown {
            Some(shown) => shown,
            known => {
                let shown = known.insert(fitted(&self.columns, &held, self.room));
                if let Some(heading) = rows.next() {
                    writeln!(self.out, "{}", line(heading, shown, false))?;
                }
                shown
            }
        };
        rows.try_for_each(|row| writeln!(self.out, "{}", line(row, shown, true)))
    }
}

fn line(row: &[String], shown: &[Shown], may_spill: bool) -> String {
    let mut line = String::new();
    for Shown { at, width, spills, .. } in shown {
        let cell =
            if may_spill && *spills { Cow::Borrowed(row[*at].as_str()) } else { cut(&row[*at], *width) };
        let blanks = width.saturating_sub(cell.width()) + BETWEEN;
        line.extend([cell.as_ref(), &" ".repeat(blanks)]);
    }
    line.truncate(line.trim_end().len());
    line
}

/// As much of a cell as has room.
fn cut(cell: &str, room: usize) -> Cow<'_, str> {
    if cell.width() <= room {
        return Cow::Borrowed(cell);
    }
    let left = room.saturating_sub(CUT.width());
    let mut used = 0;
    let beyond = cell.char_indices().find(|(_, c)| {
        used += c.width().unwrap_or_default();
        used > left
    });
    let mut kept = cell[..beyond.map_or(cell.len(), |(at, _)| at)].to_owned();
    // Some characters make the preceding one wider.
    while kept.width() > left {
        kept.pop();
    }
    Cow::Owned(kept + CUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[Column], rows: &[&[&str]], room: Option<usize>) -> Vec<String> {
        let mut table = Table::new(columns.to_vec(), room, Vec::new());
        for row in rows {
            table.row(row.iter().map(|cell| (*cell).to_owned()).collect()).expect("memory");
        }
        table.print().expect("memory");
        String::from_utf8(table.out).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_are_aligned_in_every_script() {
        let columns = [Column::cut("name", 0), Column::cut("role", 1)];
        let rows: [&[&str]; 2] = [&["雪 田中", "Owner"], &["Zoe\u{308}", "Client"]];
        let expected = ["name     role", "雪 田中  Owner", "Zoe\u{308}      Client"];
        assert_eq!(table(&columns, &rows, None), expected);
        assert_eq!(table(&columns, &rows, Some(15)), expected);
    }

    #[test]
    fn columns_are_dropped_by_rank_and_headings_are_shown_without_rows() {
        let columns =
            [Column::cut("who", 0), Column::cut("a note", 2), Column::cut("where", 1), Column::cut("why", 3)];
        let rows: [&[&str]; 1] = [&["Bram Visser", "as agreed on", "Old Mill Brewery", ""]];
        assert_eq!(
            table(&columns, &rows, Some(43)),
            ["who          a note        where", "Bram Visser  as agreed on  Old Mill Brewery"]
        );
        assert_eq!(table(&columns, &rows, Some(25)), ["who          where", "Bram Visser  Old Mill Br…"]);
        assert_eq!(table(&columns, &[], Some(18)), ["who  a note  where"]);
    }

    #[test]
    fn numbers_are_never_cut() {
        let columns = [Column::whole("a long heading", 0), Column::cut("name", 1), Column::spare("more")];
        let rows: [&[&str]; 1] = [&["12345678", "Wolfeschlegelstein", "and more"]];
        assert_eq!(table(&columns, &rows, Some(28)), ["a long headi…  name", "12345678       Wolfeschlege…"]);
        assert_eq!(table(&columns, &rows, Some(18)), ["a long …  name", "12345678  Wolfesc…"]);
        assert_eq!(table(&columns, &rows, Some(17)), ["a long heading", "12345678"]);
        assert_eq!(table(&columns, &rows, Some(3)), ["a …", "12…"]);
    }

    #[test]
    fn a_term_is_whole_and_what_is_longer_than_any_term_is_not() {
        let columns = [Column::cut("where", 1), Column::term("role", 0)];
        let long = "x".repeat(60);
        let rows: [&[&str]; 2] = [&["Old Mill Brewery", "Manager → Employee"], &["Kestrel", &long]];
        assert_eq!(table(&columns, &rows, Some(28))[1], "Old Mil…  Manager → Employee");
        assert_eq!(table(&columns, &rows, Some(28))[2], format!("Kestrel   {}…", &long[..17]));
    }

    #[test]
    fn rows_beyond_those_measured_are_printed_as_they_come() {
        let columns = vec![Column::whole("id", 0), Column::cut("name", 1)];
        let mut table = Table::new(columns, Some(80), Vec::new());
        for n in 0..10 * MEASURED {
            table.row(vec![n.to_string(), format!("person {n}")]).expect("memory");
            assert!(table.held.len() < MEASURED);
        }
        table.print().expect("memory");
        let printed = String::from_utf8(table.out).expect("UTF-8");
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), 10 * MEASURED + 1);
        assert_eq!(lines[..2], ["id   name", "0    person 0"]);
        // A number is never cut, and a name is.
        assert_eq!(lines.last(), Some(&"9999  person 99…"));
    }

    #[test]
    fn one_long_cell_is_cut_before_many_short_ones() {
        let columns = [Column::cut("where", 0), Column::cut("who", 1)];
        let rows: [&[&str]; 3] = [
            &["Old Mill Brewery", "Bram"],
            &["Old Mill Bakery", "Wolfeschlegelstein"],
            &["Old Mill Bottlers", "Noor"],
        ];
        let expected = ["where             who", "Old Mill Brewery  Bram", "Old Mill Bakery   Wolfeschleg…"];
        assert_eq!(table(&columns, &rows, Some(30))[..3], expected);
        // One that is in every row is one.
        let rows: [&[&str]; 3] = [
            &["Old Mill Brewery", "Bram Visser"],
            &["Old Mill Brewery", "Amara Okonjo"],
            &["Old Mill Brewery", "Noor Haddad"],
        ];
        let expected = ["where        who", "Old Mill B…  Bram Visser", "Old Mill B…  Amara Okonjo"];
        assert_eq!(table(&columns, &rows, Some(25))[..3], expected);
    }

    #[test]
    fn a_wide_character_is_not_halved() {
        assert_eq!(cut("王小明", 6), "王小明");
        assert_eq!(cut("王小明", 5), "王小…");
        assert_eq!(cut("王小明", 4), "王…");
        assert_eq!(cut("❤\u{fe0f}❤\u{fe0f}", 2), "❤…");
        assert_eq!(cut("ab", 1), "…");
    }
}
