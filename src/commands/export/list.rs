//! The column contract: every report, with its columns.

use std::io::Write;

use serde_json::json;

use crate::app::App;
use crate::error::Result;
use crate::report::{self, REPORTS, Report};
use crate::ui::output_failed;

pub(super) fn run(app: &App) -> Result<()> {
    if app.json {
        let column = |column: &report::Column| json!({ "name": column.name, "type": column.kind.as_str(), "heading": column.heading, "meaning": column.meaning });
        let report = |report: &Report| {
            let columns: Vec<_> = report.fixed_columns().map(column).collect();
            json!({
                "name": report.name, "title": report.title, "about": report.about, "key": report.key,
                "columns": columns, "column_per_business": report.per_business,
            })
        };
        return app.ui.json(&json!(REPORTS.iter().map(report).collect::<Vec<_>>()));
    }
    let mut data = app.ui.data();
    let mut print = |text: String| writeln!(data, "{text}").map_err(output_failed);
    for (at, report) in REPORTS.iter().enumerate() {
        print(format!("{}{}: {}", if at > 0 { "\n" } else { "" }, report.name, report.about))?;
        for column in report.fixed_columns() {
            print(format!("  {:<26}{:<12}{}", column.name, column.kind.as_str(), column.meaning))?;
        }
        if report.page.is_some() {
            print("  written as HTML, with no columns".to_owned())?;
        }
        if report.per_business {
            print("  and a column for each business, `<business_id> <name>`".to_owned())?;
        }
    }
    data.done()
}
