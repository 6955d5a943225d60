//! What a workbook's pages look like on paper, and what stands at their edges.

use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::report::{Scope, View};

/// Excel's longest header or footer.
const LONGEST_FOOTER: usize = 255;

/// A4; a printer that has other paper scales it.
const PAPER_A4: u8 = 9;

/// Landscape, one page wide, and on every page what it is of.
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
    let left = cut(&plain(&format!("{partial}{what}{}", view.extent())), room);
    sheet
        .set_paper_size(PAPER_A4)
        .set_landscape()
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.4, 0.4, 0.7, 0.7, 0.3, 0.3)
        .set_header(cut(&head, LONGEST_FOOTER))
        .set_footer(format!("&L{left}{tail}"));
    Ok(())
}

/// `&` begins a code in a header or footer, and is written twice to mean itself.
fn plain(text: &str) -> String {
    text.replace('&', "&&")
}

/// The text, cut so that UTF-16, which Excel counts in, stays within `room`.
fn cut(text: &str, room: usize) -> String {
    if text.encode_utf16().count() <= room {
        return text.to_owned();
    }
    let mut left = room.saturating_sub(1);
    let fits = |c: &char| {
        let fits = left >= c.len_utf16();
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    let kept: String = text.chars().take_while(fits).collect();
    // Half a doubled `&` would swallow what follows.
    let odd = kept.chars().rev().take_while(|c| *c == '&').count() % 2 == 1;
    format!("{}…", if odd { &kept[..kept.len() - 1] } else { &kept })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footer_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("a&&b", 3), "a…");
        assert_eq!(cut("🌿🌿", 3), "🌿…");
    }
}
