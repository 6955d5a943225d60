//! The files that reviewers filled in, byte for byte, below `reviewed/`.
//!
//! Their names come from other people's machines, and a folder is zipped and mailed to all sorts of others:
//! each begins with the number of its review, and has nothing in it that any of them would not keep.

use std::collections::HashSet;

use super::manifest::{FileEntry, OriginalEntry};
use super::split::ascii;
use super::{Place, put, write_file};
use crate::error::Result;
use crate::report::View;

pub(super) const FOLDER: &str = "reviewed";

/// The longest name, without the number of the review.
const LONGEST_NAME: usize = 80;

/// Writes the files of every review of the view, and describes them.
pub(super) fn write(place: Place, view: &View) -> Result<Vec<FileEntry>> {
    let (mut entries, mut taken) = (Vec::new(), HashSet::new());
    for review in &view.reviews {
        for file in view.reader.review_files(review.id)? {
            let path = path(review.id, &file.name, &mut taken);
            let ((), sum) = write_file(place, &path, |out| put(out, &file.body))?;
            let original = OriginalEntry { review_id: review.id, name: file.name };
            entries.push(FileEntry { original: Some(original), ..FileEntry::plain(&path, sum) });
        }
    }
    Ok(entries)
}

/// `reviewed/3-review-ann.xlsx`, with a number behind it where that is taken.
fn path(review: i64, name: &str, taken: &mut HashSet<String>) -> String {
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (ascii(stem), ascii(extension)),
        _ => (ascii(name), String::new()),
    };
    let extension = if extension.is_empty() { extension } else { format!(".{extension}") };
    let stem = if stem.is_empty() { "sheet" } else { &stem };
    let room = LONGEST_NAME.saturating_sub(extension.len()).max(1);
    let stem = stem[..stem.len().min(room)].trim_end_matches('-');
    let numbered = |n: u32| match n {
        1 => format!("{FOLDER}/{review}-{stem}{extension}"),
        n => format!("{FOLDER}/{review}-{stem}-{n}{extension}"),
    };
    (1..).map(numbered).find(|path| taken.insert(path.clone())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_every_machine_keeps() {
        let mut taken = HashSet::new();
        let mut check =
            |name: &str, expected: &str| assert_eq!(path(3, name, &mut taken), expected, "{name:?}");
        check("review.xlsx", "reviewed/3-review.xlsx");
        check("Review.XLSX", "reviewed/3-review-2.xlsx");
        check("Prüfung Q2 (Anna).ods", "reviewed/3-pruefung-q2-anna.ods");
        check("評価.csv", "reviewed/3-sheet.csv");
        check("..", "reviewed/3-sheet");
        check("../../etc/passwd", "reviewed/3-sheet.etc-passwd");
        check("a\nb  c.csv", "reviewed/3-a-b-c.csv");
        check("review", "reviewed/3-review");
        check(".csv", "reviewed/3-csv");
        let long = path(3, &format!("{}.xlsx", "x".repeat(300)), &mut taken);
        assert!(long.len() < 100 && long.ends_with("x.xlsx"), "{long}");
    }
}
