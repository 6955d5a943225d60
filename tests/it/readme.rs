//! The README and the pages in `docs/`, run as written.
//!
//! Every `console` block of a page is typed into one shell, in the order of the page, on a terminal of
//! 100 columns that draws nothing (`TERM=dumb`), in an empty home with a FreshBooks of the sandbox's.
//! What a block shows below a command is what came, `…` standing for what differs from run to run:
//! within a line for any text, on a line of its own for any lines. A block of another kind whose first
//! line is a comment that names a file (`# nightly.sh: …`), or whose fence does, is that file, there before
//! the first command.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use fbsync::sandbox::{self, Reading, World, browser};

use crate::harness::{Home, has, names_in, skip};

pub(crate) mod blocks;

use blocks::{Block, Step};

/// Comes after each command's output, with its exit code.
const END: &str = "\u{1e}";

/// What a page's commands need beyond `fbsync` and a shell.
const TOOLS: [&str; 9] =
    ["script", "sqlite3", "python3", "sha256sum", "cmp", "awk", "ssh-keygen", "gpg", "openssl"];

pub(crate) fn readme() -> String {
    page("README.md")
}

/// A page by its path from the top of the repository.
pub(crate) fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// Every page that people read, by its path.
fn pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let names = names_in(&folder).into_iter().filter(|name| name.ends_with(".md"));
    let docs = names.map(|name| format!("docs/{name}"));
    let others = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned);
    others.into_iter().chain(docs).collect()
}

#[test]
fn what_the_readme_shows_is_what_comes() {
    shows_what_comes("README.md", &reader());
}

#[test]
fn what_the_other_pages_show_is_what_comes() {
    let has_commands = |path: &String| blocks::all(&page(path)).iter().any(|block| block.kind == "console");
    let others: Vec<String> =
        pages().into_iter().filter(|path| path != "README.md").filter(has_commands).collect();
    assert!(others.len() >= 6, "only {others:?} have commands");
    for path in others {
        shows_what_comes(&path, &reader());
    }
}

