//! Forgeries: what a person with write access to the file can do, and that it is found.

mod forger;
mod records;

use super::*;
use crate::model::reading::{hex, unhex};
use crate::store::chain::{self, fields};
use crate::store::field::Field;
use crate::store::hash::{Hasher, LAYOUT, Layout};
use crate::store::kind::{Part, Spec, Storage};
use crate::store::shape::{REVIEW, SNAPSHOT};
use crate::store::tests::{database, rows_of, shown};
use crate::store::{prune, schema};

fn findings(connection: &Connection) -> Vec<String> {
    let report = check(connection, &shape::kinds()).expect("a readable file");
    report.findings.into_iter().map(|finding| finding.0).collect()
}

fn head(connection: &Connection) -> String {
    chain::head(connection).expect("a chain").expect("a snapshot").sha256
}

/// Changes the file as somebody would who puts the triggers back.
fn forge(connection: &Connection, sql: &str) {
    connection.pragma_update(None, "foreign_keys", false).expect("a pragma");
    schema::drop_triggers(connection).expect("triggers");
    connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    schema::create_triggers(connection).expect("triggers");
}

#[test]
fn what_was_written_agrees_with_itself() {
    let connection = database();
    assert_eq!(findings(&connection), [""; 0]);
    prune::erase(&connection, &[1, 2]).expect("pruned");
    assert_eq!(findings(&connection), [""; 0]);
}

#[test]
fn what_is_again_as_it_once_was_is_stored_once() {
    let connection = database();
    let stored = |connection: &Connection| -> Vec<i64> {
        let tables = ["membership_rows", "account_rows", "business_rows", "records", "listings"];
        let count =
            |table| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
        tables.map(|table| count(table).expect("a count")).into()
    };
    let before = stored(&connection);
    crate::store::tests::add_the_first_again(&connection);
    assert_eq!(stored(&connection), before);
    assert_eq!(findings(&connection), [""; 0]);
}

#[test]
fn every_column_of_every_table_is_covered() {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let names = |sql: &str| -> Vec<String> {
        let connection = database();
        let mut statement = connection.prepare(sql).expect("a query");
        statement.query_map([], |row| row.get(0)).expect("names").map(|name| name.expect("a name")).collect()
    };
    for table in names(tables) {
        for column in names(&format!("SELECT name FROM pragma_table_info('{table}')")) {
            for value in ["NULL", "7", "'x'", "x'00'", &format!("\"{column}\" + 1")] {
                let connection = database();
                let before = shown(&connection);
                let row = format!("rowid = (SELECT max(rowid) FROM {table})");
                let row = if is_without_rowid(&connection, &table) { "1".to_owned() } else { row };
                schema::drop_triggers(&connection).expect("triggers");
                let changed = connection
                    .execute(&format!("UPDATE OR IGNORE {table} SET \"{column}\" = {value} WHERE {row}"), []);
                schema::create_triggers(&connection).expect("triggers");
                if changed.is_ok() && shown(&connection) != before {
                    assert_ne!(findings(&connection), [""; 0], "{table}.{column} = {value}");
                }
            }
        }
    }
}

/// What [`Reader::recheck`] finds of one snapshot.
fn rechecked(connection: &Connection, id: i64) -> Vec<Finding> {
    let mut report = CheckReport::default();
    let done = checked("the content", || some::check(connection, &[id].into(), &mut report));
    report.findings.extend(done.expect("a readable file").map(Finding));
    report.findings
}

fn hash_of(connection: &Connection, id: i64) -> String {
    let sql = "SELECT content_sha256 FROM snapshots WHERE id = ?1";
    connection.query_row(sql, [id], |row| row.get(0)).unwrap_or_default()
}

/// Everything that the public tables and views show of one snapshot.
fn shown_of(connection: &Connection, id: i64) -> Vec<String> {
    let views = ["coverage", "requests", "businesses", "accounts", "roles", "memberships", "access"];
    views.iter().flat_map(|view| rows_of(connection, &format!("{view} WHERE snapshot_id = {id}"))).collect()
}

