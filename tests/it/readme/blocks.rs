//! The fenced blocks of a Markdown page, and how what a page shows is compared with what came.

/// One fenced block.
pub(crate) struct Block {
    /// The word after the fence.
    pub(crate) kind: String,
    /// A second word there.
    name: Option<String>,
    /// Of its first line, counted from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// One command of a `console` block, and what the page shows below it.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) command: String,
    pub(crate) shown: Vec<String>,
}

pub(crate) fn all(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in (1..).zip(page.lines()) {
        match (text.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(words), None) => {
                let mut words = words.split_whitespace().map(str::to_owned);
                let (kind, name) = (words.next().unwrap_or_default(), words.next());
                open = Some(Block { kind, name, line: line + 1, text: String::new() });
            }
            (None, Some(mut block)) => {
                block.text.push_str(text);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// The page without its blocks, and without what is quoted in a line.
pub(crate) fn prose(page: &str) -> String {
    let outside = page.split("```").step_by(2).collect::<String>();
    outside.split('`').step_by(2).collect()
}

impl Block {
    /// The file that the block is: named at the fence, or by a comment on its first line, or its second after
    /// `#!`.
    pub(crate) fn file_name(&self) -> Option<&str> {
        if let Some(name) = &self.name {
            return Some(name);
        }
        let first = self.text.lines().find(|line| !line.starts_with("#!"))?;
        let (name, _) = first.strip_prefix("# ")?.split_once(':')?;
        let plain = name.contains('.') || name == "Dockerfile";
        (plain && !name.contains([' ', '/'])).then_some(name)
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for (line, text) in (self.line..).zip(self.text.lines()) {
            match (text.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => {
                    steps.push(Step { line, command: command.to_owned(), shown: Vec::new() });
                }
                (None, Some(step)) => step.shown.push(text.to_owned()),
                (None, None) => panic!("line {line}: a block begins with a command"),
            }
        }
        // A blank line before the next command is for the eye.
        steps
    }
}

/// Whether the lines that came are those shown. `…` alone on a line stands for any lines.
pub(crate) fn fits(shown: &[String], came: &[&str]) -> bool {
    match shown.split_first() {
        None => came.is_empty(),
        Some((first, rest)) if first == "…" => (0..=came.len()).any(|skipped| fits(rest, &came[skipped..])),
        Some((first, rest)) => {
            came.split_first().is_some_and(|(line, others)| line_fits(first, line) && fits(rest, others))
        }
    }
}

/// Whether a line is the one shown, `…` in it standing for any text. Blanks at the end do not count.
fn line_fits(shown: &str, came: &str) -> bool {
    let came = came.trim_end();
    let Some((start, rest)) = shown.split_once('…') else { return shown == came };
    let Some(mut left) = came.strip_prefix(start) else { return false };
    let parts: Vec<&str> = rest.split('…').collect();
    let (end, middle) = parts.split_last().expect("split gives one at least");
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(end)
}

#[test]
fn an_ellipsis_stands_for_what_varies() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (shown, came, expected) in [
        ("a 1 b", "a 1 b", true),
        ("a … b", "a 17 x b", true),
        ("a … b", "a 17 x", false),
        ("…", "", true),
        ("a\n…\nd", "a\nb\nc\nd", true),
        ("a\n…\nd", "a\nd", true),
        ("a\n…\nd", "a\nd\ne", false),
        ("a", "a\nb", false),
    ] {
        assert_eq!(fits(&lines(shown), &came.lines().collect::<Vec<_>>()), expected, "{shown:?} {came:?}");
    }
}

/// What a link within the page may lead to: its headings, as GitHub names them, and what it names itself.
pub(crate) fn anchors(page: &str) -> Vec<String> {
    let heading = |line: &str| {
        let text = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        Some(kept.collect::<String>().replace(' ', "-"))
    };
    let named = page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned));
    page.lines().filter_map(heading).chain(named).collect()
}
