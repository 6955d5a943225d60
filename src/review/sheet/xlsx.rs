//! XLSX, cell by cell: a grid from the first cell to the last could be of any size.

use std::io::Cursor;

use calamine::{DataRef, ExcelDateTime, Reader as _, Xlsx, XlsxError};

use super::book::{Book, MOST_COLUMNS, checked};
use super::{Refusal, Value};
use crate::review::moment;

pub(super) fn read(bytes: &[u8], book: &mut Book) -> Result<(), Refusal> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(Refusal::damaged)?;
    for name in workbook.sheet_names() {
        let mut cells = match workbook.worksheet_cells_reader(&name) {
            // A chart can be a sheet.
            Err(XlsxError::NotAWorksheet(_)) => continue,
            cells => cells.map_err(Refusal::damaged)?,
        };
        book.begin(Some(name));
        let (mut row, mut begun) = (0, Vec::new());
        while let Some(cell) = cells.next_cell().map_err(Refusal::damaged)? {
            let (at, column) = cell.get_position();
            if at != row {
                book.row(row.saturating_add(1), std::mem::take(&mut begun))?;
                row = at;
            }
            let column = column as usize;
            if column < MOST_COLUMNS {
                begun.push((column, value(cell.get_value())?));
            }
        }
        book.row(row.saturating_add(1), begun)?;
    }
    Ok(())
}

fn value(data: &DataRef) -> Result<Value, Refusal> {
    let text = |text| checked(text).map(Value::text);
    Ok(match data {
        DataRef::Empty => Value::Empty,
        DataRef::String(string) => text(string)?,
        DataRef::SharedString(string) => text(string)?,
        DataRef::Int(number) => Value::Number(*number as f64),
        DataRef::Float(number) => Value::Number(*number),
        DataRef::Bool(value) => Value::Bool(*value),
        DataRef::DateTime(date) => date_time(date),
        DataRef::DateTimeIso(iso) => match moment::read(iso, None) {
            Ok(moment) => Value::Moment(moment),
            Err(_) => text(iso)?,
        },
        DataRef::DurationIso(iso) => text(iso)?,
        DataRef::Error(error) => Value::Text(error.to_string().into()),
    })
}

/// Counted from 1900 or from 1904, depending on the workbook.
fn date_time(date: &ExcelDateTime) -> Value {
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if date.as_f64().fract() != 0.0 {
        text += &format!(" {hour:02}:{minute:02}:{second:02}");
    }
    match moment::read(&text, None).ok().filter(|_| date.is_datetime()) {
        Some(moment) => Value::Moment(moment),
        None => Value::Number(date.as_f64()),
    }
}
