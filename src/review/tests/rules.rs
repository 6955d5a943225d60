//! Each rule as a table: what a sheet says, and what is found.

use super::*;

const HEAD: &str = "row_key,snapshot_id,full_name,Role,decision,change_to,reviewer,reviewer_email,reviewed_at,justification,ticket\n";

const ANN: &str = "a/1,2,Ann Ray,Owner,keep,,Rae,rae@x.example,2026-12-01,,\n";
const BOB: &str = "a/2,2,Bob Lee,Employee,keep,,Rae,rae@x.example,2026-12-01,,\n";
const CY: &str = "b/1,2,Cy Oz,Manager,keep,,Rae,rae@x.example,2026-12-01,,\n";

fn snapshot() -> Vec<Asked> {
    let row = |key: &str, name: &str, email: &str, role: &str, label: &str, emails: &[&str]| {
        let business = if key.starts_with('a') { ("1", "Acme") } else { ("2", "Bolt") };
        let cells = [
            ("row_key", key),
            ("snapshot_id", "2"),
            ("business_id", business.0),
            ("business_name", business.1),
            ("full_name", name),
            ("email", email),
            ("role", role),
            ("role_label", label),
        ];
        asked(&cells, emails)
    };
    vec![
        row("a/1", "Ann Ray", "ann@x.example", "owner", "Owner", &["ann@x.example", "ray@home.example"]),
        row("a/2", "Bob Lee", "bob@x.example", "business_employee", "Employee", &["bob@x.example"]),
        row("b/1", "Cy Oz", "cy@x.example", "business_manager", "Manager", &["cy@x.example"]),
    ]
}

fn sheets(files: &[&[&str]]) -> Vec<Sheet> {
    let name = |at: usize| format!("{}.csv", at + 1);
    let read =
        |(at, rows): (usize, &&[&str])| parsed(&name(at), format!("{HEAD}{}", rows.concat()).as_bytes());
    files.iter().enumerate().flat_map(read).collect()
}

fn judged(part: bool, files: &[&[&str]]) -> Judged {
    judge(&Question { part, ..question(&snapshot()) }, &sheets(files))
}

/// Ann's and Cy's rows are good; `expected` is what is found about Bob's.
fn check(bob: &str, expected: &[&str]) {
    let found = judged(false, &[&[ANN, bob, "\n", CY]]);
    let expected: Vec<String> = expected
        .iter()
        .map(|problem| format!("1.csv, row 3: Bob Lee <bob@x.example> in Acme: {problem}"))
        .collect();
    assert_eq!(lines(&found.errors), expected, "{bob}");
}

#[test]
fn problems_with_a_row() {
    const REASON: &str = "fill in the column Reason";
    let roles =
        "write one of: Owner, Admin, Manager, Accountant, Employee, Contractor, Unassigned (no login)";
    let of = |decision: &str| format!("a/2,2,Bob Lee,Employee,{decision}\n");
    let rae = |decision: &str| of(&format!("{decision},Rae,rae@x.example,2026-12-01,left,"));
    let dated = |date: &str| of(&format!("keep,,Rae,rae@x.example,{date},,"));
    check(BOB, &[]);
    for good in
        ["KEEP,", " Remove\u{a0},", "aSK,", "change,Admin", "change,business_partner", "change,unassigned"]
    {
        check(&rae(good), &[]);
    }
    check(&rae("maybe,"), &["`maybe` is not a decision; write keep, remove, change or ask"]);
    check(&rae("TRUE,"), &["`TRUE` is not a decision; write keep, remove, change or ask"]);
    check(&rae("change,"), &[&format!("the role to change to is missing; {roles}")]);
    check(&rae("change,Boss"), &[&format!("`Boss` is not a role to change to; {roles}")]);
    check(&rae("change,employee"), &["the role is already Employee; decide keep, or write another role"]);
    check(
        &rae("remove,Admin"),
        &["a role to change to, but the decision is remove; decide change, or clear it"],
    );
    check(&of("remove,,Rae,,2026-12-01,,"), &[&format!("no reason to remove; {REASON}")]);
    check(&of("ask,,Rae,,2026-12-01,,"), &[&format!("no reason to ask; {REASON}")]);
    check(&of("change,Admin,Rae,,2026-12-01, ,"), &[&format!("no reason to change; {REASON}")]);
    check(&of("keep,,,,2026-12-01,,"), &["no reviewer; fill in who decided, or use --reviewer"]);
    check(&dated(""), &["no date; fill in when it was decided, or use --reviewer to record today's date"]);
    check(&dated("soon"), &["`soon` is not a date; write it as 2026-09-30"]);
    check(&dated("1/2/2027"), &["`1/2/2027` could be two different days; write it as 2026-09-30"]);
    check(&dated("2026-11-25"), &[]);
    check(
        &dated("2026-11-24"),
        &["decided on 2026-11-24, before the snapshot of 2026-11-25; correct the date"],
    );
    check(&dated("2027-01-31"), &[]);
    check(
        &dated("2027-02-01"),
        &[
            "decided on 2027-02-01, which is after today, 2027-01-31; correct the date; --timezone says where a day begins",
        ],
    );
    check(&of(",,Rae,,,,"), &["no decision; write keep, remove, change or ask, or use --part"]);
    check(
        &of(",,Rae,,,looks fine,"),
        &["no decision, but the column Reason is filled in; decide, or clear it"],
    );
    check(
        &of("change,,,,2026-11-24,,"),
        &[
            &format!("no reason to change; {REASON}"),
            &format!("the role to change to is missing; {roles}"),
            "no reviewer; fill in who decided, or use --reviewer",
            "decided on 2026-11-24, before the snapshot of 2026-11-25; correct the date",
        ],
    );
    check(
        "a/2,2,Bob Leigh,Owner,keep,,Rae,,2026-12-01,,\n",
        &[
            "Name was edited: `Bob Lee` in the snapshot, `Bob Leigh` here (and 1 more cells); put back what was there; if the rows were sorted, sort all the columns together",
        ],
    );
}

