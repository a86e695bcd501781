//! How the tokenizer cuts the prompt, as lines of text.

use crate::report::piece::Piece;
use crate::report::tokens as report;
use crate::tui::kit::wrap;
use crate::tui::sanitize;
use crate::worker::Tokenized;

/// Columns inside: what a terminal of 80 has room for.
pub const WIDTH: u16 = 72;

/// All of it as lines.
pub fn lines(tokenized: &Result<Tokenized, String>) -> Vec<String> {
    let width = usize::from(WIDTH - 1);
    let said = |text: &str| wrap(&sanitize::prose(text), WIDTH - 1);
    let Tokenized { tokens, merges } = match tokenized {
        Ok(tokenized) => tokenized,
        Err(why) => return said(why),
    };
    let printed = |pieces: Vec<Piece>| {
        let plain = pieces.iter().map(|piece| piece.plain(width)).collect::<Vec<_>>().join("\n\n");
        plain.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut lines = printed(report::tokens(tokens));
    lines.push(String::new());
    lines.extend(match merges {
        Ok(words) => printed(report::merges(words, width)),
        Err(why) => said(why),
    });
    lines
}
