//! `demo`: the whole job against a built-in FreshBooks, through the code paths of the real thing.
//!
//! The sandbox runs in this process on loopback; its state lies in the demo's folder. The person's own
//! sign-in is never touched, and tokens in the environment are not read.

mod classic;
mod reviewer;
mod serve;
mod steps;

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::auth::{self, Paste};
use super::refresh;
use crate::app::{self, App, Endpoints};
use crate::cli::{self, DemoArgs, RefreshArgs};
use crate::error::{Context, Error, Kind, Result};
use crate::fsutil;
use crate::oauth::{Client, DEFAULT_REDIRECT};
use crate::origin::Origin;
use crate::sandbox::{self, Sandbox, World};
use crate::secret::Secret;
use crate::shell;

/// Marks a folder that a demo made and the next one may replace.
const MARKER: &str = ".fbsync-demo";

pub(crate) fn run(caller: &App, args: &DemoArgs) -> Result<()> {
    prepare(&args.dir)?;
    let redirect_uri = free_redirect_uri()?;
    let mut world = World::demo();
    world.register(&redirect_uri);
    world.register(DEFAULT_REDIRECT);
    // Both sides live at the same time.
    world.date = caller.clock.of_a_test().and_then(|now| now.to_string().parse().ok());
    let sandbox =
        Sandbox::start(world).context(Kind::Unexpected, || "cannot start the sandbox".to_owned())?;
    let app = demo_app(caller, &sandbox, &args.dir)?;
    if args.classic {
        return classic::run(&app, &sandbox, &args.dir, redirect_uri);
    }
    show(&app, &sandbox, args, &redirect_uri)?;
    tell_what_next(caller, &args.dir);
    match args.serve {
        true => serve::serve(caller, &sandbox, &args.dir, &redirect_uri),
        false => Ok(()),
    }
}

/// The whole job, one step after another.
fn show(app: &App, sandbox: &Sandbox, args: &DemoArgs, redirect_uri: &str) -> Result<()> {
    let db = args.dir.join("audit.sqlite");
    let csv = args.dir.join("access.csv");
    let step = |text: &str| {
        app.ui.instruct("");
        app.ui.instruct(format_args!("— {text}"));
    };

    app.ui.instruct(
        "everything here happens on this machine: a built-in FreshBooks, invented people, no account",
    );
    step("sign in: the sandbox plays the person who clicks Allow, the listener is the real one");
    sign_in(app, redirect_uri.to_owned())?;
    step("refresh: the tokens are rotated, and the new ones kept");
    refresh::run(app, &RefreshArgs { if_expires_within: None, adopt: false })?;
    step("sync: every business, every page, reconciled with FreshBooks' own totals");
    steps::sync_once(app, &db, "first reading")?;
    step("review: the demo plays the reviewer, who keeps everybody but one");
    reviewer::decide(app, &db, 1, &args.dir.join("review.csv"))?;
    // Both snapshots carry the time at which they were taken, a second apart at most.
    step("a quarter later, without the wait: some join, leave, change role; then sync again");
    sandbox.change(sandbox::changes::quarter_later);
    steps::sync_once(app, &db, "a quarter later")?;
    // Both print to standard output, which carries nothing but the environment with --serve.
    if !args.serve {
        step("diff: who joined, left or changed between the two");
        steps::show_changes(app, &db)?;
        step("review: what the reviewer decided, and what became of it");
        reviewer::follow_up(app, &db)?;
    }
    step("export: who has access to what, as CSV");
    steps::export_access(app, &db, &csv)?;
    step("export: the evidence of what was reviewed, every report with manifest, check sums and README");
    let evidence = args.dir.join("evidence");
    let seal = steps::export_evidence(app, &db, &evidence)?;
    step("verify: every hash of the database recomputed");
    steps::verify_database(app, &db)?;
    step("verify: the evidence folder against its seal, and rebuilt from the database");
    steps::verify_evidence(app, &evidence, &db, seal)
}