#[test]
fn problems_with_the_whole() {
    let remove = BOB.replace("keep", "remove").replace("01,,", "01,left,");
    let open = BOB.replace("keep", "");
    let fresh = "copy the decision into a sheet from `fbsync export review`";
    let missing = "the row is in no sheet; put it back, or use --part";
    let bob = "Bob Lee <bob@x.example> in Acme";
    type Case<'c> = (bool, &'c [&'c [&'c str]], Vec<String>);
    let table: [Case; 15] = [
        (false, &[&[ANN, BOB, CY]], vec![]),
        (false, &[&[CY, BOB, ANN]], vec![]),
        (false, &[&[ANN, CY], &[BOB]], vec![]),
        (false, &[&[ANN, BOB, CY], &[ANN, &open, CY]], vec![]),
        (false, &[&[ANN, CY]], vec![format!("{bob}: {missing}")]),
        (
            false,
            &[&[CY]],
            vec![
                "none of the 2 rows of Acme is in a sheet; add the sheet that has them, or use --part"
                    .to_owned(),
            ],
        ),
        (true, &[&[ANN]], vec![]),
        (true, &[&[ANN, &open]], vec![]),
        (
            true,
            &[&[&open]],
            vec![
                "no row has a decision; write keep, remove, change or ask in the column Decision".to_owned(),
            ],
        ),
        (
            false,
            &[&[ANN, BOB, CY, BOB]],
            vec![format!(
                "1.csv, row 5: {bob}: the same row is in this sheet twice, first in row 3; delete one of them"
            )],
        ),
        (
            true,
            &[&[BOB], &[&remove]],
            vec![format!(
                "2.csv, row 2: {bob}: `remove` here and `keep` in 1.csv, row 2; agree on one decision"
            )],
        ),
        (
            true,
            &[&[ANN, &BOB.replace("a/2", "a/9")]],
            vec![format!("1.csv, row 3: Bob Lee: the snapshot has no row `a/9`; {fresh}")],
        ),
        (
            true,
            &[&[ANN, &BOB.replace("a/2,", ",")]],
            vec![format!("1.csv, row 3: Bob Lee: a decision without a row key; {fresh}")],
        ),
        (
            true,
            &[&[ANN, &BOB.replace("a/2,2", "a/2,1")]],
            vec![format!("1.csv, row 3: {bob}: it is for snapshot `1`, not 2; {fresh}")],
        ),
        (
            false,
            &[&[ANN, &BOB.replace(",2,", ",1,"), CY]],
            vec![format!("1.csv, row 3: {bob}: it is for snapshot `1`, not 2; {fresh}")],
        ),
    ];
    for (part, files, expected) in table {
        assert_eq!(lines(&judged(part, files).errors), expected, "{files:?}");
    }
}

