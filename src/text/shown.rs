//! How text from outside is shown. What comes from a model file, a path or a prompt never reaches a
//! terminal but through here: nothing that is left can move the cursor, change a colour, turn the
//! writing direction or hide.
//!
//! | | for | spaces | line breaks |
//! |---|---|---|---|
//! | [`label`] | a token in a table or beside an axis | `·` | `↵` |
//! | [`line()`] | a name, a path, a message on one line | kept | `↵` |
//! | [`prose`] | text to read | kept | kept |
//!
//! Messages are [`bounded`] beside that: what they repeat may have any length.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns from one tab stop to the next.
const TAB: usize = 4;

/// Marks on one character that are shown as such; the rest are written out.
const MOST_MARKS: usize = 6;

/// Characters of a message that are told, and a tenth more from its end.
pub const TOLD: usize = 3000;

/// Joins pictures into one: 👩 and 💻 into one at work.
const JOINER: char = '\u{200d}';

/// What looks like nothing, or changes how its neighbours are written.
const INVISIBLE: [RangeInclusive<u32>; 26] = [
    0xad..=0xad,         // soft hyphen
    0x34f..=0x34f,       // grapheme joiner
    0x600..=0x605,       // Arabic number signs
    0x61c..=0x61c,       // Arabic letter mark
    0x6dd..=0x6dd,       // end of ayah
    0x70f..=0x70f,       // Syriac abbreviation mark
    0x890..=0x891,       // Arabic pound and piastre marks
    0x8e2..=0x8e2,       // disputed end of ayah
    0x115f..=0x1160,     // Hangul fillers
    0x17b4..=0x17b5,     // Khmer inherent vowels
    0x180b..=0x180f,     // Mongolian selectors and separator
    0x200b..=0x200f,     // zero-width space and joiners, direction marks
    0x2028..=0x202e,     // line and paragraph separators, embeddings and overrides
    0x2060..=0x206f,     // word joiner, invisible operators, isolates
    0x3164..=0x3164,     // Hangul filler
    0xfe00..=0xfe0d,     // variation selectors; the last two choose text or emoji and may stay
    0xfeff..=0xfeff,     // byte order mark
    0xffa0..=0xffa0,     // half-width Hangul filler
    0xfff0..=0xfffb,     // interlinear annotation
    0xfffe..=0xffff,     // not characters
    0x110bd..=0x110cd,   // Kaithi number signs
    0x13430..=0x1345f,   // hieroglyph joiners
    0x1bca0..=0x1bca3,   // shorthand controls
    0x1d173..=0x1d17a,   // musical controls
    0xe0000..=0xe0fff,   // tags and further selectors
    0xf0000..=0x10_ffff, // private
];

/// A token on a table's row or beside an axis: spaces are `·`, line breaks `↵`, tabs `⇥`, and bytes that
/// are no character `⟨e2 96⟩`.
pub fn label(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "⟨⟩".to_owned();
    }
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        write_line(&mut out, chunk.valid(), true);
        if !chunk.invalid().is_empty() {
            let hex: Vec<String> = chunk.invalid().iter().map(|byte| format!("{byte:02x}")).collect();
            out.extend(["⟨", &hex.join(" "), "⟩"]);
        }
    }
    out
}

/// A text on one line, spaces as they are.
pub fn line(text: &str) -> String {
    let mut out = String::new();
    write_line(&mut out, text, false);
    out
}

/// A text to read: keeps its line breaks, tabs become spaces up to the next stop, and all else that is not
/// plainly visible is written out.
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, text) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        // A carriage return is part of a line break where one follows.
        let mut column = 0;
        for cluster in text.strip_suffix('\r').unwrap_or(text).graphemes(true) {
            let start = out.len();
            match cluster {
                "\t" => out.extend(std::iter::repeat_n(' ', TAB - column % TAB)),
                _ => write_cluster(&mut out, cluster, column == 0, false),
            }
            column += width(&out[start..]);
        }
    }
    out
}

