//! The popups: what lies over a screen.

pub mod candidate;
pub mod changing;
pub mod effect;
pub mod find;
pub mod glossary;
pub mod help;
pub mod jump;
pub mod models;
pub mod notice;
pub mod palette;
pub mod perform;
pub mod picker;
pub mod prompt;
pub mod toggles;
pub mod tokens;
pub mod values;
