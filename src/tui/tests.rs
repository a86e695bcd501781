//! `update` and the loop around it: what must hold, without a terminal, a model or a thread.

use super::action::Act;
use super::app::{App, Engine, Popup, Screen};
use super::effect::Effect;
use super::live::State;
use super::message::Msg;
use super::theme::{Depth, Theme};
use super::{Paint, drive, fixture, save_as_new};
use crate::arch::toggles::Attention;
use crate::measure::{Prompt, Request, Step};
use crate::record::{Event, Phase, Run, Status, Watched, study};
use crate::tui::popups::prompt::form::{Field, Form};
use crate::units::Nanos;
use crate::worker::{self, Command, RunId};
use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use std::cell::RefCell;
use std::io;
use std::sync::mpsc;

/// A key without modifiers.
pub(super) fn press(c: char) -> Msg {
    key(KeyCode::Char(c))
}

fn key(code: KeyCode) -> Msg {
    Msg::Input(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn ctrl(c: char) -> Msg {
    Msg::Input(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)))
}

fn app() -> App {
    App::new(Theme::new(Depth::Plain), fixture::toggles(), Form::new(None), Vec::new(), None)
}

fn loaded() -> worker::Event {
    worker::Event::Loaded(Box::new(fixture::card()))
}

fn ready() -> App {
    let mut app = app();
    app.open("smollm2".into(), false);
    app.update(Msg::Worker(loaded()));
    app
}

fn arrive(app: &mut App, run: u64, events: Vec<Event>) -> Vec<Effect> {
    app.update(Msg::Worker(worker::Event::Run { run: RunId(run), events }))
}

fn type_in(app: &mut App, text: &str) {
    for c in text.chars() {
        app.update(press(c));
    }
}

fn sent_run(effects: &[Effect]) -> &Request {
    match effects {
        [Effect::Send(Command::Run { request, .. })] => request,
        other => panic!("{other:?}"),
    }
}

fn toast(app: &App) -> &str {
    app.toast.as_ref().map_or("", |toast| &toast.text)
}

#[test]
fn the_first_model_is_loaded_and_run_when_asked() {
    let mut app = app();
    let effects = app.open("smollm2".into(), true);
    assert!(matches!(&effects[..], [Effect::Send(Command::Load { source, .. })] if source == "smollm2"));
    assert!(matches!(app.engine, Engine::Loading { .. }));
    let effects = app.update(Msg::Worker(loaded()));
    assert!(matches!(sent_run(&effects).prompt, Prompt::Chat(_)), "the model has a chat template");
    assert!(app.is_running());
}

#[test]
fn a_run_fills_the_table_as_it_goes() {
    let mut app = ready();
    let request = sent_run(&app.update(press('r'))).clone();
    assert_eq!((request.new_tokens, request.repeats, request.step), (64, 1, false));
    assert!(request.top > 0);
    arrive(&mut app, 1, fixture::mid_prefill(8, 3));
    let live = app.live.as_ref().unwrap();
    assert_eq!(live.state, State::Running);
    assert_eq!(live.running_top().as_deref(), Some("blocks.3"));
    assert!(live.chat);
    assert!(live.tally.row(1, Some(Phase::Prefill)).is_some());
}

#[test]
fn events_of_another_run_are_dropped() {
    let mut app = ready();
    app.update(press('r'));
    arrive(&mut app, 1, vec![Event::End(Status::Cancelled)]);
    app.update(press('r'));
    arrive(&mut app, 1, fixture::whole(8, 2));
    let live = app.live.as_ref().unwrap();
    assert!(live.run.parts.is_empty() && live.state == State::Starting);
    app.update(Msg::Worker(worker::Event::Halted { run: RunId(1), halt: fixture::halt("embed") }));
    assert_eq!(app.live.as_ref().unwrap().state, State::Starting);
    arrive(&mut app, 2, fixture::whole(8, 2));
    assert_eq!(app.live.as_ref().unwrap().state, State::Over);
}

