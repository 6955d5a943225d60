//! `review record`: records filled-in sheets in the database, all or nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{asked, counted};
use crate::app::{self, App};
use crate::cli::RecordArgs;
use crate::commands::choose::with_content;
use crate::error::{Error, Kind, Result};
use crate::fsutil;
use crate::model::marks::Verdict;
use crate::model::reading::hex;
use crate::report::decisions::standing;
use crate::review::sheet::{self, Sheet};
use crate::review::{self, Asked, Day, Earlier, Finding, Judged, Question, Reviewer};
use crate::shell;
use crate::store::{Decision, Judgement, Reader, Review, ReviewFile, Snapshot, Writer};

pub(super) fn run(app: &App, args: &RecordArgs) -> Result<()> {
    let path = app.database(&args.database.db)?;
    let reader = Reader::open(app, &path)?;
    // What is judged here stays as it is until this review is recorded.
    let writer = if args.dry_run { None } else { Some(Writer::claim(app, &path)?) };
    let files = args.files.iter().map(|file| read(file)).collect::<Result<Vec<_>>>()?;
    let files = with_distinct_names(files);
    let mut sheets = Vec::new();
    for file in &files {
        sheets.extend(sheet::parse(&file.name, &file.body)?);
    }
    let snapshot = snapshot_of(&reader, &sheets)?;
    let rows = asked::rows(&reader, &snapshot, |_| true)?;
    let question = Question {
        snapshot_id: snapshot.id,
        taken_on: day(args, snapshot.finished_at)?,
        today: day(args, app.clock.now())?,
        reviewer: args.reviewer.clone(),
        part: args.part,
        rows: &rows,
        earlier: earlier(&reader, snapshot.id)?,
    };
    let mut judged = review::judge(&question, &sheets);
    judged.errors.extend(recorded_before(&reader, snapshot.id, &files)?);
    let is_folded = tell(app, &judged);
    if !judged.errors.is_empty() {
        if app.json {
            app.ui.json(&as_json(&snapshot, &judged, None))?;
        }
        let problems = counted(judged.errors.len(), "problem", "problems");
        let message = format!("{problems} in the sheets of snapshot {}; nothing was recorded", snapshot.id);
        let error = Error::new(Kind::No, message).hint("correct the sheets, and run the command again");
        return Err(if is_folded { error.hint("-v names every row and person") } else { error });
    }
    let decided = summary(&judged);
    let Some(writer) = writer else {
        if app.json {
            app.ui.json(&as_json(&snapshot, &judged, None))?;
        }
        app.ui.note(format_args!("snapshot {}: {decided}; nothing was recorded (--dry-run)", snapshot.id));
        return Ok(());
    };
    drop(reader);
    let judgement = Judgement {
        snapshot_id: snapshot.id,
        recorded_at: app.clock.now(),
        decisions: decisions(&judged, &rows),
        undecided: i64::try_from(judged.undecided).unwrap_or(i64::MAX),
        note: args.note.clone(),
        os_user: app::os_user(),
        files,
    };
    writer.bring_up_to_date(app.ui)?;
    let recorded = writer.record(&judgement)?;
    if app.json {
        app.ui.json(&as_json(&snapshot, &judged, Some(&recorded)))?;
    }
    app.ui.note(format_args!("review {} of snapshot {}: {decided}", recorded.id, snapshot.id));
    app.ui.next(app.command(&format!("review status --db {}", shell::path(&path))));
    Ok(())
}

fn read(path: &Path) -> Result<ReviewFile> {
    let read = fsutil::open_regular(path).and_then(|file| fsutil::read_bounded(file, sheet::LARGEST as u64));
    let body = read.map_err(|error| {
        let too_large = error.kind() == io::ErrorKind::InvalidData;
        let failed = fsutil::failing(|| format!("cannot read {}", path.display()))(error);
        if too_large { failed.hint("save only the review sheet, as CSV") } else { failed }
    })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(ReviewFile { name, sha256: hex(Sha256::digest(&body)), body })
}

/// Two reviewers could both call their file `review.xlsx`.
fn with_distinct_names(files: Vec<ReviewFile>) -> Vec<ReviewFile> {
    let mut taken = HashSet::new();
    let distinct = |file: ReviewFile| {
        let path = PathBuf::from(&file.name);
        let (stem, extension) = (path.file_stem(), path.extension());
        let numbered = |n: u32| match (stem, extension) {
            _ if n == 1 => file.name.clone(),
            (Some(stem), Some(extension)) => {
                format!("{}-{n}.{}", stem.to_string_lossy(), extension.to_string_lossy())
            }
            _ => format!("{}-{n}", file.name),
        };
        let name = (1..).map(numbered).find(|name| taken.insert(name.to_lowercase())).unwrap_or_default();
        ReviewFile { name, ..file }
    };
    files.into_iter().map(distinct).collect()
}