#[test]
fn a_snapshot_that_is_handed_on_is_rechecked_without_the_rest() {
    for (forgery, found) in [
        ("UPDATE membership_rows SET role = 'client' WHERE role = 'business_partner'", "membership row"),
        ("UPDATE account_rows SET full_name = 'x'", "account row"),
        ("UPDATE business_rows SET name = 'x'", "business row"),
        ("UPDATE coverage SET received = 9 WHERE snapshot_id = 3", "the content of snapshot 3"),
        ("UPDATE snapshots SET note = 'x' WHERE id = 3", "the content of snapshot 3"),
        (
            "UPDATE snapshots SET finished_at = started_at, started_at = '2020-01-01T00:00:00Z' WHERE id = 3",
            "snapshot 3",
        ),
        ("UPDATE snapshots SET previous_sha256 = 'x' WHERE id = 3", "does not follow"),
        ("UPDATE listings SET rows = '{}'", "listing"),
        ("UPDATE listings SET rows = 'not JSON'", "listing"),
        ("UPDATE listings SET rows = '{\"999\":1}'", "listing"),
        ("DELETE FROM membership_rows", "listing"),
        ("DROP VIEW access", "access is missing"),
        ("UPDATE snapshots SET content_sha256 = 'x' WHERE id = 2", "does not follow"),
        // Nothing that snapshot 3 shows.
        ("UPDATE membership_rows SET role = 'client' WHERE role = 'contractor'", ""),
        ("UPDATE snapshots SET note = 'x' WHERE id = 1", ""),
        ("", ""),
    ] {
        let connection = database();
        forge(&connection, forgery);
        let all = rechecked(&connection, 3);
        assert_eq!(all.is_empty(), found.is_empty(), "{forgery}: {all:?}");
        assert!(found.is_empty() || all.iter().any(|one| one.0.contains(found)), "{forgery}: {all:?}");
    }
    // A snapshot that others follow is held against them as well.
    let connection = database();
    forge(&connection, "UPDATE snapshots SET previous_sha256 = 'x' WHERE id = 3");
    assert_ne!(rechecked(&connection, 2), []);
}

fn is_without_rowid(connection: &Connection, table: &str) -> bool {
    connection.prepare(&format!("SELECT rowid FROM {table}")).is_err()
}

