//! A chart of several sizes one on the other: a curve over time, or a column for each step.

use crate::tui::kit::plot::{GUTTER, HEIGHTS, axis, round_up};
use crate::tui::kit::{put, put_right, row, skip};
use crate::tui::theme::{Depth, Theme};
use crate::units::Bytes;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Span;

/// What stands for the layers where there are no colours.
const PLAIN: [&str; 4] = ["█", "▒", "░", "▓"];

/// Sizes over time or over steps.
pub struct Stack<'a> {
    /// The layers of each column, from below.
    pub columns: &'a [Vec<Bytes>],
    /// The colour of each layer, and which pattern stands for it where there are no colours.
    pub layers: &'a [Style],
    /// A height to compare each column with, where there is one.
    pub marks: &'a [Bytes],
    /// Whether each column stands for itself; else they are a curve and fill the width.
    pub apart: bool,
    /// The column to point out, with what to say of it.
    pub pointed: Option<(usize, String)>,
    /// What the axis below begins and ends with.
    pub ends: (String, String),
}

/// The unit in which the largest of some sizes is shown: its name and its bytes.
pub fn unit(largest: Bytes) -> (&'static str, f64) {
    match largest.0 {
        // What rounds up to a thousand is said in the next unit.
        0..=800_000 => ("kB", 1e3),
        800_001..=800_000_000 => ("MB", 1e6),
        _ => ("GB", 1e9),
    }
}

/// The largest of all columns and marks.
pub fn largest(columns: &[Vec<Bytes>], marks: &[Bytes]) -> Bytes {
    let sums = columns.iter().map(|layers| layers.iter().copied().sum());
    sums.chain(marks.iter().copied()).max().unwrap_or_default()
}

impl Stack<'_> {
    /// Draws it with the labels of both axes; the unit belongs into the title above.
    pub fn draw(&self, buf: &mut Buffer, area: Rect, theme: &Theme) {
        let n = self.columns.len();
        let height = area.height.saturating_sub(1);
        let height = if height >= 4 && height.is_multiple_of(2) { height - 1 } else { height };
        let width = area.width.saturating_sub(GUTTER);
        if n == 0 || height == 0 || width < 4 {
            return;
        }
        let most = largest(self.columns, self.marks);
        let (_, scale) = unit(most);
        let top = round_up(most.0 as f64 / scale);
        axis(buf, area, height, top, theme);
        let field = Rect { height, ..skip(area, GUTTER) };
        let share = |bytes: Bytes| bytes.0 as f64 / scale / top;
        // Where steps have room, each has columns of its own, with a gap between two.
        let pitch = if self.apart && n <= width as usize { (width as usize / n).clamp(1, 4) as u16 } else { 1 };
        let thick = if pitch >= 3 { pitch - 1 } else { pitch };
        let drawn = if self.apart { n.min(width as usize) } else { width as usize };
        for i in 0..drawn {
            let (from, to) = (i * n / drawn, ((i + 1) * n / drawn).max(i * n / drawn + 1));
            let whole = |at: &usize| self.columns[*at].iter().copied().sum::<Bytes>();
            let Some(fullest) = (from..to).max_by_key(whole) else { continue };
            let place = Rect { x: field.x + i as u16 * pitch, width: thick, ..field };
            let layers = self.columns[fullest].iter().zip(self.layers);
            let shares: Vec<(f64, Style)> =
                layers.map(|(&bytes, &style)| (share(bytes), theme.bar(style, false))).collect();
            column(buf, place, &shares, theme);
            if let Some(&bytes) = self.marks.get(fullest) {
                mark(buf, place, share(bytes), theme);
            }
        }
        let foot = skip(row(area, height), GUTTER);
        let labels = self.ends.0.chars().count() + 2 + self.ends.1.chars().count();
        let end = (drawn as u16 * pitch).max(labels as u16).min(foot.width);
        put(buf, foot, Span::styled(self.ends.0.clone(), theme.dim));
        put_right(buf, Rect { width: end, ..foot }, Span::styled(self.ends.1.clone(), theme.dim));
        if let Some((at, label)) = &self.pointed {
            let x = (at * drawn / n) as u16 * pitch;
            let label = format!("▲ {label}");
            let wide = label.chars().count() as u16;
            // To the left of it where there is no room to the right.
            let after = x + wide + self.ends.1.chars().count() as u16 + 2 <= end;
            if after && x > self.ends.0.chars().count() as u16 {
                put(buf, skip(foot, x), Span::styled(label, theme.text));
            } else if let Some(left) =
                (x + 1).checked_sub(wide).filter(|&left| left > self.ends.0.chars().count() as u16)
            {
                let label = format!("{} ▲", &label["▲ ".len()..]);
                let cut = Rect { width: wide + 1, ..skip(foot, left.saturating_sub(1)) };
                put(buf, cut, Span::styled(format!(" {label}"), theme.text));
                if left + wide + self.ends.1.chars().count() as u16 >= end {
                    put(buf, skip(foot, left + wide), Span::raw(" ".repeat((foot.width - left - wide) as usize)));
                }
            }
        }
    }
}

