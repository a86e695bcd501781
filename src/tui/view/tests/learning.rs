//! Going through lessons: what is noticed, what counts, where keys lead.

use super::exploring::read;
use super::lessons::{entry, lesson, measured, predicting, prediction_page, send};
use super::*;
use crate::interpret::proof::{Bound, Outcome};
use crate::learn::{Guess, Measured, Page, Task, lessons};
use crate::record::{Event, Status};
use crate::tui::popups::prompt::form::Field;
use crate::tui::screens::learn::course::{Came, Experiment};
use crate::tui::tests::press;
use crossterm::event::{KeyCode, KeyEvent};

#[test]
fn steps_are_noticed_and_progress_is_kept() {
    let mut app = lesson(Depth::Plain, 6);
    assert_eq!(app.screen, Screen::Learn);
    app.perform(Act::NextPage);
    let effects = app.update(Msg::Tick(app.clock));
    let kept = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Keep(_)));
    assert!(kept(&effects), "a page that was read is kept: {effects:?}");
    assert!(!app.screens.learn.progress.of(6).tasks.contains(&1));
    app.perform(Act::Right);
    let effects = app.update(Msg::Tick(app.clock));
    assert!(app.screens.learn.progress.of(6).tasks.contains(&1) && kept(&effects));
    assert!(!kept(&app.update(Msg::Tick(app.clock))), "nothing has changed since");
}

#[test]
fn a_toggle_is_switched_back_only_after_it_was_switched() {
    let mut app = lesson(Depth::Plain, 19);
    let done = |app: &mut App| {
        app.update(Msg::Tick(app.clock));
        app.screens.learn.progress.of(19).tasks
    };
    let [off, on] = ["off", "on"].map(|value| {
        let is_it = |page: &Page| page.asks().any(|task| *task == Task::Toggle("kv_cache".into(), value.into()));
        lessons()[19].pages.iter().position(is_it).unwrap()
    });
    app.turn_to(on);
    assert!(done(&mut app).is_empty(), "it is on from the beginning");
    for (value, tasks) in [("off", vec![off]), ("on", vec![off, on])] {
        app.toggles = app.toggles.with(&format!("kv_cache={value}")).unwrap();
        assert_eq!(done(&mut app).into_iter().collect::<Vec<_>>(), tasks);
    }
}

#[test]
fn a_run_counts_as_drawn_by_lot_only_if_it_was() {
    let mut app = lesson(Depth::Plain, 14);
    app.turn_to(1);
    for sampled in [false, true] {
        if sampled {
            app.form.focus(Field::Temperature);
            app.form.key(KeyCode::Char('1').into(), true, true);
        }
        app.perform(Act::Run);
        let events = fixture::events(8, 3).into_iter().chain([Event::End(Status::Done)]).collect();
        let run = RunId(if sampled { 2 } else { 1 });
        app.update(Msg::Worker(worker::Event::Run { run, events }));
        assert_eq!(app.screens.learn.progress.of(14).tasks.contains(&1), sampled);
    }
}

#[test]
fn a_head_is_noticed_on_its_screen_alone() {
    let mut app = read(Depth::Plain, &[]);
    app.open_lesson(9);
    app.update(Msg::Tick(app.clock));
    let is_done = |app: &App| app.screens.learn.progress.of(9).tasks.contains(&0);
    assert!(!is_done(&app));
    app.selection.selected = crate::record::explored::Head { block: 16, head: 0 };
    app.screen = Screen::Blocks;
    app.update(Msg::Tick(app.clock));
    assert!(!is_done(&app));
    app.screen = Screen::Heads;
    app.update(Msg::Tick(app.clock));
    assert!(is_done(&app));
}

