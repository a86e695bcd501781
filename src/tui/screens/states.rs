//! What each screen knows of its own: how its lists lie open, what is selected there. What several screens share, such as
//! the run and the phase that is seen, is in `App`.

#[cfg(test)]
use super::list::Screen;
use super::list::every_screen;

macro_rules! states {
    ($($name:ident $folder:ident,)*) => {
        /// A state for each screen, under the name of its folder.
        #[derive(Debug, Default)]
        pub struct States {
            $(pub $folder: super::$folder::State,)*
        }

        #[cfg(test)]
        impl States {
            /// What each screen knows, as text.
            pub fn each(&self) -> Vec<(Screen, String)> {
                vec![$((Screen::$name, format!("{:?}", self.$folder)),)*]
            }
        }
    };
}

every_screen!(states);