/// A column of layers, each with its share of the height. Something is never drawn as nothing.
fn column(buf: &mut Buffer, area: Rect, shares: &[(f64, Style)], theme: &Theme) {
    let whole = f64::from(area.height) * 8.0;
    let mut sum = 0.0;
    let mut ends: Vec<(u32, Style)> = Vec::with_capacity(shares.len());
    for &(share, style) in shares {
        sum += if share.is_finite() { share.max(0.0) } else { 0.0 };
        ends.push(((sum.min(1.0) * whole).round() as u32, style));
    }
    if let Some(last) = ends.last_mut().filter(|_| sum > 0.0) {
        last.0 = last.0.max(1);
    }
    for i in 0..area.height {
        let begin = u32::from(i) * 8;
        let Some(at) = ends.iter().position(|&(end, _)| end > begin) else { break };
        let (end, style) = ends[at];
        let filled = (end - begin).min(8);
        let next = ends[at + 1..].iter().find(|&&(next, _)| next > end).filter(|_| filled < 8);
        for x in area.x..area.right() {
            let Some(cell) = buf.cell_mut((x, area.bottom() - 1 - i)) else { continue };
            if theme.depth == Depth::Plain && shares.len() > 1 {
                cell.set_symbol(PLAIN[at % PLAIN.len()]);
                continue;
            }
            cell.set_symbol(HEIGHTS[filled as usize]).set_fg(style.fg.unwrap_or(Color::Reset));
            if let Some(&(_, next)) = next {
                cell.set_bg(next.fg.unwrap_or(Color::Reset));
            }
        }
    }
}

/// A line across a column at this height.
fn mark(buf: &mut Buffer, area: Rect, share: f64, theme: &Theme) {
    let up = ((share.clamp(0.0, 1.0) * f64::from(area.height)).round() as u16).clamp(1, area.height.max(1)) - 1;
    for x in area.x..area.right() {
        let Some(cell) = buf.cell_mut((x, area.bottom().saturating_sub(1 + up))) else { continue };
        // What is filled stays filled, under the line.
        if cell.symbol() != " " && cell.fg != Color::Reset {
            cell.bg = cell.fg;
        }
        cell.set_symbol("─").set_style(Style { bg: None, ..theme.strong });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(stack: &Stack, width: u16, height: u16, depth: Depth) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        stack.draw(&mut buf, area, &Theme::new(depth));
        buf
    }

    fn lines(buf: &Buffer) -> Vec<String> {
        let line = |row: &[ratatui::buffer::Cell]| row.iter().map(|cell| cell.symbol()).collect::<String>();
        buf.content().chunks(buf.area.width as usize).map(|row| line(row).trim_end().to_owned()).collect()
    }

    fn stack<'a>(columns: &'a [Vec<Bytes>], layers: &'a [Style]) -> Stack<'a> {
        let ends = ("0".to_owned(), "end".to_owned());
        Stack { columns, layers, marks: &[], apart: true, pointed: None, ends }
    }

    #[test]
    fn layers_stand_on_one_another_under_a_round_scale() {
        let columns = [[1, 1], [2, 2], [0, 0]].map(|column| column.map(|mb| Bytes(mb * 1_000_000)).to_vec());
        let layers = [Color::Blue, Color::Red].map(|colour| Style::new().fg(colour));
        let buf = drawn(&stack(&columns, &layers), 24, 5, Depth::True);
        assert_eq!(
            lines(&buf),
            ["  4.00 ┤    ███", "       │▄▄▄ ▄▄▄", "     0 ┤▆▆▆ ███", "        0        end", ""].map(str::to_owned)
        );
        assert_eq!((buf[(12, 0)].fg, buf[(12, 2)].fg), (Color::Red, Color::Blue));
        // In the middle cell the lower layer ends and the upper one begins.
        assert_eq!((buf[(12, 1)].symbol(), buf[(12, 1)].fg, buf[(12, 1)].bg), ("▄", Color::Blue, Color::Red));
    }

    #[test]
    fn a_curve_fills_the_width_and_keeps_what_is_highest() {
        let columns: Vec<Vec<Bytes>> =
            (0..1000).map(|i| vec![Bytes(if i == 707 { 9_000_000 } else { 1_000_000 })]).collect();
        let layers = [Style::new().fg(Color::Blue)];
        let curve = Stack { apart: false, pointed: Some((707, "9.00 MB".into())), ..stack(&columns, &layers) };
        let shown = lines(&drawn(&curve, 48, 6, Depth::True));
        assert_eq!(shown[1].matches('█').count(), 1, "{shown:#?}");
        let (x, _) = shown[1].char_indices().find(|&(_, c)| c == '█').unwrap();
        assert_eq!(shown[1][..x].chars().count(), 8 + 707 * 40 / 1000);
        assert!(shown[5].contains('▲') && shown[5].contains("9.00 MB"), "{shown:#?}");
    }

    #[test]
    fn without_colours_the_layers_have_patterns_of_their_own() {
        let columns = [vec![Bytes(2000), Bytes(2000)]];
        let shown = lines(&drawn(&stack(&columns, &[Style::new(); 2]), 24, 5, Depth::Plain));
        assert!(shown[0].contains('▒') && shown[2].contains('█'));
    }

    #[test]
    fn a_mark_lies_at_its_height() {
        let columns = [vec![Bytes(4_000_000)]];
        let layers = [Style::new().fg(Color::Rgb(10, 200, 30))];
        let marks = [Bytes(2_000_000)];
        let buf = drawn(&Stack { marks: &marks, ..stack(&columns, &layers) }, 24, 5, Depth::True);
        assert_eq!(buf[(8, 1)].symbol(), "─");
        assert_ne!(buf[(8, 1)].bg, Color::Reset, "what is filled stays filled");
    }
}
