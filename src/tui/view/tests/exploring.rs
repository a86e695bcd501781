//! The screens of one text: heads and the lens.

use super::*;
use crate::worker::Command;
use crossterm::event::KeyCode;

/// Answers everything that is asked, as the model thread would.
pub fn settle(app: &mut App, mut effects: Vec<Effect>) {
    while let Some(effect) = effects.pop() {
        if let Effect::Send(Command::Ask { run, question }) = effect {
            let observation = Box::new(fixture::explored::answer(question));
            effects.extend(app.update(Msg::Worker(worker::Event::Observed { run, observation })));
        }
    }
}

/// The text was read; then these actions, each with what is asked because of it.
pub fn read(depth: Depth, acts: &[Act]) -> App {
    let mut app = with(ready(depth), &[Act::Go(Screen::Heads)]);
    let run = match &app.perform(Act::Run)[..] {
        [Effect::Send(Command::Explore { run, .. })] => *run,
        other => panic!("{other:?}"),
    };
    for seen in fixture::explored::heads() {
        let effects = app.update(Msg::Worker(worker::Event::Observed { run, observation: Box::new(seen) }));
        settle(&mut app, effects);
    }
    for &act in acts {
        let mut effects = app.perform(act);
        drawn(&mut app, SMALL);
        effects.extend(app.update(Msg::Tick(app.clock)));
        settle(&mut app, effects);
    }
    app
}

/// The prompt was cut into two tokens, one of which is made of two.
fn tokenized(depth: Depth) -> App {
    use crate::text::{Placed, Step, Taken, Token, Word};
    let mut app = with(ready(depth), &[Act::Tokens]);
    let token = |id, text: &str| Token { id, text: text.into(), bytes: text.as_bytes().to_vec(), special: false };
    let word = Word {
        text: "at\u{1b}".into(),
        place: 0..3,
        taken: Taken::Merged,
        pieces: vec![token(1, "a"), token(2, "t"), token(3, "\u{1b}")],
        steps: vec![Step { at: 0, rank: 7, token: token(262, "at") }],
    };
    let placed = |id, text: &str, place| Placed { token: token(id, text), place: Some(place) };
    let tokenized =
        worker::Tokenized { tokens: vec![placed(262, "at", 0..2), placed(3, "\u{1b}", 2..3)], merges: Ok(vec![word]) };
    app.update(Msg::Worker(worker::Event::Tokenized(Box::new(Ok(tokenized)))));
    app
}

/// What heads matter beside what they cost.
fn weighed(depth: Depth) -> App {
    let mut app = read(depth, &[Act::Weigh]);
    let run = app.explorer.as_ref().unwrap().run;
    for seen in fixture::explored::worth() {
        app.update(Msg::Worker(worker::Event::Observed { run, observation: Box::new(seen) }));
    }
    app
}

pub fn scenes(depth: Depth) -> Vec<(&'static str, App)> {
    vec![
        ("heads_unread", with(ready(depth), &[Act::Go(Screen::Heads)])),
        ("heads", read(depth, &[])),
        ("heads_by_induction", read(depth, &[Act::Grouping])),
        ("head", read(depth, &[Act::Right, Act::Open, Act::Up, Act::Left, Act::Left])),
        ("head_in_columns", read(depth, &[Act::Open, Act::Transpose])),
        ("heads_off", read(depth, &[Act::SwitchOff])),
        ("head_beside_pinned", read(depth, &[Act::Open, Act::Pin, Act::NextFound])),
        ("head_less_pinned", read(depth, &[Act::Open, Act::Pin, Act::NextFound, Act::Difference])),
        ("heads_filtered", read(depth, &[Act::Filter, Act::Filter])),
        ("changing", read(depth, &[Act::SwitchOff, Act::Change, Act::Right, Act::Down])),
        ("effect", read(depth, &[Act::SwitchOff, Act::ShowEffect])),
        ("heads_worth", weighed(depth)),
        ("tokens", tokenized(depth)),
        ("jump", read(depth, &[Act::Open, Act::Jump])),
        ("jump_to_head", read(depth, &[Act::Jump])),
        ("lens_kl", read(depth, &[Act::Go(Screen::Lens), Act::Colour, Act::Colour, Act::Colour])),
        (
            "lens_norm",
            read(depth, &[Act::Go(Screen::Lens), Act::First, Act::Colour, Act::Colour, Act::Colour, Act::Colour]),
        ),
        ("lens_versus", read(depth, &[Act::Go(Screen::Lens), Act::Open, Act::Versus, Act::NextFound])),
        ("lens_neurons", read(depth, &[Act::Go(Screen::Lens), Act::Open, Act::Neurons])),
        ("lens_cell", read(depth, &[Act::Go(Screen::Lens), Act::Left, Act::Open])),
        ("lens", read(depth, &[Act::Go(Screen::Lens), Act::Up, Act::Left])),
    ]
}

