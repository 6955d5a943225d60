//! The commands that the demos run, with the options that nobody typed.

use std::path::Path;
use std::sync::Arc;

use crate::app::App;
use crate::cli::{self, Choosing, DiffArgs, ExportArgs, SyncArgs, VerifyArgs};
use crate::commands::{diff, export, sync, verify};
use crate::credentials::Session;
use crate::error::Result;
use crate::format::Guard;
use crate::http::Http;
use crate::time::Zone;

pub(super) fn sync_once(app: &App, db: &Path, note: &str) -> Result<()> {
    let http = Http::new(app)?;
    // Not `credentials::tokens`: that would send a token from the environment to the sandbox.
    sync::with_tokens(app, &syncing(db, note), http.clone(), || {
        Ok(Arc::new(Session::open(app, &http, false)?))
    })
}

/// The options of a `sync`.
pub(super) fn syncing(db: &Path, note: &str) -> SyncArgs {
    SyncArgs {
        database: cli::Database { db: db.to_owned() },
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
    }
}

pub(super) fn show_changes(app: &App, db: &Path) -> Result<()> {
    let database = cli::Database { db: db.to_owned() };
    let timezone = Zone::utc();
    diff::run(app, &DiffArgs { database, from: None, to: None, timezone, format: None, exit_code: false })
}

pub(super) fn export_access(app: &App, db: &Path, csv: &Path) -> Result<()> {
    let args =
        ExportArgs { report: Some("access".to_owned()), output: Some(csv.to_owned()), ..everything(db) };
    export::run(app, &args)
}

/// Writes the evidence folder of the first snapshot and returns its seal.
pub(super) fn export_evidence(app: &App, db: &Path, folder: &Path) -> Result<String> {
    let own_domain = vec!["harbourlight.example".to_owned()];
    let choosing = Choosing { snapshot: "1".to_owned(), ..Choosing::latest() };
    export::to_folder(app, &ExportArgs { own_domain, choosing, ..everything(db) }, folder)
}

pub(super) fn verify_database(app: &App, db: &Path) -> Result<()> {
    verify::run(app, &VerifyArgs { folder: None, db: Some(db.to_owned()), seal: None, expect: Vec::new() })
}

pub(super) fn verify_evidence(app: &App, folder: &Path, db: &Path, seal: String) -> Result<()> {
    let (folder, db) = (Some(folder.to_owned()), Some(db.to_owned()));
    verify::run(app, &VerifyArgs { folder, db, seal: Some(seal), expect: Vec::new() })
}

/// The options of an `export`.
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
