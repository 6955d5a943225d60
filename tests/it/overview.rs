//! The overview page: what it says, what it never does, and how a browser takes it.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fbsync::sandbox::{self, Business, Member, Reading, World};
use sha2::{Digest as _, Sha256};

use crate::harness::{Home, has};
use crate::reports::{synced, world};

const OVERVIEW: [&str; 2] = ["export", "overview"];

/// Texts that try to be something else than a text.
const HOSTILE: [&str; 14] = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "</style><style>body{max-width:1px}</style>",
    "<img src=https://b.example/a.png onerror=alert(3)>",
    "\"><svg onload=alert(4)>",
    "' onmouseover='alert(5)",
    "javascript:alert(6)",
    "]]><!--",
    "--><base href=//b.example>",
    "{{ 7 * 7 }}{% raw %}&lt;b&gt;&#x3c;",
    "\u{202e}gpj.exe\u{2066}",
    "\0\u{1b}[2J\r\n\t\u{feff}",
    "🏴‍☠️ שלום مرحبا e\u{301}\u{301}\u{301} ｆｕｌｌ",
    "\u{d7ff}\u{10ffff}",
];

/// Two businesses in which every text that people can write is one of those.
fn hostile_world() -> World {
    let mut world = World::empty();
    HOSTILE[0].clone_into(&mut world.me.first_name);
    HOSTILE[2].clone_into(&mut world.me.last_name);
    let long = "x".repeat(40_000);
    for (id, name) in [(1, HOSTILE[1]), (2, &long)] {
        let mut business = Business::new(id, name).owned_by(&world.me);
        for (n, text) in (1..).zip(HOSTILE.into_iter().chain([long.as_str()])) {
            let role = if n % 2 == 0 { text } else { "business_partner" };
            let mut member = Member::new(text, text, text, role);
            member.uuid = Some(format!("{id}-{n}"));
            member.identity_id = (n % 3 == 0).then_some(id * 100 + n);
            business.members.push(member);
        }
        world.businesses.push(business);
    }
    world
}

/// What stands between two marks that a page has once.
#[track_caller]
fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    assert_eq!((page.matches(start).count(), page.matches(end).count()), (1, 1), "{start}");
    page.split_once(start).and_then(|(_, rest)| rest.split_once(end)).expect("both in order").0
}

fn page(home: &Home, more: &[&str]) -> String {
    home.fbsync(&[&OVERVIEW, more].concat()).succeeds().stdout
}

