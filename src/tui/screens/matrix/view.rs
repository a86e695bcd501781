//! The Matrix screen: many configurations as a table, or speed against quality.
//!
//! ```text
//!  phase  prefill  decode   show  table  plot            12 pairs · noise ±1.1% · prompt 256, 16 new
//!   configuration   prefill tok/s  decode tok/s ▾  ÷ baseline             KL   top-1    memory
//!   weights=int4              3.7k          52.1   0.32× ✓ faster      0.0220   92.6%    148 MB
//!   weights=f32               2.5k          16.7   baseline                 0    100%    596 MB
//!   threads=64       ✗ threads=64 is more than the 2 processors that this process may use
//!  ───────────────────────────────────────────────────────────────────────────────────────────
//!  weights=int4 · nothing else is both faster and better
//! ```

mod plot;
mod table;

use crate::analyse::comparison::words;
use crate::analyse::pareto::Standing;
use crate::record::Phase;
use crate::tui::action::Act;
use crate::tui::app::{App, Drawn};
use crate::tui::kit::{below, fit, put, put_right, row, skip, take};
use crate::tui::sanitize;
use crate::tui::screens::compare::view as compare;
use crate::tui::screens::matrix::ranking::Ranked;
use crate::tui::studies::Studied;
use crate::tui::view::choices::Choice;
use crate::tui::view::{choices, unstudied};
use crate::units::many;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

/// From this width on, the plot stands beside the table.
const WIDE: u16 = 160;
const FOOT: u16 = 3;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(studied) = &app.studies.matrix else {
        return unstudied::draw(app, skip(below(area, 1), 1), buf, drawn);
    };
    let ranked = studied.ranked();
    let first = skip(row(area, 0), 1);
    let phase = app.one_phase();
    let mut rest = choices::phase(phase).draw(theme, first, buf, drawn);
    if area.width < WIDE {
        let values = [(false, "table"), (true, "plot")];
        let shows = Choice { label: "show", values, chosen: app.screens.matrix.plot, act: Act::Grouping };
        rest = shows.draw(theme, skip(rest, 2), buf, drawn);
    }
    let said = conditions(studied, ranked, phase, rest.width.saturating_sub(4) as usize);
    let style = if studied.is_going_on() { theme.warn } else { theme.dim };
    put_right(buf, Rect { width: rest.width.saturating_sub(2), ..rest }, Span::styled(said, style));
    let body = Rect { height: area.height.saturating_sub(1 + FOOT), ..below(area, 1) };
    if ranked.is_empty() {
        return unstudied::waiting(app, studied, skip(below(body, 1), 1), buf);
    }
    let rows = app.screens.matrix.order(ranked, phase);
    let selected = rows.iter().position(|row| row.arm == app.screens.matrix.selected).unwrap_or(0);
    if area.width >= WIDE {
        let left = take(body, table::WIDTH);
        table::draw(app, &rows, selected, left, buf, drawn);
        plot::draw(app, &rows, selected, skip(body, table::WIDTH + 2), buf, drawn);
    } else if app.screens.matrix.plot {
        plot::draw(app, &rows, selected, body, buf, drawn);
    } else {
        table::draw(app, &rows, selected, body, buf, drawn);
    }
    let bottom = below(area, area.height.saturating_sub(FOOT));
    put(buf, bottom, Span::styled("─".repeat(area.width as usize), theme.rule));
    let place = |y: u16| Rect { width: area.width.saturating_sub(2), ..skip(row(bottom, y), 1) };
    if let Some(arm) = rows.get(selected) {
        let [first, second] = about(arm, ranked, phase, area.width >= WIDE);
        put(buf, place(1), Span::styled(fit(&first, place(1).width as usize), theme.text));
        let long = "times measured · memory counted";
        let legend = if second.width() + long.len() + 3 <= place(2).width as usize { long } else { "measured" };
        let room = place(2).width.saturating_sub(legend.len() as u16 + 2);
        put(buf, place(2), Span::styled(fit(&second, room as usize), theme.dim));
        put_right(buf, place(2), Span::styled(legend, theme.faint));
    }
}

/// How often, how much the machine differs from itself, on what; as much of it as fits.
fn conditions(studied: &Studied, ranked: &[Ranked], phase: Phase, width: usize) -> String {
    let so_far = if studied.is_going_on() { " so far: preliminary" } else { "" };
    let mut said = vec![format!("{}{so_far}", many(studied.rounds(), "round"))];
    let figures = ranked.iter().filter_map(|arm| arm.phases[phase as usize].figure.as_ref());
    let noise = figures.filter_map(|figure| figure.floor).reduce(f64::max);
    said.extend(noise.map(compare::noise));
    if let Some(arm) = studied.study.arms.first() {
        said.push(format!("prompt {}, {} new", arm.prompt_tokens, arm.new_tokens));
    }
    while said.len() > 1 && said.join(" · ").width() > width {
        said.pop();
    }
    said.join(" · ")
}

/// The selected arm in two lines: what is said of its times, and how it stands among the others.
fn about(arm: &Ranked, all: &[Ranked], phase: Phase, wide: bool) -> [String; 2] {
    let name = sanitize::label(&arm.name);
    if let Some(why) = &arm.refused {
        return [format!("{name} · not measured"), sanitize::label(why)];
    }
    let speed = &arm.phases[phase as usize];
    let words = speed.figure.and_then(|figure| figure.words());
    let time = match arm.arm {
        0 => "the baseline: the others are measured against it".to_owned(),
        _ => format!("{} {}", phase.name(), words.unwrap_or_else(|| "not measured yet".into())),
    };
    let standing = match speed.standing {
        Some(Standing::Best) => format!("none is both faster in {} and closer to the reference", phase.name()),
        Some(Standing::Dominated { by }) => {
            let by = all.get(by).map_or("another", |by| by.name.as_str());
            format!("{} is faster in {} and at least as close to the reference", sanitize::label(by), phase.name())
        }
        _ if speed.rate.is_none() => "its time is not known".into(),
        _ => "its quality was not measured, so it is not ranked".into(),
    };
    let quality =
        arm.quality.as_ref().filter(|_| wide).map(words::quality).map(|text| format!(" · {text}")).unwrap_or_default();
    [format!("{name} · {time}{quality}"), standing]
}
