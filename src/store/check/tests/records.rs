//! Rows that no longer say what their records say, with every hash recomputed.

use rusqlite::Connection;

use super::{findings, rehash};
use crate::store::schema;
use crate::store::tests::{classic_database, database};

/// What is found once a column of some rows was changed by somebody who knows the hashes.
fn found_after(connection: &Connection, table: &str, which: &str, column: &str, value: &str) -> Vec<String> {
    schema::drop_triggers(connection).expect("triggers");
    let changed = connection.execute(&format!("UPDATE {table} SET {column} = {value} WHERE {which}"), []);
    assert!(changed.expect("a change") > 0, "{table}.{column}");
    rehash(connection).expect("hashes");
    schema::create_triggers(connection).expect("triggers");
    findings(connection)
}

#[test]
fn what_a_record_says_cannot_be_changed_by_whoever_knows_the_hashes() {
    let members = "sources LIKE '%team_members%'";
    let group = "sources LIKE '%business_group%' AND NOT sources LIKE '%team_members%'";
    for (table, which, column, value) in [
        ("membership_rows", members, "role", "'client '"),
        ("membership_rows", members, "active", "1 - active"),
        ("membership_rows", members, "state", "'invited'"),
        ("membership_rows", members, "role_label", "'Reader'"),
        (
            "membership_rows",
            members,
            "role_class",
            "CASE role_class WHEN 'limited' THEN 'none' ELSE 'limited' END",
        ),
        ("membership_rows", members, "member_uuid", "'u-else'"),
        ("membership_rows", members, "email", "'eve@x.example'"),
        ("membership_rows", members, "first_name", "'Eve'"),
        ("membership_rows", members, "last_name", "''"),
        ("membership_rows", members, "job_title", "'Auditor'"),
        ("membership_rows", members, "invitation_accepted_at", "NULL"),
        ("membership_rows", members, "member_created_at", "'2020-01-01T00:00:00Z'"),
        ("membership_rows", members, "member_updated_at", "'2020-01-01T00:00:00Z'"),
        ("membership_rows", group, "role", "'client'"),
        ("membership_rows", group, "active", "0"),
        ("membership_rows", group, "state", "'inactive'"),
        ("membership_rows", group, "email", "'eve@x.example'"),
        ("membership_rows", group, "last_name", "'Doe'"),
        ("membership_rows", group, "identity_id", "2"),
        ("business_rows", "true", "name", "'Boots'"),
        ("business_rows", "true", "business_uuid", "'x'"),
        ("business_rows", "true", "account_id", "'x'"),
        ("business_rows", "true", "own_role", "'client'"),
        ("business_rows", "true", "active", "0"),
        ("business_rows", "true", "timezone", "'UTC'"),
    ] {
        let found = found_after(&database(), table, which, column, value);
        let expected = format!("{column} is not what its record says");
        assert!(found.iter().any(|finding| finding.ends_with(&expected)), "{table}.{column}: {found:?}");
        assert!(found.iter().all(|finding| !finding.contains("changed")), "{table}.{column}: {found:?}");
    }
}

#[test]
fn what_a_record_of_classic_says_cannot_be_changed_either() {
    let listed = "sources = 'team_members'";
    for (table, which, column, value) in [
        ("membership_rows", listed, "first_name", "'Eve'"),
        ("membership_rows", listed, "email", "'eve@x.example'"),
        ("membership_rows", "role = 'classic_contractor'", "state", "'active'"),
        ("membership_rows", "role = 'classic_staff'", "role", "'classic_admin'"),
        ("membership_rows", "role = 'classic_staff'", "role", "'classic_contractor'"),
        ("membership_rows", "role = 'classic_staff'", "member_uuid", "'staff:1'"),
        ("membership_rows", "role = 'classic_staff'", "role_class", "'limited'"),
        ("membership_rows", "role = 'classic_staff'", "logins", "0"),
        ("membership_rows", "role = 'classic_staff'", "last_login_at", "NULL"),
        ("business_rows", "true", "name", "'Boots'"),
    ] {
        let found = found_after(&classic_database(), table, which, column, value);
        assert!(!found.is_empty(), "{table}.{column} = {value}");
        let told = |finding: &String| finding.ends_with("is not what its record says");
        assert!(found.iter().all(told), "{table}.{column} = {value}: {found:?}");
    }
    assert_eq!(findings(&classic_database()), [""; 0]);
}
