//! The headings of a list: which column of the file is which column of the form.

use super::{Form, Line};
use crate::delimited::{Problem, Row};

/// What each column of a file is.
pub(super) struct Headings {
    form: &'static Form,
    columns: Vec<Column>,
    /// Unknown headings.
    pub(super) strange: Vec<String>,
}

enum Column {
    /// The index in the form.
    Known(usize),
    Strange,
    /// Spreadsheets leave such columns behind; they are ignored while they are empty.
    Headless,
}

impl Headings {
    pub(super) fn of(head: &Row, form: &'static Form) -> Self {
        let column = |heading: &String| {
            let place = form.columns.split(',').position(|known| plain(known) == plain(heading));
            match place {
                Some(place) => Column::Known(place),
                None if heading.is_empty() => Column::Headless,
                None => Column::Strange,
            }
        };
        let columns: Vec<Column> = head.cells.iter().map(column).collect();
        let strange = head.cells.iter().zip(&columns).filter(|(_, column)| matches!(column, Column::Strange));
        let strange = strange.map(|(heading, _)| heading.clone()).collect();
        Headings { form, columns, strange }
    }

    fn count(&self, place: usize) -> usize {
        self.columns.iter().filter(|column| matches!(column, Column::Known(known) if *known == place)).count()
    }

    /// The first required column that is missing.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let needed = self.form.columns.split(',').take(self.form.needed).enumerate();
        needed.into_iter().find(|(place, _)| self.count(*place) == 0).map(|(_, name)| name)
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        let refused = |what| Err(Problem::new(what, self.form.columns));
        let twice = self.form.columns.split(',').enumerate().find(|(place, _)| self.count(*place) > 1);
        let misspelt = |strange: &&String| {
            let absent =
                self.form.columns.split(',').enumerate().filter(|(place, _)| self.count(*place) == 0);
            absent.into_iter().any(|(_, name)| is_slip(&plain(strange), &plain(name)))
        };
        match (self.strange.iter().find(|strange| !self.form.others || misspelt(strange)), twice) {
            (Some(strange), _) => refused(format!("there is an unknown column `{strange}`")),
            (_, Some((_, name))) => refused(format!("there are two columns `{name}`")),
            _ => Ok(()),
        }
    }

    /// The row as a line; `None` if its cells are blank.
    pub(super) fn line(&self, row: Row) -> Result<Option<Line>, Problem> {
        let mut cells = vec![String::new(); self.form.columns.split(',').count()];
        for (at, cell) in row.cells.into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            match self.columns.get(at) {
                Some(Column::Known(place)) => cells[*place] = cell,
                Some(Column::Strange) => {}
                Some(Column::Headless) | None => {
                    let hint =
                        "put text that contains the separator in quotes: 9001,\"moved, ask Eve\",2026-12-31";
                    return Err(Problem::new("there are more fields than columns", hint));
                }
            }
        }
        let blank = cells.iter().all(String::is_empty);
        Ok((!blank).then_some(Line { form: self.form, number: row.number, cells, order: None }))
    }
}

/// A heading in the form used for comparison: only letters and digits, in lower case.
fn plain(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two words differ by one letter that is added, missing, wrong, or swapped with its neighbour.
fn is_slip(a: &str, b: &str) -> bool {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let rest = |word: &str| word.chars().skip(same).collect::<Vec<_>>();
    let (mut a, mut b) = (rest(a), rest(b));
    while a.last().is_some_and(|last| b.last() == Some(last)) {
        (_, _) = (a.pop(), b.pop());
    }
    match (a.as_slice(), b.as_slice()) {
        ([a, b], [c, d]) => (a, b) == (d, c),
        (a, b) => a.len().max(b.len()) <= 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_not_another_column() {
        let check = |a, expected| assert_eq!(is_slip(a, "until"), expected, "{a}");
        for a in ["untill", "unil", "untik", "unitl", "ntil", "xuntil", "until"] {
            check(a, true);
        }
        for a in ["unti11", "untli1", "unt", "litnu", ""] {
            check(a, false);
        }
    }
}
