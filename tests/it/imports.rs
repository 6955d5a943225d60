//! `export --for` a product that takes a CSV: what the command adds to the rules of each format.

use fbsync::sandbox::{Business, Member, Reading, World};

use crate::harness::{DB, Home, Run, names_in};

const PRODUCTS: [&str; 4] = ["vanta", "conductorone", "lumos", "accessowl"];

/// Two businesses called alike. Ann no longer owns the first and works in the second; Bo works in both; Di
/// has no address and no login; Em's address has blanks; Flo's begins like a formula, and so does her name.
fn twins() -> World {
    let mut world = World::empty();
    let person = |n: i64, first: &str, email: &str, role: &str| {
        let member = Member::new(first, "Lee", email, role);
        Member { identity_id: Some(7_000_000 + n), ..member }
    };
    let mut add = |id: i64, members: Vec<Member>| {
        let mut business = Business::new(id, "Twin Ltd").owned_by(&world.me);
        business.members.extend(members.into_iter().zip(1..).map(|(member, n)| Member {
            uuid: Some(format!("0000{id}-0000-4000-8000-0000000000{n:02}")),
            ..member
        }));
        world.businesses.push(business);
    };
    let di = Member {
        identity_id: None,
        invitation_date_accepted: None,
        email: None,
        ..person(4, "Di", "", "no_seat_employee")
    };
    add(
        9001,
        vec![
            Member { active: false, ..person(1, "Ann", "ann@x.example", "owner") },
            person(2, "Bo", "bo@x.example", "contractor"),
            di,
            person(5, "Em", " em@x.example ", "business_manager"),
            person(6, "=Flo", "=flo@x.example", "business_manager"),
        ],
    );
    add(
        9002,
        vec![
            person(1, "Ann", "ann@x.example", "business_employee"),
            person(2, "Bo", "bo@x.example", "contractor"),
        ],
    );
    world
}

fn synced(world: World) -> Home {
    let home = Home::reading(world).with("FBSYNC_DB", DB);
    home.fbsync(&["sync"]);
    home
}

fn made(home: &Home, product: &str, more: &[&str]) -> Run {
    home.fbsync(&[&["export", "access", "--for", product], more].concat())
}

