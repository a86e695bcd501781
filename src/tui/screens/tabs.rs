//! The screens by what they say of themselves.

use super::about::{About, Shows};
use super::list::{Screen, every_screen};
use crate::tui::action::act::{Act, Action};

macro_rules! abouts {
    ($($name:ident $folder:ident,)*) => {
        impl Screen {
            pub fn about(self) -> &'static About {
                match self { $(Screen::$name => &super::$folder::actions::ABOUT,)* }
            }
        }

        /// The actions that open them.
        pub const OPENINGS: &[Action] = &[$(Action {
            act: Act::Go(Screen::$name),
            id: stringify!($name),
            keys: super::$folder::actions::ABOUT.key,
            word: "",
            with: None,
            name: concat!("Screen: ", stringify!($name)),
            about: super::$folder::actions::ABOUT.about,
        },)*];
    };
}

every_screen!(abouts);

impl Screen {
    /// The name on its tab.
    pub fn name(self) -> &'static str {
        self.about().name
    }

    /// The same where there is little room.
    pub fn short_name(self) -> &'static str {
        self.about().short_name
    }

    /// The screen of this name, in whatever case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|screen| screen.name().eq_ignore_ascii_case(name))
    }

    /// Whether it shows a study rather than a run.
    pub fn is_of_studies(self) -> bool {
        self.about().shows == Shows::Study
    }

    /// Whether it shows what is seen of one pass over a text.
    pub fn is_of_text(self) -> bool {
        self.about().shows == Shows::Text
    }
}
