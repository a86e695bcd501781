//! Every head as a small picture of its pattern.

use crate::record::explored::{HeadScores, Thumbnail};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::explorer::{Explorer, Order};
use crate::tui::kit::{below, fit, heat, put, row, scrollbar, scrolled, skip};
use crate::tui::screens::list::Screen;
use crate::units::many;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Cells on a side of a picture where there is little room, and where there is much; lines that they take; columns
/// between pictures.
const SMALL: usize = 8;
const LARGE: usize = 16;
const GAP: u16 = 2;
/// From this size on pictures are large.
const ROOMY: (u16, u16) = (150, 40);

pub fn title(app: &App, explorer: &Explorer) -> Line<'static> {
    let theme = &app.theme;
    let (seen, all) = (explorer.scores.len(), explorer.text.n_layers * explorer.text.n_heads);
    let count = if seen < all { format!("{seen} of {all} heads so far") } else { format!("{all} heads") };
    let named = explorer.scores.iter().filter(|scores| !scores.roles().is_empty()).count();
    Line::from_iter([
        Span::styled(count, theme.strong),
        Span::styled(
            app.selection.filter.map_or(String::new(), |role| format!(" · {} heads only", role.name())),
            theme.accent,
        ),
        Span::styled(format!(" · by {}", app.selection.order.name()), theme.text),
        Span::styled(
            format!(" · {} · {named} with a role", many(explorer.text.tokens.len() as u64, "token")),
            theme.dim,
        ),
        Span::styled(if explorer.is_stale { " · as before it grew" } else { "" }, theme.warn),
    ])
}

pub fn draw(app: &App, explorer: &Explorer, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let roomy = area.width >= ROOMY.0 && area.height >= ROOMY.1;
    let cells = if roomy { LARGE } else { SMALL };
    let lines = if heat::room(Rect { height: 1, ..area }, theme).1 == 2 { cells as u16 / 2 } else { cells as u16 };
    let (width, height) = (cells as u16 + GAP, lines + 1);
    let across = usize::from(area.width.saturating_sub(2) / width).max(1);
    let order = explorer.order(&app.selection);
    if order.is_empty() {
        let role = app.selection.filter.map_or("", |role| role.name());
        let key = action::key_of(&[Scope::On(Screen::Heads)], Act::Filter);
        let none = format!("no {role} heads on this text; {key} goes on to the next kind");
        put(buf, skip(below(area, 1), 1), Span::styled(fit(&none, area.width.saturating_sub(2) as usize), theme.dim));
        return;
    }
    let selected = order.iter().position(|&head| explorer.scores[head].at == app.selection.selected).unwrap_or(0);
    let (rows, shown) = (order.len().div_ceil(across), usize::from(area.height / height).max(1));
    let first = scrolled(drawn.listed.0, selected / across, shown, rows);
    drawn.listed = (first, shown);
    drawn.rows = (first, across);
    for (slot, &head) in order.iter().enumerate().skip(first * across).take(shown * across) {
        let (x, y) = ((slot % across) as u16 * width, (slot / across - first) as u16 * height);
        let place = Rect { width: cells as u16, ..skip(row(area, y), 1 + x) };
        let scores = &explorer.scores[head];
        let is_off = app.selection.is_changed(scores.at);
        let style = match () {
            () if slot == selected => theme.selected.patch(theme.strong),
            () if is_off => theme.bad,
            () => theme.dim,
        };
        put(buf, place, Span::styled(caption(app, scores, cells, is_off), style));
        let picture = Rect { height: lines, y: place.y + 1, ..place };
        let picture = picture.intersection(area);
        if let Some(thumbnail) = explorer.thumbnails.get(head) {
            let side = cells.min(thumbnail.side as usize);
            heat::small(buf, picture, side, side, theme, |across, down| {
                let share = shrunk(thumbnail, side, down, across)?;
                Some(app.selection.scale.of(if is_off { 0.0 } else { share }))
            });
        }
        drawn.hits.push((Rect { height, ..place }, Hit::Head(head)));
    }
    scrollbar(buf, area, first, rows, theme.dim, theme.rule);
}

/// `8.1 ind`: the head and what it does, or by how much what heads are sorted by.
fn caption(app: &App, scores: &HeadScores, width: usize, is_off: bool) -> String {
    let name = scores.at.to_string();
    let room = width.saturating_sub(name.len() + 1);
    let says = match (is_off, app.selection.order, scores.roles().first()) {
        (true, ..) => "off".to_owned(),
        (_, Order::Place, Some(role)) => role.short().to_owned(),
        (_, Order::Place, None) => String::new(),
        (_, order, _) => {
            let key = order.key(scores);
            let full = if key < 10.0 { format!("{key:.2}") } else { format!("{key:.0}") };
            // .35 where there is no room for 0.35: rounded, never cut.
            if full.len() > room { full.trim_start_matches('0').to_owned() } else { full }
        }
    };
    let says: String = says.chars().take(room).collect();
    format!("{name} {says:<room$}")
}

/// A cell of a picture of `side` cells, made of a larger one: the largest of those that lie in it.
fn shrunk(thumbnail: &Thumbnail, side: usize, row: usize, column: usize) -> Option<f32> {
    let all = thumbnail.side as usize;
    let range = |at: usize| at * all / side..((at + 1) * all / side).max(at * all / side + 1);
    let cells = range(row).flat_map(|row| range(column).map(move |column| thumbnail.cells[row * all + column]));
    cells.filter(|share| !share.is_nan()).reduce(f32::max)
}
