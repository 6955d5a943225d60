//! `--for`: a file that another product imports, or one for each business.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::{Work, asked};
use crate::cli::Import;
use crate::error::{Error, Kind, Result};
use crate::evidence::{Demand, Source, recheck, split};
use crate::fsutil;
use crate::report::baton::{self, Sync};
use crate::report::{self, Report, Scope};
use crate::store::Reader;
use crate::ui::few;

/// The report behind a product's file; `None` for Baton, whose file is a database.
fn preset(product: Import) -> Option<&'static Report> {
    match product {
        Import::Vanta => Some(&report::VANTA),
        Import::ConductorOne => Some(&report::CONDUCTORONE),
        Import::Lumos => Some(&report::LUMOS),
        Import::AccessOwl => Some(&report::ACCESSOWL),
        Import::Baton => None,
    }
}

/// Another product acts on what it is handed, so that has to be what was read.
fn recheck_all<'d>(reader: &Reader, demands: impl IntoIterator<Item = &'d Demand>) -> Result<()> {
    recheck(reader, &demands.into_iter().map(|demand| demand.snapshot_id).collect())
}

fn usage(problem: &str, hint: &str) -> Error {
    Error::new(Kind::Usage, problem).hint(hint)
}

impl Work<'_> {
    pub(super) fn neighbour(&self, product: Import) -> Result<()> {
        let (args, preset) = (self.args, preset(product));
        if args.report.as_ref().is_some_and(|report| report != "access") {
            return Err(usage("--for exports only `access`", "leave the report out"));
        }
        match preset {
            None => self.refuse_what_baton_cannot_say()?,
            Some(_) if args.since.is_some() => {
                return Err(usage("--since applies to --for baton only", "leave --since out"));
            }
            Some(_) => {}
        }
        match (args.split_by, &args.output, &args.out, preset) {
            (Some(_), Some(folder), None, _) | (Some(_), None, Some(folder), _) => {
                self.for_each_business(preset, folder)
            }
            (Some(_), ..) => {
                Err(usage("--split-by writes several files", "name a folder for them with -o DIR"))
            }
            (None, _, Some(_), _) => {
                Err(usage("with --for, --out needs --split-by business", "-o FILE writes one file"))
            }
            (None, _, None, Some(report)) => self.one(report),
            (None, _, None, None) => self.baton(self.output()),
        }
    }

    fn refuse_what_baton_cannot_say(&self) -> Result<()> {
        let args = self.args;
        let named = self.output().filter(|_| args.split_by.is_none());
        if named.is_some_and(|file| file.extension().is_none_or(|extension| extension != "c1z")) {
            return Err(usage("--for baton writes a .c1z", "-o sync.c1z"));
        }
        if args.format.is_some() || args.bom {
            return Err(usage("--format and --bom do not apply to a .c1z", "leave them out"));
        }
        if !args.people.is_empty() {
            let problem =
                "--people cannot be combined with --for baton: everyone else would look like a leaver";
            return Err(usage(
                problem,
                "leave --people out; --business ID keeps the file to some businesses",
            ));
        }
        Ok(())
    }

    fn baton(&self, file: Option<&Path>) -> Result<()> {
        if file.is_none() && io::stdout().is_terminal() {
            return Err(usage("a .c1z is binary and is not written to a terminal", "-o sync.c1z"));
        }
        let reader = Reader::open(self.app, &self.db)?;
        let (_, demand) = self.choose(&reader)?;
        let earlier = self.earlier(&reader, &demand)?;
        let snapshot = demand.snapshot_id;
        let demands: Vec<Demand> = earlier.into_iter().chain([demand]).collect();
        recheck_all(&reader, &demands)?;
        let (grants, remarks) = match file {
            Some(file) => self.to_file(file, |out| self.fill(None, &reader, &demands, out))?,
            None => {
                let mut data = self.app.ui.data();
                let written = self.fill(None, &reader, &demands, &mut data)?;
                data.done()?;
                written
            }
        };
        remarks.iter().for_each(|remark| self.app.ui.note(remark));
        self.app.ui.result(format_args!("{grants} grants of snapshot {snapshot}"));
        Ok(())
    }

    /// The snapshot that `--since` selects, limited to the same businesses.
    fn earlier(&self, reader: &Reader, demand: &Demand) -> Result<Option<Demand>> {
        let earlier = self.since(reader, demand.snapshot_id, self.deciding())?;
        Ok(earlier.map(|snapshot_id| Demand { snapshot_id, ..demand.clone() }))
    }

    fn for_each_business(&self, preset: Option<&Report>, folder: &Path) -> Result<()> {
        let reader = Reader::open(self.app, &self.db)?;
        let (_, demand) = self.choose(&reader)?;
        let source = Source::open(&reader, &demand)?;
        let view = source.view(self.options.clone(), &self.app.stop)?;
        self.tell_about(&view);
        let earlier = self.earlier(&reader, &demand)?;
        let known = match &earlier {
            Some(earlier) => {
                let source = Source::open(&reader, earlier)?;
                let view = source.view(self.options.clone(), &self.app.stop)?;
                split::readable(&view).0.iter().map(|business| business.id).collect()
            }
            None => Vec::new(),
        };
        recheck_all(&reader, earlier.iter().chain([&demand]))?;
        let (name, extension) = match preset {
            Some(report) => (report.name, asked::style(self.args, None)?.format.extension()),
            None => ("baton", "c1z"),
        };
        fsutil::create_private_folder(folder)?;
        let (readable, unread) = split::readable(&view);
        let mut remarks = Vec::new();
        for business in &readable {
            let alone = |demand: &Demand| Demand { scope: Scope::Alone(vec![business.id]), ..demand.clone() };
            let earlier = earlier.iter().filter(|_| known.contains(&business.id)).map(alone);
            let demands: Vec<Demand> = earlier.chain([alone(&demand)]).collect();
            let prefix = split::file_prefix(business, &view.snapshot);
            let file = folder.join(format!("{prefix}{name}.{extension}"));
            let (_, left_out) = self.to_file(&file, |out| self.fill(preset, &reader, &demands, out))?;
            remarks.push((business.called(), left_out));
        }
        self.tell_remarks(&remarks);
        self.app.ui.result(format_args!("{} files in {}", readable.len(), folder.display()));
        match unread.as_slice() {
            [] => Ok(()),
            unread => Err(Error::new(
                Kind::Partial,
                format!("no file for these, whose lists were not read: {}", few(unread)),
            )
            .hint("a later snapshot may have them")),
        }
    }

    /// Writes one file. Only Baton's holds all of these snapshots; the others hold the last. Returns the
    /// number of rows, and what the file leaves out.
    fn fill(
        &self,
        preset: Option<&Report>,
        reader: &Reader,
        demands: &[Demand],
        out: &mut dyn Write,
    ) -> Result<(u64, Vec<String>)> {
        let mut syncs = Vec::new();
        for demand in demands {
            let source = Source::open(reader, demand)?;
            let view = source.view(self.options.clone(), &self.app.stop)?;
            match preset {
                None => syncs.push(Sync::of(&view)?),
                Some(report) => {
                    let written = report::write(report, &view, asked::style(self.args, None)?, out)?;
                    return Ok((written.rows, (report.remarks)(&view)?));
                }
            }
        }
        let grants = baton::write(&syncs, out)?;
        Ok((grants, syncs.pop().map(|last| last.remarks).unwrap_or_default()))
    }

    /// Reports what files leave out. A remark that applies to several files is printed once.
    fn tell_remarks(&self, remarks: &[(String, Vec<String>)]) {
        let mut whose: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (business, remarks) in remarks {
            remarks.iter().for_each(|remark| whose.entry(remark).or_default().push(business));
        }
        for (remark, businesses) in whose {
            match businesses.as_slice() {
                [business] => self.app.ui.note(format_args!("{business}: {remark}")),
                several => self.app.ui.note(format_args!("{} files: {remark}", several.len())),
            }
        }
    }
}
