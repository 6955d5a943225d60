//! Reads an XML answer into a tree.
//!
//! - A document type is refused wherever it stands: only it can define entities, which can expand
//!   without limit or name files.
//! - Namespace prefixes are ignored: Classic writes its namespace in two ways, or leaves it out.
//! - Odd text does not cost the whole answer: a stray `&` is kept, a reference to an invalid character
//!   becomes U+FFFD.
//! - A broken answer is never quoted, since it may repeat the request.

use quick_xml::Reader;
use quick_xml::XmlVersion::Implicit1_0;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use serde_json::{Map, Value};

/// A page of 100 people is about 80 KB.
const LARGEST: usize = 10_000_000;

/// Answers have six levels at most.
const DEEPEST: usize = 32;

/// A page of 100 people has about 2,500 elements. Each takes more memory here than on the wire.
const MOST: usize = 100_000;

/// An element, its name and those of its attributes without prefixes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    text: String,
    pub(super) children: Vec<Element>,
}

/// The root element of an answer; a phrase where there is none that can be used.
pub(super) fn parse(body: &[u8]) -> Result<Element, String> {
    if body.len() > LARGEST {
        return Err(format!("the answer is larger than {} MB", LARGEST / 1_000_000));
    }
    let text = String::from_utf8_lossy(body);
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().allow_dangling_amp = true;
    // `<a/>` is read as `<a></a>`.
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut begun = 0;
    loop {
        let closed = match reader.read_event() {
            Ok(Event::Start(_)) if open.len() >= DEEPEST || begun >= MOST => {
                return Err("the answer has too many elements, or nests them too deeply".to_owned());
            }
            Ok(Event::Start(tag)) => {
                begun += 1;
                open.push(Element::of(&tag));
                None
            }
            Ok(Event::End(_)) => open.pop(),
            Ok(Event::DocType(_)) => {
                return Err("the answer has a document type, which is refused".to_owned());
            }
            Ok(Event::Eof) => return Err("the answer ends early".to_owned()),
            Ok(Event::Text(piece)) => add_text(&mut open, &piece.xml10_content()),
            Ok(Event::CData(piece)) => add_text(&mut open, &piece.xml10_content()),
            Ok(Event::GeneralRef(reference)) => add_text(&mut open, &resolved(&reference)),
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_)) => None,
            Err(_) => return Err(format!("the answer is not XML from byte {} on", reader.error_position())),
        };
        match (closed, open.last_mut()) {
            (Some(child), Some(parent)) => parent.children.push(child),
            (Some(root), None) => return Ok(root),
            (None, _) => {}
        }
    }
}

fn add_text(open: &mut [Element], text: &str) -> Option<Element> {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
    None
}

fn resolved(reference: &BytesRef) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        Err(_) => char::REPLACEMENT_CHARACTER.to_string(),
        // Without a document type nothing defines it: it is text that was not escaped.
        Ok(None) => match resolve_xml_entity(reference) {
            Some(known) => known.to_owned(),
            None => format!("&{};", &**reference),
        },
    }
}

/// The text of the first of what an object has under one name.
fn own_text(value: &Value) -> Option<&str> {
    match value {
        Value::Array(values) => own_text(values.first()?),
        Value::Object(object) => object.get("#text")?.as_str(),
        text => text.as_str(),
    }
}

/// Whether the answer is a page for a browser.
pub(super) fn is_web_page(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(1024)]);
    let start = start.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

