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
    let people = in_text(&decoded(&bytes).map_err(refused)?).map_err(refused)?;
    match people.is_empty() {
        true => Err(Error::new(Kind::Usage, format!("{shown} holds no e-mail address"))
            .hint("one address on each line, or a column `email`")),
        false => Ok(people),
    }
}

/// The addresses, by the separator that gives most of them.
fn in_text(text: &str) -> Result<Vec<String>, Problem> {
    let table = Delimited::of(text);
    let lists = table.separators.iter().map(|separator| {
        let rows: Vec<Row> = table.rows(*separator).collect();
        (in_rows(&rows), *separator, rows)
    });
    let whole =
        |(list, ..): &(Vec<String>, u8, Vec<Row>)| list.iter().filter(|text| is_address(text)).count();
    // Of equals the last: a comma is the likeliest.
    let Some((people, separator, rows)) = lists.rev().max_by_key(whole) else { return Ok(Vec::new()) };
    // Such a quote can swallow the people below it.
    let misplaced = |row: &Row| Some((row.number, row.misplaced_quote(separator)?));
    match rows.iter().find_map(misplaced) {
        Some((number, Problem { what, hint })) => Err(Problem::new(format!("row {number}: {what}"), hint)),
        None => Ok(people),
    }
}

/// The column `email`, else from each row the first cell that looks like an address.
fn in_rows(rows: &[Row]) -> Vec<String> {
    let is_heading = |cell: &String| cell.replace('-', "").eq_ignore_ascii_case("email");
    let column = rows.first().and_then(|row| row.cells.iter().position(is_heading));
    let address = |row: &Row| match column {
        Some(column) => row.cells.get(column).filter(|cell| cell.contains('@')).cloned(),
        None => row.cells.iter().find(|cell| cell.contains('@')).cloned(),
    };
    rows.iter().filter_map(address).collect()
}

/// Whether a cell holds nothing beside an address.
fn is_address(text: &str) -> bool {
    text.contains('@') && !text.contains(|c: char| c.is_whitespace() || ",;".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mutated::{mutated, quarters};

    #[test]
    fn addresses_are_found_in_lists_of_all_sorts() {
        let both = ["ann@x.example", "bo@y.example"];
        for text in [
            "ann@x.example\nbo@y.example\n",
            "ann@x.example\r\n\r\nbo@y.example",
            "Name;Address\nAnn; ann@x.example \nBo;bo@y.example;\n",
            "name\taddress\nLee, Ann\tann@x.example\nBo\tbo@y.example\n",
            "Lee, Ann\tann@x.example\nBo\tbo@y.example\n",
            "\"Lee, Ann\",ann@x.example\n\"Bo\",bo@y.example\n",
            "manager,Email\nzoe@z.example,ann@x.example\nzoe@z.example,bo@y.example\n,\n",
            "sep=;\nann@x.example;1\nbo@y.example;2\n",
        ] {
            assert_eq!(told(text), both, "{text:?}");
        }
        assert_eq!(told(""), [""; 0]);
        assert_eq!(told("name\nAnn\n"), [""; 0]);
    }

    fn told(text: &str) -> Vec<String> {
        in_text(text).unwrap_or_else(|problem| vec![problem.what])
    }

    #[test]
    fn a_quote_that_could_swallow_people_is_refused() {
        let open = "row 2: a quote is opened but not closed";
        assert_eq!(told("ann@x.example\n\"bo@y.example\ncy@z.example\n"), [open]);
        assert_eq!(told("name;email\n\"Lee;ann@x.example\nBo;bo@y.example\n"), [open]);
        assert_eq!(
            told("\"Ann\" <ann@x.example>\nbo@y.example\n"),
            ["row 1: something stands behind a closing quote"]
        );
    }

    proptest! {
        #![proptest_config(quarters(8))]

        /// Every address that is taken stands in the file.
        #[test]
        fn nobody_is_made_up(bytes in mutated(vec![
            b"ann@x.example\nbob@x.example\n".to_vec(),
            b"name;e-mail\r\n\"Lee, Ann\";ann@x.example\r\nBob;bob@x.example\r\n".to_vec(),
            b"\xef\xbb\xbfemail,team\nann@x.example,\"a\"\"b\"\n".to_vec(),
        ])) {
            let Ok(text) = decoded(&bytes) else { return Ok(()) };
            let text = text.replace("\r\n", "\n");
            for address in in_text(&text).unwrap_or_default() {
                let stands = |address: &str| text.contains(address) || text.replace("\"\"", "\"").contains(address);
                prop_assert!(stands(address.trim()), "{:?} in {:?}", address, text);
            }
        }
    }
}
