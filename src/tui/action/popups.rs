//! What can be done in the popups.

use super::act::{Action, actions};
use super::key::{BACK_TAB, DOWN, ENTER, ESC, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, SPACE, TAB, UP, char, ctrl};

#[rustfmt::skip]
pub const PROMPT: &[Action] = actions! {
    AcceptAndRun [ctrl('r')]     "run",   "Run", "close and run the model on the prompt";
    NextField  [TAB]             "next field", "Next field", "go to the next field";
    PreviousField [BACK_TAB]     "",      "Previous field", "go to the field before";
    Dismiss    [ESC]             "close", "Close", "close; what was written is kept";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "close";
};

#[rustfmt::skip]
pub const TOGGLES: &[Action] = actions! {
    Up         [UP, char('k')]   "toggle" + Down, "Toggle above", "select the toggle above";
    Down       [DOWN, char('j')] "",      "Toggle below", "select the toggle below";
    Left       [LEFT, char('h')] "value" + Right, "Value before", "choose the value before";
    Right      [RIGHT, char('l'), SPACE] "", "Value after", "choose the value after";
    Accept     [ENTER]           "apply", "Apply", "rebuild the model with these toggles; ends what runs";
    AcceptAndRun [char('r')]     "apply and run", "Apply and run", "rebuild the model, then run it";
    Dismiss    [ESC, char('t'), char('q')] "leave as it was", "Leave", "close without a change";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "close without a change";
};

#[rustfmt::skip]
pub const CANDIDATE: &[Action] = actions! {
    Up         [UP, char('k')]   "row" + Down, "Row above", "select the row above";
    Down       [DOWN, char('j')] "",      "Row below", "select the row below";
    Left       [LEFT, char('h')] "value" + Right, "Value before", "choose the value before";
    Right      [RIGHT, char('l'), SPACE] "", "Value after", "choose the value after";
    Accept     [ENTER]           "measure", "Measure", "begin; Esc ends it, and keeps what was measured";
    Dismiss    [ESC, char('c'), char('q')] "leave", "Leave", "measure nothing";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "measure nothing";
};

#[rustfmt::skip]
pub const VALUES: &[Action] = actions! {
    Up         [UP, char('k')]   "toggle" + Down, "Toggle above", "select the toggle above";
    Down       [DOWN, char('j')] "",      "Toggle below", "select the toggle below";
    Accept     [ENTER]           "measure", "Measure", "begin; Esc ends it, and keeps what was measured";
    Dismiss    [ESC, char('c'), char('q')] "leave", "Leave", "measure nothing";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "measure nothing";
};

#[rustfmt::skip]
pub const MODELS: &[Action] = actions! {
    Up         [UP]              "move" + Down, "Entry above", "select the entry above";
    Down       [DOWN]            "",      "Entry below", "select the entry below";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    Accept     [ENTER]           "load",  "Load", "load this model; ends what runs";
    Dismiss    [ESC]             "close", "Close", "keep the model";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "keep the model";
};

#[rustfmt::skip]
pub const FIND: &[Action] = actions! {
    Up         [UP]              "move" + Down, "Entry above", "select the entry above";
    Down       [DOWN]            "",      "Entry below", "select the entry below";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    Accept     [ENTER]           "go to it", "Go to it", "go to its longest slice; all of them stand out";
    Dismiss    [ESC]             "close", "Close", "look for nothing new";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "look for nothing new";
};

#[rustfmt::skip]
pub const JUMP: &[Action] = actions! {
    Up         [UP]              "move" + Down, "Entry above", "select the entry above";
    Down       [DOWN]            "",      "Entry below", "select the entry below";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    Accept     [ENTER]           "go there", "Go there", "go to it: to a position among the queries";
    AcceptKey  [TAB]             "as key", "As key", "go to it among the keys";
    Dismiss    [ESC]             "close", "Close", "stay";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "stay";
};

#[rustfmt::skip]
pub const CHANGING: &[Action] = actions! {
    Up         [UP]              "row" + Down, "Row above", "select the row above";
    Down       [DOWN]            "",      "Row below", "select the row below";
    Left       [LEFT]            "value" + Right, "Value before", "choose the value before";
    Right      [RIGHT]           "",      "Value after", "choose the value after";
    Accept     [ENTER]           "change", "Change", "make the change; on one that there is: take it back";
    Dismiss    [ESC]             "close", "Close", "change nothing more";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "change nothing more";
};

#[rustfmt::skip]
pub const EFFECT: &[Action] = actions! {
    Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
    Down       [DOWN, char('j')] "",      "Down", "scroll down";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN, SPACE] "",     "Page down", "a screenful down";
    Dismiss    [ESC, char('a'), char('q'), ENTER] "close", "Close", "back to the screen";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
};

#[rustfmt::skip]
pub const TOKENS: &[Action] = actions! {
    Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
    Down       [DOWN, char('j')] "",      "Down", "scroll down";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN, SPACE] "",     "Page down", "a screenful down";
    Dismiss    [ESC, char('T'), char('q'), ENTER] "close", "Close", "back to the screen";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
};

#[rustfmt::skip]
pub const PALETTE: &[Action] = actions! {
    Up         [UP]              "move" + Down, "Entry above", "select the entry above";
    Down       [DOWN]            "",      "Entry below", "select the entry below";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    Accept     [ENTER]           "do it", "Do it", "do what is selected";
    Dismiss    [ESC]             "close", "Close", "do nothing";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "do nothing";
};

#[rustfmt::skip]
pub const GLOSSARY: &[Action] = actions! {
    Up         [UP]              "move" + Down, "Entry above", "select the entry above";
    Down       [DOWN]            "",      "Entry below", "select the entry below";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    Dismiss    [ESC, ENTER]      "close", "Close", "back to the screen";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
};

#[rustfmt::skip]
pub const HELP: &[Action] = actions! {
    Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
    Down       [DOWN, char('j')] "",      "Down", "scroll down";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN, SPACE] "",     "Page down", "a screenful down";
    Dismiss    [ESC, char('?'), char('q'), ENTER] "close", "Close", "back to the screen";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
};

#[rustfmt::skip]
pub const NOTICE: &[Action] = actions! {
    Models     [char('m')]       "choose a model", "Models", "choose another model";
    Toggles    [char('t')]       "toggles", "Toggles", "choose other toggles";
    Dismiss    [ESC, ENTER, SPACE] "close", "Close", "back to the screen";
    Quit       [char('q')]       "quit",  "Quit", "leave";
    Up         [UP, char('k')]   "scroll" + Down, "Up", "scroll up";
    Down       [DOWN, char('j')] "",      "Down", "scroll down";
    Interrupt  [ctrl('c')]       "",      "Interrupt", "back to the screen";
};
