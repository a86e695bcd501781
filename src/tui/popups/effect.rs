//! What the changes do: to the candidates for the next token, to the text, to what follows it.
//!
//! ```text
//! ╭ What it does · head 8.1 off ───────────────────────╮
//! │ KL 0.0312 nats a position · −ln p +0.011 a token   │
//! │                  logit            Δ    probability │
//! │ ·Mary     17.20 → 14.11       −3.09  92.3% → 41.0% │
//! │ goes on   ·Mary ·and                               │
//! │ clean     ·Mary ·and                               │
//! │ (13) ·to  KL 0.41  ███████                         │
//! ╰────────────────────────────────────────────────────╯
//! ```

use crate::record::explored::{self, Shift};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Drawn};
use crate::tui::explorer::Explorer;
use crate::tui::kit::{bar, fit, popup, put, put_right, row, scrollbar, skip, take, wrap};
use crate::tui::sanitize;
use crate::tui::screens::list::Screen;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

/// Columns of a token's label, and of a number.
const NAME: u16 = 16;
const NUMBER: u16 = 18;

pub fn draw(app: &App, scroll: u16, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    let Some(explorer) = &app.explorer else { return };
    let size = Size::new(area.width.saturating_sub(4).min(96), area.height.saturating_sub(2).min(40));
    let title = Line::from_iter([
        Span::styled("What it does", theme.strong),
        Span::styled(
            format!(" · {}", fit(&explorer.changes(&app.selection), size.width.saturating_sub(22) as usize)),
            theme.warn,
        ),
    ]);
    let inside = popup::open(app, Scope::Effect, title, size, area, buf, drawn);
    let Some(effect) = explorer.effect_of(&app.selection) else {
        let why = explorer.refused(|question| matches!(question, crate::worker::Question::Effect { .. }));
        let (text, style) = match why {
            Some(why) => (sanitize::prose(why), theme.warn),
            None => ("the text is run clean and changed…".to_owned(), theme.accent),
        };
        for (y, line) in wrap(&text, inside.width).into_iter().enumerate() {
            put(buf, row(inside, y as u16), Span::styled(line, style));
        }
        return;
    };
    let lines = lines(app, explorer, effect, inside.width);
    let height = inside.height as usize;
    let first = (scroll as usize).min(lines.len().saturating_sub(height));
    drawn.entries = (first, height);
    for (y, line) in lines.iter().skip(first).take(height).enumerate() {
        line.draw(app, take(row(inside, y as u16), inside.width - 1), buf);
    }
    scrollbar(buf, inside, first, lines.len(), theme.dim, theme.rule);
}