/// Creates the folder, or replaces that of an earlier demo.
fn prepare(dir: &Path) -> Result<()> {
    let shown = dir.display();
    let failed = || format!("cannot use the folder {shown}");
    let occupied = dir.exists() && dir.read_dir().map_err(fsutil::failing(failed))?.next().is_some();
    if occupied && !dir.join(MARKER).is_file() {
        return Err(Error::new(Kind::Config, format!("{shown} holds something else and was left as it is"))
            .hint("fbsync demo --dir ANOTHER-FOLDER"));
    }
    if occupied {
        fsutil::remove_folder(dir).map_err(fsutil::failing(failed))?;
    }
    fsutil::create_private_folder(dir)?;
    fsutil::replace_private(&dir.join(MARKER), b"made by `fbsync demo`; the next one replaces it\n")
        .context(Kind::Storage, failed)
}

/// A redirect URI with a free port. FreshBooks requires it to be registered in advance.
fn free_redirect_uri() -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    let port = address.context(Kind::Unexpected, || "there is no free port on 127.0.0.1".to_owned())?.port();
    Ok(format!("https://localhost:{port}/callback"))
}

fn demo_app(app: &App, sandbox: &Sandbox, dir: &Path) -> Result<App> {
    let origin = Origin::parse(&sandbox.origin()).map_err(|problem| Error::new(Kind::Unexpected, problem))?;
    let endpoints = Endpoints { api: origin.clone(), auth: origin };
    Ok(app.for_demo(endpoints, dir.join("state")))
}

fn sign_in(app: &App, redirect_uri: String) -> Result<()> {
    let request = auth::Request {
        client: Client {
            id: sandbox::CLIENT_ID.to_owned(),
            secret: Secret::new(sandbox::CLIENT_SECRET),
            redirect_uri,
        },
        scope: cli::DEFAULT_SCOPES.to_owned(),
        pkce: true,
        timeout: Duration::from_secs(60),
        certificate: None,
        paste: Paste::Never,
    };
    let signed = auth::sign_in(app, &request, &|url| click_allow(app, url))?;
    auth::tell(app, None, &signed);
    Ok(())
}

/// Has the sandbox's browser agree on a thread of its own: the listener answers it once the sign-in is
/// finished here.
fn click_allow(app: &App, url: &str) {
    let (ui, url) = (app.ui, url.to_owned());
    thread::spawn(move || match sandbox::browser::allow(&url) {
        Ok(_page) => {}
        Err(error) => ui.warn(format_args!("the sandbox's browser failed: {error}")),
    });
}

/// What to try in the demo's folder, and the real thing, for the sign-in of whoever runs the demo.
fn tell_what_next(caller: &App, dir: &Path) {
    let program = app::program();
    let typed = shell::path(&dir.join("audit.sqlite"));
    for line in [
        String::new(),
        format!(
            "— everything is in {}: audit.sqlite, access.csv, review.csv, evidence/, state/",
            dir.display()
        ),
        "  try next:".to_owned(),
        format!("    {program} snapshots --db {typed}"),
        format!("    {program} diff --db {typed} --format csv"),
        format!("    {program} export access --db {typed} --snapshot 1"),
        format!("    {program} export review --db {typed} -o review.xlsx"),
        format!("    {program} review status --db {typed}"),
        format!("    {program} export --db {typed} --split-by business --out clients"),
        format!("    {program} verify {} --db {typed}", shell::path(&dir.join("evidence"))),
        format!(
            "    sqlite3 {typed} \"SELECT business_name, full_name, role_label FROM latest_access WHERE role_class = 'privileged'\""
        ),
        format!("  look at, in a browser: {}", dir.join("evidence").join("overview.html").display()),
        "  the real thing:".to_owned(),
        format!("    {}", caller.typed().command_of(&program, "auth")),
    ] {
        caller.ui.instruct(line);
    }
}