fn write_line(out: &mut String, text: &str, mark_spaces: bool) {
    let mut first = out.is_empty();
    for cluster in text.graphemes(true) {
        match cluster {
            "\r\n" => out.push_str("␍↵"),
            "\n" => out.push('↵'),
            "\t" => out.push('⇥'),
            " " if mark_spaces => out.push('·'),
            _ => write_cluster(out, cluster, first, mark_spaces),
        }
        first = false;
    }
}

/// One user-perceived character. A mark that would hang on whatever stands before gets a circle of its own.
fn write_cluster(out: &mut String, cluster: &str, first: bool, mark_spaces: bool) {
    let mut marks = 0;
    let mut based = false;
    let end = cluster.chars().count() - 1;
    for (position, character) in cluster.chars().enumerate() {
        let code = character as u32;
        // Between two pictures a joiner makes one of them; anywhere else it hides.
        let joins = character == JOINER && based && position < end && !mark_spaces;
        match character {
            ' ' if mark_spaces => out.push('·'),
            '\0'..='\x1f' => out.extend(char::from_u32(0x2400 + code)),
            '\x7f' => out.push('␡'),
            '\u{80}'..='\u{9f}' => out.extend([format!("\\x{code:02x}")]),
            _ if hides(character) && !joins => write_code(out, code),
            _ if mark_spaces && character.is_whitespace() => write_code(out, code),
            _ if character.width() == Some(0) => {
                marks += 1;
                if !based && (first || mark_spaces) && marks == 1 {
                    out.push('◌');
                }
                if marks > MOST_MARKS {
                    write_code(out, code)
                } else {
                    out.push(character)
                }
                continue;
            }
            _ => out.push(character),
        }
        based = true;
    }
}

fn hides(character: char) -> bool {
    INVISIBLE.iter().any(|range| range.contains(&(character as u32)))
}

/// A character by its number: `⟨U+202E⟩`.
fn write_code(out: &mut String, code: u32) {
    let _ = write!(out, "⟨U+{code:04X}⟩");
}

/// A message as it is told: whole, unless it repeats something foreign without end. Then of its characters the first
/// [`TOLD`] stay, and the last tenth as many, which often say what to do.
pub fn bounded(message: &str) -> Cow<'_, str> {
    let last = TOLD / 10;
    let all = message.chars().count();
    if all <= TOLD + last {
        return Cow::Borrowed(message);
    }
    let place = |character| message.char_indices().nth(character).map_or(message.len(), |(place, _)| place);
    let (begin, end) = (&message[..place(TOLD)], &message[place(all - last)..]);
    Cow::Owned(format!("{begin} … ({} characters left out) … {end}", all - TOLD - last))
}

/// Columns that a text takes. Only of text that has been made safe to show.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of a line that fits `columns`, with `…` where something is left out.
pub fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut kept = 0;
    let mut used = 0;
    for cluster in text.graphemes(true) {
        used += width(cluster);
        if used >= columns {
            break;
        }
        kept += cluster.len();
    }
    Cow::Owned(if columns == 0 { String::new() } else { format!("{}…", &text[..kept]) })
}

