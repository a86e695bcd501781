//! The Step screen: where a halted run stands in the model, and what the last part made.
//!
//! ```text
//!  prefill · 5 positions                blocks.3.attn.qkv        0.41 ms
//!  embedding                            makes a query, a key and a value …
//!  │                                    [5, 576] → Q [9, 5, 64] …
//!  ┌ block 3 of 30 ───────┐
//!  ├─╮                               ── q ── [1, 9, 5, 64] f32 ─────────
//!  │ │ ✓ norm     0.02 ms            mean 0.013  std 1.02  min −4.3  max 5.2
//!  │ │ ● QKV      0.41 ms            ├───────━━━━●━━━━────────────┤
//!  │ │ · RoPE                          0.1234   −0.4417  …  the first values
//!  ⊕─╯ · residual                    ── k ── …
//! ```

use crate::measure::{Glimpse, Halt};
use crate::record::Phase;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::live::{Live, State};
use crate::tui::parts;
use crate::tui::sanitize;
use crate::tui::widget::{bar, below, fit, put, put_right, row, skip, take, titled_rule, wrap};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

const DIAGRAM: u16 = 34;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let area = skip(area, 1);
    let live = match &app.live {
        Some(live) if live.stepping || live.halt.is_some() => live,
        _ => return invitation(app, area, buf),
    };
    put(buf, area, where_in_run(app, live));
    let body = below(area, 2);
    let diagram = if area.width < 76 { 27 } else { DIAGRAM };
    let left = take(body, diagram);
    let right = skip(body, diagram + 2);
    let Some(halt) = live.halt.as_deref() else {
        put(buf, body, Span::styled("the run is on its way to the first part", theme.faint));
        return;
    };
    self::diagram(app, live, halt, left, buf);
    for y in 0..body.height {
        put(buf, skip(row(body, y), diagram), Span::styled("│", theme.rule));
    }
    made(app, live, halt, Rect { width: right.width.saturating_sub(1), ..right }, buf);
}

fn invitation(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let text = "A single step shows the model at work: the run halts after every part, and this screen shows where it \
                is and what the part made: its shape, its mean and spread, its first values.";
    let mut rest = below(area, 1);
    for line in wrap(text, area.width.min(72)) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    let last = match app.why_not(Act::Step) {
        None => {
            let key = action::key_of(&[Scope::Everywhere], Act::Step);
            Line::from_iter([Span::styled(key, theme.accent), Span::styled("  begins", theme.text)])
        }
        Some(why_not) => Line::from(Span::styled(why_not, theme.dim)),
    };
    put(buf, below(rest, 1), last);
}

fn where_in_run(app: &App, live: &Live) -> Line<'static> {
    let theme = &app.theme;
    let pass = live.run.passes.last().map(|pass| pass.start);
    let place = match pass {
        None => "before the first pass".to_owned(),
        Some(start) if start.phase == Phase::Prefill => format!("prefill · {} positions at once", start.n_new),
        Some(start) => format!("decode step {} · 1 position, {} before it", start.step + 1, start.n_past),
    };
    let (state, style) = match live.state {
        State::Halted => ("halted", theme.warn),
        State::Over => ("over", theme.dim),
        State::Cancelling => ("cancelling…", theme.warn),
        State::Starting | State::Running => ("running", theme.accent),
    };
    Line::from_iter([Span::styled(place, theme.strong), Span::styled("   ", theme.dim), Span::styled(state, style)])
}

/// The model from above: what comes before the block, the block's parts one below the other, what comes after.
fn diagram(app: &App, live: &Live, halt: &Halt, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let info = &live.run.header.model;
    let here = halt.path.as_str();
    let Some(block) = parts::block_of(here) else { return outside(app, live, halt, area, buf) };
    let lines = block_lines(app, live, block, halt);
    let current = lines.iter().position(|line| line.current).unwrap_or(0);
    let title = Line::from_iter([
        Span::styled(format!("block {block}"), theme.strong),
        Span::styled(format!(" of {}", info.n_layers), theme.dim),
    ]);
    titled_rule(buf, Rect { width: area.width.saturating_sub(1), ..area }, title, theme.rule);
    let list = below(area, 1);
    // In a low window the current part is kept in view.
    let height = list.height as usize;
    let first = current.saturating_sub(height / 2).min(lines.len().saturating_sub(height));
    for (y, line) in lines.iter().skip(first).take(height).enumerate() {
        let place = Rect { width: list.width.saturating_sub(2), ..row(list, y as u16) };
        if line.current {
            buf.set_style(place.intersection(buf.area), theme.selected);
        }
        put(buf, place, line.text.clone());
        put_right(buf, place, Span::styled(line.time.clone(), theme.dim));
    }
}

