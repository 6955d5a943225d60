//! Write a folder for each business, which contains nothing about the others, and `_firm` with all of them.
//!
//! `_firm/index.csv` holds every folder's seal, so that the seal of `_firm` stands for the whole.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use super::check::unusable;
use super::{Choice, Demand, Part, Plan, Sealed, Source, Stamp};
use crate::error::{Context, Kind, Result};
use crate::fsutil;
use crate::model::Outcome;
use crate::report::{self, Cell, Column, Options, Report, Scope, Style, Type, View, column};
use crate::stop::Stop;
use crate::store::{BusinessLine, Reader, Snapshot};

pub(crate) const FIRM: &str = "_firm";
pub(crate) const INDEX: &str = "index.csv";

/// A line for each of many thousand businesses.
const LARGEST_INDEX: u64 = 64 << 20;

/// The longest name of a business's folder, which stands in every file's name again.
const LONGEST_NAME: usize = 40;

const COLUMNS: &[Column] = &[
    column("business_id", Type::NumericId, "Business id", "FreshBooks' id of the business"),
    column("business_name", Type::Text, "Business", "the business's name"),
    column("folder", Type::Id, "Folder", "where its evidence lies; empty where there is none"),
    column("outcome", Type::Id, "Outcome", "how reading its team list went"),
    column("rows", Type::Integer, "Rows", "memberships in its listing"),
    column("owner_name", Type::Text, "Owner", "the first owner named"),
    column("owner_email", Type::Text, "Owner's e-mail", "the first owner's address"),
    column("as_of", Type::Time, "As of (UTC)", "when the reading ended"),
    column("seal", Type::Id, "Seal", "SHA-256 of the folder's SHA256SUMS"),
];

/// The line of every business, in report order.
pub(crate) struct Index {
    lines: Vec<Line>,
    style: Style,
}

struct Line {
    business: BusinessLine,
    outcome: String,
    as_of: String,
    seal: Option<String>,
}

impl Index {
    /// `seals` by the names of the folders. A business whose list was not read has none.
    pub(crate) fn of(view: &View, style: Style, seals: &BTreeMap<String, String>) -> Self {
        let readable: BTreeSet<i64> = readable(view).0.iter().map(|business| business.id).collect();
        let seal = |business: &BusinessLine| seals.get(&folder_name(business)).cloned();
        let line = |business: &BusinessLine| Line {
            outcome: view
                .team_list(business.id)
                .map_or("skipped", |line| line.read.outcome.as_str())
                .to_owned(),
            as_of: view.snapshot.finished_at.to_string(),
            seal: seal(business).filter(|_| readable.contains(&business.id)),
            business: business.clone(),
        };
        Index { lines: view.businesses.iter().map(line).collect(), style }
    }

    /// Writes `index.csv` and tells which cells were guarded.
    pub(super) fn write(&self, out: &mut dyn Write) -> Result<Vec<String>> {
        let report = Report { columns: &[COLUMNS], key: &["business_id"], ..report::REPORTS[0] };
        let mut csv = report::Lines::csv(&report, COLUMNS.iter().collect(), self.style, out)?;
        for line in &self.lines {
            csv.row(&line.cells())?;
        }
        csv.finish()
    }
}

impl Line {
    fn cells(&self) -> Vec<Cell<'_>> {
        let Line { business, outcome, as_of, seal } = self;
        let owner = business.owner.as_ref();
        let folder = seal.is_some().then(|| folder_name(business));
        vec![
            Cell::Integer(business.id),
            Cell::text(business.name.as_str()),
            folder.map_or(Cell::Empty, Cell::text),
            Cell::text(outcome.as_str()),
            Cell::Integer(business.rows),
            Cell::optional(owner.map(|owner| owner.name.as_str())),
            Cell::optional(owner.map(|owner| owner.email.as_str())),
            Cell::text(as_of.as_str()),
            Cell::optional(seal.as_deref()),
        ]
    }
}

/// What was split.
pub(crate) struct Split {
    /// The firm's own folder, with the businesses that got none.
    pub(crate) firm: Sealed,
    pub(crate) folders: usize,
}

/// Everything that a split depends on.
pub(crate) struct Order<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) demand: Demand,
    pub(crate) options: Options,
    pub(crate) style: Style,
    pub(crate) choice: &'a Choice,
    pub(crate) stamp: &'a Stamp,
    pub(crate) stop: &'a Stop,
}

/// The businesses whose team list was read whole, and the names of the others.
pub(crate) fn readable<'v>(view: &'v View) -> (Vec<&'v BusinessLine>, Vec<String>) {
    let (mut readable, mut unread) = (Vec::new(), Vec::new());
    for business in &view.businesses {
        match view.team_list(business.id) {
            Some(list) if list.read.outcome == Outcome::Ok => readable.push(business),
            Some(list) if list.read.is_accepted() => {
                unread.push(format!("{}, an accepted gap", business.called()))
            }
            Some(list) if list.read.outcome == Outcome::Skipped => {
                unread.push(format!("{}, left out when reading", business.called()));
            }
            _ => unread.push(business.called()),
        }
    }
    (readable, unread)
}

