//! Lines of text as the picture of a terminal's window, in SVG.
//!
//! Everything is in the file: no script, no font from elsewhere, and a background of its own, so that it
//! can be read on a light page and on a dark one.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// In pixels: a character's place, and around all of them.
const WIDE: f64 = 7.8;
const HIGH: f64 = 19.0;
const MARGIN: f64 = 18.0;
const BAR: f64 = 34.0;

const STYLE: &str = "\
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d5dbe3 }
.window { fill: #151a21; stroke: #5b6572 }
.bar { fill: #232a33 }
.prompt { fill: #ffffff; font-weight: bold }
.step { fill: #7cc4ff; font-weight: bold }
.ok { fill: #74d99f }
.alarm { fill: #ffc66b }
.dim { fill: #8f9aa8 }
";

pub(super) struct Window {
    title: String,
    columns: usize,
    /// The text elements so far, and how many lines they are.
    drawn: String,
    lines: u32,
}

impl Window {
    pub(super) fn new(title: &str, columns: usize) -> Window {
        Window { title: title.to_owned(), columns, drawn: String::new(), lines: 0 }
    }

    /// Adds a line. A sentence that is too long goes on below.
    pub(super) fn line(&mut self, class: &str, text: &str) {
        let (kept, rest) = text.split_at(room(text, self.columns));
        if rest.is_empty() {
            return self.draw(class, kept);
        }
        assert!(!text.contains("  "), "a row of a table is too long: {text}");
        let (kept, rest) = text.split_at(kept.rfind(' ').map_or(kept.len(), |blank| blank + 1));
        self.draw(class, kept);
        self.line(class, rest);
    }

    fn draw(&mut self, class: &str, text: &str) {
        self.lines += 1;
        let y = BAR + MARGIN / 2.0 + HIGH * f64::from(self.lines);
        let parts: String = parts(text).into_iter().map(|(at, part)| placed(at, part)).collect();
        if !parts.is_empty() {
            let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
            let _ = writeln!(self.drawn, "<text{class} y=\"{y}\">{parts}</text>");
        }
    }

    pub(super) fn finish(self) -> String {
        let width = ((self.columns + 1) as f64 * WIDE + 2.0 * MARGIN).ceil();
        let height = BAR + MARGIN * 2.0 + HIGH * f64::from(self.lines);
        let (title, drawn) = (escaped(&self.title), self.drawn);
        let (right, bottom) = (width - 1.0, height - 1.0);
        let dots: String = ["#ff6b60", "#f5bf4f", "#5fc454"]
            .iter()
            .zip(1..)
            .map(|(color, at)| format!("<circle cx=\"{}\" cy=\"17\" r=\"6\" fill=\"{color}\"/>", at * 20))
            .collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
             <rect class=\"window\" x=\".5\" y=\".5\" width=\"{right}\" height=\"{bottom}\" rx=\"9\"/>\n\
             <path class=\"bar\" d=\"M1 {BAR}V10a9 9 0 0 1 9-9H{}a9 9 0 0 1 9 9V{BAR}z\"/>\n\
             {dots}\n{drawn}</svg>\n",
            right - 9.0
        )
    }
}

/// How much of a text has room, in bytes.
fn room(text: &str, columns: usize) -> usize {
    let mut used = 0;
    let mut characters = text.char_indices();
    let beyond = characters.find(|(_, c)| {
        used += c.width().unwrap_or(0);
        used > columns
    });
    beyond.map_or(text.len(), |(at, _)| at)
}

/// The parts of a line that two blanks or more separate, each with the column that it begins in. Placed one
/// by one, a table stays straight in whatever font there is.
fn parts(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut at = 0;
    for part in line.split("  ") {
        let text = part.trim_start();
        if !text.is_empty() {
            found.push((at + part.width() - text.width(), text.trim_end()));
        }
        at += part.width() + 2;
    }
    found
}

fn placed(column: usize, text: &str) -> String {
    let (x, length) = (MARGIN + column as f64 * WIDE, text.width() as f64 * WIDE);
    let text = escaped(text);
    format!("<tspan x=\"{x:.1}\" textLength=\"{length:.1}\">{text}</tspan>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
