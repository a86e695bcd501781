//! Going through lessons: what is noticed, what counts, where keys lead.

use super::exploring::read;
use super::lessons::lesson;
use super::*;
use crate::interpret::proof::{Bound, Outcome};
use crate::learn::{Page, Task, lessons};
use crate::record::{Event, Status};
use crate::tui::popups::prompt::form::Field;
use crate::tui::screens::learn::course::Experiment;
use crossterm::event::KeyCode;

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
