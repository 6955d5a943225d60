//! Writes protocol buffers, as far as needed: proto3 fields of wire types 0 and 2 (protobuf.dev, "Encoding").
//!
//! Fields are written in ascending order, and those with the default value are omitted, so that equal
//! messages have equal bytes.

use crate::time::Timestamp;

/// A message under construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message(Vec<u8>);

/// A value of a `google.protobuf.Struct`.
pub(super) enum Value<'a> {
    Text(&'a str),
    List(Vec<&'a str>),
}

impl Message {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A string; an empty one is the default.
    pub(super) fn text(self, field: u32, value: &str) -> Self {
        if value.is_empty() { self } else { self.bytes(field, value.as_bytes()) }
    }

    /// A non-negative integer, an enum or a bool; 0 is the default.
    pub(super) fn number(mut self, field: u32, value: u64) -> Self {
        if value != 0 {
            self.varint(u64::from(field) << 3);
            self.varint(value);
        }
        self
    }

    /// A nested message, written even if it is empty.
    pub(super) fn message(self, field: u32, value: &Message) -> Self {
        self.bytes(field, &value.0)
    }

    /// A `google.protobuf.Any` that holds a message of `c1.connector.v2`.
    pub(super) fn any(self, field: u32, name: &str, value: &Message) -> Self {
        let url = format!("type.googleapis.com/c1.connector.v2.{name}");
        self.message(field, &Message::default().text(1, &url).bytes_if_any(2, value))
    }

    /// A `google.protobuf.Timestamp`; omitted if the time is not known.
    pub(super) fn time(self, field: u32, moment: Option<Timestamp>) -> Self {
        let Some(moment) = moment else { return self };
        self.message(field, &Message::default().number(1, moment.since(Timestamp::EPOCH).as_secs()))
    }

    /// A `google.protobuf.Struct`: a map from names to values, sorted by name.
    pub(super) fn structure(self, field: u32, entries: &[(&str, Value)]) -> Self {
        let mut entries: Vec<&(&str, Value)> = entries.iter().collect();
        entries.sort_by_key(|(name, _)| *name);
        let entry =
            |(name, value): &(&str, Value)| Message::default().text(1, name).message(2, &value.message());
        let map = entries.into_iter().fold(Message::default(), |map, one| map.message(1, &entry(one)));
        self.message(field, &map)
    }

    fn bytes_if_any(self, field: u32, value: &Message) -> Self {
        if value.0.is_empty() { self } else { self.message(field, value) }
    }

    /// Bytes, or a packed list of numbers below 128.
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// Seven bits per byte, least significant first; the eighth says whether more follow.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

impl Value<'_> {
    /// A `google.protobuf.Value`. The field number gives the kind, so even an empty text is written.
    fn message(&self) -> Message {
        match self {
            Value::Text(text) => Message::default().bytes(3, text.as_bytes()),
            Value::List(texts) => {
                let values = texts.iter().map(|text| Value::Text(text).message());
                let list = values.fold(Message::default(), |list, value| list.message(1, &value));
                Message::default().message(6, &list)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: Message, expected: &[u8]) {
        assert_eq!(message.as_bytes(), expected);
    }

    /// The first two are the examples of protobuf.dev, "Encoding".
    #[test]
    fn messages_are_written_as_the_specification_has_them() {
        let new = Message::default;
        check(new().number(1, 150), &[0x08, 0x96, 0x01]);
        check(new().text(2, "testing"), b"\x12\x07testing");
        check(new().message(3, &new().number(1, 150)), &[0x1A, 3, 0x08, 0x96, 0x01]);
        check(new().number(1, u64::MAX), b"\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
        check(new().text(16, "ä"), b"\x82\x01\x02\xC3\xA4");
        check(new().time(4, Timestamp::from_unix(1)), &[0x22, 2, 0x08, 1]);
        check(new().any(4, "X", &new()), b"\x22\x27\x0A\x25type.googleapis.com/c1.connector.v2.X".as_slice());
    }

    #[test]
    fn a_default_is_left_out_and_an_empty_message_is_not() {
        let new = Message::default;
        check(new().number(1, 0).text(2, "").time(3, None), &[]);
        check(new().message(4, &new()), &[0x22, 0]);
    }

    #[test]
    fn a_struct_is_sorted_and_keeps_empty_texts() {
        let map =
            Message::default().structure(9, &[("b", Value::Text("")), ("a", Value::List(vec!["x", "y"]))]);
        let list = b"\x0A\x11\x0A\x01a\x12\x0C\x32\x0A\x0A\x03\x1A\x01x\x0A\x03\x1A\x01y";
        let text = b"\x0A\x07\x0A\x01b\x12\x02\x1A\x00";
        check(map, &[&[0x4A, 28], &list[..], &text[..]].concat());
    }
}
