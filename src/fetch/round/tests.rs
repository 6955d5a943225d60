//! Lists as different servers send them, and the outcomes.

use super::super::team::TeamList;
use super::*;
use crate::model::Outcome;
use crate::model::reading::Member;
use crate::model::texts::Parts;

/// What a server sends for page 1, page 2 and so on: members by number, entries that are not records,
/// and `meta`.
type Server<'a> = &'a dyn Fn(i64) -> (Vec<u32>, i64, Meta);

fn member(number: u32) -> Membership {
    let uuid = number.to_string();
    let mut record = [0; 32];
    record[..4].copy_from_slice(&number.to_be_bytes());
    Membership::from_member(Member {
        texts: Parts { member_uuid: &uuid, ..Parts::default() },
        identity_id: None,
        role: "owner".into(),
        active: true,
        invitation_accepted_at: None,
        created_at: None,
        updated_at: None,
        record,
    })
}

/// Reads the list from `server` and returns the outcome, members, pages requested, and message.
fn read(server: Server) -> (Outcome, usize, usize, String) {
    let mut list = TeamList::new();
    let (mut jobs, mut asked) = (vec![PageJob { round: 1, page: 1, again: false }], 0);
    while let Some(job) = jobs.pop() {
        asked += 1;
        let (numbers, unread, meta) = server(job.page);
        let members = numbers.into_iter().map(member).collect();
        let mut oddities = Oddities::default();
        oddities.unread.count = unread;
        jobs.extend(list.take(job, Page { members, oddities, meta, attempts: 1 }));
    }
    assert!(list.is_settled());
    let (members, coverage) = list.settle();
    (coverage.outcome, members.len(), asked, coverage.message.unwrap_or_default())
}

fn total(total: Number) -> Meta {
    Meta { total, ..Meta::default() }
}

#[test]
fn an_unreadable_entry_is_a_flaw_unless_the_total_is_reached_without_it() {
    let table = [
        (Number::Is(3), Outcome::Mismatch, 1, "2 of 3 entries are readable members"),
        (Number::Is(2), Outcome::Ok, 1, "1 entry cannot be read"),
        (Number::Absent, Outcome::Mismatch, 2, "2 of 3 entries are readable members"),
        (
            Number::Is(4),
            Outcome::Mismatch,
            9,
            "FreshBooks reported 4, but 3 rows were received; read 3 times",
        ),
    ];
    for (said, outcome, asked, message) in table {
        let server = |page| match page {
            1 => (vec![1, 2], 1, total(said)),
            _ => (vec![], 0, total(said)),
        };
        let found = read(&server);
        assert_eq!((found.0, found.1), (outcome, 2), "{said:?}");
        assert!(found.2 <= asked && found.3.contains(message), "{said:?} {found:?}");
    }
}

#[test]
fn without_a_total_pages_are_read_until_one_is_empty() {
    for (members, asked) in [(0, 1), (1, 2), (3, 2), (4, 4), (9, 5)] {
        let server = |page: i64| {
            let first = u32::try_from(page - 1).expect("small") * 3;
            ((first..members).take(3).collect(), 0, Meta::default())
        };
        // With several pages, the first is read again.
        let found = read(&server);
        assert_eq!(found, (Outcome::Ok, members as usize, asked, String::new()));
    }
}

#[test]
fn an_implausible_total_is_a_flaw_and_the_list_is_read_to_its_end() {
    for said in [Number::Unreadable, Number::Is(-1)] {
        let server = |page| match page {
            1 => (vec![1, 2], 0, total(said)),
            2 => (vec![3], 0, total(said)),
            _ => (vec![], 0, total(said)),
        };
        let found = read(&server);
        assert_eq!((found.0, found.1, found.2), (Outcome::Mismatch, 3, 4));
        assert_eq!(found.3, "FreshBooks' total cannot be read");
    }
}

#[test]
fn endless_pages_are_read_once_and_up_to_the_limit() {
    let endless = |meta: Meta| move |page: i64| (vec![u32::try_from(page).expect("small")], 0, meta);
    for meta in [Meta::default(), Meta { per_page: Some(1), ..total(Number::Is(i64::MAX)) }] {
        let found = read(&endless(meta));
        let (most, told) = (LAST_PAGE as usize, "the list does not end within 10000 pages");
        assert!(found.2 <= most + 1, "{meta:?}: {} pages", found.2);
        assert_eq!((found.0, found.1, found.3.as_str()), (Outcome::Mismatch, most, told));
    }
    let crowded = |page| (vec![u32::try_from(page).expect("small")], 400_000, Meta::default());
    let found = read(&crowded);
    assert_eq!((found.0, found.1, found.2), (Outcome::Mismatch, 3, 3));
    assert!(found.3.starts_with("the list has more than 1000000 entries; 1200000 entries"), "{}", found.3);
    // A server that ignores `page`.
    let same = |_| (vec![1, 2], 0, Meta::default());
    let found = read(&same);
    assert_eq!((found.0, found.1, found.2), (Outcome::Mismatch, 2, 9));
}

#[test]
fn exactly_the_maximum_of_pages_is_no_flaw() {
    let all = LAST_PAGE;
    let meta = Meta { per_page: Some(1), ..total(Number::Is(all)) };
    let found = read(&move |page| (vec![u32::try_from(page).expect("small")], 0, meta));
    assert_eq!((found.0, found.1), (Outcome::Ok, LAST_PAGE as usize));
}