#[test]
fn an_experiment_that_passes_counts_and_one_that_fails_does_not() {
    let mut app = lesson(Depth::Plain, 2);
    let found = |value| Outcome { value, bound: Bound::AtMost(1.0), said: String::new() };
    for (value, passes) in [(f64::NAN, false), (2.0, false), (0.5, true)] {
        app.perform(Act::Prove);
        let came = Box::new(Ok(found(value)));
        app.update(Msg::Worker(worker::Event::Proved { lesson: 2, came }));
        assert_eq!(app.screens.learn.progress.of(2).is_proved, passes, "{value}");
    }
    app.perform(Act::Prove);
    assert!(app.is_busy());
    let came = Box::new(Err("too few tokens".to_owned()));
    app.update(Msg::Worker(worker::Event::Proved { lesson: 2, came }));
    assert!(
        matches!(&app.screens.learn.open.as_ref().unwrap().experiment, Experiment::Failed(why) if why.contains("few"))
    );
}

#[test]
fn the_first_answer_counts() {
    let mut app = lesson(Depth::Plain, 0);
    app.perform(Act::AnswerB);
    assert_eq!(app.screens.learn.progress.of(0).answer, None, "there is no question on this page");
    let page = lessons()[0].pages.iter().position(|page| matches!(page, Page::Question(_))).unwrap();
    app.turn_to(page);
    app.perform(Act::AnswerC);
    app.perform(Act::AnswerB);
    assert_eq!(app.screens.learn.progress.of(0).answer, Some(2));
}

fn key(code: KeyCode) -> Msg {
    Msg::Input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

#[test]
fn a_question_is_answered_in_either_case_and_its_letters_are_the_screens_again() {
    for (letters, answer) in [("aA", 0), ("bB", 1), ("cC", 2)] {
        for letter in letters.chars() {
            let mut app = lesson(Depth::Plain, 9);
            let page = lessons()[9].pages.iter().position(|page| matches!(page, Page::Question(_))).unwrap();
            app.turn_to(page);
            drawn(&mut app, SMALL);
            app.update(press(letter));
            assert_eq!(app.screens.learn.progress.of(9).answer, Some(answer), "{letter}");
            let scale = app.selection.scale;
            app.update(press('c'));
            assert_ne!(app.selection.scale, scale, "c is the scale of the Heads screen");
            // Capitals show what is to be said on the other answers; the first one counts.
            app.update(press('B'));
            assert_eq!(app.screens.learn.open.as_ref().unwrap().looked_at, Some(1));
            assert_eq!(app.screens.learn.progress.of(9).answer, Some(answer));
        }
    }
}

#[test]
fn every_wrong_answer_says_why_and_so_does_the_right_one() {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    for (at, told) in lessons().iter().enumerate() {
        for (page, question) in told.pages.iter().enumerate().filter_map(|(page, of)| match of {
            Page::Question(question) => Some((page, question)),
            _ => None,
        }) {
            for (number, answer) in question.answers.iter().enumerate() {
                let mut app = lesson(Depth::Plain, at);
                app.turn_to(page);
                app.perform([Act::AnswerA, Act::AnswerB, Act::AnswerC][number]);
                let shown = text(&drawn(&mut app, SMALL));
                let left = shown.lines().filter_map(|line| line.split_once('│')).map(|(left, _)| left);
                let left = words(&left.collect::<Vec<_>>().join(" "));
                for said in question.answers.iter().filter(|other| other.is_right || *other == answer) {
                    assert!(left.contains(&words(&said.feedback)), "{} {}: {left}", at + 1, answer.text);
                }
            }
        }
    }
}

#[test]
fn a_prediction_is_typed_corrected_sent_and_kept() {
    let mut app = predicting(Depth::Plain, 6, "4x");
    assert_eq!(app.screen, Screen::Learn, "digits are no screens here");
    let entry_of = |app: &App| app.screens.learn.open.as_ref().unwrap().prediction.entry.clone();
    assert_eq!(entry_of(&app), "4");
    app.update(key(KeyCode::Backspace));
    // What is no prediction is refused, and says what is expected.
    for typed in ["", "-", "-5"] {
        typed.chars().for_each(|typed| drop(app.update(press(typed))));
        let effects = app.update(key(KeyCode::Enter));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_))), "{typed}");
        assert!(app.toast.as_ref().unwrap().text.contains("from 0 to 100"));
        (0..typed.len()).for_each(|_| drop(app.update(key(KeyCode::Backspace))));
    }
    "4.5E1".chars().for_each(|typed| drop(app.update(press(typed))));
    let effects = app.update(key(KeyCode::Enter));
    let sent = |effect: &Effect| matches!(effect, Effect::Send(Command::Measure { lesson: 6, .. }));
    assert!(effects.iter().any(sent), "{effects:?}");
    assert!(app.is_busy(), "Esc must be able to end it");
    assert_eq!(app.screens.learn.progress.of(6).guess, Some(Guess::Number(45.0)));
    app.update(Msg::Worker(worker::Event::Measured { lesson: 6, came: Box::new(Err("too few tokens".into())) }));
    let came = |app: &App| app.screens.learn.open.as_ref().unwrap().prediction.came.clone();
    assert_eq!(came(&app), Came::Failed("too few tokens".into()));
    drawn(&mut app, SMALL);
    assert!(app.update(key(KeyCode::Enter)).iter().any(sent), "it is tried again");
    let found = Measured::Number(72.0);
    app.update(Msg::Worker(worker::Event::Measured { lesson: 6, came: Box::new(Ok(found.clone())) }));
    assert_eq!(came(&app), Came::Measured(found));
    // From then on the digits are screens again, and the first guess stands.
    app.update(press('1'));
    assert_eq!((app.screen, entry_of(&app).as_str()), (Screen::Blocks, "4.5e1"));
}