impl Element {
    fn of(tag: &BytesStart) -> Self {
        let attributes = tag.attributes().flatten().filter(|attribute| !attribute.key.0.starts_with("xmlns"));
        let attributes = attributes.map(|attribute| {
            let value = attribute.normalized_value(Implicit1_0);
            let value = value.map_or_else(|_| attribute.value.to_string(), |value| value.into_owned());
            (attribute.key.local_name().into_inner().to_owned(), value)
        });
        let name = tag.local_name().into_inner().to_owned();
        Element { name, attributes: attributes.collect(), ..Element::default() }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The trimmed text of the first child of that name; empty if there is none.
    pub(super) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    /// The element as a JSON object: its children by name, an array where a name comes twice, attributes
    /// behind an `@`. A child that is a text and no more is a string.
    pub(super) fn to_object(&self) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, value) in &self.attributes {
            object.insert(format!("@{name}"), Value::from(value.as_str()));
        }
        for child in &self.children {
            let value = child.to_value();
            match object.get_mut(&child.name) {
                None => drop(object.insert(child.name.clone(), value)),
                Some(Value::Array(values)) => values.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        if !self.text.trim().is_empty() {
            object.insert("#text".to_owned(), Value::from(self.text.as_str()));
        }
        object
    }

    /// The element that an object of [`Element::to_object`] was made from, as far as [`Element::text_of`]
    /// tells of it.
    pub(super) fn of_object(object: &Map<String, Value>) -> Self {
        let child = |(name, value): (&String, &Value)| {
            let text = own_text(value).unwrap_or_default().to_owned();
            Element { name: name.clone(), text, ..Element::default() }
        };
        Element { children: object.iter().map(child).collect(), ..Element::default() }
    }

    fn to_value(&self) -> Value {
        match self.children.is_empty() && self.attributes.is_empty() {
            true => Value::from(self.text.as_str()),
            false => Value::Object(self.to_object()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(xml: &str) -> String {
        parse(xml.as_bytes()).expect(xml).to_value().to_string()
    }

    #[test]
    fn texts_come_as_they_were_meant() {
        let table = [
            ("<a>Smith &amp; Sons &lt;x&gt; &quot;&apos;</a>", r#""Smith & Sons <x> \"'""#),
            ("<a>Smith & Sons</a>", r#""Smith & Sons""#),
            ("<a>AT&T;</a>", r#""AT&T;""#),
            ("<a>&nbsp;</a>", r#""&nbsp;""#),
            ("<a>&#233;&#xe9;</a>", r#""éé""#),
            ("<a>&#xD83D;&#0;&#x;&#99999999;</a>", "\"\u{fffd}\u{fffd}\u{fffd}\u{fffd}\""),
            ("<a><![CDATA[<b>&amp;</b>]]> and <!-- no --> more</a>", r#""<b>&amp;</b> and  more""#),
            ("<a></a>", r#""""#),
            ("<a/>", r#""""#),
            ("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a>\n x </a>\n", r#""\n x ""#),
            ("<a x='&amp;1' fb:y=\"2\" xmlns='n' xmlns:fb='m'/>", r#"{"@x":"&1","@y":"2"}"#),
            ("<a> <b>1</b> <c/> <b>2</b> <b>3</b> </a>", r#"{"b":["1","2","3"],"c":""}"#),
            ("<a>t<b>1</b></a>", r##"{"#text":"t","b":"1"}"##),
        ];
        for (xml, expected) in table {
            assert_eq!(json(xml), expected, "{xml}");
        }
        let invalid = parse(b"<a>\xff</a>").expect("read").to_value();
        assert_eq!(invalid, "\u{fffd}");
    }

    #[test]
    fn a_namespace_of_any_kind_or_none_is_the_same() {
        let forms = [
            "<response><staff><email>e</email></staff></response>",
            "<response xmlns=\"http://www.freshbooks.com/api/\"><staff><email>e</email></staff></response>",
            "<response xmlns='https://www.freshbooks.com/api/'><staff><email>e</email></staff></response>",
            "<f:response xmlns:f='x'><f:staff><f:email>e</f:email></f:staff></f:response>",
        ];
        for form in forms {
            assert_eq!(json(form), json(forms[0]), "{form}");
        }
    }

    #[test]
    fn what_defines_entities_is_refused_wherever_it_stands() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
        let external = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>";
        let inside = "<a><!DOCTYPE b [<!ENTITY c SYSTEM 'http://127.0.0.1/'>]><b>&c;</b></a>";
        for xml in [bomb, external, inside] {
            assert!(parse(xml.as_bytes()).expect_err(xml).contains("document type"), "{xml}");
        }
        // Undefined, they stay what they were.
        assert_eq!(json("<a>&c;</a>"), r#""&c;""#);
    }

    #[test]
    fn what_is_no_whole_answer_is_refused_without_a_word_of_it() {
        for xml in [
            "",
            "plain",
            "{}",
            "<a>",
            "<a><b></a>",
            "<a",
            "<a>s3cret</b>",
            "</a>",
            "<a>&#x</a",
            "<a><![CDATA[x",
        ] {
            let problem = parse(xml.as_bytes()).expect_err(xml);
            assert!(problem.starts_with("the answer ") && !problem.contains("s3cret"), "{problem}");
        }
        let deep = "<a>".repeat(DEEPEST + 1);
        let many = format!("<a>{}</a>", "<b/>".repeat(MOST));
        let large = format!("<a>{}</a>", "x".repeat(LARGEST));
        for xml in [deep, many, large] {
            assert!(parse(xml.as_bytes()).is_err());
        }
    }

    #[test]
    fn a_page_for_people_is_told_apart() {
        for page in ["<!DOCTYPE html><p>", "\u{feff}\n <HTML>", "<html lang=en>"] {
            assert!(is_web_page(page.as_bytes()), "{page}");
        }
        for other in ["", "<?xml version='1.0'?><response/>", "html", "<response><html/></response>"] {
            assert!(!is_web_page(other.as_bytes()), "{other}");
        }
    }
}
