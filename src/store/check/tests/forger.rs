//! The forger as a property: whatever is moved between tables, or whatever the bytes of the file are.

use std::fs;

use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::{hash_of, head, rechecked, rehash, shown_of};
use crate::model::reading::hex;
use crate::mutated::{mutated, quarters};
use crate::store::check::check;
use crate::store::tests::{database, shown};
use crate::store::{chain, open, schema, shape};
use crate::ui::Ui;

/// One move of the forger: what is done, with which tables, rows and columns.
#[derive(Clone, Debug)]
struct Move(u8, [usize; 6]);

const TABLES: [&str; 13] = [
    "snapshots",
    "coverage",
    "requests",
    "records",
    "listings",
    "snapshot_listings",
    "business_rows",
    "account_rows",
    "membership_rows",
    "erasable",
    "reviews",
    "review_files",
    "decisions",
];

impl Move {
    /// Does it, if it can be done.
    fn make(&self, connection: &Connection) {
        let Move(what, [from, to, row, other, column, target]) = self;
        let (from, to) = (TABLES[from % TABLES.len()], TABLES[to % TABLES.len()]);
        let rows_of = |table: &str| -> i64 {
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap_or(0)
        };
        let columns_of = |table: &str| -> Vec<String> {
            let mut names = connection
                .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
                .expect("columns");
            names
                .query_map([], |row| row.get(0))
                .expect("columns")
                .map(|name| name.expect("a name"))
                .collect()
        };
        let nth = |table: &str, n: usize| -> Option<Vec<Value>> {
            let n = n as i64 % rows_of(table).max(1);
            let columns = columns_of(table).len();
            let sql = format!("SELECT * FROM {table} LIMIT 1 OFFSET {n}");
            connection.query_row(&sql, [], |row| (0..columns).map(|at| row.get(at)).collect()).ok()
        };
        let Some(values) = nth(from, *row) else { return };
        let names = columns_of(from);
        let is = |names: &[String], values: &[Value]| -> (String, Vec<Value>) {
            let terms: Vec<String> =
                names.iter().enumerate().map(|(at, name)| format!("\"{name}\" IS ?{}", at + 1)).collect();
            (terms.join(" AND "), values.to_vec())
        };
        let (is_row, parameters) = is(&names, &values);
        let run = |sql: &str, parameters: &[Value]| {
            let _ = connection.execute(sql, rusqlite::params_from_iter(parameters));
        };
        match what % 5 {
            0 => run(&format!("DELETE FROM {from} WHERE {is_row}"), &parameters),
            // A value of one row, put into any column of any other.
            1 => {
                let Some(there) = nth(to, *other) else { return };
                let there_names = columns_of(to);
                let (is_there, mut parameters) = is(&there_names, &there);
                parameters.push(values[column % values.len()].clone());
                let into = &there_names[target % there_names.len()];
                run(
                    &format!("UPDATE OR IGNORE {to} SET \"{into}\" = ?{} WHERE {is_there}", parameters.len()),
                    &parameters,
                );
            }
            // The row once more, under another key.
            2 => {
                let mut copy = values.clone();
                copy[0] = Value::Integer(1 + *other as i64 % 12);
                let places = vec!["?"; copy.len()].join(", ");
                run(&format!("INSERT OR IGNORE INTO {from} VALUES ({places})"), &copy);
            }
            // The row's text as a record under its hash.
            3 => {
                let text = format!("{values:?}");
                run(
                    "INSERT OR IGNORE INTO records VALUES (?1, ?2)",
                    &[Value::Text(hex(<sha2::Sha256 as sha2::Digest>::digest(&text))), Value::Text(text)],
                );
            }
            _ => {
                let _ = rehash(connection);
            }
        }
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0..5u8, proptest::array::uniform6(0..64usize)).prop_map(|(what, places)| Move(what, places));
    proptest::collection::vec(one, 1..6)
}

proptest! {
    #![proptest_config(quarters(3))]

    /// Whatever is moved, dropped, repeated or hashed anew: if nothing is found and the newest hash is
    /// the one that was noted, every view shows what it showed.
    #[test]
    fn the_same_head_means_the_same_content(moves in moves()) {
        let connection = database();
        let (noted, before) = (head(&connection), shown(&connection));
        connection.pragma_update(None, "foreign_keys", false)?;
        schema::drop_triggers(&connection)?;
        moves.iter().for_each(|one| one.make(&connection));
        schema::create_triggers(&connection)?;
        let is_expected = chain::head(&connection)?.is_some_and(|link| link.sha256 == noted);
        let report = check(&connection, &shape::kinds()).expect("a readable file");
        if report.findings.is_empty() && is_expected && report.pruned == 0 {
            prop_assert!(shown(&connection) == before, "the views show something else");
        }
        // What is handed on of one snapshot, without a look at the rest of the file.
        if rechecked(&connection, 3).is_empty() && report.pruned == 0 && hash_of(&connection, 3) == noted {
            prop_assert!(shown_of(&connection, 3) == shown_of(&database(), 3), "an export shows something else");
        }
    }
}

/// Whatever the bytes of the file are: it is refused, or something is found, or every view shows what it
/// showed.
#[test]
#[expect(clippy::disallowed_methods, reason = "a forger writes without asking fsutil")]
fn no_file_is_too_strange() {
    let folder = tempfile::tempdir().expect("a folder");
    let (seed, path) = (folder.path().join("seed"), folder.path().join("changed"));
    let written = database();
    written.execute("VACUUM INTO ?1", [seed.to_str().expect("UTF-8")]).expect("a copy");
    let (noted, before, bytes) = (head(&written), shown(&written), fs::read(&seed).expect("a file"));
    proptest!(quarters(4), |(bytes in mutated(vec![bytes]))| {
        fs::write(&path, bytes).expect("written");
        let Ok((connection, _)) = open::for_reading(&path, Ui::default()) else { return Ok(()) };
        let Ok(report) = check(&connection, &shape::kinds()) else { return Ok(()) };
        if report.findings.is_empty() && chain::head(&connection)?.is_some_and(|link| link.sha256 == noted) {
            prop_assert!(shown(&connection) == before, "the views show something else");
        }
    });
}
