//! `export --for baton`: what the file says, held against `access`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use fbsync::sandbox::{Business, Member, Reading, World};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::c1z::{C1z, Fields, unwrapped};
use crate::harness::{DB, Home, Run, has, mode_of, names_in};

/// The demo; with two records of one person in one role, and somebody whose ownership was switched off and
/// who works elsewhere.
fn world() -> World {
    let mut world = World::demo();
    let add = |business: &mut Business, uuid: &str, member: Member| {
        business.members.push(Member { uuid: Some(uuid.to_owned()), ..member });
    };
    let harbourlight = world.business(48_201).expect("Harbourlight");
    let twice = harbourlight.members[1].clone();
    add(harbourlight, "0000bc49-0000-4000-8000-0000000000f1", twice);
    let ann = Member::new("Ann", "Lee", "ann@lee.example", "owner");
    let ann = Member { identity_id: Some(6_100_900), active: false, ..ann };
    add(harbourlight, "0000bc49-0000-4000-8000-0000000000f2", ann.clone());
    let works = Member { role: Some("business_employee".to_owned()), active: true, ..ann };
    add(world.business(48_206).expect("Old Mill"), "0000bc4e-0000-4000-8000-0000000000f3", works);
    world
}

fn synced(world: World) -> Home {
    let home = Home::reading(world).with("FBSYNC_DB", DB);
    home.fbsync(&["sync", "--include", "staff"]);
    home
}

fn baton(home: &Home, more: &[&str]) -> Run {
    home.fbsync(&[&["export", "--for", "baton"], more].concat())
}

fn written(home: &Home, more: &[&str]) -> C1z {
    baton(home, &[&["-o", "sync.c1z", "--force"], more].concat()).succeeds();
    C1z::open(&home.path("sync.c1z"))
}

fn access(home: &Home) -> Vec<Value> {
    let run = home.fbsync(&["export", "access", "--format", "jsonl"]).succeeds();
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

/// The person's id: the identity, else what stands for the address, else the member record.
fn user_id(row: &Value) -> String {
    let (kind, id) = text(row, "account_key").split_once(':').expect("a key");
    let shared = text(row, "flags").split(';').any(|flag| flag == "shared_email");
    let hashed = |text: String| {
        let digest = Sha256::digest(text);
        digest[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    match kind {
        "identity" => id.to_owned(),
        "email" if shared => {
            format!("e-{}", hashed(format!("{id}/{}", text(row, "full_name").to_lowercase())))
        }
        "email" => format!("e-{}", hashed(id.to_owned())),
        _ => format!("m-{id}"),
    }
}

fn people(rows: &[Value]) -> BTreeMap<String, Vec<&Value>> {
    let mut people: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    rows.iter().for_each(|row| people.entry(user_id(row)).or_default().push(row));
    people
}

fn states<'a>(rows: &[&'a Value]) -> BTreeSet<&'a str> {
    rows.iter().map(|row| text(row, "state")).collect()
}

/// Beside a live role one that is switched off is no grant.
fn is_told(row: &Value, of_person: &[&Value]) -> bool {
    let states = states(of_person);
    text(row, "state") != "inactive" || !states.contains("active") && !states.contains("invited")
}

fn role(row: &Value) -> &str {
    if text(row, "role").is_empty() { "no_role" } else { text(row, "role") }
}

