//! Running text out of tokens, wrapped by display width, where every cell knows its token.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Wrapped text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    pub lines: Vec<Vec<Piece>>,
}

/// A stretch of one line that belongs to one token.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Number of the token; `None` in the prompt.
    pub token: Option<usize>,
    pub text: String,
    /// First column.
    pub x: u16,
    pub width: u16,
    /// Stands for a line break: drawn only where the token itself is of interest.
    pub line_break: bool,
}

/// A grapheme on its way into a line.
struct Cell {
    token: Option<usize>,
    text: String,
    width: u16,
}

impl Page {
    /// Wraps harmless text to `width` columns, at spaces where there are any.
    pub fn wrap<'a>(pieces: impl IntoIterator<Item = (Option<usize>, &'a str)>, width: u16) -> Self {
        let mut page = Page::default();
        let mut line: Vec<Cell> = Vec::new();
        let (mut x, mut after_space) = (0u16, None::<usize>);
        for (token, text) in pieces {
            for grapheme in text.graphemes(true) {
                let wide = grapheme.width() as u16;
                if grapheme == "\n" {
                    page.push(line.drain(..), Some(token));
                    (x, after_space) = (0, None);
                    continue;
                }
                if wide == 0 || wide > width {
                    // A mark that belongs to the character before it, even across tokens.
                    if let Some(cell) = line.last_mut().filter(|_| wide == 0) {
                        cell.text.push_str(grapheme);
                    }
                    continue;
                }
                let space = grapheme == " ";
                if x + wide > width {
                    let rest = match after_space {
                        _ if space => Vec::new(),
                        Some(at) => line.split_off(at),
                        None => Vec::new(),
                    };
                    page.push(line.drain(..), None);
                    line = rest;
                    x = line.iter().map(|cell| cell.width).sum();
                    after_space = None;
                    if space {
                        continue;
                    }
                }
                x += wide;
                line.push(Cell { token, text: grapheme.to_owned(), width: wide });
                if space {
                    after_space = Some(line.len());
                }
            }
        }
        page.push(line.into_iter(), None);
        page
    }

    fn push(&mut self, cells: impl Iterator<Item = Cell>, line_break: Option<Option<usize>>) {
        let mut line: Vec<Piece> = Vec::new();
        let mut x = 0;
        for cell in cells {
            match line.last_mut().filter(|piece| piece.token == cell.token) {
                Some(piece) => {
                    piece.text.push_str(&cell.text);
                    piece.width += cell.width;
                }
                None => {
                    line.push(Piece { token: cell.token, text: cell.text, x, width: cell.width, line_break: false });
                }
            }
            x += cell.width;
        }
        if let Some(token) = line_break {
            line.push(Piece { token, text: "⏎".into(), x, width: 1, line_break: true });
        }
        self.lines.push(line);
    }

    /// The line on which a token begins.
    pub fn line_of(&self, token: usize) -> Option<usize> {
        self.lines.iter().position(|line| line.iter().any(|piece| piece.token == Some(token)))
    }

    /// The column at which a token begins.
    pub fn column_of(&self, token: usize) -> Option<u16> {
        self.lines.iter().flatten().find(|piece| piece.token == Some(token)).map(|piece| piece.x)
    }

    /// The token on a line that is nearest to a column.
    pub fn token_near(&self, line: usize, x: u16) -> Option<usize> {
        let away = |piece: &&Piece| piece.x.saturating_sub(x).max(x.saturating_sub(piece.x + piece.width.max(1) - 1));
        self.lines.get(line)?.iter().filter(|piece| piece.token.is_some()).min_by_key(away)?.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[(Option<usize>, &str)], width: u16) -> Vec<String> {
        let page = Page::wrap(pieces.iter().copied(), width);
        let text = |line: &Vec<Piece>| line.iter().filter(|p| !p.line_break).map(|p| p.text.as_str()).collect();
        page.lines.iter().map(text).collect()
    }

    #[test]
    fn words_stay_whole_across_tokens() {
        let tokens = [(None, "The cat"), (Some(0), " un"), (Some(1), "believ"), (Some(2), "able")];
        assert_eq!(lines(&tokens, 14), ["The cat ", "unbelievable"]);
        assert_eq!(lines(&tokens, 5), ["The ", "cat ", "unbel", "ievab", "le"]);
    }

    #[test]
    fn width_is_counted_in_columns_not_characters() {
        assert_eq!(lines(&[(Some(0), "日本語です")], 5), ["日本", "語で", "す"]);
        // A combining accent takes no column, even when it comes as a token of its own.
        assert_eq!(lines(&[(Some(0), "cafe"), (Some(1), "\u{301}s")], 5), ["cafe\u{301}s"]);
        assert_eq!(lines(&[(None, "日a")], 1), ["a"]);
    }

    #[test]
    fn line_breaks_belong_to_their_token() {
        let page = Page::wrap([(Some(0), "a"), (Some(1), "\n"), (Some(2), "\n"), (Some(3), "b")], 10);
        assert_eq!(page.lines.len(), 3);
        assert_eq!((page.line_of(1), page.line_of(2), page.line_of(3)), (Some(0), Some(1), Some(2)));
        assert!(page.lines[0][1].line_break);
    }

    #[test]
    fn a_column_finds_the_nearest_token() {
        let page = Page::wrap([(None, "ab"), (Some(0), "cd"), (Some(1), "ef")], 10);
        assert_eq!([0, 3, 4, 9].map(|x| page.token_near(0, x)), [Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!(page.token_near(5, 0), None);
        assert_eq!(page.column_of(1), Some(4));
    }
}