/// Opens the page in Chromium and uses it.
fn in_a_browser(home: &Home, name: &str) {
    if !has(&["python3", "chromium"]) {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/overview.py");
    let done = Command::new("python3").arg(script).arg(home.path(name)).output().expect("python3");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn no_name_becomes_anything_but_a_text() {
    let home = synced(hostile_world());
    home.fbsync(&[&OVERVIEW[..], &["-o", "page.html"]].concat()).succeeds();
    let page = fs::read_to_string(home.path("page.html")).expect("a page");
    let style = between(&page, "<style>", "</style>");
    let script = between(&page, "<script>", "</script>");
    let policy = between(
        &page,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"",
        "\">\n<meta name=\"viewport\"",
    );
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let expected = format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    );
    assert_eq!(policy, expected);
    let rest = page.replace(style, "").replace(script, "");
    for smuggled in
        ["<img", "<base", "<svg onload", "</svg>\"", "' onmouseover='", "--><", "]]><", "{% raw %}&lt;"]
    {
        assert!(!rest.contains(smuggled), "{smuggled}");
    }
    assert!(!rest.contains(char::is_control) || rest.chars().all(|c| !c.is_control() || c == '\n'));
    assert!(!rest.contains(['\u{202e}', '\u{2066}', '\u{feff}']));
    assert!(rest.contains("\\u{202e}gpj.exe") && rest.contains("… (40000 characters)"));
    in_a_browser(&home, "page.html");
}

#[test]
fn a_browser_can_use_the_page_of_the_demo_s_businesses() {
    let home = synced(World::demo());
    home.sandbox.change(sandbox::changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    home.fbsync(&[&OVERVIEW[..], &["-o", "page.html", "--own-domain", "harbourlight.example"]].concat())
        .succeeds();
    in_a_browser(&home, "page.html");
}

#[test]
fn the_figures_are_those_of_the_reports() {
    let home = synced(world());
    home.sandbox.change(sandbox::changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    let page = page(&home, &["--own-domain", "harbourlight.example"]);
    assert!(page.contains("<strong>NOT FROM FRESHBOOKS: 127.0.0.1</strong>"), "{page}");
    assert!(page.contains("7 of 7 businesses read") && page.contains("Ingrid Solheim"));
    let csv = |report: &str| {
        let run = home.fbsync(&["export", report, "--own-domain", "harbourlight.example"]).succeeds();
        let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
        let column = reader.headers().expect("a header").clone();
        let rows = reader.records().map(|row| row.expect("CSV"));
        rows.map(|row| {
            column.iter().zip(row.iter()).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
        })
        .collect::<Vec<std::collections::BTreeMap<String, String>>>()
    };
    let access = csv("access");
    let everybody = page.split("id=\"people\"").nth(1).expect("the table of everybody");
    assert_eq!(everybody.matches("<tr data-b=").count(), access.len());
    let with_access = access.iter().filter(|row| row["state"] == "active");
    let figure = |n: usize, what: &str| format!("<b>{n}</b> {what}");
    assert!(page.contains(&figure(with_access.clone().count(), "memberships with access")));
    let privileged = with_access.filter(|row| row["role_class"] == "privileged").count();
    assert!(page.contains(&figure(privileged, "of these privileged")));
    assert!(page.contains(&figure(csv("accounts").len(), "people")));
    let listed = page.matches("<li><span>").count();
    assert_eq!(listed, csv("attention").len(), "no reason has more than ten rows here");
    let changes = page.split("id=\"changes-table\"").nth(1).expect("changes").split("</table>").next();
    assert_eq!(changes.map(|table| table.matches("<tr>").count() - 1), Some(csv("changes").len()));
    assert!(page.contains("Manager → Admin") && page.contains("<td>With access</td>"));
    assert!(!page.contains("business_manager") && !page.contains("no_login\">no_login"), "words for people");
}

#[test]
fn the_page_stays_the_same_whatever_comes_later() {
    let home = synced(world());
    home.sandbox.change(sandbox::changes::quarter_later);
    home.fbsync(&["sync"]).succeeds();
    home.sandbox.change(|world| world.businesses[5].members.truncate(3));
    home.fbsync(&["sync"]).succeeds();
    let third = page(&home, &["--snapshot", "3"]);
    assert_eq!(
        third.matches("<rect class=\"left\"").count(),
        2,
        "people left before the second and the third"
    );
    assert!(page(&home, &["--snapshot", "3"]) == third);
    home.fbsync(&["export", "--out", "e"]).succeeds();
    home.fbsync(&["sync"]).succeeds();
    assert!(page(&home, &["--snapshot", "3"]) == third);
    home.fbsync(&["verify", "e", "--db", "audit.sqlite"]).succeeds();
    // A line that has lost its beginning is no forgery.
    home.fbsync(&["snapshots", "prune", "--keep-last", "3", "--yes"]).succeeds();
    let run = home.fbsync(&["verify", "e", "--db", "audit.sqlite"]);
    assert_ne!(run.code, Some(10), "{run}");
    assert!(
        !third.contains(home.path("").to_str().expect("a path")) && !third.contains(&home.port.to_string())
    );
}

#[test]
fn partial_is_said_first_and_what_is_missing_named() {
    let mut denied = world();
    denied.business(48_203).expect("Möbius").team_list = Reading::Refused(403);
    let home = synced(denied);
    home.fbsync(&OVERVIEW).exits(7);
    let page = page(&home, &["--allow-partial"]);
    let alarm = page.find("<strong>PARTIAL: 6 of 7 businesses read.</strong>").expect("an alarm");
    assert!(alarm < page.find("<h1>").expect("a title"));
    assert!(
        page.contains("(partial)</title>") && page.contains("<td class=\"bad\">refused by FreshBooks</td>")
    );
    let gaps = page.split("id=\"gaps\"").nth(1).expect("what is not covered");
    assert!(gaps.contains("<bdi>Möbius Werkstatt GmbH</bdi> <span class=\"quiet\">48203</span>"));
    assert!(!page.contains("Every team list was read to its end"));
    home.fbsync(&["export", "--out", "e", "--allow-partial"]).succeeds();
    assert!(home.path("e/overview.partial.html").exists());
}

#[test]
fn some_people_or_businesses_are_told_of_alone() {
    let home = synced(world());
    home.fbsync(&["sync"]).succeeds();
    let whole = page(&home, &[]);
    assert!(whole.contains("id=\"time\"") && whole.contains("Since snapshot 1 of"));
    let one = page(&home, &["--business", "48206"]);
    assert!(one.contains("<h1>Who has access to Old Mill Brewery</h1>"));
    let line = "<td class=\"n\">1</td><td class=\"n\">3</td><td class=\"n\">4</td><td class=\"n\"></td>";
    assert_eq!(one.matches(line).count(), 2, "1 business, 3 people, 4 memberships in each snapshot");
    assert!(
        one.contains("class=\"line\"") && !one.contains("class=\"joined\""),
        "a line, and nothing of others"
    );
    assert!(!one.contains("Kestrel") && one.contains("1 of 1 business read"));
    let people = page(&home, &["--people", "office@oldmill.example"]);
    assert!(people.contains("<dt>Only these people</dt><dd>office@oldmill.example</dd>"));
    assert!(!people.contains("id=\"time\"") && !people.contains("Kestrel Logistics</td>"));
}

#[test]
fn decisions_and_what_is_still_to_do_are_shown_where_there_are_any() {
    let home = synced(world());
    assert!(!page(&home, &[]).contains("id=\"reviews\""));
    let sheet = home.fbsync(&["export", "review", "--business", "48206"]).succeeds().stdout;
    let mut reader = csv::Reader::from_reader(sheet.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let mut filled = csv::Writer::from_writer(Vec::new());
    filled.write_record(&header).expect("a header");
    for (n, row) in reader.records().map(|row| row.expect("CSV")).enumerate() {
        let answer = |name: &str, cell: &str| match (name, n) {
            ("decision", 0) => "remove".to_owned(),
            ("decision", 1) => "ask".to_owned(),
            ("decision", _) => "keep".to_owned(),
            ("justification", 0 | 1) => "left in May".to_owned(),
            _ => cell.to_owned(),
        };
        let cells = header.iter().zip(&row).map(|(name, cell)| answer(name, cell));
        filled.write_record(cells).expect("a row");
    }
    fs::write(home.path("filled.csv"), filled.into_inner().expect("CSV")).expect("written");
    let record = ["review", "record", "filled.csv", "--part", "--reviewer", "Ann Ray <ann@x.example>"];
    home.fbsync(&record).succeeds();
    let page = page(&home, &[]);
    let reviews = page.split("id=\"reviews\"").nth(1).expect("the section").split("</section>").next();
    let reviews = reviews.expect("its end");
    assert!(
        reviews.contains("memberships are decided: 1 ask, ") && reviews.contains("1 remove."),
        "{reviews}"
    );
    assert!(reviews.contains("<td>Ask</td><td>Not answered</td>"), "{reviews}");
    assert!(reviews.contains("<td>Remove</td><td>Not read since</td>"), "{reviews}");
    home.fbsync(&["sync"]).succeeds();
    let page = self::page(&home, &["--snapshot", "1"]);
    assert!(page.contains("<td>Remove</td><td>Still there</td>"), "{page}");
}

#[test]
fn a_page_has_one_form() {
    let home = synced(world());
    for more in [&["--format", "csv"][..], &["-o", "page.csv"], &["--bom"], &["--format", "xlsx"]] {
        home.fbsync(&[&OVERVIEW[..], more].concat()).exits(2).says("`overview` is written as HTML");
    }
    home.fbsync(&["export", "access", "-o", "access.html"]).exits(2);
    for name in ["page.html", "page.HTM", "page"] {
        home.fbsync(&[&OVERVIEW[..], &["-o", name]].concat()).succeeds();
    }
    assert!(fs::read_to_string(home.path("page")).expect("a page") == page(&home, &[]));
    home.fbsync(&["sync"]).succeeds();
    let since = page(&home, &["--snapshot", "2", "--since", "1"]);
    assert!(since.contains("Since snapshot 1 of"));
}

#[test]
fn the_evidence_folder_holds_it_and_its_seal_covers_it() {
    let home = synced(world());
    for format in ["csv", "xlsx", "jsonl"] {
        home.fbsync(&["export", "--out", format, "--format", format]).succeeds();
        let at = home.path(format).join("overview.html");
        let text = fs::read_to_string(&at).expect("a page");
        assert!(text == page(&home, &[]));
        let folder = home.path(format);
        let manifest = fs::read_to_string(folder.join("manifest.json")).expect("a manifest");
        let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
        let files = manifest["files"].as_array().expect("files");
        let entry = files.iter().find(|file| file["path"] == "overview.html").expect("the page");
        assert_eq!((&entry["report"], &entry["status"]), (&"overview".into(), &"ok".into()));
        assert_eq!(entry["formula_guard"], serde_json::Value::Null, "no spreadsheet opens it");
        let readme = fs::read_to_string(folder.join("README.txt")).expect("a README");
        assert!(readme.contains("- overview.html: a page for the browser"), "{readme}");
        home.fbsync(&["verify", format, "--db", "audit.sqlite"]).succeeds();
        fs::write(&at, text.replacen("7 of 7", "9 of 9", 1)).expect("written");
        home.fbsync(&["verify", format]).exits(10).says("overview.html was changed");
    }
}
