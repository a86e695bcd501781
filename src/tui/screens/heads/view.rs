//! The Heads screen: what every head of the model looks at on a text, or the pattern of one.
//!
//! ```text
//!  270 heads · sort place                                        √ 0 ▁▂▃▅▆▇█ 1
//!  0.0          0.1  sink    0.2          0.3          0.4          0.5
//!  ▀▄           ██▄          ▀▀▄          …
//!  ───────────────────────────────────────────────────────────────────────────
//!  8.1  induction 0.81 (evenly 0.06) · previous 0.02 · sink 0.34 on 0 · …
//! ```

mod all;
mod map;
mod one;
mod worth;

use crate::record::explored::{HeadScores, Score};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn, Engine, Hit};
use crate::tui::explorer::{Explorer, HeadsView};
use crate::tui::kit::{below, fit, heat, put, put_right, row, skip, wrap};
use crate::tui::live::State;
use crate::tui::popups::effect;
use crate::tui::screens::list::Screen;
use crate::units::many;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Lines below: a rule, the selected head, what switching off does.
const FOOT: u16 = 4;
/// With fewer columns, scores are said without what an even spread would be.
const NARROW: usize = 60;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(explorer) = app.explorer.as_ref().filter(|seen| !seen.scores.is_empty()) else {
        return unseen(app, skip(below(area, 1), 1), buf, drawn);
    };
    let first = Rect { width: area.width.saturating_sub(2), ..skip(row(area, 0), 1) };
    let body = Rect { height: area.height.saturating_sub(1 + FOOT), ..below(area, 1) };
    let title = match app.selection.shows {
        HeadsView::All => all::title(app, explorer),
        HeadsView::One => one::title(app, explorer),
        HeadsView::Worth => worth::title(app, explorer),
    };
    let scale = app.selection.scale.name();
    let is_difference = app.selection.is_on_one() && app.selection.pinned.is_some() && app.selection.difference;
    let legend = match is_difference {
        true => heat::width_of_difference(theme) + 1,
        false => 16 + scale.chars().count() as u16,
    };
    // On a narrow screen the end of the title gives way: the scale has to be known.
    let room = first.width.saturating_sub(if app.selection.shows == HeadsView::Worth { 0 } else { legend + 2 });
    let used = match title.width() as u16 <= room {
        true => put(buf, first, title),
        false => put(buf, first, Span::styled(fit(&title.to_string(), room as usize), theme.text)),
    };
    if first.width >= used + legend + 2 && app.selection.shows != HeadsView::Worth {
        let place = skip(first, first.width - legend);
        match is_difference {
            true => heat::legend_of_difference(buf, place, theme),
            false => drop(heat::legend(buf, place, theme, scale)),
        };
    }
    match app.selection.shows {
        HeadsView::All => all::draw(app, explorer, body, buf, drawn),
        HeadsView::One => one::draw(app, explorer, body, buf, drawn),
        HeadsView::Worth => worth::draw(app, explorer, body, buf, drawn),
    }
    foot(app, explorer, below(area, area.height.saturating_sub(FOOT)), buf);
}

/// The selected head in words, and what becomes of the text without those that are off.
fn foot(app: &App, explorer: &Explorer, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    put(buf, area, Span::styled("─".repeat(area.width as usize), theme.rule));
    let place = |y: u16| Rect { width: area.width.saturating_sub(2), ..skip(row(area, y), 1) };
    let width = place(1).width as usize;
    if let Some(scores) = explorer.index(app.selection.selected).and_then(|head| explorer.scores.get(head)) {
        put(buf, place(1), about(app, scores, width));
    }
    let [first, second] = effect::brief(app, explorer, width);
    put(buf, place(2), first);
    put(buf, place(3), second);
    if app.selection.changes.is_empty() && width >= NARROW {
        put_right(buf, place(3), Span::styled("measured, on this text", theme.faint));
    }
}

fn about(app: &App, scores: &HeadScores, width: usize) -> Line<'static> {
    let theme = &app.theme;
    let share = |name: &str, score: Score| {
        if width < NARROW {
            return format!("{name} {:.2}", score.value);
        }
        let few = if score.queries < 6 { format!(", {}", many(score.queries, "query")) } else { String::new() };
        format!("{name} {:.2} (evenly {:.2}{few})", score.value, score.uniform)
    };
    let facts = [
        share("induction", scores.induction),
        share("previous", scores.previous),
        match width < NARROW {
            true => format!("sink {:.2}", scores.sink.mass),
            false => format!("sink {:.2} on {} (evenly {:.2})", scores.sink.mass, scores.sink.key, scores.sink.uniform),
        },
        format!("entropy {:.2}", scores.entropy),
        format!("{:.1} tokens back", scores.distance),
        share("duplicate", scores.duplicate),
    ];
    let change = scores.change.map(|change| format!("change {change:.2}"));
    let mut line = Line::from(Span::styled(format!("{:<5} ", scores.at), theme.strong));
    for (i, fact) in change.iter().chain(&facts).enumerate() {
        let text = format!("{}{fact}", if i == 0 { "" } else { " · " });
        if line.width() + text.chars().count() > width {
            break;
        }
        line.push_span(Span::styled(text, theme.text));
    }
    line
}

/// What the screen is for, and which key leads on.
pub fn unseen(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    if let Some(explorer) = app.explorer.as_ref().filter(|seen| seen.state != State::Over) {
        let word = if explorer.text.tokens.is_empty() { "reading the text…" } else { "going through the heads…" };
        put(buf, area, Span::styled(word, theme.accent));
        return;
    }
    put(buf, area, Span::styled("Nothing read yet", theme.strong));
    let mut rest = below(area, 2);
    let text = "The model reads the prompt once, with its fast kernels on, and keeps what every head asked for and what \
                it offered. Then every head's pattern can be looked at, heads can be switched off, and the residual \
                stream read on its way.";
    for line in wrap(text, area.width.min(76)) {
        put(buf, rest, Span::styled(line, theme.text));
        rest = below(rest, 1);
    }
    rest = below(rest, 1);
    let leads: &[(Act, &str)] = match app.engine {
        Engine::Viewer => {
            put(buf, rest, Span::styled("A file is looked at: there is no model.", theme.dim));
            return;
        }
        _ if app.card().is_none() => &[(Act::Models, "choose a model")],
        _ => &[
            (Act::Run, "read the prompt"),
            (Act::EditPrompt, "write another"),
            (Act::Repeat, "read random tokens twice: induction heads stand out"),
        ],
    };
    for &(act, what) in leads {
        let key = action::key_of(&[Scope::Everywhere, Scope::On(Screen::Heads)], act);
        let what = fit(what, rest.width.saturating_sub(3) as usize);
        put(
            buf,
            rest,
            Line::from_iter([Span::styled(format!("{key}  "), theme.accent), Span::styled(what, theme.text)]),
        );
        drawn.hits.push((row(rest, 0), Hit::Act(act)));
        rest = below(rest, 1);
    }
}
