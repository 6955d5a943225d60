//! All rows of all sheets together → decisions, and everything that is wrong, at once.
//!
//! A sheet can be given to several people: one can decide what another leaves open, and the same
//! decision made twice about a row is not a contradiction.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::answer::{self, Answer, Problem, problem};
use super::same::{plain, same};
use super::sheet::{Row, Sheet, Value};
use super::{Asked, Concern, Decision, Finding, Judged, Place, Question, earlier};
use crate::report::Type;
use crate::time::Timestamp;

/// A later review says little about the access at the time of the snapshot.
const LATE_AFTER_DAYS: u64 = 30;

const A_MINUTE: u64 = 60;

/// A row of a sheet about a row of the snapshot. It has no answer if something is wrong with it, which
/// has already been reported.
struct Entry {
    place: Place,
    answer: Option<Answer>,
}

/// A decision in force.
pub(super) struct Settled<'a> {
    pub(super) place: Place,
    pub(super) asked: &'a Asked,
    pub(super) decision: Decision,
    clock: Option<Timestamp>,
}

/// The snapshot that most rows of the sheets belong to.
pub(crate) fn snapshot_named(sheets: &[Sheet]) -> Option<i64> {
    let mut counts = BTreeMap::new();
    for row in sheets.iter().flat_map(|sheet| &sheet.rows) {
        if let Ok(id) = row.get("snapshot_id").to_string().parse::<i64>() {
            *counts.entry(id).or_insert(0) += 1;
        }
    }
    counts.into_iter().max_by_key(|(_, rows)| *rows).map(|(id, _)| id)
}

pub(crate) fn judge(question: &Question, sheets: &[Sheet]) -> Judged {
    let mut errors = Vec::new();
    let mut entries = entries(question, sheets, &mut errors);
    if !question.part {
        errors.extend(missing(question, &entries));
    }
    let mut settled = Vec::new();
    for asked in question.rows {
        let of_row = entries.remove(asked.get("row_key")).unwrap_or_default();
        settled.extend(settle(question, asked, of_row, &mut errors));
    }
    if settled.is_empty() && errors.is_empty() {
        errors
            .push(whole("no row has a decision", "write keep, remove, change or ask in the column Decision"));
    }
    let (older, replacing) = earlier::replaced(question, &settled);
    errors.extend(older);
    errors.sort_by_cached_key(|finding| (finding.place.is_none(), finding.place.clone()));
    let notes = notes(&settled);
    mark(question, &mut settled);
    Judged {
        undecided: question.rows.len() - settled.len(),
        warnings: warnings(&settled).into_iter().chain(replacing).collect(),
        decisions: settled.into_iter().map(|settled| settled.decision).collect(),
        errors,
        notes,
    }
}

/// A finding that is not about a single row.
fn whole(what: impl Into<String>, fix: &str) -> Finding {
    Finding { what: what.into(), fix: fix.to_owned(), ..Finding::default() }
}

/// What the sheets say about each row of the snapshot, by row key.
fn entries<'a>(
    question: &Question<'a>,
    sheets: &[Sheet],
    errors: &mut Vec<Finding>,
) -> HashMap<&'a str, Vec<Entry>> {
    let by_key: HashMap<&str, &Asked> =
        question.rows.iter().map(|asked| (asked.get("row_key"), asked)).collect();
    let mut entries: HashMap<&str, Vec<Entry>> = HashMap::new();
    for sheet in sheets {
        let order = answer::order_of(sheet);
        let mut seen = HashMap::new();
        for row in &sheet.rows {
            let place = Place { file: sheet.file.clone(), sheet: sheet.name.clone(), row: row.number };
            let asked = by_key.get(plain(&row.get("row_key").to_string()).as_str()).copied();
            let first = asked.and_then(|asked| seen.insert(asked.get("row_key"), row.number));
            let answer = match (strange(question, row, asked), asked) {
                (None, None) => continue,
                (Some(problem), _) => Err(vec![problem]),
                (None, Some(_)) if let Some(first) = first => {
                    let what = format!("the same row is in this sheet twice, first in row {first}");
                    Err(vec![problem(what, "delete one of them")])
                }
                (None, Some(asked)) => answer::read(question, sheet, row, asked, order),
            };
            let person = asked.map_or_else(|| person_in(row), Asked::person);
            let tell = |(what, fix)| {
                errors.push(Finding { place: Some(place.clone()), person: person.clone(), what, fix });
            };
            let answer = answer.map_err(|problems| problems.into_iter().for_each(tell)).ok();
            if let Some(asked) = asked {
                entries.entry(asked.get("row_key")).or_default().push(Entry { place, answer });
            }
        }
    }
    entries
}

