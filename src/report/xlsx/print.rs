//! The page layout of a workbook on paper, with its headers and footers.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::cut;
use crate::report::{Scope, View};

/// The longest header or footer that Excel accepts.
const LONGEST_FOOTER: usize = 255;

/// A4; a printer with other paper scales it.
const PAPER_A4: u8 = 9;

/// Landscape, one page wide, with the origin on every page.
pub(super) fn print_setup(sheet: &mut Worksheet, title: &str, view: &View) -> Result<(), XlsxError> {
    let snapshot = &view.snapshot;
    let what = match (&view.scope, view.businesses.as_slice()) {
        (Scope::Alone(_), [business]) => format!("{} ({}), ", business.name, business.id),
        _ => String::new(),
    };
    let partial = if view.is_partial() { "PARTIAL: " } else { "" };
    let head = match view.warning() {
        Some(warning) => format!("&L&B{}&R{}", plain(title), plain(&warning)),
        None => format!("&L&B{}", plain(title)),
    };
    let day = snapshot.finished_at.day();
    let tail = format!("&CSnapshot {}, {day}&RPage &P of &N", snapshot.id);
    let room = LONGEST_FOOTER.saturating_sub(tail.len() + 2);
    let left = short(&plain(&format!("{partial}{what}{}", view.extent())), room);
    sheet
        .set_paper_size(PAPER_A4)
        .set_landscape()
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.4, 0.4, 0.7, 0.7, 0.3, 0.3)
        .set_header(short(&head, LONGEST_FOOTER))
        .set_footer(format!("&L{left}{tail}"));
    Ok(())
}

/// `&` starts a code in a header or footer; it is doubled to stand for itself.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}

/// A text from [`plain`], cut to `room`.
fn short(text: &str, room: usize) -> String {
    let mut kept = cut(text, room).into_owned();
    // Half of a doubled `&` would swallow what follows.
    let doubled =
        kept.strip_suffix('…').map_or(0, |kept| kept.chars().rev().take_while(|c| *c == '&').count());
    if doubled % 2 == 1 {
        kept.truncate(kept.len() - "&…".len());
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_is_cut_between_characters() {
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("abcd", 3), "ab…");
        assert_eq!(short("a&&b", 3), "a…");
        assert_eq!(short("🌿🌿", 3), "🌿…");
    }
}
