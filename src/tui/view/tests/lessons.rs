//! Lessons: the first screen of each, its pages, the list, what lessons name.

use super::exploring::settle;
use super::*;
use crate::interpret::proof::{Bound, Outcome};
use crate::learn::{Block, Page, Stage, Task, lessons};

/// With this lesson open, and everything answered that it asks for.
pub fn lesson(depth: Depth, at: usize) -> App {
    let mut app = ready(depth);
    app.open_lesson(at);
    let effects = app.update(Msg::Tick(app.clock));
    answered(&mut app, effects);
    app
}

/// Answers as the model thread would.
fn answered(app: &mut App, effects: Vec<Effect>) {
    for effect in effects {
        let more = match effect {
            Effect::Send(Command::Embeddings { text, features }) => {
                let token = |(id, word): (usize, &str)| worker::TokenEmbedding {
                    id: id as u32,
                    label: format!("·{word}"),
                    features: (0..features).map(|feature| (id as f32 - feature as f32) / 64.0).collect(),
                };
                let tokens = text.split(' ').enumerate().map(token).collect();
                let embeddings = Box::new(Ok(worker::TokenEmbeddings { d_model: 576, tokens }));
                app.update(Msg::Worker(worker::Event::Embeddings { text, embeddings }))
            }
            Effect::Send(Command::Explore { run, .. }) => {
                for seen in fixture::explored::heads() {
                    let effects = app.update(Msg::Worker(worker::Event::Observed { run, observation: Box::new(seen) }));
                    settle(app, effects);
                }
                drawn(app, SMALL);
                let effects = app.update(Msg::Tick(app.clock));
                settle(app, effects);
                Vec::new()
            }
            Effect::Send(Command::Prove { lesson, .. }) => {
                let found = Outcome { value: 2.4e-7, bound: Bound::AtMost(1e-4), said: "9 heads\u{1b}[2J".into() };
                app.update(Msg::Worker(worker::Event::Proved { lesson, came: Box::new(Ok(found)) }))
            }
            _ => Vec::new(),
        };
        answered(app, more);
    }
}

/// The list, a question, its answer, an experiment and the glossary.
pub fn scenes(depth: Depth) -> Vec<(&'static str, App)> {
    let mut list = with(ready(depth), &[Act::Go(Screen::Learn), Act::Down]);
    list.screens.learn.progress.of_mut(0).pages.insert(0);
    let mut question = lesson(depth, 7);
    question.turn_to(lessons()[7].pages.len() - 2);
    let mut answer = with(lesson(depth, 7), &[]);
    answer.turn_to(lessons()[7].pages.len() - 2);
    answer.perform(Act::AnswerA);
    let mut proof = lesson(depth, 7);
    let effects = proof.perform(Act::Prove);
    answered(&mut proof, effects);
    let glossary = with(lesson(depth, 7), &[Act::Glossary]);
    vec![
        ("lessons", list),
        ("lesson_question", question),
        ("lesson_answered", answer),
        ("lesson_proved", proof),
        ("glossary", glossary),
    ]
}

/// Lessons whose first screen is compared as a picture: one beside a screen, one beside an example.
const PICTURES: [usize; 2] = [10, 25];

#[test]
fn every_lesson_begins_with_its_title_its_first_paragraph_and_its_stage() {
    for (at, told) in lessons().iter().enumerate() {
        let (mut app, number) = (lesson(Depth::Plain, at), at + 1);
        let shown = text(&drawn(&mut app, SMALL));
        let name = format!("lesson_{number:02}");
        // The lesson stands left of the first rule, its text below its title.
        let left: Vec<&str> =
            shown.lines().skip(2).filter_map(|line| line.split_once('│')).map(|pair| pair.0).collect();
        let title: String = told.title.chars().take(20).collect();
        assert!(left[0].starts_with(&format!(" {number} {title}")), "{name}: {:?} in:\n{shown}", told.title);
        let Page::Text(blocks) = &told.pages[0] else { panic!("{name} begins with a question") };
        let Some(Block::Paragraph(first)) = blocks.first() else { panic!("{name} begins with no paragraph") };
        let words: Vec<&str> = left[1..].iter().flat_map(|line| line.split_whitespace()).collect();
        assert!(words.join(" ").starts_with(first.as_str()), "{name}: {first:?} in:\n{shown}");
        match &told.stage {
            Stage::Text => assert_says(&name, &shown, &["your text, token by token", "X is 576 × 13"]),
            Stage::Worked(worked) => {
                let step = &app.screens.learn.open.as_ref().unwrap().steps[0];
                let lines = step.lines.iter().map(|line| line.trim_end());
                let said: Vec<&str> = [worked.title(), step.title.as_str()].into_iter().chain(lines).collect();
                assert_says(&name, &shown, &said);
            }
            Stage::Screen(name) => assert_eq!(Some(app.screen), Screen::named(name)),
        }
        if PICTURES.contains(&number) {
            snapshot(&name, &shown, SMALL);
        }
    }
}

#[test]
fn every_page_fits_a_terminal_of_80_by_24_and_every_size_is_survived() {
    for at in 0..lessons().len() {
        let mut app = lesson(Depth::True, at);
        for page in 0..lessons()[at].pages.len() {
            app.turn_to(page);
            // What is done says so in one line more, what was answered says why.
            app.screens.learn.progress.of_mut(at).tasks.insert(page);
            app.screens.learn.progress.of_mut(at).answer = Some(0);
            drawn(&mut app, SMALL);
            let (_, height, lines) = app.drawn.lesson;
            assert!(lines <= height, "lesson {}, page {}: {lines} lines, room for {height}", at + 1, page + 1);
        }
        for size in [(60, 16), (79, 17), (80, 16), (100, 30), (300, 80), (3, 2)] {
            drawn(&mut app, size.into());
        }
    }
}

#[test]
fn every_screen_that_a_lesson_names_exists() {
    use crate::arch::{Toggle, Toggles};
    for lesson in lessons() {
        if let Stage::Screen(name) = &lesson.stage {
            assert!(Screen::named(name).is_some(), "{name}");
        }
        for task in lesson.pages.iter().flat_map(Page::asks) {
            match task {
                Task::Screen(name) => assert!(Screen::named(name).is_some(), "{name}"),
                Task::Toggle(name, value) => {
                    assert!(Toggles::default().with(&format!("{name}={value}")).is_ok(), "{name}={value}");
                    let toggle = Toggle::ALL.into_iter().find(|toggle| toggle.name() == name).unwrap();
                    assert!(toggle.values().contains(value), "{name}={value} cannot be chosen");
                }
                _ => {}
            }
        }
    }
}
