//! What can be done: keys, the strip below, the help, the palette and the documentation all come from these tables. Each
//! screen has its own; what can be done everywhere and in the popups is here.

pub mod act;
mod everywhere;
pub mod key;
mod lesson;
mod popups;

pub use act::{Act, Action, Scope};
pub use key::Key;

use super::screens::list::Screen;
use super::screens::tabs::OPENINGS;
use crossterm::event::KeyEvent;

/// The actions of one scope, in the order in which the help lists them and the strip prefers them.
pub fn of(scope: Scope) -> impl Iterator<Item = &'static Action> {
    let tables: [&'static [Action]; 3] = match scope {
        Scope::Everywhere => [everywhere::FIRST, OPENINGS, everywhere::LAST],
        scope => [table(scope), &[], &[]],
    };
    tables.into_iter().flatten()
}

macro_rules! tables {
    ($($scope:ident $table:path,)*) => {
        /// The scopes beside those of screens, each with its table.
        const BESIDE_SCREENS: &[Scope] = &[Scope::Everywhere, $(Scope::$scope),*];

        fn table(scope: Scope) -> &'static [Action] {
            match scope {
                Scope::Everywhere => everywhere::FIRST,
                Scope::On(screen) => screen.about().actions,
                $(Scope::$scope => $table,)*
            }
        }
    };
}

tables! {
    Prediction lesson::PREDICTION,
    Quiz lesson::QUIZ,
    Prompt popups::PROMPT,
    Toggles popups::TOGGLES,
    Candidate popups::CANDIDATE,
    Values popups::VALUES,
    Models popups::MODELS,
    Find popups::FIND,
    Jump popups::JUMP,
    Changing popups::CHANGING,
    Effect popups::EFFECT,
    Tokens popups::TOKENS,
    Palette popups::PALETTE,
    Glossary popups::GLOSSARY,
    Help popups::HELP,
    Failure popups::NOTICE,
}

/// Every scope.
fn every_scope() -> impl Iterator<Item = Scope> {
    BESIDE_SCREENS.iter().copied().chain(Screen::ALL.iter().map(|&screen| Scope::On(screen)))
}

/// Whether an action is one of this scope.
pub fn is_of(scope: Scope, act: Act) -> bool {
    of(scope).any(|action| action.act == act)
}

/// What a key means where these scopes apply; an earlier scope wins.
pub fn find(scopes: &[Scope], event: &KeyEvent) -> Option<Act> {
    scopes.iter().find_map(|&scope| of(scope).find(|action| action.keys.iter().any(|key| key.is(event)))).map(|a| a.act)
}

/// The key of an action where these scopes apply, as texts on the screen name it: `r`, `Esc`. An earlier scope wins.
pub fn key_of(scopes: &[Scope], act: Act) -> String {
    let found = scopes.iter().find_map(|&scope| of(scope).find(|action| action.act == act));
    debug_assert!(found.is_some(), "{act:?} is in none of {scopes:?}");
    found.and_then(|action| action.keys.first()).map(Key::to_string).unwrap_or_default()
}

/// The keys of an action of a scope as the strip shows them: `r`, `↑↓`.
pub fn strip_keys(scope: Scope, action: &Action) -> String {
    let first = |action: &Action| action.keys.first().map(Key::to_string).unwrap_or_default();
    let with = action.with.and_then(|with| of(scope).find(|action| action.act == with));
    format!("{}{}", first(action), with.map(first).unwrap_or_default())
}

/// A text with its actions replaced by their first keys: `{Heads.Open}`, or `{Run}` for what works everywhere. What is no
/// action stays as it is.
pub fn with_keys(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
    {
        out.push_str(before);
        match action_of(name).and_then(|action| action.keys.first()) {
            Some(key) => out.push_str(&key.to_string()),
            None => out.extend(["{", name, "}"]),
        }
        rest = after;
    }
    out + rest
}

/// The action that a text calls so.
fn action_of(name: &str) -> Option<&'static Action> {
    let (scope, id) = name.split_once('.').unwrap_or(("Everywhere", name));
    let scope = every_scope().find(|other| match other {
        Scope::On(screen) => format!("{screen:?}") == scope,
        other => format!("{other:?}") == scope,
    })?;
    of(scope).find(|action| action.id == id)
}

#[cfg(test)]
mod tests {
    use super::key::char;
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for scope in every_scope() {
            let mut seen = Vec::new();
            for key in of(scope).flat_map(|action| action.keys) {
                assert!(!seen.contains(key), "{key} twice in {scope:?}");
                seen.push(*key);
            }
        }
    }

    #[test]
    fn a_screen_never_takes_a_key_that_works_everywhere() {
        let global: Vec<_> = of(Scope::Everywhere).flat_map(|action| action.keys).collect();
        for scope in Screen::ALL.iter().map(|&screen| Scope::On(screen)) {
            for key in of(scope).flat_map(|action| action.keys) {
                assert!(!global.contains(&key), "{key} of {scope:?} is global");
            }
        }
    }

    #[test]
    fn every_key_has_a_name_and_every_action_a_line() {
        for (scope, action) in every_scope().flat_map(|scope| of(scope).map(move |action| (scope, action))) {
            assert!(!action.keys.is_empty() && !action.about.is_empty());
            assert!(action.keys.iter().all(|key| *key == char('?') || key.to_string() != "?"), "{action:?}");
            assert!(action.with.is_none_or(|with| is_of(scope, with)));
        }
    }

    #[test]
    fn a_text_names_the_first_key_of_the_first_scope() {
        assert_eq!(key_of(&[Scope::Everywhere], Act::Cancel), "Esc");
        assert_eq!(key_of(&[Scope::On(Screen::Blocks), Scope::Everywhere], Act::Open), "→");
        assert_eq!(key_of(&[Scope::On(Screen::Compare), Scope::Everywhere], Act::Toggles), "t");
    }

    #[test]
    fn actions_in_a_text_become_their_keys() {
        assert_eq!(with_keys("Press {EditPrompt}, then {Heads.Open}."), "Press e, then Enter.");
        assert_eq!(with_keys("{Toggles.AcceptAndRun} and {Run}"), "r and r");
        for as_it_is in ["no action {Fly} here", "{", "a } b {", ""] {
            assert_eq!(with_keys(as_it_is), as_it_is);
        }
    }

    #[test]
    fn control_and_plain_keys_differ() {
        let event = |code, modifiers| KeyEvent::new(code, modifiers);
        let scopes = [Scope::On(Screen::Blocks), Scope::Everywhere];
        assert_eq!(find(&scopes, &event(KeyCode::Char('r'), KeyModifiers::NONE)), Some(Act::Run));
        assert_eq!(find(&scopes, &event(KeyCode::Char('r'), KeyModifiers::CONTROL)), None);
        assert_eq!(find(&scopes, &event(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Act::Interrupt));
        assert_eq!(find(&scopes, &event(KeyCode::Char('?'), KeyModifiers::SHIFT)), Some(Act::Help));
        assert_eq!(find(&[Scope::Help], &event(KeyCode::Char('?'), KeyModifiers::NONE)), Some(Act::Dismiss));
    }
}
