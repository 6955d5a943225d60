//! Whatever an answer holds, it is read or refused; what is a list to any parser is read whole.

use proptest::prelude::*;
use serde_json::Value;

use super::{me, wire};
use crate::mutated::{fixtures, mutated, quarters};

/// How many entries a list has, if the body is JSON to others too.
fn entries(body: &str, path: &str) -> Option<i64> {
    let value: Value = serde_json::from_str(body).ok()?;
    Some(value.pointer(path)?.as_array()?.len() as i64)
}

proptest! {
    #![proptest_config(quarters(8))]

    #[test]
    fn a_team_page_is_read_whole_or_refused(
        bytes in mutated(fixtures(&["api/team_members_501330.json", "api/team_members_501440.json"])),
    ) {
        let body = String::from_utf8_lossy(&bytes);
        let read = wire::team_page(&body, 501_330);
        match (entries(&body, "/response"), read) {
            (Some(count), Ok(page)) => {
                prop_assert_eq!(page.members.len() as i64 + page.oddities.unread.count, count);
            }
            (Some(_), Err(problem)) => return Err(TestCaseError::fail(problem)),
            (None, Ok(_) | Err(_)) => {}
        }
    }

    #[test]
    fn a_group_is_read_whole_or_refused(bytes in mutated(fixtures(&["api/business_501440.json"]))) {
        let body = String::from_utf8_lossy(&bytes);
        if let (Some(count), Ok(group)) =
            (entries(&body, "/response/business_group/members"), wire::group(&body, 501_440))
        {
            prop_assert_eq!(group.members.len() as i64 + group.oddities.unread.count, count);
        }
    }

    #[test]
    fn an_identity_is_read_with_every_membership_or_refused(bytes in mutated(fixtures(&["api/users_me.json"]))) {
        let body = String::from_utf8_lossy(&bytes);
        if let (Some(count), Ok(me)) = (entries(&body, "/response/business_memberships"), me::me(&body)) {
            let read: usize = me.businesses.iter().map(|business| business.own.len()).sum();
            prop_assert_eq!(read as i64 + me.unread.count, count);
        }
    }
}
