//! A run or a study as a table to read, as JSON for other programs, as pictures. Knows no terminal: the text is plain.

pub mod benchmark;
pub mod csv;
pub mod explored;
pub mod grid;
pub mod html;
pub mod json;
pub mod layout;
pub mod markdown;
pub mod perfetto;
pub mod picture;
pub mod piece;
pub mod study;
pub mod table;
pub mod tokens;
pub mod traced;
