//! What can be done on the Heads screen, and by which keys.

use crate::tui::action::act::{Action, actions};
use crate::tui::action::key::{BACKSPACE, DOWN, END, ENTER, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP, char};
use crate::tui::screens::about::{About, Shows};

pub const ABOUT: About = About {
    name: "Heads",
    short_name: "Heads",
    key: &[char('0')],
    about: "what every head looks at, and what it does",
    shows: Shows::Text,
    actions: ACTIONS,
};

#[rustfmt::skip]
const ACTIONS: &[Action] = actions! {
    Up         [UP, char('k')]   "move" + Down, "Above", "select the head, or the query, above";
    Down       [DOWN, char('j')] "",      "Below", "select the head, or the query, below";
    Left       [LEFT, char('h')] "",      "Left", "select the head before, or the key before";
    Right      [RIGHT, char('l')] "",     "Right", "select the next head, or the next key";
    Open       [ENTER]           "in",    "In", "from all heads into the selected one";
    Close      [BACKSPACE] "out", "Out", "from one head back to all of them";
    SwitchOff  [char('x')]       "off/on", "Switch off", "switch the selected head off, or on again, and see what that does";
    Change     [char('X')]       "change", "Change", "switch off, scale or patch a part of the model, or put another token there";
    ShowEffect [char('a')]       "effect", "Effect", "what the changes do: candidates, −ln p, both continuations";
    AllOn      [char('u')]       "undo",  "Undo", "take all changes back";
    Pin        [char('p')]       "pin",   "Pin", "keep this head and this text: what comes next is held against it; again: let go";
    Difference [char('d')]       "difference", "Difference", "the difference to the pinned head, or both side by side";
    Grouping   [char('o')]       "sort",  "Sort", "sort heads by what they do, or by how much they differ from the pinned pass";
    Filter     [char('f')]       "filter", "Filter", "only heads that do this or that";
    Colour     [char('c')]       "scale", "Scale", "shares of attention linearly, by square root, by logarithm, or of the row's most";
    Transpose  [char('v')]       "rows/columns", "Rows or columns", "queries down and rows that sum to 1, or across and columns";
    Jump       [char('/')]       "go to", "Go to", "go to a head by its number or what it does; in one to a position by its number or token";
    Repeat     [char('i')]       "repeat probe", "Repeat probe", "run random tokens twice: heads that find what came before stand out";
    Weigh      [char('I')]       "importance", "Importance", "what every head matters, switched off by itself, beside what it costs";
    Grow       [char('g')]       "go on", "Go on", "let the text go on: every token adds a row to every pattern";
    ZoomIn     [char('+'), char('=')] "zoom" + ZoomOut, "Zoom in", "half as many positions in a cell";
    ZoomOut    [char('-')]       "",      "Zoom out", "twice as many positions in a cell; the largest is shown";
    Whole      [char('z')]       "all",   "All of it", "as many positions in a cell that the whole text fits";
    NextFound  [char('n')]       "next head" + PreviousFound, "Next head", "the next head in the order chosen";
    PreviousFound [char('N')]    "",      "Head before", "the head before in the order chosen";
    PageUp     [PAGE_UP]         "",      "Page up", "a screenful up";
    PageDown   [PAGE_DOWN]       "",      "Page down", "a screenful down";
    First      [HOME]            "",      "First", "the first head, or what is first down the screen";
    Last       [END]             "",      "Last", "the last head, or what is last down the screen";
};