#[test]
fn the_phase_goes_along_with_the_run_until_the_user_chooses() {
    let mut app = ready();
    app.update(press('r'));
    arrive(&mut app, 1, fixture::mid_prefill(8, 3));
    assert_eq!(app.shown.phase, Some(Phase::Prefill));
    arrive(&mut app, 1, fixture::repeat(0, 8, 2));
    assert_eq!(app.shown.phase, Some(Phase::Decode));
    app.update(press('p'));
    app.update(press('p'));
    assert_eq!(app.shown.phase, Some(Phase::Prefill));
    arrive(&mut app, 1, fixture::repeat(0, 8, 2));
    assert_eq!(app.shown.phase, Some(Phase::Prefill));
}

#[test]
fn a_decode_step_marks_no_part_before_something_is_known_of_it() {
    let mut app = ready();
    app.update(press('r'));
    let mut events = fixture::events(8, 2);
    let end = events.iter().rposition(|event| matches!(event, Event::Spans(_))).unwrap();
    events.truncate(end);
    assert!(matches!(events.last(), Some(Event::PassStart(start)) if start.phase == Phase::Decode));
    arrive(&mut app, 1, events);
    assert_eq!(app.live.as_ref().unwrap().running_top(), None);
}

#[test]
fn escape_cancels_a_run_and_waits_for_its_end() {
    let mut app = ready();
    app.update(press('r'));
    assert!(matches!(app.update(key(KeyCode::Esc))[..], [Effect::Cancel]));
    assert_eq!(app.live.as_ref().unwrap().state, State::Cancelling);
    // What still arrives counts, but it goes on cancelling until the end.
    arrive(&mut app, 1, fixture::mid_prefill(8, 1));
    assert_eq!(app.live.as_ref().unwrap().state, State::Cancelling);
    arrive(&mut app, 1, vec![Event::End(Status::Cancelled)]);
    assert!(!app.is_running());
    assert!(app.update(key(KeyCode::Esc)).is_empty());
    assert_eq!(toast(&app), "nothing is running");
}

#[test]
fn control_c_ends_the_run_first_and_the_program_second() {
    let mut app = ready();
    app.update(press('r'));
    assert!(matches!(app.update(ctrl('c'))[..], [Effect::Cancel]));
    arrive(&mut app, 1, vec![Event::End(Status::Cancelled)]);
    assert!(matches!(app.update(ctrl('c'))[..], [Effect::Quit(None)]));
}

#[test]
fn two_runs_never_go_on_at_once() {
    let mut app = ready();
    app.update(press('r'));
    assert!(app.update(press('r')).is_empty());
    assert!(toast(&app).contains("a run goes on"));
}

#[test]
fn nothing_runs_without_a_model() {
    let mut app = app();
    assert!(app.update(press('r')).is_empty());
    assert!(toast(&app).contains("no model"));
    app.open("smollm2".into(), false);
    assert!(app.update(press('s')).is_empty());
    assert!(toast(&app).contains("still loading"));
}

#[test]
fn a_failed_load_keeps_the_model_that_was_there() {
    let mut app = ready();
    app.load("broken.gguf".into());
    app.update(Msg::Worker(worker::Event::LoadFailed { error: "it is broken".into(), kept: true }));
    assert!(matches!(app.engine, Engine::Ready(_)));
    assert_eq!(app.source.as_deref(), Some("smollm2"));
    assert!(matches!(&app.popup, Some(Popup::Notice { text, bad: true, .. }) if text == "it is broken"));
    app.update(press('m'));
    assert!(matches!(app.popup, Some(Popup::Models(_))), "the picker is one key away");
}

#[test]
fn a_failed_load_that_lost_the_model_leaves_none() {
    let mut app = ready();
    app.load("huge.gguf".into());
    app.update(Msg::Worker(worker::Event::LoadFailed { error: "no memory".into(), kept: false }));
    assert!(matches!(app.engine, Engine::Empty));
    assert!(app.why_not(Act::Run).is_some());
}

