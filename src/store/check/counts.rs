//! What snapshots and reviews say of themselves, counted again.

use rusqlite::Connection;

use super::CheckReport;
use crate::model::{Resource, Status};
use crate::store::kind::RowKind;
use crate::store::read::whole;
use crate::store::schema;

/// What a snapshot says of itself against what it points to.
pub(super) fn counts(
    connection: &Connection,
    _: &[RowKind],
    report: &mut CheckReport,
) -> rusqlite::Result<()> {
    let members = schema::MEMBERS;
    let list = format!("c.snapshot_id = s.id AND c.resource = '{}'", Resource::TeamMembers);
    let checks = [
        ("the number of businesses", "s.businesses <> (SELECT count(business_row) FROM snapshot_listings WHERE snapshot_id = s.id)".to_owned()),
        ("the order of the businesses", "EXISTS (SELECT 1 FROM snapshot_listings WHERE snapshot_id = s.id
            GROUP BY snapshot_id HAVING min(position) <> 0 OR max(position) <> s.businesses
            OR sum(business_row IS NULL OR memberships IS NULL) <> 1)".to_owned()),
        ("the number of memberships and accounts", format!("(s.memberships, s.accounts) <> (
            SELECT count(*), count(DISTINCT a.id) FROM snapshot_listings sl JOIN listings l ON l.id = sl.memberships
            {members} WHERE sl.snapshot_id = s.id)")),
        ("the number of requests", "s.requests <> (SELECT count(*) FROM requests WHERE snapshot_id = s.id)".to_owned()),
        ("what was read of each business", format!("s.businesses <> (
            SELECT count(*) FROM snapshot_listings sl JOIN business_rows b ON b.id = sl.business_row
            JOIN coverage c ON {list} AND c.business_id = b.business_id WHERE sl.snapshot_id = s.id)
            OR s.businesses <> (SELECT count(*) FROM coverage c WHERE {list})")),
        ("the number of members of a business", format!("EXISTS (
            SELECT 1 FROM snapshot_listings sl JOIN business_rows b ON b.id = sl.business_row
            JOIN listings l ON l.id = sl.memberships JOIN coverage c ON {list} AND c.business_id = b.business_id
            WHERE sl.snapshot_id = s.id AND c.distinct_rows <> (
                SELECT count(*) FROM json_each(l.rows) e CROSS JOIN membership_rows m ON m.id = e.key
                WHERE instr(m.sources, 'team_members') > 0))")),
        ("whether it is complete", format!("(s.status = '{}') <> NOT EXISTS (
            SELECT 1 FROM coverage c WHERE {list} AND c.outcome <> 'skipped' AND NOT ({}))", Status::Complete, whole())),
        ("the business of a membership", format!("EXISTS (
            SELECT 1 FROM snapshot_listings sl JOIN business_rows b ON b.id = sl.business_row
            JOIN listings l ON l.id = sl.memberships {members}
            WHERE sl.snapshot_id = s.id AND (m.business_id <> b.business_id OR m.account_key <> a.account_key))")),
    ];
    for (what, differs) in checks {
        let sql =
            format!("SELECT s.id FROM snapshots s WHERE s.status <> '{}' AND ({differs})", Status::Pruned);
        let mut statement = connection.prepare(&sql)?;
        for id in statement.query_map([], |row| row.get::<_, i64>(0))? {
            report.find(format!("snapshot {}: {what} does not agree with its content", id?));
        }
    }
    let reviews = "SELECT r.id FROM reviews r WHERE r.files <> (SELECT count(*) FROM review_files WHERE review_id = r.id)
        OR r.decisions <> (SELECT count(*) FROM decisions WHERE review_id = r.id)
        OR NOT EXISTS (SELECT 1 FROM snapshots WHERE id = r.snapshot_id)
        OR EXISTS (SELECT 1 FROM snapshots s WHERE s.id = r.snapshot_id AND s.status <> 'pruned'
            AND r.decisions + r.undecided <> s.memberships)";
    let mut statement = connection.prepare(reviews)?;
    for id in statement.query_map([], |row| row.get::<_, i64>(0))? {
        report.find(format!("review {}: what it says of itself does not agree with its content", id?));
    }
    Ok(())
}
