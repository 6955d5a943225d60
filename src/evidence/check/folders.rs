//! The folders of a split: each by itself, and all of them against the index of the firm's.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::files::is_stray;
use super::{Against, Checked, Verdict, check_one};
use crate::error::{Kind, Result};
use crate::evidence::Part;
use crate::evidence::manifest::Manifest;
use crate::evidence::split::{self, FIRM, INDEX, indexed_seals};
use crate::fsutil;

pub(super) fn check(folder: &Path, against: Against, verdict: &mut Verdict) -> Result<()> {
    let (mut seals, mut manifests) = (BTreeMap::new(), BTreeMap::new());
    let entries =
        fs::read_dir(folder).map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
        let kind =
            entry.file_type().map_err(fsutil::failing(|| format!("cannot read {}", folder.display())))?;
        names.push((entry.file_name().to_string_lossy().into_owned(), kind));
    }
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, kind) in names.iter().filter(|(name, _)| name != FIRM) {
        let path = folder.join(name);
        match fsutil::other_than_regular(*kind) {
            _ if is_stray(Path::new(name)) => verdict.strays.push(path.display().to_string()),
            Some("a folder") => match check_one(&path, &format!("{name}/"), against, verdict) {
                Ok(Checked { seal, manifest }) => {
                    seals.insert(name.clone(), seal);
                    manifests.extend(manifest.map(|manifest| (name.clone(), manifest)));
                }
                // The others are checked all the same: one more folder must not hide what is wrong with them.
                Err(error) if error.kind() == Kind::No => verdict.findings.push(error.message().to_owned()),
                Err(error) => return Err(error),
            },
            None | Some(_) => verdict.findings.push(format!("{name} is not listed anywhere")),
        }
    }
    let firm = Against { seals: Some(&seals), ..against };
    let firm = check_one(&folder.join(FIRM), &format!("{FIRM}/"), firm, verdict)?;
    verdict.seal = firm.seal;
    indexed(&seals, &indexed_seals(&folder.join(FIRM))?, verdict);
    if let Some(firm) = &firm.manifest {
        let strange = manifests.iter().filter(|(name, one)| !is_of_one_export(firm, one, name));
        let strange = strange.map(|(name, _)| format!("{name}/ is not of the same export as {FIRM}/"));
        verdict.findings.extend(strange);
    }
    Ok(())
}

/// The folders that are there against those that the index lists.
fn indexed(seals: &BTreeMap<String, String>, listed: &BTreeMap<String, String>, verdict: &mut Verdict) {
    for (name, seal) in seals {
        match listed.get(name) {
            None => verdict.findings.push(format!("{name}/ is not in {FIRM}/{INDEX}")),
            Some(listed) if listed != seal => {
                verdict
                    .findings
                    .push(format!("{name}/ has the seal {seal}, and {FIRM}/{INDEX} says {listed}"));
            }
            Some(_) => {}
        }
    }
    for name in listed.keys().filter(|name| !seals.contains_key(*name)) {
        verdict.findings.push(format!("{name}/ is missing"));
    }
}

/// Whether a folder holds one business of what the firm's holds, chosen and made in the same way.
fn is_of_one_export(firm: &Manifest, one: &Manifest, name: &str) -> bool {
    let mut options = firm.options.clone();
    options.part = Some(Part::Business);
    options.businesses.clone_from(&one.options.businesses);
    // A client's folder has of the lists kept beside only what concerns the client.
    options.roster.clone_from(&one.options.roster);
    options.expected.clone_from(&one.options.expected);
    let business = firm.coverage.iter().find(|known| one.options.businesses == [known.business_id]);
    let is_named =
        business.is_some_and(|known| split::folder_of(known.business_id, &known.business_name) == name);
    firm.options.part == Some(Part::Firm)
        && is_named
        && (&one.tool, &one.choice, &one.options) == (&firm.tool, &firm.choice, &options)
        && one.export == firm.export.of_part(Some(Part::Business))
        && one.snapshot.content_sha256 == firm.snapshot.content_sha256
}
