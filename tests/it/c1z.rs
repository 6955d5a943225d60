//! Reads a `.c1z` of version 1, from what is published of the format and from nothing of the writer.
//!
//! Envelope: RFC 8878, raw blocks only. Messages: protobuf.dev "Encoding", without a schema.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};

use crate::tables::Tables;

pub(crate) struct C1z {
    pub(crate) tables: Tables,
    _folder: tempfile::TempDir,
}

impl C1z {
    pub(crate) fn read(file: &[u8]) -> C1z {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("inner.sqlite");
        std::fs::write(&path, unwrapped(file)).expect("a database");
        let tables = Tables::open(&path);
        assert_eq!(tables.one("PRAGMA integrity_check"), "ok");
        C1z { tables, _folder: folder }
    }

    pub(crate) fn open(path: &Path) -> C1z {
        C1z::read(&std::fs::read(path).expect("a file"))
    }

    /// The syncs, newest first, as readers order them.
    pub(crate) fn syncs(&self) -> Vec<String> {
        let sql = "SELECT sync_id FROM v1_sync_runs WHERE ended_at IS NOT NULL AND sync_type = 'full'
                   ORDER BY ended_at DESC, sync_id DESC";
        self.tables.rows(sql)
    }

    /// The messages of a table in a sync, by their `external_id`.
    pub(crate) fn messages(&self, table: &str, sync: &str) -> BTreeMap<String, Fields> {
        let sql = format!("SELECT external_id, data FROM {table} WHERE sync_id = '{sync}' ORDER BY id");
        let pair = |row: String| {
            let (id, data) = row.rsplit_once('|').expect("two cells");
            (id.to_owned(), Fields::parse(&from_hex(data)))
        };
        self.tables.rows(&sql).into_iter().map(pair).collect()
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// The content of the one frame behind the magic bytes.
pub(crate) fn unwrapped(file: &[u8]) -> Vec<u8> {
    let frame = file.strip_prefix(b"C1ZF\0").expect("the magic bytes of version 1");
    let frame = frame.strip_prefix(&0xFD2F_B528_u32.to_le_bytes()).expect("a zstd frame");
    let (descriptor, window) = (frame[0], frame[1]);
    assert_eq!(
        descriptor, 0b1100_0000,
        "content size in 8 bytes; no checksum, no dictionary, no single segment"
    );
    assert!(10 + (window >> 3) <= 27, "a window of at most 128 MiB");
    let size = u64::from_le_bytes(frame[2..10].try_into().expect("8 bytes"));
    let (mut content, mut rest, mut last) = (Vec::new(), &frame[10..], false);
    while !last {
        let header = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]);
        assert_eq!(header >> 1 & 3, 0, "a raw block");
        let (block, behind) = rest[3..].split_at((header >> 3) as usize);
        assert!(block.len() <= (1 << (10 + (window >> 3))).min(128 << 10), "no larger than the window");
        content.extend_from_slice(block);
        (rest, last) = (behind, header & 1 == 1);
    }
    assert!(rest.is_empty() && content.len() as u64 == size);
    content
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

/// A message without its schema: what each field number holds, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fields(Vec<(u64, Field)>);

impl Fields {
    pub(crate) fn parse(mut bytes: &[u8]) -> Fields {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let value = match tag & 7 {
                0 => Field::Number(varint(&mut bytes)),
                2 => {
                    let length = varint(&mut bytes) as usize;
                    let (value, rest) = bytes.split_at(length);
                    bytes = rest;
                    Field::Bytes(value.to_vec())
                }
                other => panic!("wire type {other}"),
            };
            fields.push((tag >> 3, value));
        }
        assert!(fields.is_sorted_by_key(|(number, _)| *number), "fields in ascending order");
        Fields(fields)
    }

    fn all(&self, number: u64) -> impl Iterator<Item = &Field> {
        self.0.iter().filter(move |(known, _)| *known == number).map(|(_, value)| value)
    }

    /// An integer, an enum or a bool; 0 where the field is not set.
    pub(crate) fn number(&self, number: u64) -> u64 {
        match self.all(number).next() {
            Some(Field::Number(value)) => *value,
            None => 0,
            Some(Field::Bytes(_)) => panic!("field {number} is no number"),
        }
    }

    fn bytes(&self, number: u64) -> Vec<Vec<u8>> {
        let bytes = |field: &Field| match field {
            Field::Bytes(bytes) => bytes.clone(),
            Field::Number(_) => panic!("field {number} is a number"),
        };
        self.all(number).map(bytes).collect()
    }

    /// A string; empty where the field is not set.
    pub(crate) fn text(&self, number: u64) -> String {
        let bytes = self.bytes(number).into_iter().next().unwrap_or_default();
        String::from_utf8(bytes).expect("UTF-8")
    }

    pub(crate) fn packed(&self, number: u64) -> Vec<u64> {
        let bytes = self.bytes(number).concat();
        let mut bytes = bytes.as_slice();
        std::iter::from_fn(|| (!bytes.is_empty()).then(|| varint(&mut bytes))).collect()
    }

    pub(crate) fn messages(&self, number: u64) -> Vec<Fields> {
        self.bytes(number).iter().map(|bytes| Fields::parse(bytes)).collect()
    }

    pub(crate) fn message(&self, number: u64) -> Fields {
        self.messages(number).into_iter().next().unwrap_or(Fields(Vec::new()))
    }

    /// What an `Any` of this type holds, among those of a repeated field.
    pub(crate) fn any(&self, number: u64, name: &str) -> Option<Fields> {
        let url = format!("type.googleapis.com/c1.connector.v2.{name}");
        self.messages(number).into_iter().find(|any| any.text(1) == url).map(|any| any.message(2))
    }

    /// A `google.protobuf.Struct`.
    pub(crate) fn structure(&self, number: u64) -> BTreeMap<String, Json> {
        let entries = self.message(number).messages(1);
        entries.iter().map(|entry| (entry.text(1), value(&entry.message(2)))).collect()
    }
}

/// A `google.protobuf.Value`, as far as this file has any: a string or a list.
fn value(fields: &Fields) -> Json {
    match fields.all(6).next() {
        Some(_) => Json::from_iter(fields.message(6).messages(1).iter().map(value)),
        None => json!(fields.text(3)),
    }
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().expect("a byte");
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}