/// A line of the popup.
enum Row {
    Words(Line<'static>),
    /// A candidate's label, logits, difference and probabilities.
    Candidate([String; 4], bool),
    /// A position, its KL, and that as a share of the largest.
    Position(String, f32, f32),
}

impl Row {
    fn draw(&self, app: &App, line: Rect, buf: &mut Buffer) {
        let theme = &app.theme;
        match self {
            Row::Words(words) => drop(put(buf, line, words.clone())),
            Row::Candidate([name, logits, difference, probabilities], is_heading) => {
                let style = if *is_heading { theme.dim } else { theme.text };
                put(buf, take(line, NAME - 1), Span::styled(fit(name, NAME as usize - 1), style));
                put_right(buf, take(skip(line, NAME), NUMBER), Span::styled(logits.clone(), style));
                let sign = if difference.starts_with('−') { theme.bad } else { theme.good };
                let sign = if *is_heading { theme.dim } else { sign };
                put_right(buf, take(skip(line, NAME + NUMBER), 9), Span::styled(difference.clone(), sign));
                put_right(buf, take(skip(line, NAME + NUMBER + 9), NUMBER), Span::styled(probabilities.clone(), style));
            }
            Row::Position(name, kl, share) => {
                put(buf, take(line, NAME - 1), Span::styled(fit(name, NAME as usize - 1), theme.text));
                put_right(buf, take(skip(line, NAME), 8), Span::styled(format!("{kl:.4}"), theme.text));
                bar::bar(buf, skip(line, NAME + 9), f64::from(*share), theme.attention, theme);
            }
        }
    }
}

fn lines(app: &App, explorer: &Explorer, effect: &explored::Effect, width: u16) -> Vec<Row> {
    let theme = &app.theme;
    let words = |text: String| Row::Words(Line::from(Span::styled(text, theme.text)));
    let dim = |text: &str| Row::Words(Line::from(Span::styled(text.to_owned(), theme.dim)));
    let gap = || Row::Words(Line::default());
    let mut lines = vec![
        words(format!("KL(clean ‖ changed) {:.4} nats, mean of all positions", effect.mean_kl())),
        words(format!("−ln p of the text {} a token", signed(effect.more_nll(), 4))),
        gap(),
        Row::Candidate(["next token", "logit", "Δ", "probability"].map(str::to_owned), true),
    ];
    let candidate = |shift: &Shift| {
        let (logits, p) = (shift.logits, shift.probabilities);
        Row::Candidate(
            [
                explorer.label(shift.id),
                format!("{:.2} → {:.2}", logits.0, logits.1).replace('-', "−"),
                signed(logits.1 - logits.0, 2),
                format!("{:.1}% → {:.1}%", 100.0 * p.0, 100.0 * p.1),
            ],
            false,
        )
    };
    lines.extend(effect.candidates.iter().map(candidate));
    lines.push(gap());
    let text = |ids: &[u32]| ids.iter().map(|&id| explorer.label(id)).collect::<String>().replace('·', " ");
    for (name, ids) in [("changed, it goes on", &effect.changed), ("clean, it goes on", &effect.clean)] {
        lines.push(dim(name));
        lines.extend(wrap(&text(ids), width.saturating_sub(3)).into_iter().map(|line| words(format!("  {line}"))));
    }
    lines.push(gap());
    lines.push(dim("KL by position, in nats"));
    let most = effect.kl.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    lines.extend(effect.kl.iter().enumerate().map(|(at, &kl)| Row::Position(explorer.at(at), kl, kl / most)));
    lines
}

/// A number with its sign.
fn signed(number: f32, decimals: usize) -> String {
    format!("{number:+.decimals$}").replace('-', "−")
}

/// What is changed and what that does, in two lines.
pub fn brief(app: &App, explorer: &Explorer, width: usize) -> [Line<'static>; 2] {
    let theme = &app.theme;
    if app.selection.changes.is_empty() {
        let hint = match explorer.text.is_file {
            true => "from a file: what needs the model cannot be had here".to_owned(),
            false => {
                let [off, change] =
                    [Act::SwitchOff, Act::Change].map(|act| action::key_of(&[Scope::On(Screen::Heads)], act));
                format!("{off} switches this head off and says what that does; {change} changes other parts")
            }
        };
        return [Line::from(Span::styled(fit(&hint, width), theme.dim)), Line::default()];
    }
    let what = explorer.changes(&app.selection);
    let Some(effect) = explorer.effect_of(&app.selection) else {
        let why = explorer.refused(|question| matches!(question, crate::worker::Question::Effect { .. }));
        let why = why.map_or("…".to_owned(), sanitize::label);
        return [Line::from(Span::styled(fit(&format!("{what} · {why}"), width), theme.warn)), Line::default()];
    };
    let first = format!("{what} · KL {:.4} nats · −ln p {} a token", effect.mean_kl(), signed(effect.more_nll(), 4));
    let text = |ids: &[u32]| ids.iter().map(|&id| explorer.label(id)).collect::<String>().replace('·', " ");
    let most = effect.candidates.first().map(|shift| {
        let (before, after) = (100.0 * shift.probabilities.0, 100.0 * shift.probabilities.1);
        format!("{} {before:.1}% → {after:.1}% · ", explorer.label(shift.id))
    });
    let most = most.unwrap_or_default();
    let same = effect.clean == effect.changed;
    let second = match same {
        true => format!("{most}goes on the same: {}", text(&effect.clean)),
        false => format!("{most}goes on: {}  ·  clean: {}", text(&effect.changed), text(&effect.clean)),
    };
    let style = if same { theme.dim } else { theme.text };
    [Line::from(Span::styled(fit(&first, width), theme.warn)), Line::from(Span::styled(fit(&second, width), style))]
}
