//! XLSX and ODS are zip archives of XML: which of the two a file is, and how large it can become.
//!
//! The size that a part states is not trusted: everything is inflated once and counted. A false size
//! alone is dangerous if a reader reserves memory for it.

use std::io::{self, BufReader, Cursor, Read};

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

use super::Refusal;

/// All parts together, inflated: 60,000 rows as Excel writes them.
const LARGEST_INFLATED: u64 = 128 << 20;

/// More distinct texts than fit in [`LARGEST_INFLATED`].
const MOST_TEXTS: u32 = 10_000_000;

const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";

pub(super) enum Archive {
    Xlsx,
    Ods { content: String },
    Other,
}

/// Checks the whole file, so that it is safe to read afterwards.
pub(super) fn open(bytes: &[u8]) -> Result<Archive, Refusal> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(Refusal::damaged)?;
    let (mut room, mut workbook) = (LARGEST_INFLATED, false);
    for at in 0..zip.len() {
        let mut part = zip.by_index(at).map_err(Refusal::damaged)?;
        let name = part.name().map_err(Refusal::damaged)?.to_lowercase();
        workbook |= name.ends_with("workbook.xml");
        let inflated =
            io::copy(&mut part.by_ref().take(room + 1), &mut io::sink()).map_err(Refusal::damaged)?;
        drop(part);
        room = room.checked_sub(inflated).ok_or_else(bomb)?;
        if name.ends_with("sharedstrings.xml")
            && claims_too_much(BufReader::new(zip.by_index(at).map_err(Refusal::damaged)?))
        {
            return Err(bomb());
        }
    }
    let mut part = |name| -> Option<String> {
        let mut text = String::new();
        zip.by_name(name).ok()?.read_to_string(&mut text).ok()?;
        Some(text)
    };
    Ok(match (part("mimetype").as_deref(), part("content.xml")) {
        (Some(ODS), Some(content)) => Archive::Ods { content },
        _ if workbook => Archive::Xlsx,
        _ => Archive::Other,
    })
}

fn bomb() -> Refusal {
    Refusal::new("it unpacks to more than 128 MiB", "fill in a sheet from `fbsync export review`")
}

/// Whether a table of texts announces more of them than there can be.
fn claims_too_much(xml: impl io::BufRead) -> bool {
    let (mut reader, mut buffer) = (Reader::from_reader(xml), Vec::new());
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(table) | Event::Empty(table)) if table.local_name().as_ref() == "sst" => {
                return table.attributes().any(|attribute| match attribute {
                    Ok(count) if count.key.as_ref() == "uniqueCount" => {
                        !count.value.parse::<u32>().is_ok_and(|texts| texts <= MOST_TEXTS)
                    }
                    other => other.is_err(),
                });
            }
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}
