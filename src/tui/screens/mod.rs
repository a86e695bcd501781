//! The screens: a folder each, with its state, its actions, what they do (`perform`) and its drawing (`view`). A new one
//! is a folder and a line of [`list`].

pub mod about;
pub mod blocks;
pub mod compare;
pub mod generate;
pub mod heads;
pub mod learn;
pub mod lens;
pub mod list;
pub mod matrix;
pub mod memory;
pub mod roofline;
pub mod states;
pub mod step;
pub mod sweep;
pub mod tabs;
pub mod timeline;

use super::action::Act;
use super::app::{App, Drawn};
use list::{Screen, every_screen};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

macro_rules! dispatch {
    ($($name:ident $folder:ident,)*) => {
        /// Draws the present screen.
        pub fn draw(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
            match app.screen { $(Screen::$name => $folder::view::draw(app, area, buf, drawn),)* }
        }

        /// Does what an action means on the present screen.
        pub fn perform(app: &mut App, act: Act) {
            match app.screen { $(Screen::$name => $folder::perform::perform(app, act),)* }
        }

        /// Whether an action of the present screen would change anything now: the strip leaves out what would not.
        pub fn is_of_use(app: &App, act: Act) -> bool {
            match app.screen { $(Screen::$name => $folder::perform::is_of_use(app, act),)* }
        }
    };
}

every_screen!(dispatch);
