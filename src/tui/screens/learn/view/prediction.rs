//! The page of a prediction: what is asked, what the learner types, and how far off it was.
//!
//! ```text
//! Predict first                            Your prediction: 40 %
//! How much of its weight … ?               Measured: 71.8 %
//!                                          ├──────▲──────●────┤
//! ▸ 40▏ %      from 0 to 100               ▲ you   ● measured
//! Type a number, then press Enter.         31.8 too low: some way off.
//! ```

use super::lines::{Lines, hanging, styled};
use crate::learn::{Form, Guess, Measured, Miss, Prediction, figure};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::perform::elapsed;
use crate::tui::sanitize;
use crate::tui::screens::learn::course::{Came, Opened};
use ratatui::text::{Line, Span};

/// All of it, in lines of at most so many columns.
pub fn lines(app: &App, opened: &Opened, prediction: &Prediction, width: u16) -> Lines {
    let theme = &app.theme;
    let state = &opened.prediction;
    let mut lines = Lines::new();
    if state.guess.is_none() {
        lines.extend(styled("Predict first", theme.dim, width));
    }
    lines.extend(styled(&action::with_keys(&prediction.asked), theme.strong, width));
    let gap = |lines: &mut Lines| lines.push((Line::default(), None));
    gap(&mut lines);
    let enter = action::key_of(&[Scope::Prediction], Act::Predict);
    match (&state.guess, &state.came) {
        (Some(guess), Came::Measured(measured)) => {
            lines.extend(of_result(app, prediction, guess, measured, width));
            gap(&mut lines);
            lines.extend(styled(&action::with_keys(&prediction.why), theme.text, width));
        }
        (Some(guess), came) => {
            lines.extend(styled(&format!("Your prediction: {}", said(prediction, guess)), theme.text, width));
            gap(&mut lines);
            match came {
                Came::Running(since) => {
                    let running = format!("Running… {}", elapsed(*since, app.clock));
                    lines.extend(styled(&running, theme.accent, width));
                }
                Came::Failed(why) => {
                    lines.extend(styled("It could not be measured.", theme.warn, width));
                    lines.extend(styled(&sanitize::prose(why), theme.text, width));
                    let again = format!("Press {enter} to try again.");
                    let again = styled(&again, theme.accent, width);
                    lines.extend(again.into_iter().map(|(line, _)| (line, Some(Act::Predict))));
                }
                Came::NotMeasured | Came::Measured(_) => {}
            }
        }
        (None, _) => lines.extend(of_entry(app, prediction, &state.entry, &enter, width)),
    }
    lines
}

/// What is typed, and how.
fn of_entry(app: &App, prediction: &Prediction, entry: &str, enter: &str, width: u16) -> Lines {
    let theme = &app.theme;
    let cursor = Span::styled("▏", theme.accent);
    let mut lines = Lines::new();
    let (line, how) = match &prediction.form {
        Form::Number { unit, least, most, .. } => {
            let entered = Span::styled(format!("▸ {entry}"), theme.accent);
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            let range = format!("{unit}  from {} to {}", figure(*least), figure(*most));
            let line = Line::from_iter([entered, cursor, Span::styled(range, theme.dim)]);
            (line, format!("Type a number, then press {enter} to measure it."))
        }
        Form::Order(items) => {
            for (at, item) in items.iter().enumerate() {
                let mark = Span::styled(format!("{}  ", Form::letter(at)), theme.accent);
                let style = if entry.contains(Form::letter(at)) { theme.dim } else { theme.text };
                lines.extend(hanging(mark, item, style, width));
            }
            let line = Line::from_iter([Span::styled(format!("▸ {entry}"), theme.accent), cursor]);
            (line, format!("Type the letters, largest first, then press {enter}."))
        }
    };
    lines.push((line, None));
    match app.why_not(Act::Predict) {
        Some(why_not) => lines.extend(styled(&why_not, theme.dim, width)),
        None => lines.extend(styled(&how, theme.dim, width).into_iter().map(|(line, _)| (line, Some(Act::Predict)))),
    }
    lines
}

