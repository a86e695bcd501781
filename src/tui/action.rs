//! The one table of what can be done: keys, the strip below, the help, the palette and the
//! documentation all come from it.

mod table;

pub use table::ACTIONS;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// Something that the user can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    Run,
    TraceRun,
    Step,
    Cancel,
    EditPrompt,
    Toggles,
    Models,
    Save,
    NextScreen,
    PreviousScreen,
    Blocks,
    Timeline,
    Roofline,
    Memory,
    Generate,
    SingleStep,
    Compare,
    Matrix,
    Sweep,
    Heads,
    Lens,
    Learn,
    NextPage,
    PreviousPage,
    AnswerA,
    AnswerB,
    AnswerC,
    Prove,
    CloseLesson,
    Glossary,
    Palette,
    Help,
    Quit,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
    Open,
    Close,
    OpenAll,
    CloseAll,
    Phase,
    PerStep,
    Grouping,
    Slowest,
    Findings,
    ZoomIn,
    ZoomOut,
    Whole,
    PanLeft,
    PanRight,
    NextPass,
    PreviousPass,
    Find,
    NextFound,
    PreviousFound,
    MeasurePeaks,
    Colour,
    Follow,
    StepPart,
    StepBlock,
    StepPass,
    StepOn,
    Choose,
    Transpose,
    SwitchOff,
    AllOn,
    Repeat,
    Pin,
    Difference,
    Filter,
    Grow,
    Weigh,
    Jump,
    AcceptKey,
    Change,
    Told,
    Versus,
    Neurons,
    Tokens,
    Reverse,
    NextField,
    PreviousField,
    Accept,
    AcceptAndRun,
    Dismiss,
    Interrupt,
    Repaint,
    Suspend,
}

/// Where an action applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// On every screen while no popup is open.
    Everywhere,
    Blocks,
    Timeline,
    Roofline,
    Memory,
    Generate,
    SingleStep,
    Compare,
    Matrix,
    Sweep,
    Heads,
    Lens,
    Learn,
    /// The popups.
    Prompt,
    Toggles,
    /// What to compare with, or what to sweep.
    Candidate,
    /// Of which toggle every value is measured.
    Values,
    Models,
    Find,
    /// To a position of a text.
    Jump,
    /// What is changed in the model or the text.
    Changing,
    /// What that does.
    Effect,
    /// How the prompt is cut.
    Tokens,
    Palette,
    Glossary,
    Help,
    Failure,
}

/// A key, without regard to the shift that a character already has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    pub act: Act,
    pub scope: Scope,
    /// The first one is the one to show.
    pub keys: &'static [Key],
    /// The word for it in the strip below; empty: not there.
    pub word: &'static str,
    /// Another row's action that the strip shows under the same word, as `↑↓ move`.
    pub with: Option<Act>,
    pub name: &'static str,
    /// One line for the help.
    pub about: &'static str,
}

/// The actions of one scope, in the table's order.
pub fn of(scope: Scope) -> impl Iterator<Item = &'static Action> {
    ACTIONS.iter().filter(move |action| action.scope == scope)
}

/// Whether an action is one of this scope.
pub fn is_of(scope: Scope, act: Act) -> bool {
    of(scope).any(|action| action.act == act)
}

/// What a key means where these scopes apply; an earlier scope wins.
pub fn find(scopes: &[Scope], event: &KeyEvent) -> Option<Act> {
    scopes.iter().find_map(|&scope| of(scope).find(|action| action.keys.iter().any(|key| key.is(event)))).map(|a| a.act)
}

impl Action {
    /// The keys as the strip shows them: `r`, `↑↓`.
    pub fn strip_keys(&self) -> String {
        let first = |action: &Action| action.keys.first().map(Key::to_string).unwrap_or_default();
        let with = self.with.and_then(|with| of(self.scope).find(|action| action.act == with));
        format!("{}{}", first(self), with.map(first).unwrap_or_default())
    }
}

impl Key {
    fn is(&self, event: &KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        self.code == event.code && self.ctrl == ctrl && !event.modifiers.contains(KeyModifiers::ALT)
    }
}

impl fmt::Display for Key {
    /// `r`, `^C`, `↑`, `Enter`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.code {
            KeyCode::Char(' ') => "Space",
            KeyCode::Char(c) if self.ctrl => return write!(f, "^{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => return write!(f, "{c}"),
            KeyCode::Up => "↑",
            KeyCode::Down => "↓",
            KeyCode::Left => "←",
            KeyCode::Right => "→",
            KeyCode::PageUp => "PgUp",
            KeyCode::PageDown => "PgDn",
            KeyCode::Home => "Home",
            KeyCode::End => "End",
            KeyCode::Enter => "Enter",
            KeyCode::Backspace => "⌫",
            KeyCode::Esc => "Esc",
            KeyCode::Tab => "Tab",
            KeyCode::BackTab => "Shift-Tab",
            _ => "?",
        };
        f.pad(name)
    }
}

#[cfg(test)]
mod tests {
    use super::table::char;
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for scope in ACTIONS.iter().map(|action| action.scope).collect::<HashSet<_>>() {
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
        for scope in crate::tui::app::Screen::ALL.map(|screen| screen.scope()) {
            for key in of(scope).flat_map(|action| action.keys) {
                assert!(!global.contains(&key), "{key} of {scope:?} is global");
            }
        }
    }

    #[test]
    fn every_key_has_a_name_and_every_action_a_line() {
        for action in ACTIONS {
            assert!(!action.keys.is_empty() && !action.about.is_empty());
            assert!(action.keys.iter().all(|key| *key == char('?') || key.to_string() != "?"), "{action:?}");
            assert!(action.with.is_none_or(|with| of(action.scope).any(|other| other.act == with)));
        }
    }

    #[test]
    fn control_and_plain_keys_differ() {
        let event = |code, modifiers| KeyEvent::new(code, modifiers);
        let scopes = [Scope::Blocks, Scope::Everywhere];
        assert_eq!(find(&scopes, &event(KeyCode::Char('r'), KeyModifiers::NONE)), Some(Act::Run));
        assert_eq!(find(&scopes, &event(KeyCode::Char('r'), KeyModifiers::CONTROL)), None);
        assert_eq!(find(&scopes, &event(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Act::Interrupt));
        assert_eq!(find(&scopes, &event(KeyCode::Char('?'), KeyModifiers::SHIFT)), Some(Act::Help));
        assert_eq!(find(&[Scope::Help], &event(KeyCode::Char('?'), KeyModifiers::NONE)), Some(Act::Dismiss));
    }
}