#[test]
fn a_head_is_gone_to_by_its_number() {
    let mut app = read(Depth::Plain, &[Act::Jump]);
    for key in "1.2".chars() {
        app.update(Msg::Input(Input::Key(KeyCode::Char(key).into())));
    }
    app.perform(Act::Accept);
    assert_eq!((app.selection.selected.block, app.selection.selected.head), (1, 2));
    assert!(app.popup.is_none() && !app.selection.is_on_one());
}

/// Scenes that draw each kind of weight as a pattern where there are too few colours for it.
const PATTERNS: [&str; 5] = ["heads", "heads_off", "head", "head_in_columns", "head_less_pinned"];

fn shown(depth: Depth) -> Vec<(&'static str, String)> {
    scenes(depth).into_iter().map(|(name, mut app)| (name, text(&drawn(&mut app, SMALL)))).collect()
}

#[test]
fn patterns_are_seen_where_colours_are_few() {
    let [full, indexed, basic, plain] = [Depth::True, Depth::Indexed, Depth::Basic, Depth::Plain].map(shown);
    for (at, (name, shown)) in plain.iter().enumerate() {
        assert_eq!(indexed[at].1, full[at].1, "{name} reads the same in 256 colours and in all");
        assert_eq!(basic[at].1, *shown, "{name} reads the same in 16 colours and in none");
        assert_says(name, shown, &phrases::of(name));
        if PATTERNS.contains(name) {
            insta::assert_snapshot!(format!("{name}_plain"), shown);
        }
    }
}

#[test]
fn a_head_is_found_entered_switched_off_and_on_again() {
    let mut app = read(Depth::True, &[Act::Grouping]);
    // The first of those sorted by induction.
    let at = |block, head| crate::record::explored::Head { block, head };
    assert_eq!(app.selection.selected, at(1, 2));
    app = {
        let effects = app.perform(Act::SwitchOff);
        let effects = effects.into_iter().chain(app.update(Msg::Tick(app.clock))).collect();
        settle(&mut app, effects);
        app
    };
    assert!(text(&drawn(&mut app, SMALL)).contains("head 1.2 off · KL 0.1750"));
    app.perform(Act::SwitchOff);
    app.update(Msg::Tick(app.clock));
    assert!(app.selection.changes.is_empty() && app.explorer.as_ref().unwrap().effect.is_none());
    app.perform(Act::Open);
    assert!(app.selection.is_on_one());
    app.perform(Act::Close);
    assert!(!app.selection.is_on_one());
}

#[test]
fn a_masked_cell_is_absent_and_not_nothing() {
    let mut app = read(Depth::True, &[Act::Open, Act::First]);
    let shown = text(&drawn(&mut app, SMALL));
    assert!(shown.contains("A[0,7] absent"), "{shown}");
}

