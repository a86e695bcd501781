//! What is printed: clean for pipes, harmless for terminals.
//!
//! Text from a model file or a prompt may hold anything. To a terminal it goes with everything
//! neutralised that could move its cursor or hide text; to a pipe or a file results go as they are.

use super::failure::{Failure, Result};
use crate::report::json::versioned;
use crate::report::piece::Piece;
use crate::text::shown;
use clap::ColorChoice;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};
use std::io::{self, IsTerminal, Write};
use unicode_segmentation::UnicodeSegmentation;

/// Standard output and standard error.
pub struct Output {
    to_terminal: bool,
    colours: bool,
    /// The same two for standard error.
    errors_to_terminal: bool,
    error_colours: bool,
    /// The last character that was streamed, with its marks.
    last: String,
    /// Whether a line of progress stands on standard error.
    in_progress: bool,
    /// Whether something was written to standard output. What the interface left there is not ours to answer for.
    has_written: bool,
}

impl Output {
    pub fn new(choice: ColorChoice) -> Self {
        let to_terminal = io::stdout().is_terminal();
        let errors_to_terminal = io::stderr().is_terminal();
        Self {
            to_terminal,
            colours: wants_colours(choice, to_terminal),
            errors_to_terminal,
            error_colours: wants_colours(choice, errors_to_terminal),
            last: String::new(),
            in_progress: false,
            has_written: false,
        }
    }

    /// Text as it is made, seen at once.
    pub fn stream(&mut self, text: &str) -> Result {
        self.has_written = true;
        let safe = if self.to_terminal { self.continued(text) } else { text.to_owned() };
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(safe.as_bytes()).and_then(|()| stdout.flush());
        written.map_err(|error| Failure::of_output(&error))
    }

    /// Text made safe as the continuation of what was streamed before it: a mark at its beginning belongs
    /// to the character at the end of that.
    fn continued(&mut self, text: &str) -> String {
        let whole = format!("{}{text}", self.last);
        let safe = match shown::prose(&whole).strip_prefix(&shown::prose(&self.last)) {
            Some(rest) => rest.to_owned(),
            None => shown::prose(text),
        };
        let last = whole.graphemes(true).next_back().filter(|last| *last != "\n" && last.len() < 64);
        self.last = last.unwrap_or_default().to_owned();
        safe
    }

    /// A line, or several.
    pub fn line(&mut self, text: &str) -> Result {
        self.has_written = true;
        let safe = if self.to_terminal { shown::prose(text) } else { text.to_owned() };
        writeln!(io::stdout().lock(), "{safe}").map_err(|error| Failure::of_output(&error))
    }

    /// A report, with its titles and notes set apart.
    pub fn report(&mut self, pieces: &[Piece]) -> Result {
        self.has_written = true;
        let mut text = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            let gap = index > 0 && matches!(piece, Piece::Title(_));
            text.push_str(if gap { "\n" } else { "" });
            let safe = |piece: &str| if self.to_terminal { shown::prose(piece) } else { piece.to_owned() };
            match piece {
                Piece::Title(title) => text.push_str(&self.styled("1", &safe(title))),
                Piece::Note(note) => text.push_str(&self.styled("2", &safe(note))),
                piece => text.push_str(&safe(&piece.plain(self.width()))),
            }
            text.push('\n');
        }
        // Already safe: going through `stream` would take the colours for hostile.
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes()).map_err(|error| Failure::of_output(&error))
    }

    /// A JSON object, with the version of its fields, and the end of its line: on one line for programs, indented for readers.
    pub fn json(&mut self, object: Value) -> Result {
        let value = versioned(object);
        self.has_written = true;
        let mut bytes = Vec::new();
        let written = if self.to_terminal {
            value.serialize(&mut Serializer::with_formatter(&mut bytes, Harmless(PrettyFormatter::new())))
        } else {
            value.serialize(&mut Serializer::with_formatter(&mut bytes, serde_json::ser::CompactFormatter))
        };
        written.map_err(|error| Failure::Failed(format!("cannot write JSON: {error}")))?;
        bytes.push(b'\n');
        io::stdout().lock().write_all(&bytes).map_err(|error| Failure::of_output(&error))
    }

    /// Makes sure that everything has been written.
    pub fn flush(&mut self) -> Result {
        if !self.has_written {
            return Ok(());
        }
        io::stdout().flush().map_err(|error| Failure::of_output(&error))
    }

    /// A line beside the result, on standard error.
    pub fn note(&mut self, text: &str) {
        self.to_stderr("", "2", text);
    }

    /// Something that the user should know, on standard error.
    pub fn warning(&mut self, text: &str) {
        self.to_stderr("warning", "33;1", text);
    }

    /// What went wrong, on standard error.
    pub fn error(&mut self, text: &str) {
        self.to_stderr("error", "31;1", text);
    }

    /// Shows on one line of standard error how far some work is, if somebody can see it; an empty text
    /// takes the line away.
    pub fn progress(&mut self, text: &str) {
        if self.errors_to_terminal && (self.in_progress || !text.is_empty()) {
            let _ = write!(io::stderr(), "\r\x1b[2K{}", shown::line(text));
            self.in_progress = !text.is_empty();
        }
    }

    /// Columns that a line may take: those of `COLUMNS`, else of the terminal, else no limit.
    pub fn width(&self) -> usize {
        let named =
            std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|&columns| columns > 0);
        let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        named.or_else(|| terminal().filter(|&width| self.to_terminal && width > 0)).unwrap_or(usize::MAX)
    }

    fn to_stderr(&self, label: &str, style: &str, text: &str) {
        // Through a pipe too: what is said here is for people, and logs end in terminals.
        let text = shown::bounded(&shown::prose(text)).into_owned();
        let text = match (label, self.error_colours) {
            ("", true) => format!("\x1b[{style}m{text}\x1b[0m"),
            ("", false) => text,
            (label, true) => format!("\x1b[{style}m{label}:\x1b[0m {text}"),
            (label, false) => format!("{label}: {text}"),
        };
        // Where standard error is closed there is nobody to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colours { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// `--color`, else `NO_COLOR` and what standard output is.
pub fn wants_colours(choice: ColorChoice, is_terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            is_terminal && !refused && !dumb
        }
    }
}

/// JSON whose strings are also harmless in a terminal: serde escapes C0 only.
struct Harmless(PrettyFormatter<'static>);

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if shown::line(fragment) == fragment {
            return writer.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            let character = c.to_string();
            if shown::line(&character) == character {
                writer.write_all(character.as_bytes())?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}
