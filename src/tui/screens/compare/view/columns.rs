//! Where the columns of the Compare screen lie.

use crate::tui::kit::skip;
use ratatui::layout::Rect;

/// Where the columns lie: their widths, one after the other.
#[derive(Clone, Copy)]
pub struct Columns {
    pub name: u16,
    pub side: u16,
    pub ratio: u16,
    /// Both times as bars; 0 where there is no room.
    pub bars: u16,
    pub whisker: u16,
}

impl Columns {
    pub fn fitting(width: u16) -> Self {
        match width {
            // Where there is no room for both, words say more than whiskers.
            ..76 => Self { name: 14, side: 11, ratio: 8, bars: 0, whisker: 1 },
            76..100 => Self { name: 16, side: 11, ratio: 8, bars: 0, whisker: 12 },
            100..150 => Self { name: 22, side: 11, ratio: 9, bars: 14, whisker: 18 },
            _ => Self { name: 26, side: 11, ratio: 10, bars: 32, whisker: 42 },
        }
    }

    pub fn a(self, line: Rect) -> Rect {
        Rect { width: self.side.min(line.width), ..skip(line, self.name) }
    }

    pub fn b(self, line: Rect) -> Rect {
        Rect { width: self.side, ..skip(line, self.name + self.side) }.intersection(line)
    }

    pub fn ratio(self, line: Rect) -> Rect {
        Rect { width: self.ratio, ..skip(line, self.name + 2 * self.side) }.intersection(line)
    }

    pub fn bars(self, line: Rect) -> Rect {
        Rect { width: self.bars.saturating_sub(2), ..skip(line, self.name + 2 * self.side + self.ratio + 2) }
            .intersection(line)
    }

    pub fn whisker(self, line: Rect) -> Rect {
        let at = self.name + 2 * self.side + self.ratio + self.bars + 1;
        Rect { width: self.whisker - 1, ..skip(line, at) }.intersection(line)
    }

    pub fn verdict(self, line: Rect) -> Rect {
        skip(line, self.name + 2 * self.side + self.ratio + self.bars + self.whisker + 2)
    }
}
