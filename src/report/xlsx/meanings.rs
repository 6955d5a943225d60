//! A workbook's last sheet: the headings, the column names, and what they mean.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::print::print_setup;
use super::{fitting, look};
use crate::report::{Column, View};

pub(super) fn sheet<'c>(
    columns: impl ExactSizeIterator<Item = &'c Column>,
    view: &View,
) -> Result<Worksheet, XlsxError> {
    let rows = u32::try_from(columns.len()).unwrap_or(u32::MAX);
    let mut sheet = Worksheet::new();
    sheet.set_name("Columns")?;
    let (heading, text) = (look::heading(), look::text());
    for (at, (title, width)) in
        (0..).zip([("Heading", 30.0), ("Column name", 28.0), ("Type", 12.0), ("Meaning", 90.0)])
    {
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(0, at, title, &heading)?;
    }
    for (row, Column { name, heading, kind, meaning, .. }) in (1..).zip(columns) {
        for (at, cell) in (0..).zip([heading.as_ref(), name.as_ref(), kind.as_str(), meaning.as_ref()]) {
            sheet.write_string_with_format(row, at, fitting(cell).as_ref(), &text)?;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet.autofilter(0, 0, rows, 3)?;
    print_setup(&mut sheet, "What the columns mean", view)?;
    sheet.set_repeat_rows(0, 0)?;
    Ok(sheet)
}