fn snapshot_of(reader: &Reader, sheets: &[Sheet]) -> Result<Snapshot> {
    let id = review::snapshot_named(sheets).ok_or_else(|| {
        Error::new(Kind::Config, "the sheets name no snapshot: the column Snapshot is missing or empty")
            .hint("fill in a copy of the sheet that `fbsync export review -o review.xlsx` writes")
    })?;
    let found = reader.find_snapshot(id)?.ok_or_else(|| {
        Error::new(Kind::Config, format!("the sheets are about snapshot {id}, which is not in this database"))
            .hint("pass the database that the sheets were exported from as --db")
    })?;
    with_content(found)
}

fn day(args: &RecordArgs, moment: crate::time::Timestamp) -> Result<Day> {
    let day = Day::parse(&args.timezone.day_of(moment));
    day.ok_or_else(|| Error::new(Kind::Unexpected, format!("{moment} falls on no day")))
}

/// The decisions that count so far, by row key.
fn earlier(reader: &Reader, snapshot_id: i64) -> Result<HashMap<String, Earlier>> {
    let mut earlier = HashMap::new();
    standing(reader, &reader.reviews_of(snapshot_id, i64::MAX)?, |_, decided| {
        earlier.extend(decided.into_iter().filter_map(|standing| {
            let Decision { row_key, decision, change_to, reviewer, reviewer_email, reviewed_at, .. } =
                standing.decision;
            let one = Earlier {
                review_id: standing.review.id,
                decision,
                change_to: change_to.unwrap_or_default(),
                reviewer: Reviewer { name: reviewer, email: reviewer_email },
                reviewed_at: Day::parse(&reviewed_at)?,
            };
            Some((row_key, one))
        }));
        Ok(())
    })?;
    Ok(earlier)
}

/// The files that are byte for byte what a review of the snapshot was recorded from.
fn recorded_before(reader: &Reader, snapshot_id: i64, files: &[ReviewFile]) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for file in files {
        if let Some(review) = reader.review_of_file(snapshot_id, &file.sha256)? {
            let what = format!("{}: this file is already recorded, in review {review}", file.name);
            found.push(Finding { what, fix: "leave it out".to_owned(), ..Finding::default() });
        }
    }
    Ok(found)
}

/// Whether more was found than was told one by one.
fn tell(app: &App, judged: &Judged) -> bool {
    let problems = match app.ui.verbosity {
        0 => review::folded(&judged.errors),
        _ => judged.errors.iter().map(ToString::to_string).collect(),
    };
    problems.iter().for_each(|problem| app.ui.problem(problem));
    judged.warnings.iter().for_each(|warning| app.ui.warn(warning));
    judged.notes.iter().for_each(|note| app.ui.note(note));
    problems.len() < judged.errors.len()
}

/// "44 rows decided (40 keep, 3 remove, 1 change), 2 undecided".
fn summary(judged: &Judged) -> String {
    let mut by_verdict: BTreeMap<Verdict, usize> = BTreeMap::new();
    for decision in &judged.decisions {
        *by_verdict.entry(decision.decision).or_default() += 1;
    }
    let by_verdict: Vec<String> = by_verdict.iter().map(|(verdict, n)| format!("{n} {verdict}")).collect();
    let decided = counted(judged.decisions.len(), "row", "rows");
    format!("{decided} decided ({}), {} undecided", by_verdict.join(", "), judged.undecided)
}

fn decisions(judged: &Judged, rows: &[Asked]) -> Vec<Decision> {
    let asked: HashMap<&str, &Asked> = rows.iter().map(|row| (row.get("row_key"), row)).collect();
    let decision = |judged: &review::Decision| {
        let asked = asked.get(judged.row_key.as_str())?;
        let text = |column| asked.get(column).to_owned();
        Some(Decision {
            row_key: judged.row_key.clone(),
            decision: judged.decision,
            change_to: Some(judged.change_to.clone()).filter(|role| !role.is_empty()),
            reviewer: judged.reviewer.name.clone(),
            reviewer_email: judged.reviewer.email.clone(),
            reviewed_at: judged.reviewed_at.to_string(),
            justification: judged.justification.clone(),
            ticket: judged.ticket.clone(),
            findings: judged.findings(),
            business_id: asked.get("business_id").parse().unwrap_or_default(),
            business_name: text("business_name"),
            account_key: text("account_key"),
            full_name: text("full_name"),
            email: text("email"),
            role: text("role"),
            state: text("state"),
        })
    };
    judged.decisions.iter().filter_map(decision).collect()
}

fn as_json(snapshot: &Snapshot, judged: &Judged, recorded: Option<&Review>) -> serde_json::Value {
    let findings = |found: &[Finding]| found.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "snapshot": snapshot.id,
        "review": recorded.map(|review| review.id),
        "decisions": judged.decisions.len(),
        "undecided": judged.undecided,
        "errors": findings(&judged.errors),
        "warnings": findings(&judged.warnings),
        "notes": judged.notes,
    })
}