/// The end of a line that fits `columns`, for paths, whose ends tell them apart.
pub fn truncate_start(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut from = text.len();
    let mut used = 0;
    for (start, cluster) in text.grapheme_indices(true).rev() {
        used += width(cluster);
        if used >= columns {
            break;
        }
        from = start;
    }
    Cow::Owned(if columns == 0 { String::new() } else { format!("…{}", &text[from..]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_shows_every_byte() {
        for (bytes, shown) in [
            (&b" the"[..], "·the"),
            (b"\n\n", "↵↵"),
            (b"\r\n", "␍↵"),
            (b"\t", "⇥"),
            (b"", "⟨⟩"),
            (b"\xe2\x96", "⟨e2 96⟩"),
            (b"a\xffb", "a⟨ff⟩b"),
            (b"\x1b[2J", "␛[2J"),
            (b"\x00\x7f", "␀␡"),
            ("\u{9b}31m".as_bytes(), "\\x9b31m"),
            ("\u{202e}abc".as_bytes(), "⟨U+202E⟩abc"),
            ("\u{200b}".as_bytes(), "⟨U+200B⟩"),
            ("\u{a0}".as_bytes(), "⟨U+00A0⟩"),
            ("\u{301}".as_bytes(), "◌\u{301}"),
            (" \u{301}".as_bytes(), "·\u{301}"),
            ("e\u{301}".as_bytes(), "e\u{301}"),
            ("日本".as_bytes(), "日本"),
            ("\u{200d}".as_bytes(), "⟨U+200D⟩"),
        ] {
            assert_eq!(label(bytes), shown);
        }
    }

    #[test]
    fn prose_keeps_what_reads_and_writes_out_the_rest() {
        for (text, shown) in [
            ("one\ntwo\r\nthree", "one\ntwo\nthree"),
            ("a\tb\n\tc", "a   b\n    c"),
            ("日\tb", "日  b"),
            ("over\rwritten", "over␍written"),
            ("\x1b]0;title\x07", "␛]0;title␇"),
            ("\u{202e}evil\u{2066}", "⟨U+202E⟩evil⟨U+2066⟩"),
            ("family 👨\u{200d}👩\u{200d}👧 and ❤\u{fe0f}", "family 👨\u{200d}👩\u{200d}👧 and ❤\u{fe0f}"),
            ("a\u{200d}b", "a⟨U+200D⟩b"),
            ("\u{feff}bom", "⟨U+FEFF⟩bom"),
            ("tag\u{e0041}", "tag⟨U+E0041⟩"),
        ] {
            assert_eq!(prose(text), shown);
        }
        let zalgo = format!("a{}", "\u{301}".repeat(1000));
        assert_eq!(prose(&zalgo).matches('\u{301}').count(), MOST_MARKS);
    }

    #[test]
    fn a_line_has_no_line_break() {
        assert_eq!(line("a b\nc\td\x1b"), "a b↵c⇥d␛");
    }

    /// Whatever goes in, nothing comes out that a terminal would act on.
    #[test]
    fn nothing_shown_can_drive_a_terminal() {
        let mut all: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        all.push_str("\u{1b}[31m\u{9b}0m\r\u{8}");
        for shown in [label(all.as_bytes()), line(&all), prose(&all)] {
            let bad = shown.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(bad, None);
            assert_eq!(shown.chars().find(|&c| hides(c) && c != JOINER), None);
        }
        assert!(!line(&all).contains('\n'));
    }

    #[test]
    fn a_message_is_told_whole_or_from_both_ends() {
        let whole = "é".repeat(TOLD + TOLD / 10);
        assert_eq!(bounded(&whole), whole);
        let long = format!("first {} last", "é".repeat(70_000));
        let told = bounded(&long);
        assert!(told.starts_with("first é") && told.ends_with("é last"), "{told}");
        assert!(told.contains(" characters left out) "));
        assert!(told.chars().count() < TOLD + TOLD / 10 + 40);
    }

    #[test]
    fn what_is_cut_fits_and_says_so() {
        for columns in 0..12 {
            for text in ["", "short", "a longer line", "日本語のトークン", "e\u{301}e\u{301}e\u{301}e\u{301}"] {
                for cut in [truncate(text, columns), truncate_start(text, columns)] {
                    assert!(width(&cut) <= columns, "{cut} in {columns}");
                    assert!(cut == text || columns == 0 || cut.contains('…'));
                }
            }
        }
        assert_eq!(truncate("a longer line", 6), "a lon…");
        assert_eq!(truncate_start("/models/smollm2.gguf", 8), "…m2.gguf");
        assert_eq!(truncate("日本語", 4), "日…");
    }
}
