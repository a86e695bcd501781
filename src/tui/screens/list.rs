//! The list of the screens, in the order of their tabs: a line each, with the name of its folder. Whatever goes through
//! all screens is made from it.

/// Hands every screen to a macro: its name, and its folder.
macro_rules! every_screen {
    ($then:ident) => {
        $then! {
            Blocks blocks,
            Timeline timeline,
            Roofline roofline,
            Memory memory,
            Generate generate,
            Step step,
            Compare compare,
            Matrix matrix,
            Sweep sweep,
            Heads heads,
            Lens lens,
            Learn learn,
        }
    };
}

pub(in crate::tui) use every_screen;

macro_rules! names {
    ($($name:ident $folder:ident,)*) => {
        /// A screen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Screen {
            $(#[doc = concat!("`screens/", stringify!($folder), "`")] $name,)*
        }

        impl Screen {
            /// All, in the order of their tabs.
            pub const ALL: &'static [Screen] = &[$(Screen::$name),*];
        }
    };
}

every_screen!(names);
