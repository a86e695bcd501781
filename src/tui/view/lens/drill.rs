//! One cell of the lens in full: its likeliest tokens, and who wrote the first of them into the last logits.
//!
//! ```text
//!  at (13) ·to after 29 mlp
//!  ·Mary        92.3%  ████████▎     head 29.1    +2.17  ████▍
//!  ·the          2.2%  ▏             mlp 28       +2.01  ████
//! ```

use crate::trace::explored::{Attribution, LensTable, Writer};
use crate::tui::app::App;
use crate::tui::explorer::Explorer;
use crate::tui::widget::{bar, below, fit, put, put_right, row, skip, take};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of a name, and of a number.
const NAME: u16 = 18;
const NUMBER: u16 = 8;

/// `place` and `x` are the selected cell.
pub fn draw(
    app: &App,
    explorer: &Explorer,
    (lens, place, x): (&LensTable, usize, usize),
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &app.theme;
    let Some((name, cell)) = lens.places.get(place).and_then(|(name, cells)| Some((name, cells.get(x)?))) else {
        return;
    };
    let position = lens.first + x;
    let label = explorer.tokens.get(position).map_or("", |(_, label)| label.as_str());
    let half = (area.width.saturating_sub(3)) / 2;
    let (left, right) = (take(skip(area, 1), half), skip(area, half + 3));
    put(
        buf,
        left,
        Line::from_iter([
            Span::styled(format!("after {}", name), theme.strong),
            Span::styled(format!(" at ({position}) {label}"), theme.dim),
        ]),
    );
    for (y, likely) in cell.top.iter().enumerate() {
        let line = row(below(left, 1), y as u16);
        put(buf, take(line, NAME), Span::styled(fit(&explorer.label(likely.id), NAME as usize - 1), theme.text));
        let percent = format!("{:.1}%", 100.0 * likely.probability);
        put_right(buf, take(skip(line, NAME), NUMBER), Span::styled(percent, theme.text));
        bar::bar(buf, skip(line, NAME + NUMBER + 1), f64::from(likely.probability), theme.attention, theme);
    }
    let wanted = explorer.attribution.as_ref().filter(|found| found.position as usize == position);
    if let Some(found) = wanted {
        shares(app, explorer, found, right, buf);
    } else {
        put(buf, right, Span::styled("who wrote it …", theme.dim));
    }
}

/// The largest shares of a logit, up and down.
fn shares(app: &App, explorer: &Explorer, found: &Attribution, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let title = Line::from_iter([
        Span::styled(format!("who wrote {}", explorer.label(found.token)), theme.strong),
        Span::styled(format!(" · logit {:.2} in all", found.logit), theme.dim),
    ]);
    put(buf, area, title);
    let mut parts = found.parts.clone();
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let shown = parts.len().min(area.height.saturating_sub(2) as usize);
    let largest = parts.first().map_or(1.0, |(_, share)| share.abs()).max(f32::MIN_POSITIVE);
    for (y, (writer, share)) in parts.iter().take(shown).enumerate() {
        let line = row(below(area, 1), y as u16);
        put(buf, take(line, NAME), Span::styled(writer.to_string(), theme.text));
        put_right(buf, take(skip(line, NAME), NUMBER), Span::styled(format!("{share:+.3}"), theme.text));
        let style = match writer {
            _ if *share < 0.0 => theme.bad,
            Writer::Mlp(_) => theme.mlp,
            Writer::Head(_) | Writer::AttnBias(_) => theme.attention,
            _ => theme.other,
        };
        bar::bar(buf, skip(line, NAME + NUMBER + 1), f64::from(share.abs() / largest), style, theme);
    }
    let rest: f32 = parts[shown..].iter().map(|(_, share)| share).sum();
    if shown < parts.len() {
        let line = row(below(area, 1), shown as u16);
        put(buf, line, Span::styled(format!("{} others", parts.len() - shown), theme.dim));
        put_right(buf, take(skip(line, NAME), NUMBER), Span::styled(format!("{rest:+.3}"), theme.dim));
    }
}