#[test]
fn of_several_loads_only_the_last_answer_counts() {
    let mut app = app();
    app.open("first".into(), false);
    let effects = app.load("second".into());
    assert!(matches!(&effects[..], [Effect::Cancel, Effect::Send(Command::Load { source, .. })] if source == "second"));
    app.update(Msg::Worker(worker::Event::LoadFailed { error: "cancelled".into(), kept: false }));
    assert!(matches!(app.engine, Engine::Loading { .. }) && app.popup.is_none());
    app.update(Msg::Worker(loaded()));
    assert!(matches!(app.engine, Engine::Ready(_)));
}

#[test]
fn a_cancelled_load_is_no_error() {
    let mut app = app();
    app.open("smollm2".into(), true);
    assert!(matches!(app.update(key(KeyCode::Esc))[..], [Effect::Cancel]));
    app.update(Msg::Worker(worker::Event::LoadFailed { error: "cancelled".into(), kept: false }));
    assert!(app.popup.is_none());
    assert_eq!(toast(&app), "loading was cancelled");
}

#[test]
fn what_a_model_warns_of_is_shown() {
    let mut app = app();
    app.open("smollm2".into(), false);
    let mut card = fixture::card();
    card.warnings.push("the pre-tokenizer 'x' is unknown".into());
    app.update(Msg::Worker(worker::Event::Loaded(Box::new(card))));
    assert!(matches!(&app.popup, Some(Popup::Notice { bad: false, text, .. }) if text.contains("pre-tokenizer")));
}

