//! A run as a table to read and as JSON for other programs. Knows no terminal: the text is plain.

pub mod grid;
pub mod json;
pub mod layout;
pub mod perfetto;
pub mod table;
pub mod traced;
