//! The figures that fbsync promises, as ratios within one run, measured on the release executable.
//!
//! `cargo bench` prints a table. Nothing here passes or fails: machines are noisy, and a figure is for
//! reading. Two programs are compared with: the bare minimum (GET the same pages, parse them, insert ten
//! columns in one transaction), and the plain way to keep the same evidence (each record's text too, once
//! by its SHA-256). Neither checks anything.

#![allow(clippy::print_stdout, clippy::disallowed_methods, clippy::unwrap_used)]

mod baseline;
mod process;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use baseline::Kept;
use process::{Cost, measure, median};
use server::{Scene, Server};

const RUNS: usize = 5;

/// What this program is called with to be one of the two.
const PLAIN: &str = "plain";
const BARE: &str = "bare-minimum";

type Figure = (&'static str, fn(&Path));

/// Each by a name, to measure it alone: `cargo bench -- past`.
const FIGURES: [Figure; 8] = [
    ("throughput", throughput),
    ("large", one_large_business),
    ("many", many_small_businesses),
    ("memory", memory),
    ("growth", growth),
    ("past", past),
    ("export", export),
    ("start", start),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, origin, db] = arguments.as_slice() {
        let kept = if mode == PLAIN { Kept::Records } else { Kept::Columns };
        return baseline::run(origin, Path::new(db), kept);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wanted = arguments.iter().skip(1).find(|argument| !argument.starts_with('-'));
    for (name, figures) in FIGURES {
        if wanted.is_none_or(|wanted| name == *wanted) {
            figures(folder.path());
        }
    }
}

fn fbsync(folder: &Path, server: &Server) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fbsync"));
    command.env_clear().current_dir(folder);
    command.env("FRESHBOOKS_API_URL", &server.origin).env("FRESHBOOKS_AUTH_URL", &server.origin);
    command.env("FBSYNC_ACCESS_TOKEN", "bench").env("HOME", folder);
    command
}

fn sync(folder: &Path, server: &Server, jobs: u8, db: &Path) -> Cost {
    measure(fbsync(folder, server).args(["sync", "--jobs", &jobs.to_string(), "--db"]).arg(db))
}

fn fresh(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let _ = fs::remove_file(&path);
    path
}

fn row(what: &str, figure: String, aim: &str) {
    println!("{what:<58} {figure:>24}   aim: {aim}");
}

fn throughput(folder: &Path) {
    // So many that ticks of a hundredth of a second tell them apart.
    const MEMBERS: u32 = 100_000;
    let server = Server::start(Scene::of(1, MEMBERS as usize));
    let ours = median(RUNS, || sync(folder, &server, 4, &fresh(folder, "throughput.sqlite")));
    let baseline = |mode: &str| {
        median(RUNS, || {
            let mut command = Command::new(std::env::current_exe().expect("this bench"));
            measure(command.args([mode, &server.origin]).arg(fresh(folder, "baseline.sqlite")))
        })
    };
    let (plain, bare) = (baseline(PLAIN), baseline(BARE));
    let against = |other: Cost| format!("{:.2}", other.cpu / ours.cpu);
    row("members read per CPU second, against the plain way", against(plain), "at least 1.3");
    row("members read per CPU second, against the bare minimum", against(bare), "at least 0.3");
    let rate = |cost: Cost| format!("{:.0}", f64::from(MEMBERS) / cost.cpu);
    let rates = [ours, plain, bare].map(rate).join(" / ");
    row("  fbsync / plain way / bare minimum, members per CPU second", rates, "-");
}

fn one_large_business(folder: &Path) {
    let latency = Duration::from_millis(100);
    let server = Server::start(Scene { latency, ..Scene::of(1, 2_000) });
    let ours = median(RUNS, || sync(folder, &server, 8, &fresh(folder, "large.sqlite")));
    // users/me, the first page, nineteen more eight at a time, the first page once more.
    let floor = latency.as_secs_f64() * (1 + 1 + 19_usize.div_ceil(8) + 1) as f64;
    row(
        "1 business × 2,000 members, 100 ms a request, 8 jobs",
        format!("{:.2} × the floor", ours.wall / floor),
        "within 1.25",
    );
}

