//! Half a sheet without decisions is one line, not hundreds.

use std::collections::HashMap;

use super::{Finding, Place};

/// As many of one kind are told one by one.
const MOST: usize = 20;

/// So many runs of rows are named.
const RUNS: usize = 8;

/// The findings as lines, in their order. Where the same is found in more than a few rows of a sheet, they
/// become one line that says which rows.
pub(crate) fn folded(findings: &[Finding]) -> Vec<String> {
    let mut alike: HashMap<_, Vec<&Finding>> = HashMap::new();
    for finding in findings {
        alike.entry(kind(finding)).or_default().push(finding);
    }
    let line = |finding: &Finding| match alike.get(&kind(finding)) {
        Some(all) if all.len() > MOST => std::ptr::eq(all[0], finding).then(|| in_one(all)),
        _ => Some(finding.to_string()),
    };
    findings.iter().filter_map(line).collect()
}

fn kind(finding: &Finding) -> (Option<(&str, Option<&str>)>, &str, &str) {
    let sheet = finding.place.as_ref().map(|place| (place.file.as_str(), place.sheet.as_deref()));
    (sheet, &finding.what, &finding.fix)
}

fn in_one(all: &[&Finding]) -> String {
    let finding = |place| Finding { place, person: String::new(), ..all[0].clone() };
    match &all[0].place {
        None => format!("{} rows: {}", all.len(), finding(None)),
        Some(Place { file, sheet, .. }) => {
            let sheet = sheet.as_ref().map(|sheet| format!(", sheet {sheet}")).unwrap_or_default();
            let rows = runs(all.iter().filter_map(|finding| finding.place.as_ref()).map(|place| place.row));
            format!("{file}{sheet}, rows {rows} ({} rows): {}", all.len(), finding(None))
        }
    }
}

/// "3 to 7, 9, 12 to 40".
fn runs(rows: impl Iterator<Item = u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => runs.push((row, row)),
        }
    }
    let named = runs.iter().take(RUNS).map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    if runs.len() > RUNS { format!("{named}, …") } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(row: u32, what: &str) -> Finding {
        let place = Place { file: "r.csv".to_owned(), sheet: None, row };
        Finding {
            place: Some(place),
            person: format!("P{row}"),
            what: what.to_owned(),
            fix: "decide".to_owned(),
        }
    }

    #[test]
    fn many_of_one_kind_are_one_line() {
        let few: Vec<Finding> = (2..22).map(|row| finding(row, "no decision")).collect();
        let lines = folded(&few);
        assert_eq!((lines.len(), lines[19].as_str()), (20, "r.csv, row 21: P21: no decision; decide"));
        let mut many = few;
        many.push(finding(30, "no date"));
        many.extend((40..44).chain([50]).map(|row| finding(row, "no decision")));
        let expected = [
            "r.csv, rows 2 to 21, 40 to 43, 50 (25 rows): no decision; decide",
            "r.csv, row 30: P30: no date; decide",
        ];
        assert_eq!(folded(&many), expected);
        let nowhere = |finding| Finding { place: None, ..finding };
        let missing: Vec<Finding> = (0..30).map(|row| nowhere(finding(row, "it is missing"))).collect();
        assert_eq!(folded(&missing), ["30 rows: it is missing; decide"]);
        assert!(runs((0..40).map(|n| n * 2)).ends_with("12, 14, …"));
    }
}