fn records(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|record| record.expect("CSV").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn access_is_what_every_product_gets_and_need_not_be_said() {
    let home = synced(twins());
    for product in PRODUCTS {
        let named = made(&home, product, &[]).succeeds().stdout;
        assert_eq!(named, home.fbsync(&["export", "--for", product]).succeeds().stdout);
        made(&home, product, &["-o", &format!("{product}.csv")]).succeeds();
        assert_eq!(named, std::fs::read_to_string(home.path(&format!("{product}.csv"))).expect("a file"));
        home.fbsync(&["export", "privileged", "--for", product]).exits(2).says("--for exports only `access`");
        made(&home, product, &["--since", "1"]).exits(2).says("--since");
        home.fbsync(&["export", "--for", product, "--out", "folder"])
            .exits(2)
            .says("--out needs --split-by business");
    }
}

#[test]
fn what_is_switched_off_does_not_pass_for_held() {
    let home = synced(twins());
    let vanta = records(&made(&home, "vanta", &[]).succeeds().stdout);
    let ann = vanta.iter().find(|row| row[0] == "ann@x.example").expect("Ann");
    assert_eq!(ann[2..], ["Employee (Twin Ltd #9002)", "Active"]);
    let bo = vanta.iter().find(|row| row[0] == "bo@x.example").expect("Bo");
    assert_eq!(bo[2], "Contractor (Twin Ltd #9001), Contractor (Twin Ltd #9002)");
    let conductorone = records(&made(&home, "conductorone", &[]).succeeds().stdout);
    let of = |name: &str| -> Vec<&[String]> {
        conductorone.iter().filter(|row| row[1] == name).map(|row| &row[6..10]).collect()
    };
    assert_eq!(of("Ann"), [["Enabled", "Business", "9002", "business_employee"]]);
    assert_eq!(of("Bo").iter().map(|row| &*row[2]).collect::<Vec<_>>(), ["9001", "9002"]);
    assert_eq!(of("Em").len(), 1);
    assert!(conductorone.iter().any(|row| row[5] == "em@x.example"), "blanks around an address are dropped");
}

#[test]
fn who_has_no_place_in_a_format_is_named() {
    let home = synced(twins());
    made(&home, "vanta", &[])
        .succeeds()
        .says("without --own-domain,")
        .says("1 switched-off role is not in the file");
    made(&home, "vanta", &["--own-domain", "x.example"]).succeeds().does_not_say("without --own-domain");
    let nameless = "1 person is not in the file because ConductorOne requires an e-mail address: Di Lee";
    made(&home, "conductorone", &[]).succeeds().says(nameless);
    made(&home, "lumos", &[]).succeeds().does_not_say("requires an e-mail address");
    made(&home, "accessowl", &[]).succeeds().says("no role lets them in: Di Lee");
}

#[test]
fn names_are_guarded_against_formulas_and_keys_are_not() {
    let home = synced(twins());
    let run = made(&home, "conductorone", &[]).succeeds().says("2 cells begin like a formula");
    let rows = records(&run.stdout);
    let flo = rows.iter().find(|row| row[3] == "identity:7000006").expect("Flo");
    assert_eq!(flo[1..6], ["'=Flo", "'=Flo Lee", "identity:7000006", "=flo@x.example", "=flo@x.example"]);
    for (product, key) in [("vanta", "=flo@x.example"), ("accessowl", "=flo@x.example")] {
        let rows = records(&made(&home, product, &[]).succeeds().stdout);
        assert!(rows.iter().any(|row| row[0] == key), "{product}");
    }
}

#[test]
fn split_by_business_is_a_file_for_each_as_if_there_were_no_other() {
    let home = synced(twins());
    for (product, flag) in
        [("vanta", "-o"), ("lumos", "--out"), ("conductorone", "-o"), ("accessowl", "--out")]
    {
        home.fbsync(&["export", "--for", product, "--split-by", "business", flag, product]).succeeds();
        let names = names_in(&home.path(product));
        assert_eq!(names.len(), 2, "{names:?}");
        for (name, id) in names.iter().zip(["9001", "9002"]) {
            assert!(
                name.starts_with(&format!("{id}-twin-ltd-20")) && name.ends_with(&format!("-{product}.csv"))
            );
            let file = std::fs::read_to_string(home.path(product).join(name)).expect("a file");
            assert_eq!(file, made(&home, product, &["--business", id]).succeeds().stdout);
        }
    }
    // A role needs no business behind it where there is one.
    let vanta = records(&made(&home, "vanta", &["--business", "9002"]).succeeds().stdout);
    assert!(vanta.iter().all(|row| !row[2].contains("Twin")), "{vanta:?}");
    // What is true of every file is said once.
    let run = made(&home, "vanta", &["--split-by", "business", "-o", "vanta"]).succeeds();
    assert_eq!(run.stderr.matches("without --own-domain").count(), 1, "{run}");
    run.says("2 files: without --own-domain").says("Twin Ltd (9001): 1 switched-off role");
    made(&home, "vanta", &["--split-by", "business"]).exits(2).says("name a folder");
    made(&home, "vanta", &["--split-by", "business", "-o", "vanta", "--format", "xlsx"]).succeeds();
}

#[test]
fn a_business_that_was_not_read_gets_no_file_and_is_named() {
    let mut world = twins();
    world.businesses[1].team_list = Reading::Refused(403);
    let home = synced(world);
    made(&home, "vanta", &[]).exits(7);
    let run = made(&home, "vanta", &["--split-by", "business", "-o", "each"]).exits(7);
    run.says("no file for these, whose lists were not read: Twin Ltd (9002)");
    assert_eq!(names_in(&home.path("each")).len(), 1);
    home.fbsync(&["sync", "--accept-gap", "9002"]).succeeds();
    made(&home, "vanta", &[]).succeeds().says("1 of 2 businesses; not covered: Twin Ltd (9002)");
    made(&home, "vanta", &["--split-by", "business", "-o", "accepted"])
        .exits(7)
        .says("Twin Ltd (9002), an accepted gap");
}