#[test]
fn every_role_that_is_held_is_a_grant_and_no_other() {
    let home = synced(world());
    let file = written(&home, &[]);
    let [sync] = file.syncs().try_into().expect("one sync");
    let rows = access(&home);
    let mut expected: BTreeMap<String, (BTreeSet<&str>, usize)> = BTreeMap::new();
    for (user, of_person) in people(&rows) {
        for row in of_person.iter().filter(|row| is_told(row, &of_person)) {
            let id = format!("business:{}:{}:user:{user}", row["business_id"], role(row));
            let grant = expected.entry(id).or_default();
            grant.0.insert(text(row, "row_key"));
            grant.1 += 1;
        }
    }
    let grants = file.messages("v1_grants", &sync);
    assert_eq!(grants.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (id, grant) in &grants {
        assert_eq!(grant.text(3), *id);
        assert!(grant.any(4, "GrantImmutable").is_some());
        let metadata = grant.any(4, "GrantMetadata").expect("metadata").structure(1);
        let keys: BTreeSet<&str> =
            metadata["row_keys"].as_array().expect("keys").iter().filter_map(Value::as_str).collect();
        assert_eq!((keys, metadata["states"].as_array().map_or(0, Vec::len)), expected[id], "{id}");
    }
    // Two records of one person in one role are one grant that names both.
    assert!(expected.values().any(|(keys, records)| keys.len() == 2 && *records == 2));
    // Ann no longer owns Harbourlight, and that is said.
    assert!(!grants.contains_key("business:48201:owner:user:6100900"));
    assert!(grants.contains_key("business:48206:business_employee:user:6100900"));
    let ann = file.messages("v1_resources", &sync)["user:6100900"].structure(9);
    assert_eq!(ann["switched_off_roles"], "owner of 48201");
    baton(&home, &["-o", "again.c1z"]).succeeds().says("1 switched-off role is left out");
}

/// Readers filter by columns and show messages: both have to name the same.
#[test]
fn the_columns_name_what_the_messages_name() {
    let home = synced(world());
    let file = written(&home, &[]);
    let pair = |id: &Fields| (id.text(1), id.text(2));
    let columns =
        "SELECT external_id, resource_type_id, resource_id, entitlement_id, principal_resource_type_id,
        principal_resource_id, sync_id FROM v1_grants";
    let sync = file.syncs().remove(0);
    let grants = file.messages("v1_grants", &sync);
    let resources = file.messages("v1_resources", &sync);
    let entitlements = file.messages("v1_entitlements", &sync);
    for row in file.tables.rows(columns) {
        let cells: Vec<&str> = row.split('|').collect();
        let text = |at: usize| cells[at].to_owned();
        let grant = &grants[&text(0)];
        let entitlement = grant.message(1);
        assert_eq!(pair(&entitlement.message(1).message(1)), (text(1), text(2)));
        assert_eq!(entitlement.text(2), text(3));
        assert_eq!(pair(&grant.message(2).message(1)), (text(4), text(5)));
        // Whatever is named is there.
        assert!(entitlements.contains_key(&text(3)));
        assert!(resources.contains_key(&format!("{}:{}", text(1), text(2))));
        assert!(resources.contains_key(&format!("{}:{}", text(4), text(5))));
    }
    for (id, resource) in &resources {
        let (kind, own) = pair(&resource.message(1));
        assert_eq!(*id, format!("{kind}:{own}"));
        assert!(["user", "business"].contains(&kind.as_str()) && !own.is_empty() && own.len() <= 1024);
    }
    let types = file.messages("v1_resource_types", &sync);
    let kinds = |id: &str| (types[id].text(1), types[id].text(2), types[id].packed(3));
    assert_eq!(kinds("user"), ("user".to_owned(), "User".to_owned(), vec![1]));
    assert_eq!(kinds("business"), ("business".to_owned(), "Business".to_owned(), vec![2]));
}

#[test]
fn people_are_who_access_says_they_are() {
    let home = synced(world());
    let file = written(&home, &[]);
    let resources = file.messages("v1_resources", &file.syncs()[0]);
    let rows = access(&home);
    let people = people(&rows);
    let users: BTreeSet<&str> = resources.keys().filter_map(|id| id.strip_prefix("user:")).collect();
    assert_eq!(users, people.keys().map(String::as_str).collect());
    let mut logins = 0;
    for (id, rows) in &people {
        let user = &resources[&format!("user:{id}")];
        let login = user.any(4, "UserTrait").expect("a user");
        let states = states(rows);
        let (status, details) = match () {
            () if states.contains("active") => (1, ""),
            () if states.contains("invited") => (2, "invitation pending"),
            () if states.contains("no_login") => (2, "profile without a login"),
            () => (2, "switched off in every business"),
        };
        for standing in [user.message(11), login.message(2)] {
            assert_eq!((standing.number(1), standing.text(2).as_str()), (status, details), "{id}");
        }
        assert_eq!(user.message(12), login.message(8), "created: {id}");
        assert_eq!(user.structure(9), login.structure(3), "profile: {id}");
        assert_eq!(login.number(5), 1, "a human");
        let profile = user.structure(9);
        assert_eq!(profile["user_id"], json!(id));
        assert_eq!(profile["account_key"], rows[0]["account_key"]);
        for name in ["first_name", "last_name", "flags", "state"] {
            assert!(profile[name].is_string(), "{name}");
        }
        // Addresses: exactly one is primary where there is any, and it is the login.
        let known: BTreeSet<String> =
            rows.iter().map(|row| text(row, "email").trim().to_lowercase()).collect();
        let emails = login.messages(1);
        let primary: Vec<String> =
            emails.iter().filter(|email| email.number(2) == 1).map(|email| email.text(1)).collect();
        assert_eq!(primary.len(), usize::from(known != BTreeSet::from([String::new()])), "{id}: {known:?}");
        assert_eq!(primary.first().cloned().unwrap_or_default(), login.text(6));
        let told: BTreeSet<String> = emails.iter().map(|email| email.text(1).to_lowercase()).collect();
        assert_eq!(told.len(), emails.len(), "{id}: each address once");
        assert_eq!(told, known.into_iter().filter(|email| !email.is_empty()).collect(), "{id}");
        let called = user.text(3);
        let names: Vec<&str> = ["full_name", "email", "account_key"]
            .iter()
            .map(|name| text(rows[0], name))
            .filter(|name| !name.is_empty())
            .collect();
        assert!(rows.iter().any(|row| text(row, "full_name") == called) || names[0] == called, "{called}");
        let last = rows.iter().map(|row| text(row, "last_login_at")).max().unwrap_or_default();
        let seconds = last.parse::<jiff::Timestamp>().map_or(0, |moment| moment.as_second() as u64);
        assert_eq!(login.message(9).number(1), seconds, "{id}: {last}");
        logins += u32::from(seconds > 0);
    }
    assert!(logins > 0, "somebody's last login is known");
    let office: Vec<&str> = rows
        .iter()
        .filter(|row| row["email"] == "office@oldmill.example")
        .map(|row| text(row, "full_name"))
        .collect();
    assert!(office.len() == 2 && office[0] != office[1], "two people share an address: {office:?}");
}

#[test]
fn businesses_and_their_roles_are_those_that_were_read() {
    let home = synced(world());
    let file = written(&home, &[]);
    let sync = file.syncs().remove(0);
    let resources = file.messages("v1_resources", &sync);
    let sql = "SELECT business_id, name, business_uuid, coalesce(account_id, ''), own_role, outcome
               FROM businesses JOIN coverage USING (snapshot_id, business_id) WHERE resource = 'team_members'";
    let businesses = home.tables().rows(sql);
    assert_eq!(resources.keys().filter(|id| id.starts_with("business:")).count(), businesses.len());
    for row in &businesses {
        let row: Vec<&str> = row.split('|').collect();
        let business = &resources[&format!("business:{}", row[0])];
        assert_eq!(business.text(3), row[1]);
        let profile = business.structure(9);
        let told = ["business_uuid", "account_id", "own_role", "coverage"].map(|name| profile[name].clone());
        assert_eq!(told, row[2..]);
        assert_eq!(business.any(4, "GroupTrait").expect("a group").structure(2), profile);
    }
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for row in access(&home) {
        let id = format!("business:{}:{}", row["business_id"], role(&row));
        expected.insert(id, text(&row, "role_label").to_owned());
    }
    let entitlements = file.messages("v1_entitlements", &sync);
    let told = entitlements.iter().map(|(id, entitlement)| {
        assert_eq!(entitlement.text(2), *id);
        let business = entitlement.message(1).message(1);
        assert_eq!(*id, format!("business:{}:{}", business.text(2), entitlement.text(8)));
        assert_eq!(entitlement.number(7), 1, "an assignment");
        assert_eq!(entitlement.message(5).text(1), "user");
        assert!(entitlement.any(6, "EntitlementImmutable").is_some());
        (id.clone(), entitlement.text(3))
    });
    assert_eq!(told.collect::<BTreeMap<_, _>>(), expected);
}

#[test]
fn two_syncs_differ_where_two_snapshots_differ() {
    // One clock for both: the readings end within one second, and the later one still is the newest.
    let home = Home::reading(world()).with("FBSYNC_DB", DB).with("FBSYNC_TEST_CLOCK", "1782820800");
    home.fbsync(&["sync"]).succeeds();
    home.sandbox.change(|world| {
        let business = world.business(48_203).expect("Möbius");
        business.members.retain(|member| member.first_name.as_deref() != Some("Falk"));
        business.group.retain(|member| member.first_name.as_deref() != Some("Falk"));
        let cy = Member::new("Cy", "Orr", "cy@orr.example", "contractor");
        let uuid = Some("0000bc4b-0000-4000-8000-0000000000f9".to_owned());
        business.members.push(Member { uuid, identity_id: Some(6_100_901), ..cy });
    });
    home.fbsync(&["sync"]).succeeds();
    let file = written(&home, &["--since", "1"]);
    let [new, old] = file.syncs().try_into().expect("two syncs");
    let ends = "SELECT substr(started_at, 1, 19), substr(ended_at, 1, 19) FROM v1_sync_runs ORDER BY id";
    let snapshots =
        "SELECT replace(rtrim(started_at, 'Z'), 'T', ' '), replace(rtrim(finished_at, 'Z'), 'T', ' ')
                     FROM snapshots ORDER BY id";
    assert_eq!(file.tables.rows(ends), home.tables().rows(snapshots));
    let times = file.tables.rows("SELECT ended_at FROM v1_sync_runs ORDER BY id");
    assert!(times[0] < times[1], "the later one is the newest: {times:?}");
    let differ = |table: &str| {
        let (old, new) = (file.messages(table, &old), file.messages(table, &new));
        let only = |these: &BTreeMap<String, Fields>, others: &BTreeMap<String, Fields>| -> Vec<String> {
            these.iter().filter(|(id, one)| others.get(*id) != Some(one)).map(|(id, _)| id.clone()).collect()
        };
        (only(&old, &new), only(&new, &old))
    };
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let (left, joined) = differ("v1_grants");
    assert_eq!(left, ids(&["business:48203:no_role:user:6100042"]));
    assert_eq!(joined, ids(&["business:48203:contractor:user:6100901"]));
    assert_eq!(differ("v1_resources"), (ids(&["user:6100042"]), ids(&["user:6100901"])));
    // Each sync is what the file of its snapshot alone says.
    for (sync, snapshot) in [(&old, "1"), (&new, "2")] {
        let alone = written(&home, &["--snapshot", snapshot]);
        assert_eq!(alone.syncs(), std::slice::from_ref(sync));
        for table in ["v1_resource_types", "v1_resources", "v1_entitlements", "v1_grants"] {
            assert_eq!(alone.messages(table, sync), file.messages(table, sync), "{table}");
        }
    }
    baton(&home, &["--since", "2", "-o", "x.c1z"]).exits(2).says("snapshot 2 is not before snapshot 2");
}

#[test]
fn the_same_snapshot_is_the_same_bytes_in_a_private_file() {
    let home = synced(world());
    baton(&home, &["-o", "a.c1z"]).succeeds();
    baton(&home, &["-o", "b.c1z"]).succeeds();
    let bytes = fs::read(home.path("a.c1z")).expect("a file");
    assert!(bytes == fs::read(home.path("b.c1z")).expect("a file"));
    assert_eq!(mode_of(&home.path("a.c1z")), 0o600);
    // To a pipe as well, and over itself without --force.
    let piped = home.command(&["export", "--for", "baton"]).output().expect("fbsync starts");
    assert!(piped.stdout == bytes && piped.status.success());
    baton(&home, &["-o", "a.c1z"]).succeeds();
    baton(&home, &["-o", "a.c1z", "--business", "48201"]).exits(3).says("it was left as it is");
    assert!(bytes == fs::read(home.path("a.c1z")).expect("a file"));
    // zstd itself reads it as this test does.
    if has(&["zstd"]) {
        let frame = home.path("a.zst");
        fs::write(&frame, &bytes[5..]).expect("a file");
        let output = Command::new("zstd").args(["-dc"]).arg(&frame).output().expect("zstd starts");
        assert!(output.status.success() && output.stdout == unwrapped(&bytes), "{:?}", output.status);
    }
}

#[test]
fn split_by_business_each_file_knows_its_own_alone() {
    let home = synced(world());
    home.sandbox.change(|world| world.businesses.retain(|business| business.id != 48_207));
    home.fbsync(&["sync"]).succeeds();
    for (folder, flag) in [("a", "-o"), ("b", "--out")] {
        baton(&home, &["--split-by", "business", flag, folder, "--snapshot", "1"]).succeeds();
    }
    let files = names_in(&home.path("a"));
    assert_eq!(files, names_in(&home.path("b")));
    assert_eq!(files.len(), 7);
    let mut syncs = BTreeSet::new();
    for name in &files {
        let path = home.path("a").join(name);
        assert_eq!(mode_of(&path), 0o600);
        let id = name.split_once('-').expect("an id").0;
        let file = C1z::open(&path);
        let sync = file.syncs().remove(0);
        let resources = file.messages("v1_resources", &sync);
        let businesses: Vec<_> = resources.keys().filter(|key| key.starts_with("business:")).collect();
        assert_eq!(businesses, [&format!("business:{id}")]);
        let expected = home.fbsync(&["export", "accounts", "--snapshot", "1", "--business", id]).succeeds();
        let people =
            if id == "48206" { expected.stdout.lines().count() } else { expected.stdout.lines().count() - 1 };
        // Two people share an address at the Old Mill, and are one account.
        assert_eq!(resources.len() - 1, people, "{name}");
        syncs.insert(sync);
        let bytes = fs::read(&path).expect("a file");
        for other in ["48201", "48202", "48203", "48204", "48205", "48206", "48207"]
            .iter()
            .filter(|other| **other != id)
        {
            let needle = format!("business:{other}");
            assert!(
                !bytes.windows(needle.len()).any(|window| window == needle.as_bytes()),
                "{other} in {name}"
            );
        }
    }
    assert_eq!(syncs.len(), files.len(), "another content has another name");
    // A business that the earlier snapshot, or the later one, does not have.
    baton(&home, &["--split-by", "business", "-o", "c", "--since", "1"]).succeeds();
    let files = names_in(&home.path("c"));
    assert_eq!(files.len(), 6);
    assert!(files.iter().all(|name| C1z::open(&home.path("c").join(name)).syncs().len() == 2));
}

#[test]
fn a_partial_snapshot_is_refused_and_its_whole_businesses_are_not() {
    let mut world = world();
    let business = world.business(48_203).expect("Möbius");
    business.team_list = Reading::Refused(403);
    let home = synced(world);
    for more in [&[][..], &["--allow-partial"]] {
        let run = baton(&home, &[&["-o", "a.c1z"], more].concat()).exits(7);
        assert!(!home.path("a.c1z").exists(), "{run}");
    }
    baton(&home, &["-o", "a.c1z", "--business", "48201"]).succeeds();
    baton(&home, &["-o", "b.c1z", "--business", "48203"]).exits(7);
    let run = baton(&home, &["--split-by", "business", "-o", "each"]).exits(7);
    run.says("no file for these, whose lists were not read: Möbius Werkstatt GmbH (48203)");
    assert_eq!(names_in(&home.path("each")).len(), 6);
    // Where the gap was accepted the snapshot is complete, and what it lacks is said.
    home.fbsync(&["sync", "--accept-gap", "48203"]).succeeds();
    baton(&home, &["-o", "c.c1z"])
        .succeeds()
        .says("6 of 7 businesses; not covered: Möbius Werkstatt GmbH (48203)");
    let file = C1z::open(&home.path("c.c1z"));
    let resources = file.messages("v1_resources", &file.syncs()[0]);
    assert_eq!(resources["business:48203"].structure(9)["coverage"], "denied");
}

#[test]
fn what_a_c1z_cannot_be_is_refused() {
    let home = synced(world());
    for (arguments, problem) in [
        (&["-o", "sync.csv"][..], "--for baton writes a .c1z"),
        (&["-o", "sync"], "--for baton writes a .c1z"),
        (&["--format", "csv"], "do not apply to a .c1z"),
        (&["--people", "ann@lee.example"], "everyone else would look like a leaver"),
        (&["--out", "folder"], "--out needs --split-by business"),
        (&["--split-by", "business"], "name a folder"),
        (&["--since", "tomorrow"], "`tomorrow`"),
    ] {
        baton(&home, arguments).exits(2).says(problem);
    }
    if has(&["script"]) {
        let mut typed = home.on_a_terminal("\"$FBSYNC\" export --for baton");
        let output = typed.env("FBSYNC", cargo_bin!("fbsync")).output().expect("script starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("not written to a terminal"), "{said}");
    }
}
