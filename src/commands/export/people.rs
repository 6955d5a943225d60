//! `--people`: addresses as typed, and those in files.

use std::path::Path;

use crate::delimited::{Delimited, Problem, Row, decoded};
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::model::addresses::normalized;

/// A hundred thousand addresses fit in.
const LARGEST: u64 = 16 << 20;

/// Everybody's address, each once.
pub(super) fn addresses(given: &[String]) -> Result<Vec<String>> {
    let mut people = Vec::new();
    for one in given {
        match Path::new(one) {
            path if path.exists() => people.extend(in_file(path)?),
            _ if one.contains('@') => people.push(one.clone()),
            _ => {
                let problem = format!("`{one}` is neither a file nor an e-mail address");
                return Err(Error::new(Kind::Usage, problem)
                    .hint("--people ann@example.com, or --people FILE with an address on each line"));
            }
        }
    }
    let mut people: Vec<String> = people.iter().map(|address| normalized(address).into_owned()).collect();
    people.sort();
    people.dedup();
    Ok(people)
}

fn in_file(path: &Path) -> Result<Vec<String>> {
    let shown = path.display();
    let bytes =
        fsutil::read_bytes(path, LARGEST).map_err(fsutil::failing(|| format!("cannot read {shown}")))?;
    let refused =
        |Problem { what, hint }| Error::new(Kind::Config, format!("cannot read {shown}: {what}")).hint(hint);
    let people = in_text(&decoded(&bytes).map_err(refused)?);
    match people.is_empty() {
        true => Err(Error::new(Kind::Usage, format!("{shown} holds no e-mail address"))
            .hint("one address on each line, or a column `email`")),
        false => Ok(people),
    }
}

/// The column `email`, else from each row the first cell that looks like an address.
fn in_text(text: &str) -> Vec<String> {
    let table = Delimited::of(text);
    let rows = table.separators.iter().map(|separator| table.rows(*separator).collect::<Vec<Row>>());
    let width = |rows: &Vec<Row>| rows.first().map_or(0, |row| row.cells.len());
    // Of equals the last: a comma is the likeliest.
    let rows = rows.rev().max_by_key(width).unwrap_or_default();
    let is_heading = |cell: &String| cell.eq_ignore_ascii_case("email");
    let column = rows.first().and_then(|row| row.cells.iter().position(is_heading));
    let address = |row: &Row| match column {
        Some(column) => row.cells.get(column).filter(|cell| cell.contains('@')).cloned(),
        None => row.cells.iter().find(|cell| cell.contains('@')).cloned(),
    };
    rows.iter().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_lists_of_all_sorts() {
        let both = ["ann@x.example", "bo@y.example"];
        for text in [
            "ann@x.example\nbo@y.example\n",
            "ann@x.example\r\n\r\nbo@y.example",
            "Name;Address\nAnn; ann@x.example \nBo;bo@y.example;\n",
            "name\taddress\nLee, Ann\tann@x.example\nBo\tbo@y.example\n",
            "\"Lee, Ann\",ann@x.example\n\"Bo\",bo@y.example\n",
            "manager,Email\nzoe@z.example,ann@x.example\nzoe@z.example,bo@y.example\n,\n",
            "sep=;\nann@x.example;1\nbo@y.example;2\n",
        ] {
            assert_eq!(in_text(text), both, "{text:?}");
        }
        assert_eq!(in_text(""), [""; 0]);
        assert_eq!(in_text("name\nAnn\n"), [""; 0]);
    }
}