/// A line of the drawing of a block.
struct Drawing {
    text: Line<'static>,
    time: String,
    current: bool,
}

/// The drawing of a block: two stages, each leaving the residual stream and coming back to it.
fn block_lines(app: &App, live: &Live, block: u32, halt: &Halt) -> Vec<Drawing> {
    let theme = &app.theme;
    let within = parts::inside_block(&halt.path).unwrap_or_default();
    let inside = inside_block(app, live, block);
    let at = inside.iter().position(|path| *path == within);
    let plain = |text: &str| Drawing {
        text: Line::from(Span::styled(text.to_owned(), theme.dim)),
        time: String::new(),
        current: false,
    };
    let mut lines = vec![plain("│ residual stream")];
    for stage in ["attn", "mlp"] {
        let Some(begin) = inside.iter().position(|path| path == stage) else { continue };
        lines.push(Drawing {
            text: Line::from_iter([
                Span::styled("├─╮ ", theme.dim),
                Span::styled(parts::name(stage), theme.part(parts::kind(&format!("blocks.0.{stage}")))),
            ]),
            time: String::new(),
            current: within == stage || (within.is_empty() && stage == "mlp"),
        });
        for (i, path) in inside.iter().enumerate().skip(begin + 1).take_while(|(_, path)| path.starts_with(stage)) {
            let current = *path == within;
            let full = format!("blocks.{block}.{path}");
            let done = at.is_some_and(|at| i < at) || within.is_empty() || inside_stage_done(within, path);
            let (mark, style) = match (current, done) {
                (true, _) => ("●", theme.accent),
                (false, true) => ("✓", theme.good),
                (false, false) => ("·", theme.faint),
            };
            let is_sum = path.ends_with("residual");
            let rail = if is_sum { "⊕─╯ " } else { "│ │ " };
            let name_style = if current {
                theme.strong
            } else if done {
                theme.text
            } else {
                theme.faint
            };
            let time = if current {
                halt.time.to_string()
            } else if done {
                last_time(live, &full)
            } else {
                String::new()
            };
            let name = sanitize::label(&parts::name(path));
            lines.push(Drawing {
                text: Line::from_iter([
                    Span::styled(rail, theme.dim),
                    Span::styled(format!("{mark} "), style),
                    Span::styled(fit(&name, 18), name_style),
                ]),
                time,
                current,
            });
        }
    }
    lines.push(plain("│"));
    lines
}

/// Whether a stage that has ended contains this part.
fn inside_stage_done(stage: &str, path: &str) -> bool {
    match stage {
        "attn" => path.starts_with("attn."),
        "mlp" => path != "mlp_residual",
        _ => false,
    }
}

/// What a block has inside: as this one has shown, then as the model says.
fn inside_block(app: &App, live: &Live, block: u32) -> Vec<String> {
    let prefix = format!("blocks.{block}.");
    let seen = live.run.parts.iter().filter_map(|part| part.path.strip_prefix(&prefix)).map(str::to_owned);
    let expected = app.card().map(|card| parts::inside_blocks(&card.model, &card.toggles)).unwrap_or_default();
    let mut inside: Vec<String> = expected.into_iter().map(str::to_owned).collect();
    if inside.is_empty() {
        inside = seen.collect();
    } else {
        for path in seen {
            if !inside.contains(&path) {
                inside.push(path);
            }
        }
    }
    inside
}

