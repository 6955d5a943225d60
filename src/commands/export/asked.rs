//! What was typed, made sense of: which report, in which form, for whom.

use std::ffi::OsStr;
use std::path::Path;

use super::{beside, people};
use crate::cli::ExportArgs;
use crate::error::{Error, Kind, Result};
use crate::format::Format;
use crate::report::{self, Options, REPORTS, Report, Style};
use crate::shell;
use crate::ui::Ui;

pub(super) fn report(args: &ExportArgs) -> Result<Option<&'static Report>> {
    let Some(name) = &args.report else { return Ok(None) };
    report::find(name).map(Some).ok_or_else(|| {
        let names: Vec<&str> = REPORTS.iter().map(|report| report.name).collect();
        Error::new(Kind::Usage, format!("there is no report `{name}`"))
            .hint(format!("fbsync export REPORT …, where REPORT is one of: {}", names.join(", ")))
    })
}

/// The format that was asked for, or that the name of the file says.
pub(super) fn style(args: &ExportArgs, file: Option<&Path>) -> Result<Style> {
    let named = file.map(format_named).transpose()?.flatten();
    let format = match (args.format, named) {
        (Some(asked), Some(named)) if asked != named => {
            let (asked, named) = (asked.extension(), named.extension());
            let problem = format!("--format {asked} contradicts the name of the file, which says {named}");
            return Err(Error::new(Kind::Usage, problem).hint("leave --format out, or rename the file"));
        }
        (asked, named) => asked.or(named).unwrap_or_default(),
    };
    if args.bom && format != Format::Csv {
        return Err(Error::new(Kind::Usage, "--bom is for CSV").hint("leave --bom out"));
    }
    Ok(Style { format, guard: args.formula_guard, bom: args.bom, ..Style::default() })
}

/// What the file's extension says; nothing where it has none. A name that promises another format than
/// those is refused: somebody would open it as that.
fn format_named(file: &Path) -> Result<Option<Format>> {
    let named = |file: &Path| {
        let extension = file.extension()?.to_string_lossy().to_lowercase();
        Format::ALL.into_iter().find(|format| format.extension() == extension)
    };
    let Some(extension) = file.extension() else { return Ok(None) };
    named(file).map(Some).ok_or_else(|| {
        let extension = extension.display();
        let known = Format::ALL.map(|format| format!(".{}", format.extension())).join(", ");
        let bare = file.with_extension("");
        let csv = match named(&bare) {
            Some(_) => shell::path(&bare),
            None => shell::path(&file.with_extension(Format::Csv.extension())),
        };
        Error::new(Kind::Usage, format!("`.{extension}` is not a format that can be written ({known})"))
            .hint(format!("-o {csv}"))
    })
}

/// A page has one form, and what asks for another is refused.
pub(super) fn page(args: &ExportArgs, report: &Report, file: Option<&Path>) -> Result<Style> {
    let is_named =
        |extension: &OsStr| ["html", "htm"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    let is_html = file.and_then(Path::extension).is_none_or(is_named);
    let name = report.name;
    match is_html && args.format.is_none() && !args.bom {
        true => Ok(Style::default()),
        false => Err(Error::new(Kind::Usage, format!("`{name}` is written as HTML and nothing else"))
            .hint(format!("fbsync export {name} … -o {name}.html"))),
    }
}

pub(super) fn options(ui: Ui, args: &ExportArgs) -> Result<Options> {
    let mut own_domains = args.own_domain.clone();
    own_domains.sort();
    own_domains.dedup();
    Ok(Options {
        own_domains,
        max_privileged: args.max_privileged,
        people: people::addresses(&args.people)?,
        accounts: None,
        since: None,
        roster: args.roster.as_deref().map(|path| beside::roster(ui, path)).transpose()?,
        expected: args.expected.as_deref().map(|path| beside::expected(ui, path)).transpose()?,
    })
}