/// Why a row does not belong to the snapshot. Notes and totals around the listing are ignored.
fn strange(question: &Question, row: &Row, asked: Option<&Asked>) -> Option<Problem> {
    let (key, snapshot) = (row.get("row_key"), row.get("snapshot_id"));
    let what = match key {
        Value::Empty if *row.get("decision") == Value::Empty => return None,
        Value::Empty => "a decision without a row key".to_owned(),
        _ if !same(Type::NumericId, &question.snapshot_id.to_string(), snapshot, None) => {
            format!("it is for snapshot `{snapshot}`, not {}", question.snapshot_id)
        }
        _ if asked.is_none() => format!("the snapshot has no row `{key}`"),
        _ => return None,
    };
    Some(problem(what, "copy the decision into a sheet from `fbsync export review`"))
}

/// The person that a row names.
fn person_in(row: &Row) -> String {
    let names = ["full_name", "email", "business_name"].map(|name| row.get(name).to_string());
    names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Rows that are in no sheet; a business with no rows at all is reported once.
fn missing(question: &Question, entries: &HashMap<&str, Vec<Entry>>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for business in question.rows.chunk_by(|a, b| a.get("business_id") == b.get("business_id")) {
        let gone: Vec<&Asked> =
            business.iter().filter(|asked| !entries.contains_key(asked.get("row_key"))).collect();
        if gone.len() == business.len() && gone.len() > 1 {
            let what =
                format!("none of the {} rows of {} is in a sheet", gone.len(), gone[0].get("business_name"));
            findings.push(whole(what, "add the sheet that has them, or use --part"));
            continue;
        }
        findings.extend(gone.into_iter().map(|asked| Finding {
            person: asked.person(),
            ..whole("the row is in no sheet", "put it back, or use --part")
        }));
    }
    findings
}

/// The decision about a row, if its entries agree on one.
fn settle<'a>(
    question: &Question,
    asked: &'a Asked,
    entries: Vec<Entry>,
    errors: &mut Vec<Finding>,
) -> Option<Settled<'a>> {
    let mut tell = |place: &Place, what: String, fix: &str| {
        errors.push(Finding { place: Some(place.clone()), person: asked.person(), ..whole(what, fix) });
    };
    let wrong = entries.iter().any(|entry| entry.answer.is_none());
    let open = entries.first().filter(|_| !wrong && !question.part).map(|entry| entry.place.clone());
    let decided = entries.into_iter().filter_map(|entry| match entry.answer? {
        Answer::Undecided => None,
        Answer::Decided { decision, clock } => Some((entry.place, decision, clock)),
    });
    let decided: Vec<(Place, Decision, Option<Timestamp>)> = decided.collect();
    let Some((first, one, _)) = decided.first() else {
        let fix = "write keep, remove, change or ask, or use --part";
        open.iter().for_each(|place| tell(place, "no decision".to_owned(), fix));
        return None;
    };
    let in_words = |decision: &Decision| format!("{} {}", decision.decision.as_str(), decision.change_to);
    for (place, other, _) in &decided[1..] {
        let (here, there) = (in_words(other), in_words(one));
        if here != there {
            let what = format!("`{}` here and `{}` in {first}", here.trim(), there.trim());
            tell(place, what, "agree on one decision");
        }
    }
    // Another person's decision takes precedence over one about oneself.
    let best = decided.iter().position(|(_, decision, _)| !decision.reviewer.is(asked)).unwrap_or(0);
    decided.into_iter().nth(best).map(|(place, decision, clock)| Settled { place, asked, decision, clock })
}