fn shows_what_comes(path: &str, home: &Home) {
    if !has(&TOOLS) {
        return;
    }
    let blocks = blocks::all(&page(path));
    let steps: Vec<Step> =
        blocks.iter().filter(|block| block.kind == "console").flat_map(Block::steps).collect();
    for block in &blocks {
        if let Some(name) = block.file_name() {
            fs::write(home.path(name), &block.text).expect("a file");
        }
    }
    let outputs = type_all(home, &steps);
    let mut differences = String::new();
    for (step, output) in steps.iter().zip(&outputs) {
        if !blocks::fits(&step.shown, &output.lines().collect::<Vec<_>>()) {
            let Step { line, command, shown } = step;
            let shown = shown.join("\n");
            differences +=
                &format!("{path}, line {line}: `{command}` shows\n{shown}\n--- and gives\n{output}\n");
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert_eq!(outputs.len(), steps.len(), "{path}: the shell ended early");
}

/// Somebody with a browser: whatever page it is sent to, access is allowed.
fn reader() -> Home {
    let home =
        Home::in_world(World::demo()).with("TERM", "dumb").with("COLUMNS", "100").with("DISPLAY", ":0");
    let openers = home.path("openers");
    fs::create_dir(&openers).expect("a folder");
    let script = openers.join("xdg-open");
    let asked = home.path("asked");
    // Written elsewhere first, so that half an address is never read.
    let text = format!("#!/bin/sh\nprintf %s \"$1\" >'{0}.part' && mv '{0}.part' '{0}'\n", asked.display());
    fs::write(&script, text).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
    thread::spawn(move || {
        loop {
            if let Ok(address) = fs::read_to_string(&asked) {
                let _ = fs::remove_file(&asked);
                let _ = browser::allow(&address);
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    let folder = cargo_bin!("fbsync").parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}:{}", openers.display(), std::env::var("PATH").unwrap_or_default());
    home.with("PATH", &path)
}

/// Types the commands into one shell, and gives back what each brought.
fn type_all(home: &Home, steps: &[Step]) -> Vec<String> {
    let typed: String = steps
        .iter()
        .map(|step| format!("{}\ncode=$?; printf '{END}'; (exit $code)\n", step.command))
        .collect();
    fs::write(home.path("typed.sh"), typed).expect("a script");
    let run = home.run(&mut home.on_a_terminal("sh typed.sh"));
    let said = run.stdout.replace("\r\n", "\n");
    let mut outputs: Vec<String> = said.split(END).map(str::to_owned).collect();
    outputs.pop();
    outputs
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut followed = 0;
    for path in pages() {
        let text = blocks::prose(&page(&path));
        let folder = root.join(&path).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { root.join(&path) } else { folder.join(file) };
            assert!(target.exists(), "{path}: {link}");
            if !anchor.is_empty() {
                let anchors = blocks::anchors(&fs::read_to_string(&target).expect("a page"));
                assert!(anchors.iter().any(|known| known == anchor), "{path}: {link}");
            }
            followed += 1;
        }
    }
    assert!(followed > 50, "only {followed} links were found");
}

#[test]
fn every_page_is_linked_from_the_readme() {
    let readme = readme();
    for path in pages().iter().filter(|path| *path != "README.md") {
        assert!(readme.contains(&format!("]({path})")), "the README does not link {path}");
    }
}

/// Runs a tool that judges a file; `None`, and a word about it, where the machine lacks the tool.
pub(crate) fn judged(command: &mut Command) -> Option<String> {
    match command.output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("{output:?}")),
        Err(error) => {
            skip(format_args!("{:?}: {error}", command.get_program()));
            None
        }
    }
}

/// Whether every document of a YAML file is one that Kubernetes has a word for.
pub(crate) const READ_YAML: &str = "
import sys
try: import yaml
except ImportError: sys.exit()
for part in yaml.safe_load_all(open(sys.argv[1])): assert part['apiVersion'] and part['kind'] and part['metadata']['name']
";

#[test]
fn what_other_programs_read_is_well_formed() {
    let folder = tempfile::tempdir().expect("a folder");
    let executable = cargo_bin!("fbsync").display().to_string();
    let mut kinds = Vec::new();
    for path in pages() {
        for block in blocks::all(&page(&path)) {
            let file = folder.path().join(block.file_name().unwrap_or("file"));
            fs::write(&file, block.text.replace("/usr/local/bin/fbsync", &executable)).expect("a file");
            let complaint = match block.kind.as_str() {
                "sh" => judged(Command::new("sh").arg("-n").arg(&file)),
                "python" => judged(Command::new("python3").args(["-m", "py_compile"]).arg(&file)),
                "yaml" if path != "docs/monitoring.md" => {
                    judged(Command::new("python3").args(["-c", READ_YAML]).arg(&file))
                }
                "crontab" => block.text.lines().find(|line| !is_of_a_crontab(line)).map(str::to_owned),
                _ => None,
            };
            assert!(complaint.is_none(), "{path}, line {}: {}", block.line, complaint.unwrap_or_default());
            kinds.push(block.kind);
        }
    }
    for kind in ["console", "sh", "python", "yaml", "crontab", "ini", "dockerfile", "csv"] {
        assert!(kinds.iter().any(|known| known == kind), "there is no {kind} block");
    }
}

/// A job that began a new database where the volume is not mounted would call every member a joiner.
#[test]
fn every_job_refuses_to_begin_a_database() {
    let mut jobs = 0;
    for path in pages() {
        for block in blocks::all(&page(&path)) {
            if ["console", "text"].contains(&block.kind.as_str()) {
                continue;
            }
            let is_a_job = |line: &&str| {
                !line.contains("sync ended")
                    && ["fbsync sync", "[sync", "[\"sync"].iter().any(|job| line.contains(job))
            };
            for line in block.text.lines().filter(is_a_job) {
                assert!(line.contains("--no-create") || line.contains("# once: "), "{path}: {line}");
                jobs += 1;
            }
        }
    }
    assert!(jobs >= 6, "only {jobs} jobs were found");
}

/// A setting, or five fields of time and a command.
fn is_of_a_crontab(line: &str) -> bool {
    let mut fields = line.split_whitespace();
    let time = |field: &str| field.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c));
    let setting = line
        .split_once('=')
        .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    setting || fields.by_ref().take(5).filter(|field| time(field)).count() == 5 && fields.next().is_some()
}

/// The README's script, at a FreshBooks that changes under it.
#[test]
fn the_nightly_script_tells_a_change_from_a_failure() {
    let home = Home::with_sign_in().with("FBSYNC_DB", "audit.sqlite");
    let blocks = blocks::all(&readme());
    let script = blocks.iter().find(|block| block.file_name() == Some("nightly.sh")).expect("the script");
    fs::write(home.path("nightly.sh"), &script.text).expect("a file");
    let folder = cargo_bin!("fbsync").parent().expect("a folder").display().to_string();
    let home = home.with("PATH", &format!("{folder}:{}", std::env::var("PATH").unwrap_or_default()));
    let nightly = |home: &Home| home.run(&mut home.shell("sh nightly.sh"));

    home.sync().succeeds();
    // Nothing to compare with, then nothing changed: cron has nothing to mail.
    for _ in 0..2 {
        let run = nightly(&home).succeeds();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    }
    home.sandbox.change(sandbox::changes::quarter_later);
    let run = nightly(&home).exits(10);
    assert!(run.stdout.starts_with("access changed:\n") && run.stdout.contains("amara.okonjo@"), "{run}");
    nightly(&home).succeeds();

    // A business that may not be listed any more is a failure, not a change.
    home.sandbox.change(|world| world.businesses[1].team_list = Reading::Refused(403));
    let run = nightly(&home).exits(7);
    run.says("no complete snapshot: fbsync sync ended with exit code 7").says("--accept-gap");
    // It is Sunday: somebody revoked the app. The line to type is there.
    home.sandbox.revoke_all();
    nightly(&home).exits(4).says("hint: fbsync auth");
}
