//! What holds of the page whatever it shows: colours that can be read, texts that end, a policy that fits.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::report::Cell;

const CSS: &str = include_str!("../../../templates/overview.css");

/// Text on its ground (WCAG 2.2, 1.4.3), and lines that have to be seen (1.4.11).
const PAIRS: [(&str, &str, f64); 9] = [
    ("ink", "paper", 4.5),
    ("quiet", "paper", 4.5),
    ("high", "paper", 4.5),
    ("medium", "paper", 4.5),
    ("info", "paper", 4.5),
    ("privileged", "paper", 4.5),
    ("on-alarm", "alarm", 4.5),
    ("bar", "paper", 3.0),
    ("focus", "paper", 3.0),
];

/// The colours of the `n`th palette.
fn palette(n: usize) -> BTreeMap<&'static str, [f64; 3]> {
    let block = CSS.split(":root {").nth(n + 1).expect("a palette").split('}').next().expect("its end");
    let colour = |line: &'static str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": #")?;
        let channel = |at: usize| u8::from_str_radix(&value[at..at + 2], 16).expect("a colour");
        Some((name, [0, 2, 4].map(|at| f64::from(channel(at)))))
    };
    block.split(';').filter_map(colour).collect()
}

/// The contrast ratio of WCAG 2.2, from the relative luminance of both.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = |channel: f64| match channel / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue] = colour.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_colour_can_be_read_in_the_light_and_in_the_dark() {
    assert!((contrast([0.0; 3], [255.0; 3]) - 21.0).abs() < 1e-9);
    for palette in [palette(0), palette(1)] {
        for (text, ground, least) in PAIRS {
            let ratio = contrast(palette[text], palette[ground]);
            assert!(ratio >= least, "{text} on {ground}: {ratio:.2}, and {least} is the least");
        }
    }
}

#[test]
fn the_style_has_no_colour_but_those() {
    let mut used = BTreeSet::new();
    for (_, rest) in CSS.match_indices("var(--").map(|(at, start)| CSS.split_at(at + start.len())) {
        used.insert(rest.split(')').next().expect("its end"));
    }
    let tested: BTreeSet<&str> = PAIRS.iter().flat_map(|(text, ground, _)| [*text, *ground]).collect();
    let beside = BTreeSet::from(["rule"]); // a hairline, which nothing depends on
    assert_eq!(used.difference(&tested).copied().collect::<BTreeSet<_>>(), beside);
    let names: Vec<&str> = palette(0).into_keys().collect();
    assert_eq!(names, palette(1).into_keys().collect::<Vec<_>>());
    let elsewhere = CSS.rsplit("prefers-color-scheme: dark").next().expect("the rest");
    let rest = elsewhere.split_once("\n}").expect("the end of the palettes").1;
    assert_eq!(rest.lines().find(|line| line.contains(": #")), None, "a colour outside the palettes");
    assert!(!rest.contains("rgb") && !rest.contains("hsl"));
}

#[test]
fn style_and_script_can_stand_where_they_are_put() {
    // Either would end its element, and the hash would be of less than the text.
    let script = include_str!("../../../templates/overview.js");
    for text in [CSS, script] {
        assert!(!text.contains("</") && !text.contains("<!--") && !text.contains("\r"));
    }
    assert!(!script.contains("innerHTML") && !script.contains("eval"));
    // As `openssl dgst -sha256 -binary | base64` has it.
    assert_eq!(Embedded::new("").hash, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

#[test]
fn a_text_is_fit_to_be_shown() {
    let check = |text: &str, shown: &str| assert_eq!(Shown::new(text).to_string(), shown);
    check("Zoë 王小明", "Zoë 王小明");
    check("a\u{202e}moc", "a\\u{202e}moc");
    let long = "é".repeat(200);
    check(&long, &long);
    check(&format!("{long}x"), &format!("{long}… (201 characters)"));
    assert_eq!(Shown::from(&Cell::Integer(7)).to_string(), "7");
}

#[test]
fn a_list_says_how_much_of_it_is_left_out() {
    let mut list = Listed::new(2, "fbsync export access".to_owned());
    assert!(list.is_empty() && list.rest() == 0);
    (0..2).for_each(|n| list.push(|| n));
    assert_eq!((list.shown.as_slice(), list.rest()), ([0, 1].as_slice(), 0));
    list.push(|| unreachable!("nothing is made that is not shown"));
    assert_eq!((list.shown.len(), list.count, list.rest()), (2, 3, 1));
}