#[test]
fn named_forgeries_are_found() {
    let named = [
        ("a row that passes for a record", "
            INSERT INTO records SELECT lower(hex(sha256)), 'membership 23' || char(10) || '[]' FROM membership_rows LIMIT 1;
            UPDATE listings SET rows = '[' || (SELECT group_concat('\"' || lower(hex(sha256)) || '\"') FROM membership_rows) || ']'
                WHERE kind = 'records' AND id = (SELECT min(id) FROM listings WHERE kind = 'records');
            UPDATE listings SET rows = '{}' WHERE kind = 'memberships'"),
        ("a listing of another kind", "UPDATE listings SET kind = 'records' WHERE kind = 'memberships'"),
        ("a record that nothing names", "INSERT INTO records VALUES (
            '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', '{}')"),
        ("a listing that nothing names", "INSERT INTO listings SELECT max(id) + 1, 'records',
            x'4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945', '[]' FROM listings"),
        ("a float for an id", "UPDATE listings SET rows = replace(rows, ':', ':0.0+') WHERE kind = 'memberships'"),
        ("the same row twice", "UPDATE listings SET rows = '{' || substr(rows, 2, instr(rows, ',') - 1) || substr(rows, 2)
            WHERE kind = 'memberships' AND instr(rows, ',') > 0"),
        ("two rows in another order", "UPDATE listings SET rows = (SELECT '{' || group_concat('\"' || key || '\":' || value) || '}'
            FROM (SELECT key, value FROM json_each(listings.rows) ORDER BY id DESC)) WHERE kind = 'memberships'"),
        ("a snapshot without its successors", "
            DELETE FROM snapshots WHERE id = 2; DELETE FROM snapshot_listings WHERE snapshot_id = 2;
            DELETE FROM coverage WHERE snapshot_id = 2; DELETE FROM requests WHERE snapshot_id = 2"),
        ("a snapshot called pruned", "UPDATE snapshots SET status = 'pruned' WHERE id = 1"),
        ("an older date", "UPDATE snapshots SET started_at = '2025-01-31T03:00:00Z', finished_at = '2025-01-31T03:00:00Z' WHERE id = 3"),
        ("a business in another place", "UPDATE snapshot_listings SET position = position + 10"),
        ("a trigger less", "DROP TRIGGER IF EXISTS records_no_update; DROP TABLE IF EXISTS t"),
    ];
    for (what, sql) in named {
        let connection = database();
        forge(&connection, sql);
        let found = findings(&connection);
        if what == "a trigger less" {
            // It was put back.
            assert_eq!(found, [""; 0], "{what}");
        } else {
            assert_ne!(found, [""; 0], "{what}");
        }
    }
}

#[test]
fn a_strange_schema_ends_the_check_before_it_is_run() {
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
    for sql in [
        &format!(
            "ALTER TABLE records RENAME TO hidden; CREATE VIEW records AS SELECT x AS sha256, x AS body FROM ({endless})"
        ),
        &format!("CREATE VIEW more AS {endless}"),
        "DROP VIEW latest_access",
        "CREATE TRIGGER t AFTER INSERT ON snapshots BEGIN SELECT 1; END",
    ] {
        let connection = database();
        connection.execute_batch(sql).expect(sql);
        let found = findings(&connection);
        assert!(found.iter().any(|finding| finding.contains("was not checked")), "{sql}: {found:?}");
    }
}

/// Recomputes every hash, as somebody can who knows the documented layout.
fn rehash(connection: &Connection) -> rusqlite::Result<()> {
    let mut hasher = Hasher::default();
    for kind in shape::kinds().iter().filter(|kind| kind.storage == Storage::Once) {
        let (table, names) = (kind.table, kind.names("", |_| true));
        let mut select = connection.prepare(&format!("SELECT id, {names} FROM {table}"))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let own = fields(row, 1..1 + kind.columns.len())?;
            let sha256 = hasher.of_row(kind.name, &own);
            connection.execute(
                &format!("UPDATE {table} SET sha256 = ?2 WHERE id = ?1"),
                (row.get::<_, i64>(0)?, sha256),
            )?;
        }
    }
    content::rehash_listings(connection)?;
    let kind = SNAPSHOT.kind();
    let ids: Vec<i64> = connection
        .prepare("SELECT id FROM snapshots ORDER BY id")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut previous: Option<String> = None;
    for id in ids {
        connection.execute("UPDATE snapshots SET previous_sha256 = ?2 WHERE id = ?1", (id, &previous))?;
        let sql = format!("SELECT {} FROM snapshots WHERE id = ?1", kind.names("", |_| true));
        let [erasable, content] = connection.query_row(&sql, [id], |row| {
            let own: Vec<Field> = fields(row, 0..kind.columns.len())?;
            let erasable = match row.get::<_, String>("status")? == "pruned" {
                true => unhex(&erasable_of(connection, id)).unwrap_or_default(),
                false => chain::erasable(connection, &kind, LAYOUT, &own)?,
            };
            Ok([hex(erasable), hex(chain::content(&kind, LAYOUT, &own, &erasable))])
        })?;
        connection.execute("UPDATE erasable SET sha256 = ?2 WHERE snapshot_id = ?1", (id, &erasable))?;
        connection.execute("UPDATE snapshots SET content_sha256 = ?2 WHERE id = ?1", (id, &content))?;
        previous = Some(content);
    }
    let kind = REVIEW.kind();
    let sql = format!("SELECT {} FROM reviews ORDER BY id", kind.names("", |_| true));
    let mut reviews = connection.prepare(&sql)?;
    let mut rows = reviews.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        connection.execute("UPDATE reviews SET previous_sha256 = ?2 WHERE id = ?1", (id, &previous))?;
        let hash = connection.query_row(
            &format!("SELECT {} FROM reviews WHERE id = ?1", kind.names("", |_| true)),
            [id],
            |row| Ok(hex(chain::review(connection, &kind, LAYOUT, &fields(row, 0..kind.columns.len())?)?)),
        )?;
        connection.execute("UPDATE reviews SET content_sha256 = ?2 WHERE id = ?1", (id, &hash))?;
        previous = Some(hash);
    }
    Ok(())
}

fn erasable_of(connection: &Connection, id: i64) -> String {
    let sql = "SELECT sha256 FROM erasable WHERE snapshot_id = ?1";
    connection.query_row(sql, [id], |row| row.get(0)).unwrap_or_default()
}

#[test]
fn what_a_tombstone_keeps_is_covered() {
    for sql in [
        "UPDATE snapshots SET started_at = '2026-02-27T03:00:00Z' WHERE id = 2",
        "UPDATE snapshots SET memberships = memberships + 1 WHERE id = 2",
        "UPDATE snapshots SET source = 'https://api.example.com' WHERE id = 2",
        "UPDATE snapshots SET previous_sha256 = NULL WHERE id = 2",
        "UPDATE erasable SET sha256 = (SELECT sha256 FROM erasable WHERE snapshot_id = 1) WHERE snapshot_id = 2",
    ] {
        let connection = database();
        prune::erase(&connection, &[2]).expect("pruned");
        forge(&connection, sql);
        let found = findings(&connection);
        assert!(found.contains(&"snapshot 2 has been changed".to_owned()), "{sql}: {found:?}");
    }
}

/// Rewrites the past, and makes every hash right again.
#[test]
fn history_behind_a_tombstone_cannot_be_rewritten() {
    let connection = database();
    prune::erase(&connection, &[2]).expect("pruned");
    let noted = head(&connection);
    assert_eq!(findings(&connection), [""; 0]);
    schema::drop_triggers(&connection).expect("triggers");
    connection
        .execute_batch(
            // Nothing that a record says: that would be found by the record.
            "UPDATE membership_rows SET flags = '' WHERE role = 'contractor'",
        )
        .expect("a change");
    rehash(&connection).expect("hashes");
    schema::create_triggers(&connection).expect("triggers");
    assert_eq!(findings(&connection), [""; 0]);
    assert_ne!(head(&connection), noted);
}

/// A column that a later version brings: rows that are there have no value in it, and no hash covers it.
fn later_kinds() -> Vec<RowKind> {
    let mut kinds = shape::kinds();
    for kind in &mut kinds {
        let since = Layout(LAYOUT.0 + 1);
        kind.columns.push(Spec { name: "later", sql: "TEXT", words: &[], since, part: Part::Internal });
    }
    kinds
}

#[test]
fn a_column_of_a_later_layout_leaves_earlier_snapshots_as_they_are() {
    let kinds = later_kinds();
    let later = |sql: &str| -> Vec<String> {
        let connection = database();
        crate::store::upgrade::tests::to_later(&connection, &kinds);
        schema::drop_triggers(&connection).expect("triggers");
        connection.execute_batch(sql).expect(sql);
        schema::create_triggers(&connection).expect("triggers");
        let found = check(&connection, &kinds).expect("a readable file").findings;
        found.into_iter().map(|finding| finding.0).collect()
    };
    assert_eq!(later(""), [""; 0]);
    for sql in [
        "UPDATE membership_rows SET role = 'client' WHERE role = 'contractor'",
        "UPDATE membership_rows SET later = 'x'",
        "UPDATE snapshots SET later = 'x' WHERE id = 1",
        "UPDATE coverage SET later = 'x'",
        "UPDATE membership_rows SET layout = 2",
        "UPDATE membership_rows SET layout = 0",
        "UPDATE snapshots SET hash_layout = 'fbsync-2' WHERE id = 1",
        "UPDATE snapshots SET hash_layout = 'fbsync-3' WHERE id = 1",
        "UPDATE snapshots SET note = 'another' WHERE id = 1",
    ] {
        assert_ne!(later(sql), [""; 0], "{sql}");
    }
}
