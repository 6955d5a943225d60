//! `review status`: for each reviewed snapshot what is decided, what is left to do, and what was carried
//! out since.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::counted;
use crate::app::App;
use crate::cli::ReviewStatusArgs;
use crate::error::{Error, Kind, Result};
use crate::evidence::Asked;
use crate::model::marks::Verdict;
use crate::model::role;
use crate::report::outcomes::{self, Followed, Standing};
use crate::store::{Reader, Snapshot, Usable};
use crate::ui::Column;

pub(super) fn run(app: &App, args: &ReviewStatusArgs) -> Result<()> {
    let reader = Reader::open(app, &app.database(&args.database.db)?)?;
    let reviewed = reviewed(&reader, args)?;
    if reviewed.is_empty() {
        if app.json {
            app.ui.json(&json!([]))?;
        }
        app.ui.note("no review was recorded yet");
        return Ok(());
    }
    let states = reviewed.iter().map(|snapshot| State::of(&reader, snapshot)).collect::<Result<Vec<_>>>()?;
    match app.json {
        true => app.ui.json(&states.iter().map(State::as_json).collect())?,
        false => show(app, &states)?,
    }
    let open: usize = states.iter().map(State::open).sum();
    if open > 0 {
        let message = format!("{} still open", counted(open, "row is", "rows are"));
        return Err(Error::new(Kind::No, message)
            .hint("carry out what was decided, run `fbsync sync`, and ask again; record what is undecided"));
    }
    Ok(())
}

/// The snapshots that were reviewed, or the one that was asked for.
fn reviewed(reader: &Reader, args: &ReviewStatusArgs) -> Result<Vec<Snapshot>> {
    let mut ids: Vec<i64> = reader.reviews()?.iter().map(|review| review.snapshot_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if let Some(asked) = &args.snapshot {
        let wanted = match Asked::parse(asked, &args.timezone)? {
            Asked::Id(id) => Some(reader.snapshot(id)?),
            Asked::Latest => reader.newest_snapshot(Usable::default(), None)?,
            Asked::At(moment) => reader.newest_snapshot(Usable::default(), Some(moment))?,
        };
        let id = wanted.map_or(0, |snapshot| snapshot.id);
        ids.retain(|known| *known == id);
        if ids.is_empty() {
            return Err(Error::new(Kind::No, format!("no review of snapshot `{asked}` was recorded"))
                .hint("fbsync review list --db FILE"));
        }
    }
    ids.into_iter().map(|id| reader.snapshot(id)).collect()
}

/// How the review of one snapshot stands.
struct State {
    snapshot: Snapshot,
    standing: Vec<Standing>,
    undecided: usize,
    followed: Vec<Followed>,
}

impl State {
    fn of(reader: &Reader, snapshot: &Snapshot) -> Result<Self> {
        let standing = outcomes::standing(reader, snapshot.id)?;
        let rows = usize::try_from(snapshot.memberships).unwrap_or_default();
        Ok(State {
            undecided: rows.saturating_sub(standing.len()),
            followed: outcomes::follow(reader, snapshot)?,
            standing,
            snapshot: snapshot.clone(),
        })
    }

    /// Rows about which somebody still has to decide, act or look.
    fn open(&self) -> usize {
        let followed = self.followed.iter().filter(|followed| followed.outcome.is_open()).count();
        self.undecided + self.count(Verdict::Ask) + followed
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.standing.iter().filter(|standing| standing.decision.decision == verdict).count()
    }

    fn by_reviewer(&self) -> BTreeMap<String, usize> {
        let mut by_reviewer = BTreeMap::new();
        for Standing { decision, .. } in &self.standing {
            let reviewer = match decision.reviewer.as_str() {
                "" => decision.reviewer_email.clone(),
                name => name.to_owned(),
            };
            *by_reviewer.entry(reviewer).or_default() += 1;
        }
        by_reviewer
    }

    fn headline(&self) -> String {
        let by_verdict: Vec<String> = Verdict::ALL
            .iter()
            .map(|verdict| (self.count(*verdict), verdict))
            .filter(|(n, _)| *n > 0)
            .map(|(n, verdict)| format!("{n} {verdict}"))
            .collect();
        let by_reviewer: Vec<String> =
            self.by_reviewer().iter().map(|(reviewer, n)| format!("{reviewer} {n}")).collect();
        format!(
            "snapshot {} ({}): {} decided ({}), {} undecided; by {}",
            self.snapshot.id,
            self.snapshot.finished_at,
            counted(self.standing.len(), "row", "rows"),
            by_verdict.join(", "),
            self.undecided,
            by_reviewer.join(", ")
        )
    }

    fn as_json(&self) -> Value {
        let outcome = |followed: &Followed| {
            let decision = &followed.standing.decision;
            json!({
                "row_key": decision.row_key, "decision": decision.decision.as_str(), "change_to": decision.change_to,
                "outcome": followed.outcome.as_str(), "reviewed_snapshot_id": self.snapshot.id,
                "outcome_snapshot_id": followed.seen.as_ref().map(|seen| seen.id),
            })
        };
        let by_decision: BTreeMap<&str, usize> =
            Verdict::ALL.iter().map(|verdict| (verdict.as_str(), self.count(*verdict))).collect();
        json!({
            "snapshot": self.snapshot.id, "finished_at": self.snapshot.finished_at.to_string(),
            "memberships": self.snapshot.memberships, "decided": self.standing.len(), "undecided": self.undecided,
            "by_decision": by_decision, "by_reviewer": self.by_reviewer(), "open": self.open(),
            "outcomes": self.followed.iter().map(outcome).collect::<Vec<_>>(),
        })
    }
}

const COLUMNS: [Column; 8] = [
    Column::whole("snapshot", 6),
    Column::cut("business", 4),
    Column::cut("who", 1),
    Column::cut("role", 3),
    Column::whole("decision", 0),
    Column::whole("outcome", 0),
    Column::whole("seen in", 5),
    Column::whole("days", 7),
];

/// A line about each snapshot, and a table of what was to be carried out; what needs an answer as well.
fn show(app: &App, states: &[State]) -> Result<()> {
    let mut rows = Vec::new();
    for state in states {
        app.ui.note(state.headline());
        for Standing { decision, .. } in &state.standing {
            if decision.decision == Verdict::Ask {
                let row = [
                    &decision.business_name,
                    &decision.full_name,
                    role::label(&decision.role),
                    "ask",
                    "",
                    "",
                    "",
                ];
                rows.push(line(state, row.map(str::to_owned)));
            }
        }
        for followed in &state.followed {
            rows.push(line(state, cells(followed)));
        }
    }
    app.ui.table(&COLUMNS, &rows)
}

fn line(state: &State, cells: [String; 7]) -> Vec<String> {
    std::iter::once(state.snapshot.id.to_string()).chain(cells).collect()
}

fn cells(followed: &Followed) -> [String; 7] {
    let Standing { decision, review } = &followed.standing;
    let asked = match &decision.change_to {
        Some(role) => format!("change to {}", role::label(role)),
        None => decision.decision.to_string(),
    };
    let seen = followed.seen.as_ref();
    let days = seen.map(|seen| seen.finished_at.since(review.recorded_at).as_secs() / 86_400);
    [
        decision.business_name.clone(),
        decision.full_name.clone(),
        role::label(&decision.role).to_owned(),
        asked,
        followed.outcome.to_string(),
        seen.map(|seen| seen.id.to_string()).unwrap_or_default(),
        days.map(|days| days.to_string()).unwrap_or_default(),
    ]
}
