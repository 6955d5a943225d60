//! What the program says of itself: `--help`, the manual and the pages agree.

use std::process::Command;

use crate::harness::{Home, Run, names_in, skip};
use crate::readme::page;

/// Every command, as it is typed. Compared with what `--help` lists.
const COMMANDS: [&str; 19] = [
    "",
    "auth",
    "refresh",
    "status",
    "logout",
    "sync",
    "snapshots",
    "snapshots prune",
    "who",
    "review",
    "review record",
    "review status",
    "review list",
    "export",
    "diff",
    "verify",
    "demo",
    "completions",
    "man",
];

fn help(home: &Home, command: &str) -> String {
    let mut words: Vec<&str> = command.split_whitespace().collect();
    words.push("--help");
    home.fbsync(&words).succeeds().stdout
}

/// The entries of a section, up to the next blank line, each on one line without its indent.
fn section(text: &str, heading: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let mut entries: Vec<String> = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        match entries.last_mut() {
            Some(entry) if line.starts_with("   ") => *entry += &format!(" {}", line.trim()),
            _ => entries.push(line.trim().to_owned()),
        }
    }
    entries
}

/// The rows of a page's table under a heading, as pairs.
fn table(path: &str, heading: &str) -> Vec<(String, String)> {
    let page = page(path);
    let (_, rest) = page.split_once(&format!("# {heading}\n")).expect("the heading");
    let rows = rest.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    let rows = rows.take_while(|line| line.starts_with("| "));
    let cell = |text: &str| text.trim().trim_matches('`').to_owned();
    rows.map(|row| {
        let (first, second) = row.trim_matches('|').split_once(" | ").expect("two cells");
        (cell(first), cell(second))
    })
    .collect()
}

/// A line of the help as a pair: the term, two blanks or more, what it means.
fn pair(line: &str) -> (String, String) {
    let (term, meaning) = line.split_once("  ").unwrap_or((line, ""));
    (term.to_owned(), meaning.trim().to_owned())
}

#[test]
fn every_command_shows_examples_and_fits_the_terminal() {
    let listed = help(&Home::new(), "");
    for name in section(&listed, "Commands:").iter().map(|line| pair(line).0).filter(|name| name != "help") {
        assert!(COMMANDS.contains(&name.as_str()), "{name}");
    }
    let home = Home::new();
    let narrow = Home::new().with("COLUMNS", "80");
    for command in COMMANDS {
        let text = help(&home, command);
        let wide = text.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "fbsync {command} --help");
        // What stands in columns has its own ends of lines: a terminal's would tear it apart.
        let tables = |text: &str| text.split_once("\nExamples:").expect("examples").1.to_owned();
        assert_eq!(tables(&help(&narrow, command)), tables(&text), "fbsync {command} --help");
        let examples = section(&text, "Examples:");
        assert!(
            examples.iter().any(|line| line.starts_with("fbsync ")),
            "fbsync {command} --help: {examples:?}"
        );
    }
}

#[test]
fn a_command_with_many_flags_groups_them() {
    let home = Home::new();
    for command in COMMANDS {
        let ungrouped = section_of_flags(&help(&home, command));
        assert!(ungrouped <= 9, "fbsync {command} --help has {ungrouped} flags in no group");
    }
}

#[test]
fn the_rules_of_pruning_stand_together() {
    let text = help(&Home::new(), "snapshots prune");
    let places: Vec<_> = [
        "Options:",
        "--db ",
        "--timezone ",
        "--yes",
        "What stays:",
        "--keep-last ",
        "--keep-daily ",
        "--keep-monthly ",
        "What goes:",
        "--older-than ",
        "Common options:",
    ]
    .map(|word| text.find(&format!("\n{}{word}", if word.ends_with(':') { "" } else { "      " })))
    .into();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{text}");
}

fn section_of_flags(text: &str) -> usize {
    let lines = text.lines().skip_while(|line| *line != "Options:").skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with(' '));
    lines.filter(|line| line.trim_start().starts_with('-') && !line.contains("- ")).count()
}

#[test]
fn exit_codes_are_the_same_in_every_help_the_manual_and_the_readme() {
    let home = Home::new();
    let all: Vec<_> = section(&help(&home, ""), "Exit codes:").iter().map(|line| pair(line)).collect();
    assert_eq!(all.len(), 12);
    assert_eq!(all, table("README.md", "Exit codes"));
    for command in COMMANDS.into_iter().filter(|command| !command.is_empty()) {
        for line in section(&help(&home, command), "Exit codes (").iter().map(|line| pair(line)) {
            assert!(all.contains(&line), "fbsync {command} --help: {line:?}");
        }
    }
    let manual = plain(&home.fbsync(&["man"]).succeeds());
    for (code, meaning) in all {
        assert!(manual.contains(&format!("{code}\n{meaning}\n")), "{code} {meaning}\n{manual}");
    }
}

#[test]
fn environment_and_files_are_the_same_in_the_help_the_manual_and_the_pages() {
    let home = Home::new();
    let (text, manual) = (help(&home, ""), plain(&home.fbsync(&["man"]).succeeds()));
    let variables: Vec<_> = section(&text, "Environment").iter().map(|line| pair(line)).collect();
    assert_eq!(variables, table("docs/environment.md", "Environment"));
    let files = table("docs/database.md", "Files");
    let said = section(&text, "Files:").join(" ");
    for (term, meaning) in variables.iter().chain(&files) {
        assert!(manual.contains(&format!("{term}\n{meaning}\n")), "{term}\n{manual}");
    }
    for (file, meaning) in files {
        assert!(said.contains(&file) && said.contains(&meaning), "{file}: {said}");
    }
}

/// The manual's source as text: bold and escapes taken out.
fn plain(manual: &Run) -> String {
    manual
        .stdout
        .replace("\\fB", "")
        .replace("\\fR", "")
        .replace("\\-", "-")
        .replace("\\*(Aq", "'")
        .replace("\\&", "")
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let home = Home::new();
    home.fbsync(&["man", "--dir", "pages/man1"]).succeeds();
    let pages = names_in(&home.path("pages/man1"));
    let mut expected: Vec<String> =
        COMMANDS.iter().map(|command| format!("fbsync {command}").trim().replace(' ', "-") + ".1").collect();
    expected.sort();
    assert_eq!(pages, expected);
    for page in pages {
        let Ok(shown) =
            Command::new("man").args(["--warnings", "-l"]).arg(home.path("pages/man1").join(&page)).output()
        else {
            skip("there is no man");
            return;
        };
        assert_eq!(String::from_utf8_lossy(&shown.stderr), "", "{page}");
        let text = String::from_utf8_lossy(&shown.stdout).into_owned();
        for heading in ["NAME", "SYNOPSIS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"] {
            assert!(text.contains(heading), "{page} has no {heading}");
        }
    }
}

#[test]
fn what_is_dropped_from_records_is_listed() {
    let source = include_str!("../../src/freshbooks/strip.rs");
    let (_, list) = source.split_once("fn is_needless(").expect("the list");
    let (list, _) = list.split_once("\n}").expect("its end");
    let page = page("docs/database.md");
    let fields: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(fields.len() > 30, "{fields:?}");
    for field in fields {
        assert!(page.contains(&format!("`{field}`")), "docs/database.md does not name {field}");
    }
}