#[test]
fn toggles_are_applied_by_loading_the_same_model_again() {
    let mut app = ready();
    app.update(press('t'));
    app.update(key(KeyCode::Left));
    assert_eq!(app.toggles.attention, Attention::FUSED, "nothing changes before Enter");
    let effects = app.update(key(KeyCode::Enter));
    let [Effect::Send(Command::Load { source, toggles, .. })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((source.as_str(), toggles.attention), ("smollm2", Attention::EAGER));
    assert!(app.popup.is_none());
}

#[test]
fn toggles_can_be_applied_and_run_in_one_go() {
    let mut app = ready();
    app.update(press('t'));
    app.update(key(KeyCode::Left));
    app.update(press('r'));
    assert!(!app.is_running());
    let effects = app.update(Msg::Worker(loaded()));
    assert!(!sent_run(&effects).step);
    // Without a change, nothing has to be loaded.
    arrive(&mut app, 1, vec![Event::End(Status::Done)]);
    app.update(press('t'));
    sent_run(&app.update(press('r')));
}

#[test]
fn a_refused_toggle_cannot_be_chosen() {
    let mut app = ready();
    app.update(press('t'));
    let (weights, compute) = (3, 5); // their rows
    (0..compute).for_each(|_| drop(app.update(press('j'))));
    app.update(key(KeyCode::Right));
    assert!(matches!(&app.popup, Some(Popup::Toggles { draft, row: 5 }) if *draft == app.toggles));
    assert!(toast(&app).contains("needs weights that are not f32"));
    // With the weights in bf16 it can, and then the weights cannot go back alone.
    (weights..compute).for_each(|_| drop(app.update(press('k'))));
    app.update(key(KeyCode::Right));
    (weights..compute).for_each(|_| drop(app.update(press('j'))));
    app.update(key(KeyCode::Right));
    (weights..compute).for_each(|_| drop(app.update(press('k'))));
    app.update(key(KeyCode::Left));
    let Some(Popup::Toggles { draft, .. }) = &app.popup else { panic!() };
    assert!(!draft.to_string().contains("weights=f32") && draft.to_string().contains("compute=bf16"), "{draft}");
}

#[test]
fn leaving_the_toggles_changes_nothing() {
    let mut app = ready();
    app.update(press('t'));
    app.update(key(KeyCode::Left));
    assert!(app.update(key(KeyCode::Esc)).is_empty());
    assert!(app.popup.is_none());
    assert_eq!(app.toggles.attention, Attention::FUSED);
}

#[test]
fn another_model_ends_what_runs() {
    let mut app = ready();
    app.update(press('r'));
    app.update(press('m'));
    type_in(&mut app, "gpt2");
    let effects = app.update(key(KeyCode::Enter));
    assert!(
        matches!(&effects[..], [Effect::Cancel, Effect::Send(Command::Load { source, .. })] if source == "random:gpt2-124m")
    );
    assert_eq!(app.live.as_ref().unwrap().state, State::Cancelling);
    // Random weights have no tokenizer.
    let mut card = fixture::card();
    card.has_chat_template = false;
    app.update(Msg::Worker(worker::Event::Loaded(Box::new(card))));
    arrive(&mut app, 1, vec![Event::End(Status::Cancelled)]);
    assert_eq!(sent_run(&app.update(press('r'))).prompt, Prompt::Synthetic(512));
}

#[test]
fn the_prompt_is_edited_pasted_into_and_run() {
    let mut app = ready();
    app.update(press('e'));
    app.update(Msg::Input(Input::Paste("\nquick\u{1b} fox".into())));
    assert!(toast(&app).starts_with("1 invisible"));
    type_in(&mut app, "q?");
    assert!(app.popup.is_some(), "in the editor, keys are text");
    let effects = app.update(ctrl('r'));
    let Prompt::Chat(text) = &sent_run(&effects).prompt else { panic!() };
    assert!(text.ends_with("\nquick foxq?"), "{text}");
}

#[test]
fn a_field_that_is_wrong_is_pointed_out_instead_of_run() {
    let mut app = ready();
    app.form.focus(Field::TopP);
    app.update(press('e'));
    type_in(&mut app, "7");
    app.update(key(KeyCode::Esc));
    assert!(app.popup.is_none());
    assert!(app.update(press('r')).is_empty());
    assert!(matches!(app.popup, Some(Popup::Prompt)) && app.form.focus == Field::TopP);
    assert!(toast(&app).contains("top-p") && !app.is_running());
}

#[test]
fn a_paste_outside_the_editor_runs_no_keys() {
    let mut app = ready();
    assert!(app.update(Msg::Input(Input::Paste("qqq".into()))).is_empty());
    assert!(toast(&app).contains("press e"));
}

#[test]
fn a_single_step_halts_goes_on_and_can_be_left() {
    let mut app = ready();
    assert!(sent_run(&app.update(press('s'))).step);
    assert_eq!(app.screen, Screen::Step);
    assert!(app.update(press(' ')).is_empty(), "nothing waits yet");
    let halted = || Msg::Worker(worker::Event::Halted { run: RunId(1), halt: fixture::halt("blocks.0.attn.qkv") });
    for (press_key, step) in [(' ', Step::Part), ('b', Step::Block), ('a', Step::Pass), ('g', Step::Run)] {
        app.update(halted());
        assert_eq!(app.live.as_ref().unwrap().state, State::Halted);
        assert!(matches!(app.update(press(press_key))[..], [Effect::Step(s)] if s == step));
        let live = app.live.as_ref().unwrap();
        assert!(live.state == State::Running && live.halt.is_some(), "what was seen stays on the screen");
    }
    assert!(app.update(press(' ')).is_empty(), "it runs on: there is nothing to step");
    app.update(halted());
    app.update(press(' '));
    assert!(matches!(app.update(press(' '))[..], [Effect::Step(Step::Part)]), "an early key is kept for the next halt");
    app.update(halted());
    assert!(matches!(app.update(key(KeyCode::Esc))[..], [Effect::Cancel]));
}

#[test]
fn a_failed_run_says_why() {
    let mut app = ready();
    app.update(press('r'));
    arrive(&mut app, 1, vec![Event::End(Status::Failed("the prompt has 9000 tokens".into()))]);
    assert!(matches!(&app.popup, Some(Popup::Notice { text, .. }) if text.contains("9000")));
    assert!(!app.is_running());
}

#[test]
fn a_run_is_saved_once_under_the_time_it_began() {
    let mut app = ready();
    app.update(press('w'));
    assert_eq!(toast(&app), "there is no run to save");
    app.update(press('r'));
    arrive(&mut app, 1, fixture::events(8, 2));
    assert!(app.update(press('w')).is_empty(), "not while it goes on");
    arrive(&mut app, 1, vec![Event::End(Status::Done)]);
    let effects = app.update(press('w'));
    let [Effect::Save { name, run }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), run.tokens.len()), ("blockscope-run-20261123-201500.jsonl", 2));
    app.update(Msg::Saved(Ok(name.clone())));
    assert!(toast(&app).contains(name.as_str()));
    assert!(app.update(press('w')).is_empty());
    assert!(toast(&app).contains("saved already"));
}

