//! One cell of the lens in full: its likeliest tokens, and who wrote the chosen one into the last logits, alone or held
//! against another; or the strongest neurons of the MLP there.
//!
//! ```text
//!  at (13) ·to after 29 mlp
//!  ·Mary        92.3%  ████████▎     head 29.1    +2.17  ████▍
//!  ·the          2.2%  ▏             mlp 28       +2.01  ████
//! ```

use crate::record::explored::{Attribution, Writer};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::explorer::Explorer;
use crate::tui::kit::{bar, below, fit, put, put_right, row, skip, take, wrap};
use crate::tui::sanitize;
use crate::tui::screens::lens::view::selected::Selected;
use crate::tui::screens::list::Screen;
use crate::worker::Question;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of a name, and of a number.
const NAME: u16 = 18;
const NUMBER: u16 = 8;
/// From this many columns on both lists stand side by side.
const SIDE_BY_SIDE: u16 = 60;

pub fn draw(app: &App, explorer: &Explorer, selected: Selected, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some((name, cell)) = selected.cell() else { return };
    let position = selected.position();
    let (left, right) = halves(area);
    put(
        buf,
        left,
        Line::from_iter([
            Span::styled(format!("after {name}"), theme.strong),
            Span::styled(format!(" at {}", explorer.at(position)), theme.dim),
        ]),
    );
    let choice = app.selection.choice.min(cell.top.len().saturating_sub(1));
    // The chosen one is always seen.
    let shown = left.height.saturating_sub(1) as usize;
    let first = (choice + 1).saturating_sub(shown);
    for (y, likely) in cell.top.iter().skip(first).take(shown).enumerate() {
        let line = row(below(left, 1), y as u16);
        let style = if first + y == choice { theme.selected.patch(theme.strong) } else { theme.text };
        let against = if app.selection.versus == Some(likely.id) { "∖" } else { " " };
        let label = format!("{against}{}", explorer.label(likely.id));
        put(buf, take(line, NAME), Span::styled(fit(&label, NAME as usize - 1), style));
        let percent = format!("{:.1}%", 100.0 * likely.probability);
        put_right(buf, take(skip(line, NAME), NUMBER), Span::styled(percent, theme.text));
        bar::bar(buf, skip(line, NAME + NUMBER + 1), f64::from(likely.probability), theme.attention, theme);
    }
    if app.selection.neurons {
        return neurons(app, explorer, position, right, buf);
    }
    if let Some(versus) = app.selection.versus.filter(|&versus| explorer.chosen(&app.selection) == Some(versus)) {
        let [next, before] =
            [Act::NextFound, Act::PreviousFound].map(|act| action::key_of(&[Scope::On(Screen::Lens)], act));
        let hint = format!("∖ the others are held against {}: {next} and {before} take one", explorer.label(versus));
        put(buf, right, Span::styled(fit(&hint, right.width as usize), theme.dim));
        return;
    }
    let refused = explorer.refused(|question| matches!(question, Question::Attribution { .. }));
    match explorer.attribution.as_ref().filter(|found| found.position as usize == position) {
        _ if refused.is_some() => {
            for (y, line) in wrap(&sanitize::prose(refused.unwrap_or_default()), right.width).into_iter().enumerate() {
                put(buf, row(right, y as u16), Span::styled(line, theme.warn));
            }
        }
        Some(found) => shares(app, explorer, found, right, buf),
        None => drop(put(buf, right, Span::styled("who wrote it …", theme.dim))),
    }
}

/// Where the candidates go, and where what wrote one of them: side by side, or below each other where that is narrow.
fn halves(area: Rect) -> (Rect, Rect) {
    let inner = skip(area, 1);
    if area.width < SIDE_BY_SIDE {
        let above = area.height * 2 / 5;
        return (Rect { height: above, ..inner }, below(inner, above + 1));
    }
    let half = area.width.saturating_sub(3) / 2;
    (take(inner, half), skip(area, half + 3))
}

/// The strongest neurons of the block's MLP, and the tokens that they promote.
fn neurons(app: &App, explorer: &Explorer, position: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let Some(block) = explorer.block_of(&app.selection) else {
        put(buf, area, Span::styled("before the first block there are no neurons", theme.dim));
        return;
    };
    put(
        buf,
        area,
        Line::from_iter([
            Span::styled(format!("neurons of mlp {block}"), theme.strong),
            Span::styled(" · ‖write‖, promotes", theme.dim),
        ]),
    );
    let of = explorer.neurons.as_ref().filter(|it| (it.block, it.position) == (block, position));
    let Some(found) = of else {
        let why = explorer.refused(|question| matches!(question, Question::Neurons { .. }));
        for (y, line) in wrap(&sanitize::prose(why.unwrap_or("…")), area.width).into_iter().enumerate() {
            put(buf, row(area, 1 + y as u16), Span::styled(line, theme.dim));
        }
        return;
    };
    let most = found.neurons.first().map_or(1.0, |neuron| neuron.writes).max(f32::MIN_POSITIVE);
    for (y, neuron) in found.neurons.iter().take(area.height.saturating_sub(1) as usize).enumerate() {
        let line = row(below(area, 1), y as u16);
        put_right(buf, take(line, 5), Span::styled(neuron.index.to_string(), theme.text));
        put_right(buf, take(skip(line, 5), 7), Span::styled(format!("{:.2}", neuron.writes), theme.text));
        bar::bar(buf, take(skip(line, 13), 6), f64::from(neuron.writes / most), theme.mlp, theme);
        let promotes: Vec<String> = neuron.promotes.iter().map(|(id, _)| explorer.label(*id)).collect();
        let room = area.width.saturating_sub(20) as usize;
        put(buf, skip(line, 20), Span::styled(fit(&promotes.join(" "), room), theme.dim));
    }
}

/// The largest shares of a logit, up and down.
fn shares(app: &App, explorer: &Explorer, found: &Attribution, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let versus = found.versus.map_or(String::new(), |versus| format!(" rather than {}", explorer.label(versus)));
    let title = Line::from_iter([
        Span::styled(format!("who wrote {}{versus}", explorer.label(found.token)), theme.strong),
        Span::styled(format!(" · logit {:.2} in all", found.logit), theme.dim),
    ]);
    match title.width() <= area.width as usize {
        true => put(buf, area, title),
        false => put(buf, area, Span::styled(fit(&title.to_string(), area.width as usize), theme.strong)),
    };
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
