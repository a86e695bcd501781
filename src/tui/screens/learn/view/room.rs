//! How much room a lesson needs, and a screen beside it.

/// Columns of a lesson's text, at least and at most.
pub const TEXT: (u16, u16) = (32, 60);

/// Columns that a screen needs beside a lesson.
pub const STAGE: u16 = 44;

/// Columns of a lesson at least, with its edge and margins, and of both.
pub const LESSON: u16 = TEXT.0 + 4;

pub const BESIDE: u16 = LESSON + STAGE;
