//! Lessons: the first screen of each, its pages, the list, what lessons name.

use super::exploring::settle;
use super::*;
use crate::interpret::proof::{Bound, Outcome};
use crate::learn::{Block, Form, Measured, Page, Prediction, Stage, Task, figure, lessons};
use crate::tui::action;
use crate::tui::screens::learn::course::Came;
use crate::tui::tests::press;

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
            Effect::Send(Command::Measure { lesson, .. }) => {
                let came = Box::new(Ok(measured(lessons()[lesson].prediction().unwrap())));
                app.update(Msg::Worker(worker::Event::Measured { lesson, came }))
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

/// A value within the plausible range, or one for each thing: the later, the larger.
pub fn measured(prediction: &Prediction) -> Measured {
    match &prediction.form {
        Form::Number { least, most, .. } => Measured::Number(least + 0.7181 * (most - least)),
        Form::Order(items) => Measured::Order((0..items.len()).map(|item| 0.25 * (item + 1) as f64).collect()),
    }
}

/// What a learner types: a number at the lower end, or the letters as they stand.
pub fn entry(prediction: &Prediction) -> String {
    match &prediction.form {
        Form::Number { least, .. } => format!("{}", least.max(0.0)),
        Form::Order(items) => (0..items.len()).map(Form::letter).collect(),
    }
}

/// The page of this lesson that asks for a prediction.
pub fn prediction_page(lesson: usize) -> Option<(usize, &'static Prediction)> {
    lessons()[lesson].pages.iter().enumerate().find_map(|(at, page)| match page {
        Page::Prediction(prediction) => Some((at, prediction)),
        Page::Text(_) | Page::Question(_) | Page::Experiment => None,
    })
}

/// The lesson at its prediction, with this typed.
pub fn predicting(depth: Depth, at: usize, typed: &str) -> App {
    let mut app = lesson(depth, at);
    app.turn_to(prediction_page(at).unwrap().0);
    drawn(&mut app, SMALL);
    for character in typed.chars() {
        app.update(press(character));
    }
    app
}

/// Sends what was typed, and answers as the model thread would.
pub fn send(app: &mut App) {
    let effects = app.perform(Act::Predict);
    answered(app, effects);
}

/// The list, a prediction before and after, a question, its answer, an experiment and the glossary.
pub fn scenes(depth: Depth) -> Vec<(&'static str, App)> {
    let mut list = with(ready(depth), &[Act::Go(Screen::Learn), Act::Down]);
    list.screens.learn.progress.of_mut(0).pages.insert(0);
    let asked = predicting(depth, 6, "40");
    let mut missed = predicting(depth, 6, "40");
    send(&mut missed);
    let mut ordered = predicting(depth, 16, "cab");
    send(&mut ordered);
    let mut question = lesson(depth, 7);
    question.turn_to(lessons()[7].pages.len() - 2);
    let mut answer = with(lesson(depth, 7), &[]);
    answer.turn_to(lessons()[7].pages.len() - 2);
    answer.perform(Act::AnswerA);
    drawn(&mut answer, SMALL);
    let mut proof = lesson(depth, 7);
    let effects = proof.perform(Act::Prove);
    answered(&mut proof, effects);
    let glossary = with(lesson(depth, 7), &[Act::Glossary]);
    vec![
        ("lessons", list),
        ("lesson_prediction", asked),
        ("lesson_missed", missed),
        ("lesson_ordered", ordered),
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
        assert!(words.join(" ").starts_with(&action::with_keys(first)), "{name}: {first:?} in:\n{shown}");
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
            let fits = |app: &mut App, state: &str| {
                let shown = text(&drawn(app, SMALL));
                let (_, height, lines) = app.drawn.lesson;
                assert!(lines <= height, "{} {} {state}: {lines} of {height}:\n{shown}", at + 1, page + 1);
            };
            fits(&mut app, "before");
            match &lessons()[at].pages[page] {
                // What is done says so in one line more.
                Page::Text(_) => drop(app.screens.learn.progress.of_mut(at).tasks.insert(page)),
                // Every answer says why.
                Page::Question(question) => {
                    for (_, act) in question.answers.iter().zip([Act::AnswerA, Act::AnswerB, Act::AnswerC]) {
                        app.perform(act);
                        fits(&mut app, "answered");
                    }
                }
                Page::Prediction(prediction) => {
                    app.screens.learn.open.as_mut().unwrap().prediction.entry = entry(prediction);
                    fits(&mut app, "typed");
                    send(&mut app);
                    fits(&mut app, "measured");
                    // As long as numbers get.
                    if let Form::Number { most, .. } = prediction.form {
                        app.screens.learn.open.as_mut().unwrap().prediction.came =
                            Came::Measured(Measured::Number(-most / 7.0));
                        fits(&mut app, "measured, far off");
                    }
                }
                Page::Experiment => {}
            }
            fits(&mut app, "after");
        }
        for size in [(60, 16), (79, 17), (80, 16), (100, 30), (300, 80), (3, 2)] {
            drawn(&mut app, size.into());
        }
    }
}