#[test]
fn an_order_is_typed_in_either_case() {
    let mut app = predicting(Depth::Plain, 16, "bBdA");
    assert_eq!(app.screens.learn.open.as_ref().unwrap().prediction.entry, "BA");
    app.update(key(KeyCode::Enter));
    assert!(app.toast.as_ref().unwrap().text.contains("A to C"));
    app.update(press('c'));
    send(&mut app);
    assert_eq!(app.screens.learn.progress.of(16).guess, Some(Guess::Order(vec![1, 0, 2])));
}

#[test]
fn keys_are_the_screens_where_no_lesson_is_seen() {
    let mut app = predicting(Depth::Plain, 6, "");
    app.perform(Act::Help);
    app.update(press('4'));
    app.update(key(KeyCode::Esc));
    // Too narrow for a lesson beside a screen.
    app.perform(Act::Go(Screen::Blocks));
    drawn(&mut app, Size::new(70, 24));
    app.update(press('4'));
    assert_eq!(app.screen, Screen::Memory);
    assert_eq!(app.screens.learn.open.as_ref().unwrap().prediction.entry, "");
    let (_, prediction) = prediction_page(6).unwrap();
    assert!(prediction.form.guess(&entry(prediction)).is_ok());
    assert!(prediction.miss(&Guess::Number(1.0), &measured(prediction)).is_some());
}

#[test]
fn from_a_lesson_to_the_list_and_back() {
    let mut app = lesson(Depth::Plain, 7);
    assert_eq!(app.screen, Screen::Heads);
    app.perform(Act::Go(Screen::Generate));
    app.perform(Act::Go(Screen::Learn));
    assert_eq!(app.screen, Screen::Heads, "to where the lesson takes place");
    app.perform(Act::Go(Screen::Learn));
    assert!(app.screen == Screen::Learn && app.screens.learn.shows_list(), "from there to the list");
    app.perform(Act::Go(Screen::Learn));
    assert_eq!(app.screen, Screen::Heads, "and back");
    app.perform(Act::CloseLesson);
    assert!(app.screens.learn.open.is_none() && app.why_not(Act::NextPage).is_some());
}
