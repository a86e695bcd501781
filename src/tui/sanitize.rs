//! Text from outside (a model file, a prompt, a path, an error) made harmless before it reaches a cell:
//! [`text::shown`](crate::text::shown), as the interface uses it.

use crate::text::shown;

/// A name, a path, a message on one line.
pub fn label(text: &str) -> String {
    shown::line(text)
}

/// Text that may run over several lines.
pub fn prose(text: &str) -> String {
    shown::prose(text)
}

/// A token on one line, its spaces visible.
pub fn token(text: &str) -> String {
    shown::label(text.as_bytes())
}

/// Whether a character may be typed or pasted: it is seen as what it is.
pub fn keeps(c: char) -> bool {
    // A mark belongs to a letter before it.
    let text = format!("a{c}");
    shown::line(&text) == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_seen_may_be_typed() {
        assert!(['a', 'é', '日', '\u{301}', '😀', ' '].into_iter().all(keeps));
        assert!(!['\u{1b}', '\n', '\u{202e}', '\u{200b}', '\u{9b}', '\0'].into_iter().any(keeps));
    }

    #[test]
    fn nothing_can_drive_the_terminal() {
        let hostile = "\u{1b}[2J\u{9b}31m\r\u{7}\u{202e}evil\u{2066}\0";
        for shown in [label(hostile), prose(hostile), token(hostile)] {
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(shown.contains("evil") && !shown.contains('\u{202e}'));
        }
    }
}