fn many_small_businesses(folder: &Path) {
    let server = Server::start(Scene { latency: Duration::from_millis(100), ..Scene::of(200, 5) });
    let eight = sync(folder, &server, 8, &fresh(folder, "many.sqlite"));
    let one = sync(folder, &server, 1, &fresh(folder, "many.sqlite"));
    row(
        "200 businesses × 5 members, 100 ms: 8 jobs against 1",
        format!("{:.1} × faster", one.wall / eight.wall),
        "at least 6",
    );
}

fn memory(folder: &Path) {
    let peak = |members| {
        let server = Server::start(Scene::of(1, members));
        sync(folder, &server, 4, &fresh(folder, "memory.sqlite")).peak
    };
    let (few, many) = (peak(20_000), peak(100_000));
    row("peak memory with 100,000 members", format!("{:.1} MiB", many as f64 / 1024.0), "under 80 MiB");
    row("  growth a member", format!("{:.2} KiB", (many - few) as f64 / 80_000.0), "under 0.5 KiB");
}

fn growth(folder: &Path) {
    for (businesses, members, aim) in [(1, 1_000, "under 64 KiB"), (200, 5, "under 256 KiB")] {
        let server = Server::start(Scene::of(businesses, members));
        let db = fresh(folder, "growth.sqlite");
        sync(folder, &server, 4, &db);
        let before = fs::metadata(&db).expect("a database").len();
        for _ in 0..10 {
            sync(folder, &server, 4, &db);
        }
        let added = (fs::metadata(&db).expect("a database").len() - before) as f64 / 10.0 / 1024.0;
        row(
            &format!("one more snapshot, {businesses} × {members} unchanged memberships"),
            format!("{added:.1} KiB"),
            aim,
        );
    }
}

/// A year of weekly readings in which roles change and people come and go: of one business, whose
/// listing is another one every time, and of many.
fn past(folder: &Path) {
    const WEEKS: usize = 52;
    for (businesses, members) in [(1, 5_000), (50, 100)] {
        let scene = Scene::of(businesses, members);
        let server = Server::start(scene);
        let db = fresh(folder, "past.sqlite");
        for week in 0..WEEKS {
            server.change(Scene { week, ..scene });
            sync(folder, &server, 4, &db);
        }
        let what = format!("of {businesses} × {members} memberships in {WEEKS} snapshots, CPU");
        let commands: [(&str, &[&str]); 6] = [
            ("who", &["who", "person7@b9000.example"]),
            ("history", &["export", "history"]),
            ("trend", &["export", "trend"]),
            ("overview", &["export", "overview"]),
            ("offboarding", &["export", "offboarding", "--people", "person7@b9000.example"]),
            ("history of one business", &["export", "history", "--business", "9000"]),
        ];
        for (name, arguments) in commands {
            let cost = median(RUNS, || measure(fbsync(folder, &server).args(arguments).arg("--db").arg(&db)));
            row(&format!("{name} {what}"), format!("{:.2} s", cost.cpu), "under 0.5 s");
        }
    }
}

fn export(folder: &Path) {
    let server = Server::start(Scene::of(1, 100_000));
    let db = fresh(folder, "export.sqlite");
    sync(folder, &server, 4, &db);
    let cost = median(3, || measure(fbsync(folder, &server).args(["export", "access", "--db"]).arg(&db)));
    row(
        "export of 100,000 memberships to CSV, rows per CPU second",
        format!("{:.0}", 100_000.0 / cost.cpu),
        "at least 150,000",
    );
    row("  peak memory", format!("{:.1} MiB", cost.peak as f64 / 1024.0), "under 80 MiB");
}

fn start(folder: &Path) {
    let server = Server::nowhere();
    let cost = median(21, || measure(fbsync(folder, &server).arg("--version")));
    row("fbsync --version", format!("{:.1} ms", cost.wall * 1000.0), "under 10 ms");
    let size = fs::metadata(env!("CARGO_BIN_EXE_fbsync")).expect("the executable").len();
    row("the executable, stripped", format!("{:.2} MiB", size as f64 / 1_048_576.0), "under 13 MiB");
}
