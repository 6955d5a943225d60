//! The column contract: what each report answers, and its columns.

use serde_json::{Value, json};

use crate::app::App;
use crate::error::Result;
use crate::report::{Column, REPORTS, Report};

/// Every report in a line, or one with its columns.
pub(super) fn run(app: &App, report: Option<&Report>) -> Result<()> {
    if app.json {
        return app.ui.json(&match report {
            Some(report) => as_json(report),
            None => REPORTS.iter().map(as_json).collect(),
        });
    }
    let entries: Vec<(String, String)> = match report {
        Some(report) => columns(report),
        None => REPORTS.iter().map(|report| (report.name.to_owned(), report.about.to_owned())).collect(),
    };
    app.ui.glossary(&entries)?;
    match report {
        Some(report) if report.page.is_some() => app.ui.note("it is written as HTML and has no columns"),
        Some(_) => {}
        None => app.ui.result("fbsync export --list REPORT shows its columns"),
    }
    Ok(())
}

fn columns(report: &Report) -> Vec<(String, String)> {
    let fixed = report.fixed_columns();
    let mut entries: Vec<_> = fixed
        .map(|column| (column.name.to_string(), format!("{}: {}", column.kind.as_str(), column.meaning)))
        .collect();
    if report.per_business {
        let meaning = "text: a column for each business, with the person's roles in it";
        entries.push(("<business_id> <name>".to_owned(), meaning.to_owned()));
    }
    entries
}

fn as_json(report: &Report) -> Value {
    let column = |column: &Column| {
        json!({
            "name": column.name, "type": column.kind.as_str(), "heading": column.heading,
            "meaning": column.meaning,
        })
    };
    let columns: Vec<_> = report.fixed_columns().map(column).collect();
    json!({
        "name": report.name, "title": report.title, "about": report.about, "key": report.key,
        "columns": columns, "column_per_business": report.per_business,
    })
}