#[test]
fn every_prediction_is_asked_typed_measured_and_compared() {
    let mut predictions = 0;
    for at in 0..lessons().len() {
        let Some((_, prediction)) = prediction_page(at) else { continue };
        predictions += 1;
        let (name, typed) = (format!("the prediction of lesson {}", at + 1), entry(prediction));
        let mut app = predicting(Depth::Plain, at, &typed);
        assert_eq!(app.screens.learn.open.as_ref().unwrap().prediction.entry, typed, "{name}");
        for size in [SMALL, LARGE] {
            let shown = beside(&mut app, size);
            assert_says(&name, &shown, &["Predict first", &format!("▸ {typed}▏"), "press Enter"]);
            match &prediction.form {
                Form::Number { unit, least, most, .. } => {
                    let range = format!("{unit} from {} to {}", figure(*least), figure(*most));
                    assert_says(&name, &shown, &[range.trim()]);
                }
                Form::Order(items) => {
                    for (item, thing) in items.iter().enumerate() {
                        assert_says(&name, &shown, &[&format!("{} {thing}", Form::letter(item))]);
                    }
                }
            }
        }
        send(&mut app);
        let value = match measured(prediction) {
            Measured::Number(value) => figure(value),
            Measured::Order(values) => Measured::ranking(&values).into_iter().map(Form::letter).collect(),
        };
        for size in [SMALL, LARGE] {
            let shown = beside(&mut app, size);
            let why = action::with_keys(&prediction.why);
            let verdict = match &prediction.form {
                Form::Number { .. } => "▲ you ● measured",
                Form::Order(_) => "pairs the wrong way round: far off.",
            };
            assert_says(&name, &shown, &["Your prediction: ", &format!("Measured: {value}"), verdict, &why]);
        }
    }
    assert!(predictions >= 15, "{predictions} predictions");
}

/// What stands left of the first rule, as words in one line.
fn beside(app: &mut App, size: Size) -> String {
    let shown = text(&drawn(app, size));
    let left = shown.lines().filter_map(|line| line.split_once('│')).map(|(left, _)| left);
    left.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// Lessons name no keys: what is to be done says where, and which action; the table has the key.
#[test]
fn what_is_to_be_done_names_its_place_and_its_keys() {
    let places = || Screen::ALL.iter().map(|screen| screen.name()).chain(["Prompt", "Toggles", "Tokens"]);
    for (at, lesson) in lessons().iter().enumerate() {
        for block in lesson.pages.iter().flat_map(|page| match page {
            Page::Text(blocks) => blocks.as_slice(),
            Page::Prediction(_) | Page::Question(_) | Page::Experiment => &[],
        }) {
            let (Block::Paragraph(words) | Block::Ask(_, words)) = block else { continue };
            let keyed = action::with_keys(words);
            assert!(!keyed.contains(['{', '}']), "lesson {}: {words:?} names no action", at + 1);
            if matches!(block, Block::Ask(..)) {
                assert!(places().any(|place| words.contains(place)), "lesson {}: {words:?} names no place", at + 1);
                assert!(words.contains('{'), "lesson {}: {words:?} names no action", at + 1);
                let literal =
                    words.match_indices("press ").any(|(found, word)| !words[found + word.len()..].starts_with('{'));
                assert!(!literal, "lesson {}: {words:?} names a key", at + 1);
            }
        }
    }
    for term in crate::learn::glossary() {
        assert!(!action::with_keys(term.meaning).contains(['{', '}']), "{}", term.name);
    }
}

/// Sizes of one model are said to be that model's, on the page where they stand.
#[test]
fn sizes_of_the_default_model_are_named_as_its_own() {
    const SIZES: [&str; 12] =
        ["576", "49,152", "1536", "134.5", "28.3", "3.54", "46,080", "538 MB", "M = 30", "18.6", "d = 64", "16.0"];
    for (at, lesson) in lessons().iter().enumerate() {
        for (number, page) in lesson.pages.iter().enumerate() {
            let Page::Text(blocks) = page else { continue };
            let words = |block: &Block| match block {
                Block::Paragraph(words) => words.clone(),
                Block::Formula(lines) => lines.join(" "),
                Block::Ask(..) => String::new(),
            };
            let page: String = blocks.iter().map(words).collect::<Vec<_>>().join(" ");
            let size = SIZES.iter().find(|size| page.contains(**size));
            assert!(size.is_none() || page.contains("SmolLM2"), "lesson {}, page {}: {size:?}", at + 1, number + 1);
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