/// How long a part took in the pass that goes on, if that is known.
fn last_time(live: &Live, path: &str) -> String {
    let time = live.tally.part_at(path).and_then(|part| {
        let pass = live.run.passes.last()?;
        pass.spans.iter().rev().find(|span| span.part == part).map(|span| span.time)
    });
    time.map_or(String::new(), |time| time.to_string())
}

/// Outside of the blocks: the model as a whole.
fn outside(app: &App, live: &Live, halt: &Halt, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let n_layers = live.run.header.model.n_layers;
    titled_rule(
        buf,
        Rect { width: area.width.saturating_sub(1), ..area },
        Line::from(Span::styled("the model", theme.dim)),
        theme.rule,
    );
    let blocks = match n_layers {
        0 => "the blocks".to_owned(),
        n => format!("blocks 0 … {}", n - 1),
    };
    let stations = [
        ("embed", parts::name("embed")),
        ("", blocks),
        ("final_norm", parts::name("final_norm")),
        ("lm_head", parts::name("lm_head")),
    ];
    let at = stations.iter().position(|(path, _)| *path == halt.path);
    let list = Rect { width: area.width.saturating_sub(2), ..below(area, 1) };
    for (i, (_, name)) in stations.iter().enumerate() {
        let current = Some(i) == at;
        let done = at.is_some_and(|at| i < at);
        let (mark, style) = match (current, done) {
            (true, _) => ("●", theme.accent),
            (false, true) => ("✓", theme.good),
            (false, false) => ("·", theme.faint),
        };
        let line = row(list, 2 * i as u16);
        if current {
            buf.set_style(line.intersection(buf.area), theme.selected);
            put_right(buf, line, Span::styled(halt.time.to_string(), theme.dim));
        }
        let name_style = if current {
            theme.strong
        } else if done {
            theme.text
        } else {
            theme.faint
        };
        put(
            buf,
            line,
            Line::from_iter([Span::styled(format!("{mark} "), style), Span::styled(name.clone(), name_style)]),
        );
        if i + 1 < stations.len() {
            put(buf, row(list, 2 * i as u16 + 1), Span::styled("│", theme.rule));
        }
    }
}