#[test]
fn a_given_reviewer_and_today_are_the_defaults() {
    let rows = snapshot();
    let reviewer = Some(Reviewer::parse("Eve Dane <eve@x.example>"));
    let question = Question { reviewer, part: true, ..question(&rows) };
    let decided = |sheet: &[&str]| {
        let judged = judge(&question, &sheets(&[sheet]));
        assert_eq!(lines(&judged.errors), [""; 0]);
        let one = &judged.decisions[0];
        format!("{} on {}", one.reviewer, one.reviewed_at)
    };
    assert_eq!(decided(&["b/1,2,Cy Oz,Manager,keep,,,,,,\n"]), "Eve Dane <eve@x.example> on 2027-01-31");
    assert_eq!(
        decided(&["b/1,2,Cy Oz,Manager,keep,,,,2026-12-01,,\n"]),
        "Eve Dane <eve@x.example> on 2026-12-01"
    );
    assert_eq!(decided(&["b/1,2,Cy Oz,Manager,keep,,Rae,,,,\n"]), "Rae on 2027-01-31");
    assert_eq!(decided(&["b/1,2,Cy Oz,Manager,keep,,,rae@x.example,,,\n"]), "rae@x.example on 2027-01-31");
    assert_eq!(
        decided(&["b/1,2,Cy Oz,Manager,keep,,Rae <rae@x.example>,,,,\n"]),
        "Rae <rae@x.example> on 2027-01-31"
    );
}

