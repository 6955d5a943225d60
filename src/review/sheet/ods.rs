//! ODS (OASIS OpenDocument 1.3 part 3, chapter 9), cell by cell.
//!
//! calamine is not used, because it expands every repetition: 11 KB of `number-columns-repeated` would
//! need more memory than a machine has, and an unterminated table is read for ever.

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::book::{Book, MOST_COLUMNS, checked};
use super::{Refusal, Value};
use crate::review::moment;

/// The current row and cell.
#[derive(Default)]
struct At {
    row: u32,
    row_repeated: u32,
    cells: Vec<(usize, Value)>,
    column: usize,
    column_repeated: usize,
    /// The value in the cell's attributes.
    typed: Option<Value>,
    /// The text in its paragraphs.
    shown: String,
    within_cell: bool,
    paragraphs: u32,
}

pub(super) fn read(content: &str, book: &mut Book) -> Result<(), Refusal> {
    let mut reader = Reader::from_str(content);
    reader.config_mut().expand_empty_elements = true;
    let (mut at, mut ended) = (At::default(), false);
    loop {
        match reader.read_event().map_err(Refusal::damaged)? {
            Event::Start(element) => match element.name().as_ref() {
                // A comment or a picture: not part of the cell's text.
                name if name == "office:annotation" || name.starts_with("draw:") => {
                    reader.read_to_end(element.name()).map_err(Refusal::damaged)?;
                }
                _ => at.open(&element, book)?,
            },
            Event::End(element) => {
                at.close(element.name().as_ref(), book)?;
                ended |= element.name().as_ref() == "office:document-content";
            }
            Event::Text(text) => at.show(&text.xml10_content())?,
            Event::CData(text) => at.show(&text.xml10_content())?,
            Event::GeneralRef(entity) => {
                let char = entity.resolve_char_ref().map_err(Refusal::damaged)?.map(String::from);
                let text = char.as_deref().or_else(|| resolve_xml_entity(&entity));
                at.show(text.ok_or_else(|| Refusal::damaged("an unknown entity"))?)?;
            }
            Event::Eof if ended => return Ok(()),
            Event::Eof => return Err(Refusal::damaged("it ends too early")),
            _ => {}
        }
    }
}

impl At {
    fn open(&mut self, element: &BytesStart, book: &mut Book) -> Result<(), Refusal> {
        match element.name().as_ref() {
            "table:table" => {
                book.begin(attribute(element, "table:name")?);
                *self = At::default();
            }
            "table:table-row" => {
                self.row_repeated = repeated(element, "table:number-rows-repeated")?;
                self.column = 0;
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.column_repeated = repeated(element, "table:number-columns-repeated")? as usize;
                self.typed = typed(element)?;
                self.shown.clear();
                (self.within_cell, self.paragraphs) = (true, 0);
            }
            "text:p" => {
                self.paragraphs += 1;
                if self.paragraphs > 1 {
                    self.show("\n")?;
                }
            }
            // Trailing empty cells do not count; within a row, long runs of them are kept short.
            "text:s" | "text:tab" => self.show(" ")?,
            "text:line-break" => self.show("\n")?,
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str, book: &mut Book) -> Result<(), Refusal> {
        match name {
            "table:table-cell" | "table:covered-table-cell" => {
                self.within_cell = false;
                let value = self.typed.take().unwrap_or_else(|| Value::text(&self.shown));
                let end = self.column.saturating_add(self.column_repeated);
                if value != Value::Empty {
                    let places = self.column..end.min(MOST_COLUMNS);
                    self.cells.extend(places.map(|place| (place, value.clone())));
                }
                self.column = end;
            }
            "table:table-row" => {
                let cells = std::mem::take(&mut self.cells);
                // A row that occurs twice is already an error; how often does not matter.
                for number in 1..=self.row_repeated.min(2) {
                    book.row(self.row.saturating_add(number), cells.clone())?;
                }
                self.row = self.row.saturating_add(self.row_repeated);
            }
            _ => {}
        }
        Ok(())
    }

    fn show(&mut self, text: &str) -> Result<(), Refusal> {
        if self.within_cell && self.paragraphs > 0 {
            self.shown.push_str(text);
            checked(&self.shown)?;
        }
        Ok(())
    }
}

/// The value of a cell that is more than the text it shows (part 3, section 19.385).
fn typed(cell: &BytesStart) -> Result<Option<Value>, Refusal> {
    let of = |name| attribute(cell, name);
    if let Some(number) = of("office:value")?.and_then(|number| number.parse().ok()) {
        return Ok(Some(Value::Number(number)));
    }
    if let Some(date) = of("office:date-value")?.and_then(|date| moment::read(&date, None).ok()) {
        return Ok(Some(Value::Moment(date)));
    }
    if let Some(value) = of("office:boolean-value")? {
        return Ok(Some(Value::Bool(value == "true")));
    }
    let text = of("office:string-value")?;
    text.map(|text| checked(&text).map(Value::text)).transpose()
}

fn repeated(element: &BytesStart, name: &str) -> Result<u32, Refusal> {
    match attribute(element, name)? {
        Some(count) => count.parse().map_err(Refusal::damaged),
        None => Ok(1),
    }
}

fn attribute(element: &BytesStart, name: &str) -> Result<Option<String>, Refusal> {
    let Some(found) = element.try_get_attribute(name).map_err(Refusal::damaged)? else { return Ok(None) };
    let text = found.normalized_value(XmlVersion::Implicit1_0).map_err(Refusal::damaged)?;
    Ok(Some(text.into_owned()))
}