/// What the last part made.
fn made(app: &App, live: &Live, halt: &Halt, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    put(
        buf,
        area,
        Span::styled(fit(&sanitize::label(&halt.path), area.width.saturating_sub(12) as usize), theme.strong),
    );
    put_right(buf, area, Span::styled(halt.time.to_string(), theme.text));
    let mut rest = below(area, 1);
    for line in wrap(parts::about(&halt.path), rest.width) {
        put(buf, rest, Span::styled(line, theme.dim));
        rest = below(rest, 1);
    }
    let start = live.run.passes.last().map(|pass| pass.start);
    let shapes = start.and_then(|start| parts::shapes(&halt.path, &live.run.header.model, start.n_new, start.n_past));
    if let Some(shapes) = shapes {
        put(buf, rest, Span::styled(fit(&shapes, rest.width as usize), theme.dim));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    // Every tensor gets the same room; values are the first thing to go.
    let caption = u16::from(rest.height > 12);
    let each = ((rest.height - caption) / (halt.made.len().max(1) as u16)).clamp(1, 8);
    for glimpse in &halt.made {
        tensor(app, glimpse, Rect { height: each.min(rest.height), ..rest }, buf);
        rest = below(rest, each);
    }
    if caption > 0 {
        let words =
            if each >= 6 { "├ ┤ least and greatest   ● mean   ━ one standard deviation   " } else { "" };
        let text = format!("{words}values: the first of the last position");
        put(buf, rest, Span::styled(fit(&text, rest.width as usize), theme.faint));
    }
}

fn tensor(app: &App, glimpse: &Glimpse, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let name = if glimpse.name.is_empty() { String::new() } else { format!("{} ", sanitize::label(&glimpse.name)) };
    let shape = format!("[{}]", glimpse.shape.iter().map(i64::to_string).collect::<Vec<_>>().join(", "));
    let title = Line::from_iter([
        Span::styled(name, theme.accent),
        Span::styled(shape, theme.strong),
        Span::styled(format!(" {}", sanitize::label(&glimpse.kind)), theme.dim),
    ]);
    titled_rule(buf, area, title, theme.rule);
    let stats = [("mean", glimpse.mean), ("std", glimpse.std), ("min", glimpse.min), ("max", glimpse.max)];
    let stat = |(label, value): (&str, f64), digits: i32| {
        [
            Span::styled(format!("{label} "), theme.dim),
            Span::styled(format!("{}  ", decimal(value, digits)), theme.text),
        ]
    };
    // Fewer digits where there is little room, then two lines.
    let mut line = Line::from_iter(stats.into_iter().flat_map(|s| stat(s, 4)));
    if line.width() > area.width as usize + 2 {
        line = Line::from_iter(stats.into_iter().flat_map(|s| stat(s, 3)));
    }
    let mut rest = below(area, 1);
    if line.width() > area.width as usize + 2 {
        put(buf, rest, Line::from(line.spans.into_iter().take(4).collect::<Vec<_>>()));
        rest = below(rest, 1);
        line = Line::from_iter(stats.into_iter().skip(2).flat_map(|s| stat(s, 3)));
    }
    put(buf, rest, line);
    rest = below(rest, 1);
    if area.height >= 6 {
        rail(app, glimpse, Rect { width: rest.width.min(64), ..rest }, buf);
        rest = below(rest, 1);
    }
    if !glimpse.values.is_empty() {
        values(app, &glimpse.values, rest, buf);
    }
}

/// Columns of a value.
const CELL: u16 = 9;

/// The first values, and under each, where there is room, a bar as long as it is large.
fn values(app: &App, values: &[f32], area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let largest = values.iter().fold(0f32, |most, value| most.max(value.abs()));
    let rows = if area.height >= 3 { 2 } else { 1 };
    let mut rest = area;
    for values in values.chunks((area.width / CELL).max(1) as usize) {
        if rest.height < rows {
            break;
        }
        for (i, &value) in values.iter().enumerate() {
            let style = if value < 0.0 { theme.mlp } else { theme.attention };
            let place = take(skip(rest, i as u16 * CELL), CELL - 1);
            put_right(buf, place, Span::styled(decimal(f64::from(value), 4), style));
            if rows == 2 {
                bar::bar(buf, row(place, 1), f64::from(value.abs() / largest), theme.bar(style, false), theme);
            }
        }
        rest = below(rest, rows);
    }
}

/// `├──────━━━●━━━────────┤`: from the least to the greatest, the mean and one standard deviation around it.
fn rail(app: &App, glimpse: &Glimpse, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (min, max) = (glimpse.min, glimpse.max);
    if area.width < 8 || min >= max || !(max - min).is_finite() {
        return;
    }
    let at = |x: f64| (((x - min) / (max - min)).clamp(0.0, 1.0) * f64::from(area.width - 1)).round() as u16;
    put(buf, area, Span::styled("─".repeat(area.width as usize), theme.dim));
    let (low, high) = (at(glimpse.mean - glimpse.std), at(glimpse.mean + glimpse.std));
    put(buf, skip(area, low), Span::styled("━".repeat((high.saturating_sub(low) + 1) as usize), theme.text));
    put(buf, area, Span::styled("├", theme.dim));
    put_right(buf, area, Span::styled("┤", theme.dim));
    put(buf, skip(area, at(glimpse.mean)), Span::styled("●", theme.accent));
}

/// So many significant digits, with a real minus sign; what is not a number says so.
fn decimal(x: f64, digits: i32) -> String {
    let decimals = match x.abs() {
        a if !a.is_finite() || a == 0.0 => 1,
        a if !(1e-3..1e5).contains(&a) => return format!("{x:.1e}").replace('-', "−"),
        a => (digits - 1 - a.log10().floor() as i32).clamp(0, 5) as usize,
    };
    format!("{x:.decimals$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn numbers_keep_their_digits() {
        let four = |x| decimal(x, 4);
        assert_eq!(
            [0.0131, -2.0388, 1234.56, 0.0, -0.000_02].map(four),
            ["0.01310", "−2.039", "1235", "0.0", "−2.0e−5"]
        );
        assert_eq!((decimal(-4.3125, 3), decimal(f64::NAN, 3)), ("−4.31".into(), "NaN".into()));
    }
}
