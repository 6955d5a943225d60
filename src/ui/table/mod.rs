//! Tables for people. A terminal gets what fits, one line for each row; a pipe or a file gets
//! everything.

mod fit;

use std::io::Write as _;
use std::iter;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Ui, output_failed, printable};
use crate::error::Result;
use fit::{Shown, fitted};

/// Blanks between two columns.
const BETWEEN: usize = 2;

const CUT: &str = "…";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    heading: &'static str,
    yields: Yields,
    /// The column with the highest rank is dropped first.
    rank: u8,
}

/// What a column gives up if there is too little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Yields {
    Cells,
    /// Cells stay whole: half a number would be another number.
    Heading,
    Everything,
}

impl Column {
    pub(crate) const fn cut(heading: &'static str, rank: u8) -> Self {
        Column { heading, yields: Yields::Cells, rank }
    }

    pub(crate) const fn whole(heading: &'static str, rank: u8) -> Self {
        Column { heading, yields: Yields::Heading, rank }
    }

    pub(crate) const fn spare(heading: &'static str) -> Self {
        Column { heading, yields: Yields::Everything, rank: 0 }
    }
}

impl Ui {
    /// Prints rows as aligned columns under a heading.
    pub(crate) fn table(&self, columns: &[Column], rows: &[Vec<String>]) -> Result<()> {
        let mut data = self.data();
        for line in lines(columns, rows, self.width) {
            writeln!(data, "{line}").map_err(output_failed)?;
        }
        data.done()
    }
}

fn lines(columns: &[Column], rows: &[Vec<String>], room: Option<usize>) -> Vec<String> {
    let heading = columns.iter().map(|column| column.heading.to_owned()).collect();
    let in_one_line = |cell: &String| match room {
        Some(_) => printable(cell).into_owned(),
        // A line break in a name would split the row in two.
        None => cell.replace('\n', "\\u{a}").replace('\r', "\\u{d}"),
    };
    let printed = rows.iter().map(|row| row.iter().map(in_one_line).collect());
    let rows: Vec<Vec<String>> = iter::once(heading).chain(printed).collect();
    let shown = fitted(columns, &rows, room);
    rows.iter().map(|row| line(row, &shown)).collect()
}

fn line(row: &[String], shown: &[Shown]) -> String {
    let mut line = String::new();
    for Shown { at, width, .. } in shown {
        let cell = cut(&row[*at], *width);
        let blanks = width.saturating_sub(cell.width()) + BETWEEN;
        line.extend([cell.as_str(), &" ".repeat(blanks)]);
    }
    line.trim_end().to_owned()
}

/// As much of a cell as fits.
fn cut(cell: &str, room: usize) -> String {
    if cell.width() <= room {
        return cell.to_owned();
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
    kept + CUT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[Column], rows: &[&[&str]], room: Option<usize>) -> Vec<String> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        lines(columns, &rows, room)
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
    fn one_long_cell_is_cut_before_many_short_ones() {
        let columns = [Column::cut("where", 0), Column::cut("who", 1)];
        let rows: [&[&str]; 3] =
            [&["Old Mill Brewery", "Bram"], &["Old Mill Brewery", "Wolfeschlegelstein"], &["", "Noor"]];
        let expected = ["where             who", "Old Mill Brewery  Bram", "Old Mill Brewery  Wolfeschleg…"];
        assert_eq!(table(&columns, &rows, Some(30))[..3], expected);
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
