//! What can be done, where, and by which keys: a row of the table.

use super::key::Key;
use crate::tui::screens::list::Screen;

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
    /// Go to a screen.
    Go(Screen),
    NextPage,
    PreviousPage,
    AnswerA,
    AnswerB,
    AnswerC,
    Prove,
    Predict,
    Erase,
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
    ShowEffect,
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
    /// On one screen while no popup is open.
    On(Screen),
    /// Of a lesson, while it waits for an answer: they come before the screen's.
    Prediction,
    Quiz,
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

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    pub act: Act,
    /// What texts call it, within its scope: `Open`.
    pub id: &'static str,
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

/// A table of actions: a line each, as `Up [UP, char('k')] "move" + Down, "Row above", "select the row above";`, with the
/// act, its keys, its word in the strip, another act that the strip shows under the same word, its name, and its line for
/// the help.
macro_rules! actions {
    ($( $act:ident $(($of:expr))? [$($key:expr),*] $word:literal $(+ $with:ident)? , $name:literal, $about:literal; )*) => {
        &[$( $crate::tui::action::act::Action {
            act: $crate::tui::action::act::Act::$act $(($of))?,
            id: stringify!($act),
            keys: &[$($key),*],
            word: $word,
            with: $crate::tui::action::act::actions!(@with $($with)?),
            name: $name,
            about: $about,
        }, )*]
    };
    (@with $with:ident) => { Some($crate::tui::action::act::Act::$with) };
    (@with) => { None };
}

pub(in crate::tui) use actions;
