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

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, origin, db] = arguments.as_slice() {
        let kept = if mode == PLAIN { Kept::Records } else { Kept::Columns };
        return baseline::run(origin, Path::new(db), kept);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    throughput(folder.path());
    one_large_business(folder.path());
    many_small_businesses(folder.path());
    memory(folder.path());
    growth(folder.path());
    export(folder.path());
    start(folder.path());
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
    let server = Server::start(Scene { businesses: 1, members: MEMBERS as usize, latency: Duration::ZERO });
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
    let server = Server::start(Scene { businesses: 1, members: 2_000, latency });
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
    let server = Server::start(Scene { businesses: 200, members: 5, latency: Duration::from_millis(100) });
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
        let server = Server::start(Scene { businesses: 1, members, latency: Duration::ZERO });
        sync(folder, &server, 4, &fresh(folder, "memory.sqlite")).peak
    };
    let (few, many) = (peak(20_000), peak(100_000));
    row("peak memory with 100,000 members", format!("{:.1} MiB", many as f64 / 1024.0), "under 80 MiB");
    row("  growth a member", format!("{:.2} KiB", (many - few) as f64 / 80_000.0), "under 0.5 KiB");
}

fn growth(folder: &Path) {
    for (businesses, members, aim) in [(1, 1_000, "under 64 KiB"), (200, 5, "under 256 KiB")] {
        let server = Server::start(Scene { businesses, members, latency: Duration::ZERO });
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

fn export(folder: &Path) {
    let server = Server::start(Scene { businesses: 1, members: 100_000, latency: Duration::ZERO });
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
    let server = Server { origin: "http://127.0.0.1:9".to_owned() };
    let cost = median(21, || measure(fbsync(folder, &server).arg("--version")));
    row("fbsync --version", format!("{:.1} ms", cost.wall * 1000.0), "under 10 ms");
    let size = fs::metadata(env!("CARGO_BIN_EXE_fbsync")).expect("the executable").len();
    row("the executable, stripped", format!("{:.2} MiB", size as f64 / 1_048_576.0), "under 9 MiB");
}
