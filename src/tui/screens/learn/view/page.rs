//! A page of a lesson as lines, some of which can be clicked.

use crate::interpret::proof::{Outcome, PROOFS};
use crate::learn::{Block, Page, Question};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::kit::wrap;
use crate::tui::perform::elapsed;
use crate::tui::sanitize;
use crate::tui::screens::learn::course::{Experiment, Opened};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

type Lines = Vec<(Line<'static>, Option<Act>)>;

const ANSWERS: [Act; 3] = [Act::AnswerA, Act::AnswerB, Act::AnswerC];

/// The key of something that works on every screen.
fn key(act: Act) -> String {
    action::key_of(&[Scope::Everywhere], act)
}

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
        Page::Question(question) => of_question(app, opened, question, width),
        Page::Experiment => of_experiment(app, opened, width),
    }
}

fn of_block(app: &App, opened: &Opened, block: &Block, width: u16) -> Lines {
    let theme = &app.theme;
    match block {
        Block::Paragraph(text) => styled(text, theme.text, width),
        Block::Formula(lines) => {
            let line = |line: &String| (Line::from(Span::styled(format!("  {line}"), theme.attention)), None);
            lines.iter().map(line).collect()
        }
        Block::Ask(_, words) => {
            let is_done = app.screens.learn.progress.of(opened.lesson).tasks.contains(&opened.page);
            let (mark, style) = if is_done { ("✓ ", theme.good) } else { ("▸ ", theme.accent) };
            let mut lines =
                hanging(Span::styled(mark, style), words, if is_done { theme.dim } else { theme.strong }, width);
            if is_done {
                let noticed = format!("  noticed; {} goes on", key(Act::NextPage));
                lines.push((Line::from(Span::styled(noticed, theme.good)), Some(Act::NextPage)));
            }
            lines
        }
    }
}

fn of_question(app: &App, opened: &Opened, question: &Question, width: u16) -> Lines {
    let theme = &app.theme;
    let answer = app.screens.learn.progress.of(opened.lesson).answer;
    let mut lines = styled("Before the experiment, a guess.", theme.dim, width);
    lines.push((Line::default(), None));
    lines.extend(styled(&question.asked, theme.strong, width));
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
        Some(_) => lines.extend(styled(&question.why, theme.text, width)),
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
                let mark = Span::styled(format!("{} ", key(Act::Prove)), theme.accent);
                let made = hanging(mark, "makes it, with this model and your text.", theme.text, width);
                lines.extend(made.into_iter().map(|(line, _)| (line, Some(Act::Prove))));
            }
        },
        Experiment::Made(since) => {
            lines.extend(styled(&format!("it is made… {}", elapsed(*since, app.clock)), theme.accent, width));
        }
        Experiment::Came(found) => lines.extend(of_found(app, found, width)),
        Experiment::Failed(why) => {
            lines.extend(styled("It could not be made.", theme.warn, width));
            lines.extend(styled(&sanitize::prose(why), theme.text, width));
            lines.push((Line::default(), None));
            let mark = Span::styled(format!("{} ", key(Act::Prove)), theme.accent);
            let words = format!("makes it again; {} writes another text.", key(Act::EditPrompt));
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

fn styled(text: &str, style: Style, width: u16) -> Lines {
    wrap(text, width).into_iter().map(|line| (Line::from(Span::styled(line, style)), None)).collect()
}

/// A mark, and beside it lines that stand under each other.
fn hanging(mark: Span<'static>, text: &str, body: Style, width: u16) -> Lines {
    let indent = mark.content.chars().count();
    let lines = wrap(text, width.saturating_sub(indent as u16)).into_iter().enumerate();
    let line = |(at, line): (usize, String)| {
        let before = if at == 0 { mark.clone() } else { Span::raw(" ".repeat(indent)) };
        (Line::from_iter([before, Span::styled(line, body)]), None)
    };
    lines.map(line).collect()
}
