//! Text from outside (a model file, a prompt, a path, an error) made harmless before it reaches a cell.
//!
//! Nothing that such a text holds may move the cursor, change a colour, hide what follows or turn the
//! direction of the line. What cannot be shown is shown as a sign in its place, never left out.

/// A single line: a line break becomes a visible sign too.
pub fn label(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { '⏎' } else { visible(c) }).collect()
}

/// Text that may run over several lines; tabs become spaces.
pub fn prose(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => shown.push('\n'),
            // One line break, as text from Windows has it.
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' => shown.push_str("    "),
            c => shown.push(visible(c)),
        }
    }
    shown
}

fn visible(c: char) -> char {
    match c {
        '\t' => '⇥',
        // The pictures of the control characters stand in their order from U+2400.
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '␡',
        // More controls, direction marks, and characters that are invisible by design.
        '\u{80}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_drive_the_terminal() {
        let hostile = "\u{1b}[2J\u{9b}31m\r\u{7}\u{202e}evil\u{2066}\0";
        for shown in [label(hostile), prose(hostile)] {
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(shown.contains("evil") && !shown.contains('\u{202e}'));
        }
    }

    #[test]
    fn only_prose_keeps_its_lines() {
        assert_eq!(label("a\nb\tc"), "a⏎b⇥c");
        assert_eq!(prose("a\r\nb\tc"), "a\nb    c");
    }
}
