//! The pattern of one head, alone or beside the pinned one, and where the selected query looks.

use crate::tui::app::{App, Drawn};
use crate::tui::explorer::{Explorer, Links, Pinned};
use crate::tui::kit::{bar, below, fit, put, put_right, row, skip, take};
use crate::tui::screens::heads::view::map;
use crate::tui::screens::heads::view::map::{CELL, Shown};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Columns of the list of links, and between maps; what the screen needs for them, and a map where there are several.
/// Where there is less, the first few links stand below, if the screen is this high.
const LINKS: u16 = 30;
const GAP: u16 = 2;
const WITH_LINKS: u16 = 70;
const MAP: u16 = 36;
const LINKS_BELOW: u16 = 5;
const WITH_LINKS_BELOW: u16 = 15;

pub fn title(app: &App, explorer: &Explorer) -> Line<'static> {
    let (theme, selection) = (&app.theme, &app.selection);
    let share =
        explorer.links.as_ref().filter(|links| links.head == selection.selected && links.query == selection.query);
    let share = share.and_then(|links| links.shares.get(selection.key)).copied();
    // As the matrix stands: its row first.
    let (row, column) =
        if selection.columns { (selection.key, selection.query) } else { (selection.query, selection.key) };
    let at = format!("A[{row},{column}]");
    let value = match share {
        Some(share) if share.is_nan() => format!("{at} absent: not seen"),
        Some(share) => format!("{at} = {share:.4}"),
        None => at,
    };
    let convention = if selection.columns { "columns sum to 1" } else { "rows sum to 1" };
    let zoom = if selection.bin > 1 { format!(" · largest of {0}×{0}", selection.bin) } else { String::new() };
    Line::from_iter([
        Span::styled(format!("head {}", selection.selected), theme.strong),
        Span::styled(format!(" · {value}"), theme.text),
        Span::styled(format!(" · {convention}{zoom}"), theme.dim),
    ])
}

pub fn draw(app: &App, explorer: &Explorer, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let (theme, selection) = (&app.theme, &app.selection);
    let maps = maps(app, area.width);
    let needed = if maps.len() > 1 { maps.len() as u16 * (MAP + GAP) + LINKS } else { WITH_LINKS };
    let links = if area.width >= needed { LINKS } else { 0 };
    let (whole, area) = match links == 0 && maps.len() == 1 && area.height >= WITH_LINKS_BELOW {
        true => (area, Rect { height: area.height - LINKS_BELOW, ..area }),
        false => (area, area),
    };
    let room = skip(Rect { width: area.width.saturating_sub(if links > 0 { links + 2 } else { 1 }), ..area }, 1);
    let width = (room.width + GAP) / maps.len() as u16 - GAP;
    let place = |i: usize| take(skip(room, i as u16 * (width + GAP)), width);
    let cells = map::cells(place(0));
    // As many as the next answer is to fill.
    drawn.cells = (cells.height as usize, (cells.width / CELL) as usize);
    let present = explorer.pattern.as_ref().filter(|pattern| pattern.head == selection.selected);
    let pinned = explorer.pinned.as_ref().zip(selection.pinned.as_ref()).filter(|(it, pinned)| it.head == pinned.head);
    for (i, which) in maps.iter().enumerate() {
        let shown = match (which, present, pinned) {
            (Which::Present, Some(present), _) => Some(Shown::Head(present)),
            (Which::Pinned, _, Some((pattern, pinned))) => Some(Shown::Pinned(pattern, &pinned.labels)),
            (Which::Difference, Some(present), Some((pattern, _)))
                if pattern.area.queries.start == present.area.queries.start =>
            {
                Some(Shown::Difference(present, pattern))
            }
            _ => None,
        };
        match shown {
            Some(shown) => {
                map::draw(app, explorer, &shown, &name(app, explorer, *which, maps.len()), place(i), buf, drawn)
            }
            None => drop(put(buf, below(place(i), 2), Span::styled("…", theme.dim))),
        }
    }
    if let Some(found) = explorer.links.as_ref().filter(|it| it.head == selection.selected) {
        if links > 0 {
            draw_links(app, explorer, found, skip(area, area.width - LINKS), buf);
        } else if whole.height > area.height {
            draw_links(app, explorer, found, skip(below(whole, area.height), 1), buf);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Which {
    Pinned,
    Present,
    Difference,
}

/// What is shown side by side in so much width.
fn maps(app: &App, width: u16) -> Vec<Which> {
    match (&app.selection.pinned, app.selection.difference) {
        (None, _) => vec![Which::Present],
        (Some(_), true) => vec![Which::Difference],
        (Some(_), false) if width >= 3 * (MAP + GAP + 10) => vec![Which::Pinned, Which::Present, Which::Difference],
        (Some(_), false) => vec![Which::Pinned, Which::Present],
    }
}

/// What a map is of, where there may be doubt.
fn name(app: &App, explorer: &Explorer, which: Which, of: usize) -> String {
    let (selection, Some(pinned)) = (&app.selection, &app.selection.pinned) else { return String::new() };
    let other = |pinned: &Pinned| if pinned.run == explorer.run { String::new() } else { words(pinned, explorer) };
    match which {
        Which::Present if of == 1 => String::new(),
        Which::Present => format!("head {}", selection.selected),
        Which::Pinned => format!("pinned {}{}", pinned.head, other(pinned)),
        Which::Difference => format!("{} less the pinned {}{}", selection.selected, pinned.head, other(pinned)),
    }
}

/// In what the pinned pass differs.
fn words(pinned: &Pinned, explorer: &Explorer) -> String {
    let differs = pinned.toggles.iter().filter(|pair| !explorer.text.toggles.contains(pair));
    let words: Vec<String> = differs.map(|(name, value)| format!("{name}={value}")).collect();
    if words.is_empty() { " · another text".into() } else { format!(" · {}", words.join(" ")) }
}

/// Where the selected query looks, most first.
fn draw_links(app: &App, explorer: &Explorer, links: &Links, area: Rect, buf: &mut Buffer) {
    let (theme, selection) = (&app.theme, &app.selection);
    put(
        buf,
        area,
        Line::from_iter([
            Span::styled("query ", theme.dim),
            Span::styled(fit(&explorer.at(links.query), area.width.saturating_sub(14) as usize), theme.strong),
            Span::styled(" looks at", theme.dim),
        ]),
    );
    // Below the links one line for the others, and one that is free where there is room.
    let shown = area.height.saturating_sub(if area.height > LINKS_BELOW { 3 } else { 2 }) as usize;
    let mut shares: Vec<(usize, f32)> = links.shares.iter().copied().enumerate().filter(|(_, s)| !s.is_nan()).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (y, (key, share)) in shares.iter().take(shown).enumerate() {
        let line = row(below(area, 1), y as u16);
        let is_here = *key == selection.key;
        let style = if is_here { theme.selected.patch(theme.strong) } else { theme.text };
        put(buf, take(line, 13), Span::styled(fit(&explorer.at(*key), 13), style));
        put_right(buf, take(skip(line, 14), 5), Span::styled(format!("{share:.3}"), style));
        bar::bar(buf, skip(take(line, area.width.saturating_sub(1)), 20), f64::from(*share), theme.attention, theme);
    }
    if shares.len() > shown {
        let rest: f32 = shares[shown..].iter().map(|(_, share)| share).sum();
        let line = row(below(area, 1), shown as u16);
        put(buf, take(line, 13), Span::styled(format!("{} more", shares.len() - shown), theme.dim));
        put_right(buf, take(skip(line, 14), 5), Span::styled(format!("{rest:.3}"), theme.dim));
    }
}
