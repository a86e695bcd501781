//! The Blocks screen: a row for each part of the model, with what it took and what it did.
//!
//! ```text
//!  phase  prefill  decode  both               ■ attention  ■ MLP  ■ other
//!   part                 time   share                GFLOP/s°  FLOPs°  bytes°
//!    embedding        0.3 ms   0.1% ▏                       –       –  1.2 MB
//!  ▸ block 0         34.1 ms   3.3% ██▌▒▒▒▒▒▏             118  …
//!  ▾ block 1         33.8 ms   3.2% ██▌▒▒▒▒▒              119     (wide: the
//!    ▸ attention     19.0 ms   1.8% ██████████▎            98      selected
//!        mm          18.1 ms   1.7% █████████▊   (a traced part opens
//!        between      0.1 ms   0.0% ▏             down to its operators)
//!  ⠹ block 18  not yet run                                         part here)
//!  ───────────────────────────────────────────────────────────────────────
//!  prefill 512 tokens 1.04 s · 492 tok/s    wall = Σ parts + 0.6% unaccounted
//!  ▲ LM head takes 8.4% …           ° by formula from the shapes; time measured
//! ```

use crate::arch::path::{branch_of, inside_block, name_of};
use crate::arch::role::Branch;
use crate::record::Phase;
use crate::tui::action::Act;
use crate::tui::app::{App, Drawn, Hit};
use crate::tui::kit::{bar, below, fit, put, put_right, row, scrollbar, scrolled, skip, take};
use crate::tui::live::Live;
use crate::tui::sanitize;
use crate::tui::screens::blocks::outline::{Node, What};
use crate::tui::screens::blocks::{operator, part, summary};
use crate::tui::theme::{Depth, Theme};
use crate::tui::view::choices::Choice;
use crate::tui::view::columns;
use crate::tui::view::columns::{BlocksColumn, Figures};
use crate::tui::view::{empty, header};
use crate::units::Nanos;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of the part's name, with its marks and its indentation.
const NAME: u16 = 19;
/// From this width on, the selected part is shown beside the table.
const WIDE: u16 = 132;
const SIDE: u16 = 54;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let nodes = app.nodes();
    if nodes.is_empty() {
        return empty::draw(app, area, buf, drawn);
    }
    let foot = 3;
    phase_line(app, row(area, 0), buf, drawn);
    let middle = Rect { height: area.height.saturating_sub(1 + foot), ..below(area, 1) };
    let table = if area.width >= WIDE { take(middle, area.width - SIDE - 1) } else { middle };
    self::table(app, &nodes, table, buf, drawn);
    if area.width >= WIDE
        && let Some(node) = nodes.get(app.screens.blocks.index(&nodes))
    {
        let side = skip(middle, area.width - SIDE);
        match node.what {
            What::Part => part::draw(app, node, side, buf),
            What::Operator(_) | What::Between => operator::draw(app, node, side, buf),
        }
    }
    let bottom = below(area, area.height.saturating_sub(foot));
    put(buf, bottom, Span::styled("─".repeat(area.width as usize), app.theme.rule));
    let selected = nodes.get(app.screens.blocks.index(&nodes)).filter(|_| area.width < WIDE);
    summary::draw(app, selected, skip(below(bottom, 1), 1), buf);
    if app.live.is_none() && app.popup.is_none() {
        empty::card(app, table, buf, drawn);
    }
}

fn phase_line(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let phases = [(Some(Phase::Prefill), "prefill"), (Some(Phase::Decode), "decode"), (None, "both")];
    let first = skip(area, 1);
    let phases = Choice { label: "phase", values: phases, chosen: app.shown.phase, act: Act::Phase };
    let rest = phases.draw(theme, first, buf, drawn);
    let legend = legend(app);
    let mut room = rest.width.saturating_sub(4);
    if let (Some(live), Some(card)) = (&app.live, app.card())
        && live.run.header.model.n_layers > 0
    {
        let run = &live.run.header;
        let mut other = header::differences(&run.toggles, &card.toggles);
        if run.model.source != card.info.source {
            other.insert(0, sanitize::label(&run.model.name));
        }
        if !other.is_empty() {
            let text = fit(&format!("this run: {}", other.join(", ")), room as usize);
            room = room.saturating_sub(2 + put(buf, skip(rest, 2), Span::styled(text, theme.warn)));
        }
    }
    if legend.width() as u16 <= room {
        put_right(buf, Rect { width: area.width.saturating_sub(2), ..area }, legend);
    }
}