#[test]
fn a_file_that_exists_is_never_written_over() {
    let exists = RefCell::new(vec!["run.jsonl".to_owned(), "run-2.jsonl".to_owned()]);
    let save = |path: &std::path::Path| {
        let name = path.to_string_lossy().into_owned();
        if exists.borrow().contains(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        exists.borrow_mut().push(name);
        Ok(())
    };
    assert_eq!(save_as_new("run.jsonl", save), Ok("run-3.jsonl".into()));
    let refuse = |_: &std::path::Path| Err(io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(save_as_new("run.jsonl", refuse).unwrap_err().contains("permission denied"));
}

#[test]
fn a_saved_run_is_looked_at_without_a_model() {
    let mut run = Run::default();
    fixture::whole(8, 4).into_iter().for_each(|event| run.apply(event));
    let live = super::live::Live::saved(run.clone(), "run.jsonl".into());
    assert_eq!(live.tally.row(1, None).unwrap(), run.rows(None)[1]);
    let mut app = App::new(Theme::new(Depth::Plain), fixture::toggles(), Form::new(None), Vec::new(), Some(live));
    for c in ['r', 's', 'e', 't', 'm', 'w'] {
        assert!(app.update(press(c)).is_empty() && app.popup.is_none(), "{c}");
    }
    assert_eq!(app.shown.phase, Some(Phase::Prefill));
    app.update(press('5'));
    assert_eq!(app.tokens().len(), 4);
    assert!(!app.wants_ticks() || app.toast.is_some());
}

#[test]
fn blocks_open_close_and_are_walked_through() {
    let mut app = ready();
    let selected = |app: &App| app.screens.blocks.selected.clone();
    app.update(press('j'));
    app.update(key(KeyCode::Right));
    app.update(press('j'));
    assert_eq!(selected(&app), "blocks.0.attn");
    app.update(key(KeyCode::Enter));
    app.update(press('j'));
    assert_eq!(selected(&app), "blocks.0.attn.norm");
    app.update(press('h'));
    assert_eq!(selected(&app), "blocks.0.attn");
    app.update(press('h'));
    assert!(!app.screens.blocks.open.contains("blocks.0.attn"));
    app.update(key(KeyCode::End));
    assert_eq!(selected(&app), "lm_head");
    app.update(press('j'));
    assert_eq!(selected(&app), "lm_head");
    app.update(press('+'));
    assert_eq!(app.nodes().len(), 33 + 30 * 15);
    app.update(press('-'));
    assert_eq!(app.nodes().len(), 33);
}

#[test]
fn the_slowest_part_is_found_and_shown() {
    let mut app = ready();
    app.update(press('r'));
    arrive(&mut app, 1, fixture::events(512, 1));
    app.update(press('x'));
    let path = app.screens.blocks.selected.clone();
    assert!(path.starts_with("blocks.17.mlp."), "{path}");
    let nodes = app.nodes();
    assert_eq!(nodes[app.screens.blocks.index(&nodes)].path, path);
}

#[test]
fn the_newest_token_is_selected_until_the_user_goes_back() {
    let mut app = ready();
    app.update(press('r'));
    app.update(press('5'));
    arrive(&mut app, 1, fixture::events(8, 5));
    assert_eq!(app.selected_token(), Some(4));
    app.update(key(KeyCode::Left));
    app.update(key(KeyCode::Left));
    arrive(&mut app, 1, fixture::repeat(0, 8, 3));
    assert_eq!(app.selected_token(), Some(2));
    app.update(press('f'));
    assert_eq!(app.selected_token(), Some(7));
    app.update(key(KeyCode::Home));
    assert_eq!(app.selected_token(), Some(0));
}

#[test]
fn the_palette_does_what_is_chosen() {
    let mut app = ready();
    app.update(press(':'));
    type_in(&mut app, "single");
    assert!(sent_run(&app.update(key(KeyCode::Enter))).step);
    app.update(press(':'));
    type_in(&mut app, "zzz");
    assert!(app.update(key(KeyCode::Enter)).is_empty() && app.popup.is_some());
}

#[test]
fn screens_turn_round() {
    let mut app = ready();
    for screen in Screen::ALL.iter().copied().cycle().skip(1).take(Screen::ALL.len()) {
        app.update(key(KeyCode::Tab));
        assert_eq!(app.screen, screen);
    }
    app.update(key(KeyCode::BackTab));
    assert_eq!(app.screen, Screen::Learn);
}

#[test]
fn a_traced_run_records_operators() {
    let mut app = ready();
    assert_eq!(sent_run(&app.update(press('R'))).watched, Watched::Operators);
}

#[test]
fn the_roofs_are_measured_and_a_run_is_held_against_them() {
    let mut app = ready();
    app.update(press('r'));
    arrive(&mut app, 1, fixture::whole(8, 2));
    app.update(press('3'));
    let effects = app.update(press('d'));
    assert!(matches!(effects[..], [Effect::Send(Command::MeasurePeaks { threads: 1, .. })]));
    app.update(press('r'));
    assert!(toast(&app).contains("being measured"), "not while it is measured");
    assert!(matches!(app.update(key(KeyCode::Esc))[..], [Effect::Cancel]));
    app.update(Msg::Worker(worker::Event::Peaks(Err("cancelled".into()))));
    assert!(toast(&app).contains("cancelled") && app.popup.is_none());

    app.update(press('d'));
    let (stage, done, total) = ("f32".into(), 1, 4);
    app.update(Msg::Worker(worker::Event::Measuring { stage, done, total }));
    app.update(Msg::Worker(worker::Event::Peaks(Ok(Box::new(fixture::peaks())))));
    assert!(app.measuring.is_none());
    assert_eq!(app.live.as_ref().unwrap().run.peaks.as_deref(), Some(&fixture::peaks()));
    app.update(press('d'));
    app.update(Msg::Worker(worker::Event::Peaks(Err("no memory".into()))));
    assert!(matches!(&app.popup, Some(Popup::Notice { text, bad: true, .. }) if text == "no memory"));
}

#[test]
fn a_toast_goes_by_itself() {
    let mut app = ready();
    app.update(key(KeyCode::Esc));
    assert!(app.toast.is_some() && app.wants_ticks());
    app.update(Msg::Tick(Nanos(60_000_000_000)));
    assert!(app.toast.is_none() && !app.wants_ticks());
}

/// Runs the loop on these messages; returns how often it drew and what it was to do.
fn driven(app: &mut App, messages: Vec<Msg>) -> (usize, Vec<String>, Option<String>) {
    let (inbox, waiting) = mpsc::channel();
    messages.into_iter().for_each(|message| inbox.send(message).unwrap());
    drop(inbox);
    let (mut frames, mut effects) = (0, Vec::new());
    let ended = drive(
        app,
        &waiting,
        &mut |effect| {
            effects.push(format!("{effect:?}"));
            matches!(effect, Effect::Save { .. }).then(|| Msg::Saved(Ok("x.jsonl".into())))
        },
        &mut |_, paint| {
            frames += usize::from(paint == Paint::Changes);
            Ok(())
        },
    );
    (frames, effects, ended.unwrap())
}

#[test]
fn all_that_waits_is_taken_in_before_one_drawing() {
    let mut app = ready();
    app.update(press('r'));
    let mut messages: Vec<Msg> = fixture::events(8, 20)
        .into_iter()
        .map(|event| Msg::Worker(worker::Event::Run { run: RunId(1), events: vec![event] }))
        .collect();
    messages.push(press('q'));
    let (frames, _, ended) = driven(&mut app, messages);
    assert_eq!((frames, ended), (1, None), "the first drawing, then all messages, the last of which quits");
    assert_eq!(app.tokens().len(), 20);
}

#[test]
fn the_loop_hands_answers_back() {
    let mut app = ready();
    app.update(press('r'));
    arrive(&mut app, 1, fixture::whole(8, 2));
    let (_, effects, _) = driven(&mut app, vec![press('w'), press('q')]);
    assert!(effects.len() == 1 && effects[0].starts_with("Save"));
    assert_eq!(app.live.as_ref().unwrap().file.as_deref(), Some("x.jsonl"));
}

#[test]
fn a_terminal_that_is_gone_ends_the_loop_with_the_reason() {
    let ended = driven(&mut ready(), vec![Msg::Ended(Some("hung up".into()))]).2;
    assert_eq!(ended.as_deref(), Some("hung up"));
    // Nobody is left to send anything: that is an end too, not a hang.
    assert!(driven(&mut ready(), Vec::new()).2.is_some());
}

fn sent_study(effects: &[Effect]) -> &crate::measure::Plan {
    match effects {
        [Effect::Send(Command::Study { plan, .. })] => plan,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_comparison_is_chosen_begun_and_ended() {
    let mut app = ready();
    app.update(press('c'));
    assert!(app.screen == Screen::Compare && matches!(app.popup, Some(Popup::Candidate(_))), "from the blocks too");
    app.update(key(KeyCode::Enter));
    assert!(toast(&app).contains("B is the same as A"));
    app.update(press('j'));
    app.update(key(KeyCode::Left));
    // The prompt, shorter; then back to the toggles.
    app.update(key(KeyCode::Up));
    app.update(key(KeyCode::Up));
    app.update(key(KeyCode::Up));
    app.update(key(KeyCode::Left));
    let effects = app.update(key(KeyCode::Enter));
    let plan = sent_study(&effects);
    let names: Vec<&str> = plan.arms.iter().map(|arm| arm.name.as_str()).collect();
    assert_eq!(names, ["kv_cache=on", "kv_cache=off"]);
    assert_eq!((plan.arms[1].prompt_tokens, plan.arms[1].new_tokens), (64, 16));
    assert!(plan.parts && plan.quality.is_some());
    assert!(app.is_busy() && app.wants_ticks());
    app.update(press('r'));
    assert_eq!(toast(&app), "a study goes on: Esc ends it");
    assert!(app.update(press('w')).is_empty());
    assert!(matches!(app.update(key(KeyCode::Esc))[..], [Effect::Cancel]));
    let end = vec![study::Event::End(Status::Cancelled)];
    app.update(Msg::Worker(worker::Event::Study { run: RunId(1), events: end }));
    assert!(!app.is_busy());
    // What was chosen is offered again.
    app.update(press('c'));
    assert!(matches!(&app.popup, Some(Popup::Candidate(candidate)) if !candidate.toggles.kv_cache));
}

#[test]
fn what_cannot_be_had_is_passed_over() {
    let mut app = ready();
    app.update(press('7'));
    app.update(press('c'));
    (0..5).for_each(|_| drop(app.update(press('j'))));
    app.update(key(KeyCode::Right));
    assert!(toast(&app).contains("compute=bf16 needs weights"), "{}", toast(&app));
}

#[test]
fn every_value_of_a_toggle_is_measured_against_the_present_one() {
    let mut app = ready();
    app.update(press('8'));
    app.update(press('c'));
    (0..5).for_each(|_| drop(app.update(press('j'))));
    let effects = app.update(key(KeyCode::Enter));
    let plan = sent_study(&effects);
    let names: Vec<&str> = plan.arms.iter().map(|arm| arm.name.as_str()).collect();
    assert_eq!(names, ["compute=f32", "compute=bf16"], "the present one first; what cannot be had is refused by name");
    assert!(matches!(plan.kind, study::StudyKind::Matrix));
}

#[test]
fn a_sweep_doubles_the_prompt_with_one_or_two_series() {
    let mut app = ready();
    app.update(press('9'));
    app.update(press('c'));
    let effects = app.update(key(KeyCode::Enter));
    let plan = sent_study(&effects).clone();
    let lengths: Vec<u32> = plan.arms.iter().map(|arm| arm.prompt_tokens).collect();
    assert_eq!(lengths, [64, 128, 256, 512, 1024]);
    assert!(!plan.parts && plan.quality.is_none());
    app.update(key(KeyCode::Esc));
    let end = vec![study::Event::End(Status::Cancelled)];
    app.update(Msg::Worker(worker::Event::Study { run: RunId(1), events: end }));
    app.update(press('c'));
    app.update(key(KeyCode::Left));
    let effects = app.update(key(KeyCode::Enter));
    let plan = sent_study(&effects);
    assert_eq!(plan.arms.len(), 10);
    assert_eq!(plan.arms[5].name, "prompt_tokens=64,attention=eager");
}

#[test]
fn the_keys_of_a_study_move_what_is_selected() {
    let mut app = app();
    app.show_study(study::fixture::compare(), "study.jsonl".into());
    assert_eq!(app.screen, Screen::Compare);
    app.update(press('j'));
    app.update(press('j'));
    app.update(key(KeyCode::Right));
    app.update(press('j'));
    assert_eq!(app.screens.compare.selected, "blocks.0.attn");
    app.update(key(KeyCode::Left));
    assert_eq!(app.screens.compare.selected, "blocks.0");
    app.update(press('w'));
    assert_eq!(toast(&app), "this study is in its file already");
    app.show_study(study::fixture::matrix(), "study.jsonl".into());
    assert_eq!(app.screen, Screen::Matrix);
    // By decode speed, the fastest first; then the slowest.
    app.update(key(KeyCode::Right));
    app.update(key(KeyCode::Right));
    app.update(key(KeyCode::Home));
    assert_eq!(app.screens.matrix.selected, 4);
    app.update(press('x'));
    app.update(key(KeyCode::Home));
    assert_eq!(app.screens.matrix.selected, 2);
    app.update(key(KeyCode::End));
    assert_eq!(app.screens.matrix.selected, 5, "what was refused is last, whatever the order");
    app.show_study(study::fixture::sweep(), "study.jsonl".into());
    app.update(key(KeyCode::End));
    assert_eq!(app.screens.sweep.point, 11);
}

#[test]
fn a_study_is_saved_once() {
    let mut app = ready();
    app.update(press('7'));
    app.update(press('w'));
    assert_eq!(toast(&app), "there is no study to save");
    app.update(press('c'));
    app.update(key(KeyCode::Left));
    app.update(key(KeyCode::Enter));
    let study = study::fixture::compare();
    let mut events = vec![study::Event::Header(Box::new(study.header))];
    events.extend(study.arms.into_iter().map(|arm| study::Event::Arm(Box::new(arm))));
    events.push(study::Event::End(Status::Done));
    app.update(Msg::Worker(worker::Event::Study { run: RunId(1), events }));
    let effects = app.update(press('w'));
    let [Effect::SaveStudy { name, study }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), study.arms.len()), ("blockscope-compare-20260101-000000.jsonl", 2));
    app.update(Msg::StudySaved(Ok(name.clone())));
    assert!(app.update(press('w')).is_empty());
    assert!(toast(&app).contains("saved already"));
}
