//! `demo`: the whole job against a built-in FreshBooks, through the code paths of the real thing.
//!
//! The sandbox runs in this process on loopback; its state lies in the demo's folder. The person's
//! own sign-in is never touched, and nothing of the environment's tokens is read.

mod reviewer;
mod serve;

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::auth::{self, Paste};
use super::{diff, export, refresh, sync, verify};
use crate::app::{self, App, Endpoints};
use crate::cli::{self, Choosing, DemoArgs, DiffArgs, ExportArgs, RefreshArgs, SyncArgs, VerifyArgs};
use crate::credentials::Session;
use crate::error::{Context, Error, Kind, Result};
use crate::format::Guard;
use crate::fsutil;
use crate::http::Http;
use crate::oauth::{Client, DEFAULT_REDIRECT};
use crate::origin::Origin;
use crate::sandbox::{self, Sandbox, World};
use crate::secret::Secret;
use crate::shell;
use crate::time::Zone;

/// Says that a folder is a demo's and may be replaced by the next one.
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
    sign_in(&app, redirect_uri.clone())?;
    step("refresh: the tokens are rotated, and the new ones kept");
    refresh::run(&app, &RefreshArgs { if_expires_within: None, adopt: false })?;
    step("sync: every business, every page, reconciled with FreshBooks' own totals");
    sync_once(&app, &db, "first reading")?;
    step("review: the demo plays the reviewer, who keeps everybody but one");
    reviewer::decide(&app, &db, 1, &args.dir.join("review.csv"))?;
    // Both snapshots bear the time at which they were taken, a second apart.
    step("a quarter later, without the wait: some join, leave, change role; then sync again");
    sandbox.change(sandbox::changes::quarter_later);
    sync_once(&app, &db, "a quarter later")?;
    // Both print to standard output, where the environment alone shall stand.
    if !args.serve {
        step("diff: who joined, left or changed between the two");
        show_changes(&app, &db)?;
        step("review: what the reviewer decided, and what became of it");
        reviewer::follow_up(&app, &db)?;
    }
    step("export: who has access to what, as CSV");
    export_access(&app, &db, &csv)?;
    step("export: the evidence of what was reviewed, every report with manifest, check sums and README");
    let evidence = args.dir.join("evidence");
    let seal = export_evidence(&app, &db, &evidence)?;
    step("verify: every hash of the database recomputed");
    verify::run(&app, &VerifyArgs { folder: None, db: Some(db.clone()), seal: None, expect: Vec::new() })?;
    step("verify: the evidence folder against its seal, and rebuilt from the database");
    let seal = Some(seal);
    verify::run(
        &app,
        &VerifyArgs { folder: Some(evidence), db: Some(db.clone()), seal, expect: Vec::new() },
    )?;
    tell_what_next(caller, &args.dir, &db, &csv);
    match args.serve {
        true => serve::serve(caller, &sandbox, &args.dir, &redirect_uri),
        false => Ok(()),
    }
}

/// Makes the folder ready: new, or an earlier demo's, which is replaced.
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

/// An address with a port that nobody listens at. FreshBooks wants it registered in advance.
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
    // The page is answered once the code has been exchanged, so somebody else has to wait for it.
    let click_allow = |url: &str| {
        let (ui, url) = (app.ui, url.to_owned());
        thread::spawn(move || match sandbox::browser::allow(&url) {
            Ok(_page) => {}
            Err(error) => ui.warn(format_args!("the sandbox's browser failed: {error}")),
        });
    };
    let signed = auth::sign_in(app, &request, &click_allow)?;
    auth::tell(app, None, &signed);
    Ok(())
}

fn sync_once(app: &App, db: &Path, note: &str) -> Result<()> {
    let http = Http::new(app)?;
    let database = cli::Database { db: db.to_owned() };
    let args = SyncArgs {
        database,
        business: Vec::new(),
        skip_business: Vec::new(),
        include: Vec::new(),
        accept_gap: Vec::new(),
        accept_gaps: Vec::new(),
        write_gaps: None,
        metrics: None,
        jobs: 4,
        max_time: None,
        every: None,
        no_create: false,
        note: Some(note.to_owned()),
        new_identity: false,
        adopt: false,
    };
    // Not `credentials::tokens`: that would take a token from the environment to the sandbox.
    sync::with_tokens(app, &args, http.clone(), || Ok(Arc::new(Session::open(app, &http, false)?)))
}

fn show_changes(app: &App, db: &Path) -> Result<()> {
    let database = cli::Database { db: db.to_owned() };
    let timezone = Zone::utc();
    diff::run(app, &DiffArgs { database, from: None, to: None, timezone, format: None, exit_code: false })
}

fn export_access(app: &App, db: &Path, csv: &Path) -> Result<()> {
    let args =
        ExportArgs { report: Some("access".to_owned()), output: Some(csv.to_owned()), ..everything(db) };
    export::run(app, &args)
}

/// Writes the evidence folder and returns its seal.
fn export_evidence(app: &App, db: &Path, folder: &Path) -> Result<String> {
    let own_domain = vec!["harbourlight.example".to_owned()];
    let choosing = Choosing { snapshot: "1".to_owned(), ..Choosing::latest() };
    export::to_folder(app, &ExportArgs { own_domain, choosing, ..everything(db) }, folder)
}

/// The options of an export that nobody typed anything for.
fn everything(db: &Path) -> ExportArgs {
    ExportArgs {
        report: None,
        db: Some(db.to_owned()),
        output: None,
        out: None,
        force: false,
        choosing: Choosing::latest(),
        format: None,
        columns: Vec::new(),
        business: Vec::new(),
        people: Vec::new(),
        own_domain: Vec::new(),
        roster: None,
        expected: None,
        split_by: None,
        bom: false,
        formula_guard: Guard::Quote,
        import: None,
        since: None,
        max_privileged: 3,
        list: false,
    }
}

fn tell_what_next(app: &App, dir: &Path, db: &Path, csv: &Path) {
    let program = app::program();
    let typed = shell::path(db);
    for line in [
        String::new(),
        format!(
            "— it is all in {}: {}, {}, review.csv, evidence/, and the sandbox's sign-in in state/",
            dir.display(),
            name(csv),
            "audit.sqlite"
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
        format!("    {}", app.typed().command_of(&program, "auth")),
    ] {
        app.ui.instruct(line);
    }
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