/// The findings recorded with the decisions of the first sheet's rows, by row key.
fn marked(part: bool, files: &[&[&str]]) -> String {
    let judged = judged(part, files);
    assert_eq!(lines(&judged.errors), [""; 0]);
    let one = |decision: &Decision| format!("{} {}", decision.row_key, decision.findings());
    judged.decisions.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn decisions_an_auditor_would_ask_about_are_marked() {
    let by = |row: &str, reviewer: &str| row.replace("Rae,rae@x.example", reviewer);
    let at = |row: &str, when: &str| row.replace("2026-12-01", when);
    assert_eq!(marked(false, &[&[ANN, BOB, CY]]), "a/1 , a/2 , b/1 ");
    // By any address of the person, or by name if there is no address.
    for ann in ["Ann Ray,ann@x.example", "A.,RAY@home.example", "ann ray,", "ann@x.example,"] {
        let expected = "a/1 own_access_unreviewed;self_review, a/2 , b/1 ";
        assert_eq!(marked(false, &[&[&by(ANN, ann), BOB, CY]]), expected, "{ann}");
    }
    assert_eq!(marked(false, &[&[&by(ANN, "Ann Ray,other@x.example"), BOB, CY]]), "a/1 , a/2 , b/1 ");
    // Somebody else's decision about the row takes precedence.
    assert_eq!(marked(false, &[&[&by(ANN, "Ann,ann@x.example"), BOB, CY], &[ANN]]), "a/1 , a/2 , b/1 ");
    // Her own row deleted, in a business in which she decides.
    let bob = by(BOB, "Ann,ray@home.example");
    assert_eq!(marked(true, &[&[&bob, CY]]), "a/2 own_access_unreviewed, b/1 ");
    assert_eq!(marked(true, &[&[&by(CY, "Ann,ann@x.example")]]), "b/1 ");
    assert_eq!(
        marked(false, &[&[&at(ANN, "2026-12-25"), &at(BOB, "2026-12-26"), CY]]),
        "a/1 , a/2 late, b/1 "
    );
    // All rows of one reviewer within a minute.
    let minute = ["2026-12-01 10:00:10", "2026-12-01 10:00:40", "2026-12-01 10:01:10"];
    let timed = [at(ANN, minute[0]), at(BOB, minute[1]), at(CY, minute[2])];
    let all = "a/1 decided_within_a_minute, a/2 decided_within_a_minute, b/1 decided_within_a_minute";
    assert_eq!(marked(false, &[&timed.each_ref().map(String::as_str)]), all);
    assert_eq!(marked(false, &[&[&timed[0], &timed[1], &at(CY, "2026-12-01 10:01:11")]]), "a/1 , a/2 , b/1 ");
    assert_eq!(marked(false, &[&[&timed[0], &timed[1], CY]]), "a/1 , a/2 , b/1 ");
    assert_eq!(marked(true, &[&[&timed[0]]]), "a/1 ");
}

#[test]
fn each_reviewer_is_warned_of_once_and_unchecked_rules_are_reported() {
    let late = |row: &str| row.replace("2026-12-01", "2027-01-30");
    let judged = judged(false, &[&[&late(ANN), &late(BOB), &CY.replace("Rae,rae@x.example", "Cy Oz,")]]);
    let expected = [
        "Rae <rae@x.example>: decided more than 30 days after the snapshot (2 decisions, marked late)",
        "Cy Oz: nobody else reviewed this reviewer's own access (1 decision, marked own_access_unreviewed)",
        "Cy Oz: the reviewer is the person reviewed (1 decision, marked self_review)",
    ];
    assert_eq!(lines(&judged.warnings), expected);
    let expected = [
        "3 of 3 decisions have a date without a time: whether they were made within one minute was not checked",
        "1 of 3 decisions name a reviewer without an address: self-review was checked by name only",
    ];
    assert_eq!(judged.notes, expected);
}

#[test]
fn a_decision_that_was_made_before_is_replaced_only_by_one_that_is_not_older() {
    use Verdict::{Ask, Change, Keep, Remove};
    let rows = snapshot();
    let bob = "1.csv, row 2: Bob Lee <bob@x.example> in Acme: ";
    let check = |(was, to, on): (Verdict, &str, &str), now: &str, errors: &[&str], warnings: &[&str]| {
        let one = Earlier {
            review_id: 4,
            decision: was,
            change_to: to.to_owned(),
            reviewer: Reviewer::parse("Eve <eve@x.example>"),
            reviewed_at: Day::parse(on).unwrap(),
        };
        let earlier = HashMap::from([("a/2".to_owned(), one)]);
        let row = format!("a/2,2,Bob Lee,Employee,{now},Rae,rae@x.example,2026-12-10,why,\n");
        let judged = judge(&Question { part: true, earlier, ..question(&rows) }, &sheets(&[&[&row]]));
        let expected = |lines: &[&str]| lines.iter().map(|line| format!("{bob}{line}")).collect::<Vec<_>>();
        assert_eq!(lines(&judged.errors), expected(errors), "{was} {on} {now}");
        assert_eq!(lines(&judged.warnings), expected(warnings), "{was} {on} {now}");
    };
    let by =
        "by Eve <eve@x.example> on 2026-12-11 (review 4); leave out the older sheet, or correct the date";
    for (was, to, words) in
        [(Remove, "", "remove"), (Ask, "", "ask"), (Change, "business_partner", "change to Admin")]
    {
        let older = format!("`keep` of 2026-12-10 is older than the recorded decision `{words}` {by}");
        check((was, to, "2026-12-11"), "keep,", &[&older], &[]);
        let replaced = format!("`keep` replaces `{words}` by Eve <eve@x.example> on 2026-12-10 (review 4)");
        check((was, to, "2026-12-10"), "keep,", &[], &[&replaced]);
    }
    let replaced = "`change to Admin` replaces `keep` by Eve <eve@x.example> on 2026-12-11 (review 4)";
    check((Keep, "", "2026-12-11"), "change,Admin", &[], &[replaced]);
    let replaced =
        "`change to Admin` replaces `change to Manager` by Eve <eve@x.example> on 2026-12-09 (review 4)";
    check((Change, "business_manager", "2026-12-09"), "change,Admin", &[], &[replaced]);
    // The same once more is nothing new.
    check((Remove, "", "2026-12-11"), "remove,", &[], &[]);
    check((Change, "business_partner", "2026-12-11"), "change,Admin", &[], &[]);
}

#[test]
fn a_role_is_found_by_its_label() {
    let to = |role: &str| {
        let row = format!("a/2,2,Bob Lee,Employee,change,{role},Rae,rae@x.example,2026-12-01,why,\n");
        judged(true, &[&[&row]]).decisions.remove(0).change_to
    };
    assert_eq!(to("manager"), "business_manager");
    assert_eq!(to("ADMIN"), "business_partner");
    assert_eq!(to("Unassigned"), "no_seat_employee");
    assert_eq!(to("Unassigned (no login)"), "no_seat_employee");
    assert_eq!(to(" business_accountant "), "business_accountant");
}