#[test]
fn one_question_of_a_kind_at_a_time() {
    let mut app = read(Depth::True, &[Act::Open]);
    let asked = |effects: &[Effect]| effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count();
    app.perform(Act::Up);
    assert_eq!(asked(&app.update(Msg::Tick(app.clock))), 1, "the row of the new query");
    app.perform(Act::Up);
    assert_eq!(asked(&app.update(Msg::Tick(app.clock))), 0, "the answer before is waited for");
}

#[test]
fn other_toggles_read_the_text_again_and_keep_what_is_looked_at() {
    let mut app = read(Depth::True, &[Act::Open, Act::Up, Act::SwitchOff, Act::Pin]);
    let (selection, run) = (app.selection.clone(), app.explorer.as_ref().unwrap().run);
    let card = app.card().unwrap().clone();
    let model = card.info.name.clone();
    app.explorer.as_mut().unwrap().text.model = model;
    let effects = app.update(Msg::Worker(worker::Event::Loaded(Box::new(card.clone()))));
    let again = effects.iter().find_map(|effect| match effect {
        Effect::Send(Command::Explore { run, prompt: crate::measure::Prompt::Ids(ids), .. }) => Some((*run, ids.len())),
        _ => None,
    });
    let (again, tokens) = again.unwrap_or_else(|| panic!("{effects:?}"));
    assert!(again != run && tokens == 8);
    for seen in fixture::explored::heads() {
        app.update(Msg::Worker(worker::Event::Observed { run: again, observation: Box::new(seen) }));
    }
    assert_eq!(
        (app.selection.query, &app.selection.changes, &app.selection.pinned),
        (selection.query, &selection.changes, &selection.pinned)
    );
    // Another model's text is another text.
    app.explorer.as_mut().unwrap().text.model = "another".into();
    app.update(Msg::Worker(worker::Event::Loaded(Box::new(card))));
    assert!(app.explorer.is_none() && app.selection.pinned.is_none());
}

#[test]
fn a_text_that_grows_is_looked_at_where_it_grows() {
    let mut app = read(Depth::True, &[Act::Open]);
    let run = app.explorer.as_ref().unwrap().run;
    assert!(matches!(&app.perform(Act::Grow)[..], [Effect::Send(Command::Grow { .. })]));
    let seen = |seen| Msg::Worker(worker::Event::Observed { run, observation: Box::new(seen) });
    app.update(seen(crate::worker::Observation::Grown((40, "·Paris".into()))));
    assert_eq!((app.selection.query, app.explorer.as_ref().unwrap().text.tokens.len()), (8, 9));
    app.update(seen(crate::worker::Observation::GrownUp));
    assert!(!app.explorer.as_ref().unwrap().grows);
}

#[test]
fn a_token_is_put_in_the_place_of_another_by_typing_it() {
    let mut app = read(Depth::True, &[Act::Change]);
    let key = |code: KeyCode| Msg::Input(crossterm::event::Event::Key(code.into()));
    // The last of what can be changed is the token.
    for code in [KeyCode::Left, KeyCode::Down, KeyCode::Char(' '), KeyCode::Char('h'), KeyCode::Char('i')] {
        app.update(key(code));
    }
    assert!(text(&drawn(&mut app, SMALL)).contains("becomes ·hi"));
    let effects = app.update(key(KeyCode::Enter));
    settle(&mut app, effects);
    let [change] = app.selection.changes[..] else { panic!("{:?}", app.selection.changes) };
    assert_eq!(app.explorer.as_ref().unwrap().change(&change), "(7) ·and → ·the");
    // Two tokens do not fit where one stands.
    app.perform(Act::Change);
    for code in [KeyCode::Left, KeyCode::Char('a'), KeyCode::Char(' '), KeyCode::Char('b'), KeyCode::Enter] {
        let effects = app.update(key(code));
        settle(&mut app, effects);
    }
    assert!(text(&drawn(&mut app, SMALL)).contains("is 2 tokens"));
}