/// Which colour is which.
pub fn legend(app: &App) -> Line<'static> {
    let theme = &app.theme;
    let signs = if theme.depth == Depth::Plain { ["█", "▒", "░"] } else { ["■"; 3] };
    let styles = [(theme.attention, "attention"), (theme.mlp, "MLP"), (theme.other, "other")];
    let spans = styles.into_iter().zip(signs).flat_map(|((style, name), sign)| {
        [Span::styled(format!("{sign} "), style), Span::styled(format!("{name}  "), theme.dim)]
    });
    let mut line = Line::from_iter(spans);
    if let Some(last) = line.spans.last_mut() {
        last.content = last.content.trim_end().to_owned().into();
    }
    line
}

fn table(app: &App, nodes: &[Node], area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let inner = Rect { width: area.width.saturating_sub(2), ..area };
    let traced = app.sums_of_blocks().is_some();
    let (columns, bar_width) = columns::fitting(inner.width.saturating_sub(NAME + 2), 10, traced);
    headings(app, &columns, bar_width, row(inner, 0), buf);
    let list = below(area, 1);
    let height = list.height as usize;
    let selected = app.screens.blocks.index(nodes);
    let running = nodes.iter().position(|node| node.running && node.depth == 0);
    // While the user has not gone anywhere, the table goes along with the run.
    let follow = running.filter(|_| app.shown.follows && selected == 0);
    let first = scrolled(drawn.rows.0, follow.unwrap_or(selected), height, nodes.len());
    drawn.rows = (first, height);
    let scales = scales(app, nodes);
    let whole = app.live.as_ref().map_or(Nanos(0), |live| summary::whole(live, app.shown.phase));
    for (y, node) in nodes.iter().skip(first).take(height).enumerate() {
        let line = row(list, y as u16);
        if first + y == selected {
            buf.set_style(line.intersection(buf.area), app.theme.selected);
        }
        let line = take(line, inner.width);
        let scale = scales.get(node.depth as usize).copied().unwrap_or_default();
        part_row(app, node, (first + y) % 2 == 1, &columns, bar_width, scale, whole, line, buf);
        drawn.hits.push((line, Hit::Row(node.path.clone())));
    }
    scrollbar(buf, list, first, nodes.len(), app.theme.dim, app.theme.rule);
}

fn headings(app: &App, columns: &[BlocksColumn], bar_width: u16, area: Rect, buf: &mut Buffer) {
    let dim = app.theme.dim;
    put(buf, skip(area, 3), Span::styled("part", dim));
    let mut rest = skip(area, NAME);
    let mut barred = false;
    for &column in columns {
        if !column.leads() && !barred {
            rest = skip(rest, bar_width + 2);
            barred = true;
        }
        let heading = column.heading(app.shown.is_of_a_step(), app.sums_of_blocks().is_some());
        put_right(buf, take(rest, column.width()), Span::styled(heading, dim));
        rest = skip(rest, column.width());
    }
}

/// The longest time of each level: what a full bar means there.
fn scales(app: &App, nodes: &[Node]) -> Vec<Nanos> {
    let mut scales = Vec::new();
    let Some(live) = &app.live else { return scales };
    for node in nodes {
        let depth = node.depth as usize;
        if scales.len() <= depth {
            scales.resize(depth + 1, Nanos(0));
        }
        scales[depth] = scales[depth].max(time(app, live, node).unwrap_or_default());
    }
    scales
}

/// The time of a row over all passes of a repeat.
fn time(app: &App, live: &Live, node: &Node) -> Option<Nanos> {
    match node.what {
        What::Part => live.tally.row(node.part?, app.shown.phase).map(|row| row.typical),
        What::Operator(index) => Some(app.sums_of_blocks()?.operator(index).own),
        What::Between => Some(app.sums_of_blocks()?.account.part(node.part?)?.between),
    }
}

