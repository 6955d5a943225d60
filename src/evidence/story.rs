//! The part of README.txt about the review: who decided what and when, what an auditor would ask about,
//! what was to be removed or changed, and when it was gone.

use super::manifest::{DecidedEntry, FindingEntry, FollowedEntry, Manifest, ReviewEntry};
use super::readme::Page;
use crate::model::marks::Concern;
use crate::report::in_words;

pub(super) fn tell(page: &mut Page, manifest: &Manifest, review: &ReviewEntry) {
    page.heading("HOW IT WAS REVIEWED");
    who_decided(page, review);
    findings(page, review);
    changed(page, review);
    recorded(page, manifest, review);
    page.heading("WHAT WAS TO BE REMOVED OR CHANGED, AND WHAT BECAME OF IT");
    followed(page, manifest, review);
}

fn who_decided(page: &mut Page, review: &ReviewEntry) {
    let decisions: Vec<String> =
        review.decisions.iter().map(|(decision, n)| format!("{n} {decision}")).collect();
    let open = match review.undecided {
        0 => "none is open".to_owned(),
        n => format!("{} NOT DECIDED", rows(n)),
    };
    page.paragraph(&format!(
        "Decided: {} of {} ({}); {open}.",
        review.decided,
        rows(review.decided + review.undecided),
        decisions.join(", ")
    ));
    for one in &review.reviewers {
        let when = match one.first_on == one.last_on {
            true => format!("on {}", one.first_on),
            false => format!("from {} to {}", one.first_on, one.last_on),
        };
        page.item(&format!("{} decided {}, {when}", one.reviewer, rows(one.decisions)));
    }
    page.line("");
}

fn findings(page: &mut Page, review: &ReviewEntry) {
    page.paragraph(match review.findings.is_empty() {
        true => {
            "No problem was found in the decisions that count: as far as names and addresses tell, nobody \
             decided about their own access, and every decision is dated within 30 days of the snapshot."
        }
        false => "Found in the review itself:",
    });
    for one in &review.findings {
        page.item(&finding(one));
    }
    if !review.findings.is_empty() {
        page.line("");
    }
    // Only the day of a decision is kept, so that of a reviewer without this finding nothing more is known.
    let hasty = |reviewer: &str| {
        let mut theirs = review.findings.iter().filter(|one| one.reviewer == reviewer);
        theirs.any(|one| one.finding == Concern::DecidedWithinAMinute.as_str())
    };
    if !review.reviewers.iter().all(|one| hasty(&one.reviewer)) {
        page.paragraph(
            "Not checked: whether decisions that have a date without a time of day were made within one \
             minute.",
        );
    }
    if review.replaced_findings.is_empty() {
        return;
    }
    page.paragraph("Found in decisions that were replaced later:");
    for one in &review.replaced_findings {
        page.item(&format!("in review {}: {}", one.review_id, finding(&one.found)));
    }
    page.line("");
}

fn finding(one: &FindingEntry) -> String {
    let meaning = Concern::parse(&one.finding).map(Concern::meaning).unwrap_or(&one.finding);
    format!("{meaning} ({}, {})", one.reviewer, rows(one.decisions))
}

fn changed(page: &mut Page, review: &ReviewEntry) {
    if review.changes == 0 {
        return;
    }
    page.paragraph("Decisions that were changed later:");
    for one in &review.changed {
        let [from, to] = [&one.from, &one.to].map(|decided| {
            let DecidedEntry { decision, reviewer, reviewed_at, review_id } = decided;
            format!("{decision}, decided by {reviewer} on {reviewed_at} (review {review_id})")
        });
        page.item(&format!("{} in {}: from {from}, to {to}", one.person, one.business));
    }
    let more = review.changes - review.changed.len();
    if more > 0 {
        page.item(&format!("{more} more, which are in the database"));
    }
    page.line("");
}

fn recorded(page: &mut Page, manifest: &Manifest, review: &ReviewEntry) {
    for one in &review.recorded {
        let note = one.note.as_ref().map(|note| format!("; note: {note}")).unwrap_or_default();
        page.item(&format!(
            "review {} was recorded at {} (UTC): {} decided, {} left open{note}",
            one.id,
            one.recorded_at,
            rows(usize::try_from(one.decisions).unwrap_or_default()),
            one.undecided
        ));
    }
    page.line("");
    page.paragraph(match manifest.files.iter().any(|file| file.original.is_some()) {
        true => "The exact files that the reviewers filled in are in the folder reviewed/.",
        false => "The files that the reviewers filled in are kept by whoever exported this folder.",
    });
}

fn followed(page: &mut Page, manifest: &Manifest, review: &ReviewEntry) {
    let all: usize = review.outcomes.values().sum();
    let snapshot = &manifest.snapshot;
    if all == 0 {
        return page.paragraph("Nothing was to be removed or changed.");
    }
    page.paragraph(&match &review.followed_until {
        Some(last) => format!(
            "The review was of snapshot {} ({}). Its outcome was checked in every complete snapshot since, up to snapshot {} ({}):",
            snapshot.id, snapshot.finished_at, last.id, last.finished_at
        ),
        None => format!(
            "The review was of snapshot {} ({}), and there is no complete snapshot since. Whether anything \
             was carried out is NOT KNOWN:",
            snapshot.id, snapshot.finished_at
        ),
    });
    review.followed.iter().for_each(|one| page.item(&sentence(one)));
    if all > review.followed.len() {
        page.item(&format!("{} more, which are in the report `outcomes`", rows(all - review.followed.len())));
    }
    page.line("");
}

fn sentence(one: &FollowedEntry) -> String {
    let FollowedEntry { person, business, role, decision, justification, reviewer, reviewed_at, .. } = one;
    let outcome = match &one.seen {
        None => "not read since".to_owned(),
        Some(seen) => {
            let days = match one.days.unwrap_or_default() {
                1 => "1 day".to_owned(),
                days => format!("{days} days"),
            };
            let outcome = match one.outcome.as_str() {
                "still_there" => "STILL THERE".to_owned(),
                "back_again" => "BACK AGAIN".to_owned(),
                "cannot_tell" => "cannot tell, since the list could not be read".to_owned(),
                outcome => in_words(outcome),
            };
            format!("{outcome}, seen in snapshot {} ({}), {days} later", seen.id, seen.finished_at)
        }
    };
    format!(
        "{person}, {role} in {business}: {decision} ({justification}), decided by {reviewer} on {reviewed_at}: \
         {outcome}"
    )
}

fn rows(n: usize) -> String {
    if n == 1 { "1 row".to_owned() } else { format!("{n} rows") }
}
