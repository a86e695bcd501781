//! A page of a lesson as lines, some of which can be clicked.

use super::lines::{Lines, hanging, key, styled};
use super::prediction;
use crate::interpret::proof::{Outcome, PROOFS};
use crate::learn::{Block, Page, Question};
use crate::tui::action::{self, Act};
use crate::tui::app::App;
use crate::tui::perform::elapsed;
use crate::tui::sanitize;
use crate::tui::screens::learn::course::{Experiment, Opened};
use ratatui::text::{Line, Span};

const ANSWERS: [Act; 3] = [Act::AnswerA, Act::AnswerB, Act::AnswerC];

/// All of it, in lines of at most so many columns.
pub fn lines(app: &App, opened: &Opened, width: u16) -> Lines {
    match opened.page() {
        Page::Text(blocks) => blocks.iter().enumerate().fold(Lines::new(), |mut lines, (at, block)| {
            if at > 0 {
                lines.push((Line::default(), None));
            }
            lines.extend(of_block(app, opened, block, width));
            lines
        }),
        Page::Prediction(asked) => prediction::lines(app, opened, asked, width),
        Page::Question(question) => of_question(app, opened, question, width),
        Page::Experiment => of_experiment(app, opened, width),
    }
}

fn of_block(app: &App, opened: &Opened, block: &Block, width: u16) -> Lines {
    let theme = &app.theme;
    match block {
        Block::Paragraph(text) => styled(&action::with_keys(text), theme.text, width),
        Block::Formula(lines) => {
            let line = |line: &String| (Line::from(Span::styled(format!("  {line}"), theme.attention)), None);
            lines.iter().map(line).collect()
        }
        Block::Ask(_, words) => {
            let is_done = app.screens.learn.progress.of(opened.lesson).tasks.contains(&opened.page);
            let (mark, style) = if is_done { ("✓ ", theme.good) } else { ("▸ ", theme.accent) };
            let mut lines = hanging(
                Span::styled(mark, style),
                &action::with_keys(words),
                if is_done { theme.dim } else { theme.strong },
                width,
            );
            if is_done {
                let noticed = format!("  Done. Press {} to continue.", key(Act::NextPage));
                lines.push((Line::from(Span::styled(noticed, theme.good)), Some(Act::NextPage)));
            }
            lines
        }
    }
}

fn of_question(app: &App, opened: &Opened, question: &Question, width: u16) -> Lines {
    let theme = &app.theme;
    let answer = app.screens.learn.progress.of(opened.lesson).answer;
    let mut lines = styled(&question.asked, theme.strong, width);
    lines.push((Line::default(), None));
    for (at, (text, act)) in question.answers.iter().zip(ANSWERS).enumerate() {
        let key = key(act);
        let (mark, style) = match answer {
            None => (format!("{key}   "), theme.accent),
            Some(_) if text.is_right => (format!("{key} ✓ "), theme.good),
            Some(given) if given == at => (format!("{key} ✗ "), theme.bad),
            Some(_) => (format!("{key}   "), theme.dim),
        };
        let body = if answer.is_some() && !text.is_right { theme.dim } else { theme.text };
        lines.extend(
            hanging(Span::styled(mark, style), &text.text, body, width).into_iter().map(|(line, _)| (line, Some(act))),
        );
    }
    lines.push((Line::default(), None));
    match answer {
        None => {
            let [a, b, c] = ANSWERS.map(key);
            lines.extend(styled(&format!("Press {a}, {b} or {c}."), theme.accent, width));
        }
        Some(given) => lines.extend(of_feedback(app, question, opened.looked_at.unwrap_or(given), width)),
    }
    lines
}

/// Why an answer is wrong, then why the right one is right.
fn of_feedback(app: &App, question: &Question, looked_at: usize, width: u16) -> Lines {
    let theme = &app.theme;
    let wrong = question.answers.get(looked_at).filter(|answer| !answer.is_right);
    let mut lines = Lines::new();
    if let Some(wrong) = wrong {
        let mark = Span::styled(format!("{} ✗ ", key(ANSWERS[looked_at.min(2)])), theme.bad);
        lines.extend(hanging(mark, &wrong.feedback, theme.text, width));
    }
    for (right, act) in question.answers.iter().zip(ANSWERS).filter(|(answer, _)| answer.is_right) {
        let mark = Span::styled(format!("{} ✓ ", key(act)), theme.good);
        lines.extend(hanging(mark, &right.feedback, theme.text, width));
    }
    lines
}

fn of_experiment(app: &App, opened: &Opened, width: u16) -> Lines {
    let theme = &app.theme;
    let proof = &PROOFS[opened.lesson];
    let mut lines = vec![(
        Line::from_iter([
            Span::styled("Experiment", theme.strong),
            Span::styled(format!(" · {}", proof.kind), theme.dim),
        ]),
        None,
    )];
    lines.push((Line::default(), None));
    lines.extend(styled(proof.claim, theme.text, width));
    lines.push((Line::default(), None));
    lines.extend(styled(&format!("Measured: {}.", proof.measure), theme.dim, width));
    lines.push((Line::default(), None));
    match &opened.experiment {
        Experiment::NotMade => match app.why_not(Act::Prove) {
            Some(why_not) => lines.extend(styled(&why_not, theme.dim, width)),
            None => {
                let mark = Span::styled(format!("Press {} ", key(Act::Prove)), theme.accent);
                let made = hanging(mark, "to run it on this model and your text.", theme.text, width);
                lines.extend(made.into_iter().map(|(line, _)| (line, Some(Act::Prove))));
            }
        },
        Experiment::Made(since) => {
            lines.extend(styled(&format!("Running… {}", elapsed(*since, app.clock)), theme.accent, width));
        }
        Experiment::Came(found) => lines.extend(of_found(app, found, width)),
        Experiment::Failed(why) => {
            lines.extend(styled("It could not be run.", theme.warn, width));
            lines.extend(styled(&sanitize::prose(why), theme.text, width));
            lines.push((Line::default(), None));
            let mark = Span::styled(format!("{} ", key(Act::Prove)), theme.accent);
            let words = format!("runs it again; {} edits the text.", key(Act::EditPrompt));
            let again = hanging(mark, &words, theme.text, width);
            lines.extend(again.into_iter().map(|(line, _)| (line, Some(Act::Prove))));
        }
    }
    lines
}

fn of_found(app: &App, found: &Outcome, width: u16) -> Lines {
    let theme = &app.theme;
    let (word, style) = if found.passes() { ("PASS  ", theme.good) } else { ("FAIL  ", theme.bad) };
    let mut lines = hanging(Span::styled(word, style), &found.to_string(), theme.strong, width);
    lines.push((Line::default(), None));
    lines.extend(styled(&sanitize::prose(&found.said), theme.dim, width));
    lines
}
