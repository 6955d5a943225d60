//! Messages on a terminal break between words, never inside one.

use unicode_width::UnicodeWidthStr as _;

/// On a narrower terminal every line would hold a word or two.
const NARROWEST: usize = 20;

/// Programs whose commands are printed to be typed.
const PROGRAMS: [&str; 9] =
    ["fbsync", "sqlite3", "chmod", "sudo", "mkdir", "rm", "ssh-keygen", "gpg", "openssl"];

/// Breaks `text` into lines that fit in `room`, the first of which begins at the column `indent`; the
/// others are indented as far. A word that is too wide for a line stands on one of its own.
///
/// Where `has_commands`, what follows the name of a program is one word: a command that is broken
/// cannot be copied.
pub(super) fn wrapped(text: &str, indent: usize, room: Option<usize>, has_commands: bool) -> String {
    let Some(room) = room.filter(|room| *room >= indent + NARROWEST && indent + text.width() > *room) else {
        return text.to_owned();
    };
    let blanks = text.len() - text.trim_start().len();
    let (mut lines, indent) = (text[..blanks].to_owned(), indent + blanks);
    let mut column = indent;
    for word in words(&text[blanks..], has_commands) {
        let width = word.width();
        if column > indent && column + 1 + width > room {
            lines.extend(["\n", &" ".repeat(indent)]);
            column = indent;
        } else if column > indent {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += width;
    }
    lines
}

fn words(text: &str, has_commands: bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(' ');
        let end = match rest.find(' ') {
            Some(end) if !(has_commands && is_program(&rest[..end])) => end,
            _ => rest.len(),
        };
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word).filter(|word| !word.is_empty())
    })
}

/// Whether a word is the name of a program, perhaps with the path to it.
fn is_program(word: &str) -> bool {
    PROGRAMS.contains(&word.rsplit('/').next().unwrap_or(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        for (text, indent, expected) in [
            ("who has access to which business", 0, "who has access to which\nbusiness"),
            ("who has access to which business", 7, "who has access to\n       which business"),
            ("  1. open the page of your app", 0, "  1. open the page of\n  your app"),
            ("it fits", 7, "it fits"),
            ("", 0, ""),
            (
                "see https://my.freshbooks.com/#/developer now",
                0,
                "see\nhttps://my.freshbooks.com/#/developer\nnow",
            ),
            ("王小明 王小明 王小明 王小明", 0, "王小明 王小明 王小明\n王小明"),
            ("another fbsync holds the lock", 0, "another fbsync holds the\nlock"),
        ] {
            assert_eq!(wrapped(text, indent, Some(24 + indent.min(1) * 3), false), expected, "{text}");
        }
    }

    #[test]
    fn a_command_is_not_broken() {
        for (text, expected) in [
            ("first fbsync sync --db 'an audit.sqlite'", "first\nfbsync sync --db 'an audit.sqlite'"),
            ("mount it, or: mkdir -p '/srv/an audit'", "mount it, or:\nmkdir -p '/srv/an audit'"),
            ("    ./target/fbsync verify --db f", "    ./target/fbsync verify --db f"),
        ] {
            assert_eq!(wrapped(text, 0, Some(20), true), expected);
        }
    }

    #[test]
    fn a_pipe_and_a_very_narrow_terminal_get_whole_lines() {
        let text = "who has access to which business";
        assert_eq!(wrapped(text, 0, None, false), text);
        assert_eq!(wrapped(text, 7, Some(26), false), text);
    }
}
