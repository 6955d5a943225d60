//! What was typed, made sense of: which report, in which form, for whom.

use std::path::Path;

use crate::cli::ExportArgs;
use crate::error::{Error, Kind, Result};
use crate::format::Format;
use crate::fsutil;
use crate::report::{self, Options, REPORTS, Report, Style};
use crate::shell;

/// The longest file of addresses that is read.
const LARGEST_PEOPLE_FILE: u64 = 4 << 20;

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

pub(super) fn options(args: &ExportArgs) -> Result<Options> {
    let mut own_domains = Vec::new();
    for domain in &args.own_domain {
        let domain = domain.trim().trim_start_matches('@').to_lowercase();
        if domain.is_empty() || domain.contains(['@', ' ', '/']) {
            let problem = format!("--own-domain `{domain}` is no domain");
            return Err(Error::new(Kind::Usage, problem).hint("--own-domain example.com"));
        }
        own_domains.push(domain);
    }
    own_domains.sort();
    own_domains.dedup();
    let (people, max_privileged) = (people(&args.people)?, args.max_privileged);
    Ok(Options { own_domains, max_privileged, people, accounts: None, since: None })
}

/// Addresses as typed, and those in files: one a line, or the first column that holds an `@`.
fn people(given: &[String]) -> Result<Vec<String>> {
    let mut people = Vec::new();
    for one in given {
        let path = Path::new(one);
        if !path.exists() {
            if !one.contains('@') {
                return Err(Error::new(
                    Kind::Usage,
                    format!("`{one}` is neither a file nor an e-mail address"),
                )
                .hint("--people ann@example.com, or --people FILE with an address on each line"));
            }
            people.push(one.trim().to_lowercase());
            continue;
        }
        let text = fsutil::read_text(path, LARGEST_PEOPLE_FILE)
            .map_err(fsutil::failing(|| format!("cannot read {}", path.display())))?;
        let cells = |line: &str| {
            let mut cells =
                line.split([',', ';', '\t']).map(|cell| cell.trim_matches(['"', ' ']).to_lowercase());
            cells.find(|cell| cell.contains('@'))
        };
        let before = people.len();
        people.extend(text.trim_start_matches('\u{feff}').lines().filter_map(cells));
        if people.len() == before {
            return Err(Error::new(Kind::Usage, format!("{} holds no e-mail address", path.display()))
                .hint("one address on each line"));
        }
    }
    people.sort();
    people.dedup();
    Ok(people)
}
