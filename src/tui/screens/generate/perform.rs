//! What the keys do on the Generate screen: tokens are gone through.

use crate::tui::action::Act;
use crate::tui::app::App;

impl App {
    pub(in crate::tui) fn on_generate(&mut self, act: Act) {
        let Some(at) = self.selected_token() else {
            if act == Act::Colour {
                self.reading.coloured = !self.reading.coloured;
            }
            return;
        };
        let last = self.tokens().len() - 1;
        let line = |by: isize| {
            let page = &self.drawn.page;
            let (line, x) = (page.line_of(at)?, page.column_of(at)?);
            page.token_near(line.checked_add_signed(by)?, x)
        };
        let page = self.drawn.lines.1.max(2) as isize - 1;
        let selected = match act {
            Act::Left => at.saturating_sub(1),
            Act::Right => (at + 1).min(last),
            Act::Up => line(-1).unwrap_or(at),
            Act::Down => line(1).unwrap_or(at),
            Act::First => 0,
            Act::PageUp => return self.scroll_text(-page),
            Act::PageDown => return self.scroll_text(page),
            Act::Follow => {
                self.reading.selected = None;
                self.reading.scroll = None;
                return;
            }
            Act::Colour => {
                self.reading.coloured = !self.reading.coloured;
                return;
            }
            _ => return,
        };
        self.reading.selected = Some(selected);
        self.reading.scroll = None;
    }

    pub(in crate::tui) fn scroll_text(&mut self, by: isize) {
        let (first, height) = self.drawn.lines;
        let most = self.drawn.page.lines.len().saturating_sub(height);
        self.reading.scroll = Some(first.saturating_add_signed(by).min(most));
    }
}
