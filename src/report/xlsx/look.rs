//! The look of the cells in a report's sheet: formats, widths, heights.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder};
use unicode_width::UnicodeWidthStr as _;

use crate::model::role;
use crate::report::{Cell, Column, Type};

/// In points; room for two lines of a heading.
pub(super) const HEADING_HEIGHT: f64 = 31.0;
const LINE_HEIGHT: f64 = 14.5;

/// Excel limits rows to 409 points.
const MOST_LINES: u32 = 28;

const GREY: u32 = 0x00E7_E9ED;
const FIELD: u32 = 0x00FF_F8DC;

pub(super) fn heading() -> Format {
    Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::VerticalCenter)
        .set_background_color(GREY)
        .set_border_bottom(FormatBorder::Thin)
}

/// The heading of a column, aligned like its cells.
pub(super) fn heading_over(column: &Column) -> Format {
    match column.kind {
        Type::Integer => heading().set_align(FormatAlign::Right).set_indent(1),
        Type::Bool => heading().set_align(FormatAlign::Center),
        _ => heading(),
    }
}

pub(super) fn text() -> Format {
    Format::new().set_align(FormatAlign::Top).set_text_wrap()
}

/// The format of a column's cells. `is_field` marks a column that a reviewer fills in.
pub(super) fn of_cells(column: &Column, is_field: bool) -> Format {
    let line = FormatBorder::Thin;
    let format =
        Format::new().set_align(FormatAlign::Top).set_border_bottom(line).set_border_bottom_color(GREY);
    // Otherwise Arabic and Hebrew would start at the right, next to the following column.
    let left = || format.clone().set_align(FormatAlign::Left);
    let format = match column.kind {
        _ if wraps(column) => left().set_text_wrap(),
        // Text cells that look like numbers stay text.
        Type::Id | Type::Word | Type::NumericId | Type::Text => left().set_num_format("@"),
        Type::Time => format.set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Left),
        Type::Date => format.set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
        Type::Bool => format.set_align(FormatAlign::Center),
        // Away from the text of the following column.
        Type::Integer => format.set_align(FormatAlign::Right).set_indent(1),
    };
    if !is_field {
        return format;
    }
    // No top border: it would hide the one below the heading.
    let format = format.set_background_color(FIELD);
    format
        .set_border_left(line)
        .set_border_left_color(GREY)
        .set_border_right(line)
        .set_border_right_color(GREY)
}

/// Whether a text can take several lines.
fn wraps(column: &Column) -> bool {
    column.kind == Type::Text
        || column.is_role
        || matches!(column.name.as_ref(), "meaning" | "flags" | "findings")
}

pub(super) fn width(column: &Column) -> f64 {
    match (column.name.as_ref(), column.kind) {
        ("business_name" | "full_name", _) => 22.0,
        ("email", _) => 34.0,
        ("reviewer_email", _) => 22.0,
        ("state" | "severity" | "decision" | "ticket", _) => 10.0,
        ("change_to" | "reviewer", _) => 14.0,
        ("emails" | "meaning" | "message", _) => 44.0,
        ("roles", _) => 56.0,
        ("role_label" | "justification" | "flags" | "reason" | "outcome", _) => 20.0,
        ("why_review", _) => 26.0,
        ("row_key" | "account_key" | "business_uuid" | "identity_uuid", _) => 40.0,
        ("record_sha256", _) => 66.0,
        (_, Type::Time) => 16.0,
        (_, Type::Date) => 12.0,
        (_, Type::Bool | Type::Integer) => 12.5,
        (_, Type::NumericId | Type::Id | Type::Word) => 14.0,
        (_, Type::Text) => 18.0,
    }
}

/// The height of a row that fits its longest text in the visible columns; `None` if all fit on one
/// line.
pub(super) fn height<'c>(shown: impl Iterator<Item = (&'c Column, &'c Cell<'c>)>) -> Option<f64> {
    let lines = shown.map(|(column, cell)| lines(column, cell)).max().unwrap_or(1).min(MOST_LINES);
    (lines > 1).then(|| LINE_HEIGHT * f64::from(lines))
}

fn lines_of(line: &str, width: f64) -> u32 {
    // On average, proportional letters are narrower than the digits in which a width is measured. For a
    // single long word, such as an address, that is not certain, and its end would be cut off.
    let room = if line.contains(' ') { width * 1.1 } else { width };
    (line.width() as f64 / room).ceil().max(1.0) as u32
}

fn lines(column: &Column, cell: &Cell) -> u32 {
    match cell {
        Cell::Text(text) if column.is_role => lines_of(role::label(text), width(column)),
        Cell::Text(text) if wraps(column) => text.lines().map(|line| lines_of(line, width(column))).sum(),
        _ => 1,
    }
}