/// Marks the decisions that an auditor would ask about.
fn mark(question: &Question, settled: &mut [Settled]) {
    let mut reviewers: BTreeMap<String, Vec<&mut Settled>> = BTreeMap::new();
    let decided: HashSet<&str> = settled.iter().map(|one| one.asked.get("row_key")).collect();
    let open = || question.rows.iter().filter(|asked| !decided.contains(asked.get("row_key")));
    for one in settled {
        if one.decision.reviewed_at.days_since(question.taken_on) > LATE_AFTER_DAYS {
            one.decision.findings.insert(Concern::Late);
        }
        if one.decision.reviewer.is(one.asked) {
            one.decision.findings.extend([Concern::SelfReview, Concern::OwnAccessUnreviewed]);
        }
        reviewers.entry(one.decision.reviewer.key()).or_default().push(one);
    }
    for theirs in reviewers.values_mut() {
        let reviewer = &theirs[0].decision.reviewer;
        let businesses: HashSet<&str> = theirs.iter().map(|one| one.asked.get("business_id")).collect();
        // The reviewer's own row, in a business in which they decide, that was deleted or left open.
        let unreviewed =
            open().any(|asked| businesses.contains(asked.get("business_id")) && reviewer.is(asked));
        let hasty = within_a_minute(theirs.iter().map(|one| one.clock));
        for one in theirs {
            one.decision.findings.extend(unreviewed.then_some(Concern::OwnAccessUnreviewed));
            one.decision.findings.extend(hasty.then_some(Concern::DecidedWithinAMinute));
        }
    }
}

/// Whether a reviewer's decisions, two or more, all have a time of day and are that close together.
fn within_a_minute(clocks: impl ExactSizeIterator<Item = Option<Timestamp>>) -> bool {
    let several = clocks.len() > 1;
    let clocks: Option<Vec<Timestamp>> = clocks.collect();
    let ends = clocks.as_ref().and_then(|clocks| clocks.iter().min().zip(clocks.iter().max()));
    several && ends.is_some_and(|(first, last)| last.since(*first).as_secs() <= A_MINUTE)
}

/// What could not be checked.
fn notes(settled: &[Settled]) -> Vec<String> {
    let count = |test: fn(&Settled) -> bool, what: &str| {
        let count = settled.iter().filter(|one| test(one)).count();
        (count > 0).then(|| format!("{count} of {} decisions {what}", settled.len()))
    };
    let notes = [
        count(
            |one| one.clock.is_none(),
            "have a date without a time: whether they were made within one minute was not checked",
        ),
        count(
            |one| one.decision.reviewer.email.is_empty(),
            "name a reviewer without an address: self-review was checked by name only",
        ),
    ];
    notes.into_iter().flatten().collect()
}

/// One warning for each reviewer and concern.
fn warnings(settled: &[Settled]) -> Vec<Finding> {
    let mut counts: BTreeMap<(Concern, String), (usize, String)> = BTreeMap::new();
    for Settled { decision, .. } in settled {
        for concern in &decision.findings {
            let reviewer = &decision.reviewer;
            counts.entry((*concern, reviewer.key())).or_insert_with(|| (0, reviewer.to_string())).0 += 1;
        }
    }
    let warning = |((concern, _), (count, person)): ((Concern, String), (usize, String))| {
        let noun = if count == 1 { "decision" } else { "decisions" };
        let what = format!("{} ({count} {noun}, marked {})", concern.meaning(), concern.as_str());
        Finding { person, what, ..Finding::default() }
    };
    counts.into_iter().map(warning).collect()
}