/// What the name of every file of a business begins with: whose it is and of which day.
pub(crate) fn file_prefix(business: &BusinessLine, snapshot: &Snapshot) -> String {
    format!("{}-{}-", folder_name(business), snapshot.finished_at.day())
}

/// Writes the folders into `target`, which exists and is empty.
pub(crate) fn write(target: &Path, order: &Order) -> Result<Split> {
    let whole = &order.demand;
    let source = Source::open(order.reader, whole)?;
    let view = source.view(order.options.clone(), order.stop)?;
    let plan = |part, index| Plan {
        style: order.style,
        choice: order.choice,
        stamp: order.stamp,
        part: Some(part),
        index,
    };
    let (mut seals, mut shown) = (BTreeMap::new(), BTreeSet::new());
    let (readable, unread) = readable(&view);
    for business in readable {
        let name = folder_name(business);
        let alone = Demand { scope: Scope::Alone(vec![business.id]), ..whole.clone() };
        let alone = Source::open(order.reader, &alone)?;
        let alone = alone.view(order.options.clone(), order.stop)?;
        let sealed = super::write(&subfolder(target, &name)?, &alone, &plan(Part::Business, None))?;
        seals.insert(name, sealed.seal);
        shown.extend(sealed.shown);
    }
    let index = Index::of(&view, order.style, &seals);
    let firm = super::write(&subfolder(target, FIRM)?, &view, &plan(Part::Firm, Some(&index)))?;
    shown.extend(&firm.shown);
    Ok(Split { firm: Sealed { unread, shown, ..firm }, folders: seals.len() })
}

/// The seals that an index holds, by folder. They cannot be derived from a database.
pub(super) fn indexed_seals(firm: &Path) -> Result<BTreeMap<String, String>> {
    let read = fsutil::open_within(firm, Path::new(INDEX))
        .and_then(|file| fsutil::read_bounded(file, LARGEST_INDEX));
    let text = match read {
        Ok(text) => text,
        Err(error) => return unusable(INDEX, error).map(|_| BTreeMap::new()),
    };
    let mut index = csv::Reader::from_reader(text.as_slice());
    let Ok(headers) = index.headers().cloned() else { return Ok(BTreeMap::new()) };
    let place = |name: &str| headers.iter().position(|header| header.ends_with(name));
    let Some((folder, seal)) = place("folder").zip(place("seal")) else { return Ok(BTreeMap::new()) };
    let lines = index.records().flatten();
    let seals = lines.filter_map(|line| Some((line.get(folder)?.to_owned(), line.get(seal)?.to_owned())));
    Ok(seals.filter(|(folder, _)| !folder.is_empty()).collect())
}

fn subfolder(target: &Path, name: &str) -> Result<std::path::PathBuf> {
    let folder = target.join(name);
    fsutil::create_private_folder(&folder).context(Kind::Storage, || format!("cannot write {name}"))?;
    Ok(folder)
}

pub(crate) fn folder_name(business: &BusinessLine) -> String {
    folder_of(business.id, &business.name)
}

/// `<business_id>-<slug>`: ASCII, since folders are zipped and mailed to all sorts of machines.
pub(super) fn folder_of(id: i64, name: &str) -> String {
    let slug = ascii(name);
    let slug = if slug.is_empty() { "business" } else { &slug };
    let name = format!("{id}-{slug}");
    name[..name.len().min(LONGEST_NAME)].trim_end_matches('-').to_owned()
}

/// Lower-case letters and digits, everything between them as one hyphen.
pub(super) fn ascii(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        match unaccented(c) {
            "" if c.is_ascii_alphanumeric() => slug.push(c),
            "" if slug.ends_with('-') || slug.is_empty() => {}
            "" => slug.push('-'),
            plain => slug.push_str(plain),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The letters nearest to an accented one; nothing for the others, of which a slug can make nothing.
fn unaccented(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ö' | 'ø' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' => "t",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_s_name_is_ascii_and_short() {
        let name = |name: &str| folder_of(48_203, name);
        assert_eq!(name("Möbius Werkstatt GmbH"), "48203-moebius-werkstatt-gmbh");
        assert_eq!(name("تمور الواحة"), "48203-business");
        assert_eq!(name("../../etc & Sons, Ltd."), "48203-etc-sons-ltd");
        let long = name(&"very long name ".repeat(9));
        assert!(long.len() <= LONGEST_NAME && !long.ends_with('-'), "{long}");
    }
}