/// A guess in words.
fn said(prediction: &Prediction, guess: &Guess) -> String {
    match (guess, &prediction.form) {
        (Guess::Number(number), form) => form.with_unit(*number),
        (Guess::Order(order), _) => order.iter().map(|&item| Form::letter(item)).collect(),
    }
}

/// What was said beside what was measured, and how far they are apart.
fn of_result(app: &App, prediction: &Prediction, guess: &Guess, measured: &Measured, width: u16) -> Lines {
    let theme = &app.theme;
    let Some(miss) = prediction.miss(guess, measured) else {
        return styled("What was measured is no number.", theme.warn, width);
    };
    let mut lines = styled(&format!("Your prediction: {}", said(prediction, guess)), theme.text, width);
    match (&prediction.form, guess, measured) {
        (form @ Form::Number { .. }, &Guess::Number(guess), &Measured::Number(value)) => {
            lines.extend(styled(&format!("Measured: {}", form.with_unit(value)), theme.strong, width));
            lines.push((axis(app, form, guess, value, width), None));
            let legend = [("▲", theme.accent, " you   "), ("●", theme.good, " measured")];
            let legend = legend
                .into_iter()
                .flat_map(|(mark, style, word)| [Span::styled(mark, style), Span::styled(word, theme.dim)]);
            lines.push((Line::from_iter(legend), None));
        }
        (Form::Order(items), Guess::Order(guess), Measured::Order(values)) => {
            let right: String = Measured::ranking(values).into_iter().map(Form::letter).collect();
            lines.extend(styled(&format!("Measured: {right}"), theme.strong, width));
            for item in Measured::ranking(values) {
                let place = guess.iter().position(|&guessed| guessed == item).map_or(0, |place| place + 1);
                let mark = Span::styled(format!("{} ", Form::letter(item)), theme.accent);
                let text = format!("{} {} (you: {})", items[item], figure(values[item]), ordinal(place));
                lines.extend(hanging(mark, &text, theme.text, width));
            }
        }
        _ => {}
    }
    lines.extend(styled(&off(&miss), theme.strong, width));
    lines
}

/// `1st`, `2nd`: up to as many things as are ever put in order.
fn ordinal(place: usize) -> String {
    let ending = match place {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    format!("{place}{ending}")
}

/// How far off, in a sentence.
fn off(miss: &Miss) -> String {
    let verdict = miss.verdict();
    match *miss {
        Miss::Number { difference: 0.0, .. } => format!("That is {verdict}."),
        Miss::Number { difference, factor, .. } => {
            let way = if difference > 0.0 { "too high" } else { "too low" };
            let times = factor.map(|factor| format!(", a factor of {}", figure(factor))).unwrap_or_default();
            format!("{} {way}{times}: {verdict}.", figure(difference.abs()))
        }
        Miss::Order { wrong: 0, .. } => "All of them in the right order.".to_owned(),
        Miss::Order { wrong, pairs } => format!("{wrong} of {pairs} pairs the wrong way round: {verdict}."),
    }
}

/// The plausible range as a line, with a mark for what was said and one for what was measured.
fn axis(app: &App, form: &Form, guess: f64, value: f64, width: u16) -> Line<'static> {
    let theme = &app.theme;
    let Form::Number { least, most, by_factor, .. } = *form else { return Line::default() };
    let inner = usize::from(width.saturating_sub(2)).clamp(8, 40);
    let scaled = |x: f64| if by_factor { x.max(least).ln() } else { x };
    let place = |x: f64| {
        let share = (scaled(x) - scaled(least)) / (scaled(most) - scaled(least));
        (share.clamp(0.0, 1.0) * (inner - 1) as f64).round() as usize
    };
    let (guess, value) = (place(guess), place(value));
    let cells = (0..inner).map(|at| match at {
        at if at == value => Span::styled("●", theme.good),
        at if at == guess => Span::styled("▲", theme.accent),
        _ => Span::styled("─", theme.faint),
    });
    let end = |sign| Span::styled(sign, theme.faint);
    Line::from_iter([end("├")].into_iter().chain(cells).chain([end("┤")]))
}
