//! One step of an example: what is shown after one key press, and how its lines are written.

use std::ops::RangeInclusive;

/// Columns of a terminal that a title or a line takes at most.
pub const COLUMNS: usize = 42;

/// Lines that a step has at most.
pub const LINES: usize = 14;

/// What is shown after one key press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub title: String,
    pub lines: Vec<String>,
}

impl Step {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), lines: Vec::new() }
    }

    /// A sentence, broken where it no longer fits.
    pub(super) fn say(mut self, text: &str) -> Self {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && columns(&line) + 1 + columns(word) > COLUMNS {
                self.lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.lines.push(line);
        self
    }

    /// A line as it is.
    pub(super) fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    pub(super) fn rows(mut self, rows: impl IntoIterator<Item = String>) -> Self {
        self.lines.extend(rows);
        self
    }

    pub(super) fn gap(self) -> Self {
        self.line("")
    }
}

/// Columns that a text takes, rather one too many than one too few: Chinese takes two a character, a combining
/// mark counts as one.
pub(super) fn columns(text: &str) -> usize {
    const WIDE: [RangeInclusive<char>; 4] =
        ['\u{2e80}'..='\u{a4cf}', '\u{ac00}'..='\u{d7a3}', '\u{f900}'..='\u{faff}', '\u{ff00}'..='\u{ff60}'];
    text.chars().map(|character| if WIDE.iter().any(|range| range.contains(&character)) { 2 } else { 1 }).sum()
}

/// A whole number with commas: `331,776`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_breaks_between_words() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let step = Step::new("title").say(text);
        assert_eq!(step.lines.len(), 2);
        assert_eq!(step.lines.join(" "), text);
    }

    #[test]
    fn thousands_are_grouped() {
        let shown = [0, 7, 999, 1_000, 331_776, 2_152_240_128].map(grouped);
        assert_eq!(shown, ["0", "7", "999", "1,000", "331,776", "2,152,240,128"]);
    }
}
