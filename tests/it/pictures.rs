//! The README's pictures: the demo's is drawn anew from what the demo says and has to be the stored one;
//! those of the workbook are taken by `tests/pictures/review.sh`, since they need an office.

use std::fs;
use std::path::Path;

use crate::demo;
use crate::harness::has;
use crate::readme::readme;
use crate::reports::expect;

mod window;

use window::Window;

/// How the steps begin that the picture shows. The others are in the README as text.
const SHOWN: [&str; 8] = [
    "sign in: ",
    "sync: ",
    "review: the demo plays",
    "a quarter later, without the wait: ",
    "diff: ",
    "review: what the reviewer decided",
    "export: the evidence",
    "verify: the evidence folder",
];

/// Of the terminal that the demo is run on.
const COLUMNS: usize = 100;

/// Stands for lines that are left out.
const CUT: &str = "⋮";

#[test]
fn the_demo_is_pictured_as_it_is() {
    if !has(&["script", "stty"]) {
        return;
    }
    // Nothing is drawn and nothing coloured: the picture has colours of its own.
    let home = demo::home().with("TERM", "dumb");
    let line = format!("stty cols {COLUMNS}; \"$FBSYNC\" demo");
    let run = home.run(home.on_a_terminal(&line).env("FBSYNC", env!("CARGO_BIN_EXE_fbsync"))).succeeds();
    let said = run.stdout.replace("\r\n", "\n");
    let said: String = said.split_inclusive([' ', '\n', ')']).map(settled).collect();
    let (introduction, steps) = said.split_once("\n\n— ").expect("steps");
    let mut window = Window::new("What fbsync demo prints", COLUMNS);
    window.line("prompt", "$ fbsync demo");
    window.line("", introduction);
    let (mut shown, mut after_shown) = (0, true);
    for step in steps.split("\n\n— ") {
        let shows = SHOWN.iter().any(|start| step.starts_with(start));
        if after_shown {
            window.line("dim", if shows { "" } else { CUT });
        }
        if shows {
            draw(&mut window, step);
            shown += 1;
        }
        after_shown = shows;
    }
    assert_eq!(shown, SHOWN.len(), "a step is called otherwise now:\n{said}");
    expect("pictures/demo.svg", &window.finish());
}

/// A time or a hash as `…`, like in the README; any other word as it is.
fn settled(word: &str) -> String {
    let core = word.trim_matches([' ', '\n', '(', ')']);
    let is_hash = core.len() == 64 && core.bytes().all(|b| b.is_ascii_hexdigit());
    let is_time = core.len() == 20 && core.ends_with('Z') && core.as_bytes()[10] == b'T';
    if is_hash || is_time { word.replace(core, "…") } else { word.to_owned() }
}

fn draw(window: &mut Window, step: &str) {
    let (title, rest) = step.split_once('\n').expect("a title");
    window.line("step", &format!("— {title}"));
    for line in rest.lines() {
        let class = match line {
            _ if line.starts_with("NOT FROM FRESHBOOKS") => "alarm",
            _ if line.starts_with("ok: ") => "ok",
            _ if line.starts_with("change  ") || line.starts_with("not proved") => "dim",
            _ => "",
        };
        window.line(class, line);
    }
}

#[test]
fn every_picture_of_the_page_is_there_small_and_described() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("fixtures/README.md")).expect("a list of the fixtures");
    let page = readme();
    let mut pictures = 0;
    for (before, after) in page.match_indices("](fixtures/").map(|(at, _)| page.split_at(at)) {
        let name = after.trim_start_matches("](fixtures/").split(')').next().expect("its end");
        let size = fs::metadata(root.join("fixtures").join(name)).map(|file| file.len());
        assert!(size.as_ref().is_ok_and(|size| *size < 200_000), "{name}: {size:?}");
        assert!(list.contains(&format!("`{name}`")), "fixtures/README.md does not say how {name} is made");
        let (rest, words) = before.rsplit_once('[').expect("a link");
        let is_shown = rest.ends_with('!');
        assert!(!is_shown || words.len() > 30, "{name} is told to nobody who cannot see it: {words}");
        pictures += usize::from(is_shown);
    }
    assert!(pictures >= 2, "{pictures} pictures are shown");
}
