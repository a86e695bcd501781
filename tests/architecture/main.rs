//! The house holds together: imports go downward, files form no circle. Read from the source, as tokens.

mod circles;
mod floors;
mod names;
mod paths;
mod source;