#[expect(clippy::too_many_arguments, reason = "a row is drawn from all of these")]
fn part_row(
    app: &App,
    node: &Node,
    odd: bool,
    columns: &[BlocksColumn],
    bar_width: u16,
    scale: Nanos,
    whole: Nanos,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &app.theme;
    let figures = app.live.as_ref().and_then(|live| Figures::of(live, node, &app.shown, whole));
    name(app, node, figures.is_some(), area, buf);
    let mut rest = skip(area, NAME);
    let Some(figures) = figures else {
        let word = match &app.live {
            _ if node.running => "running",
            Some(live) if !live.is_going_on() && live.tally.children(None).is_empty() => "not timed",
            Some(live) if !live.is_going_on() => "did not run",
            Some(_) => "not yet run",
            None => "",
        };
        let style = if node.running { theme.accent } else { theme.faint };
        put(buf, skip(rest, 1), Span::styled(word, style));
        return;
    };
    let mut barred = false;
    for &column in columns {
        if !column.leads() && !barred {
            draw_bar(app, node, odd, scale, take(skip(rest, 2), bar_width), buf);
            rest = skip(rest, bar_width + 2);
            barred = true;
        }
        let cell = column.cell(&figures, theme);
        // What is said in words may take the room of an empty column before it.
        let over = (cell.width() as u16).saturating_sub(column.width());
        let place = Rect { x: rest.x.saturating_sub(over), width: column.width() + over, ..rest };
        put_right(buf, place.intersection(area), cell);
        rest = skip(rest, column.width());
    }
    if !barred {
        draw_bar(app, node, odd, scale, take(skip(rest, 2), bar_width), buf);
    }
}

/// `⠹▾ block 3`, indented by its level.
fn name(app: &App, node: &Node, ran: bool, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    if node.running {
        put(buf, area, Span::styled("●", theme.accent));
    }
    let twist = match (node.openable, node.open) {
        (true, true) => "▾ ",
        (true, false) => "▸ ",
        _ => "  ",
    };
    let style = match (ran, node.running, node.depth) {
        (_, true, _) => theme.accent,
        (false, ..) => theme.faint,
        (true, _, 0) => theme.text.patch(theme.strong),
        _ => theme.text,
    };
    let place = skip(take(area, NAME), 1 + 2 * node.depth);
    if let Some(name) = inside(app, node) {
        // One level deeper, but no further in than it must be: these names are long.
        let place = take(place, place.width.saturating_sub(1));
        put(buf, place, Span::styled(fit(&sanitize::label(name), place.width as usize), theme.dim));
        return;
    }
    let text = fit(&sanitize::label(&name_of(&node.path)), place.width.saturating_sub(2) as usize);
    put(buf, place, Line::from_iter([Span::styled(twist, theme.dim), Span::styled(text, style)]));
}

/// The name of what lies inside a part; LibTorch's own operators without their namespace.
fn inside<'a>(app: &'a App, node: &Node) -> Option<&'a str> {
    match node.what {
        What::Part => None,
        What::Between => Some("between"),
        What::Operator(index) => {
            let name = &app.sums_of_blocks()?.operator(index).name;
            Some(name.strip_prefix("aten::").unwrap_or(name))
        }
    }
}

/// A bar as long as its part's time, on the scale of its level; that of a block in the colours of its stages.
fn draw_bar(app: &App, node: &Node, odd: bool, scale: Nanos, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (Some(live), Some(part)) = (&app.live, node.part) else { return };
    if node.what != What::Part {
        let own = time(app, live, node).unwrap_or_default();
        let style = theme.bar(theme.part(branch_of(&live.run.parts[part as usize].path)), odd);
        return bar::bar(buf, area, own.share_of(scale), style, theme);
    }
    let time = |part: u32| live.tally.row(part, app.shown.phase).map_or(Nanos(0), |row| row.typical);
    let whole = time(part);
    let stages = stages(live, part, time, theme);
    if stages.is_empty() {
        let style = theme.bar(theme.part(branch_of(&node.path)), odd);
        return bar::bar(buf, area, whole.share_of(scale), style, theme);
    }
    let known: Nanos = stages.iter().map(|&(time, _)| time).sum();
    let rest = (whole - known, theme.other);
    let shares: Vec<_> =
        stages.into_iter().chain([rest]).map(|(time, style)| (time.share_of(scale), theme.bar(style, odd))).collect();
    bar::stacked(buf, area, &shares, theme);
}

/// The times of a block's stages, in their colours; none for other parts.
fn stages(live: &Live, part: u32, time: impl Fn(u32) -> Nanos, theme: &Theme) -> Vec<(Nanos, Style)> {
    let path = &live.run.parts[part as usize].path;
    let children = live.tally.children(Some(part));
    if inside_block(path) != Some("") || children.is_empty() {
        return Vec::new();
    }
    // What adds a stage to the residual stream counts with the stage.
    let of = |kind: Branch| {
        let those = children.iter().filter(|&&child| branch_of(&live.run.parts[child as usize].path) == kind);
        (those.map(|&child| time(child)).sum(), theme.part(kind))
    };
    vec![of(Branch::Attention), of(Branch::Mlp)]
}
