//! What all pictures have in common: one palette, one set of sizes, and how figures stand on an axis.

use crate::record::Category;
use crate::record::explored::Role;
use crate::units::{Bytes, Nanos, count, exactly};

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// What stands behind everything.
pub const GROUND: Colour = Colour(0xff, 0xff, 0xff);
/// Titles and names.
pub const INK: Colour = Colour(0x1f, 0x23, 0x28);
/// What is said beside them.
pub const DIM: Colour = Colour(0x59, 0x63, 0x6e);
/// Axes.
pub const RULE: Colour = Colour(0xaf, 0xb8, 0xc1);
/// The lines of the grid.
pub const GRID: Colour = Colour(0xea, 0xee, 0xf2);
/// A range that stands behind marks.
pub const BAND: Colour = Colour(0xdf, 0xe3, 0xe8);
/// What matters less.
pub const FAINT: Colour = Colour(0x99, 0x99, 0x99);

// The palette of Okabe and Ito (2008), which colour-blind people tell apart. Its yellow is too light for lines on white.
pub const BLUE: Colour = Colour(0x00, 0x72, 0xb2);
pub const ORANGE: Colour = Colour(0xe6, 0x9f, 0x00);
pub const GREEN: Colour = Colour(0x00, 0x9e, 0x73);
pub const VERMILION: Colour = Colour(0xd5, 0x5e, 0x00);
pub const SKY: Colour = Colour(0x56, 0xb4, 0xe9);
pub const PURPLE: Colour = Colour(0xcc, 0x79, 0xa7);

/// For series that have no colour of their own, the easiest to tell apart first.
pub const SERIES: [Colour; 6] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY];

/// From nothing to all, even in lightness: cells of a map on white, where what is absent is the ground.
pub const HEAT: [Colour; 7] = [
    Colour(0xe9, 0xf2, 0xf5),
    Colour(0xa8, 0xd2, 0xe9),
    Colour(0x6b, 0xaf, 0xdf),
    Colour(0x43, 0x8a, 0xc8),
    Colour(0x32, 0x65, 0xa4),
    Colour(0x28, 0x43, 0x77),
    Colour(0x1c, 0x25, 0x45),
];

/// The least size that a picture is laid out for; on a smaller one everything shrinks.
pub const WIDTH: f64 = 960.0;
pub const HEIGHT: f64 = 600.0;
/// Room around everything.
pub const MARGIN: f64 = 24.0;

// Sizes of text.
pub const TITLE: f64 = 19.0;
pub const TEXT: f64 = 13.0;
pub const SMALL: f64 = 11.5;
/// The least that is legible.
pub const LEAST: f64 = 9.5;

/// The colour of a kind of memory.
pub fn of_category(category: Category) -> Colour {
    match category {
        Category::Weights => FAINT,
        Category::KvCache => GREEN,
        Category::Activations => SKY,
        Category::Temporaries => VERMILION,
    }
}

/// The colour of what a head does. On natural text most are sinks: theirs is the quietest.
pub fn of_role(role: Role) -> Colour {
    match role {
        Role::Induction => VERMILION,
        Role::Previous => GREEN,
        Role::Duplicate => PURPLE,
        Role::Sink => FAINT,
    }
}

/// What a kind of memory is called.
pub fn category_name(category: Category) -> &'static str {
    match category {
        Category::Weights => "weights",
        Category::KvCache => "KV cache",
        Category::Activations => "activations",
        Category::Temporaries => "temporaries",
    }
}

/// A time on an axis, from nanoseconds: `20 ms`.
pub fn time(nanos: f64) -> String {
    tidy(&Nanos(nanos.round().max(0.0) as u64).to_string())
}

/// A size on an axis: `40 MB`.
pub fn bytes(bytes: f64) -> String {
    tidy(&Bytes(bytes.round().max(0.0) as u64).to_string())
}

/// A number without a unit on an axis: `0.05`, `20`, `5k`.
pub fn number(value: f64) -> String {
    match value {
        _ if value == 0.0 => "0".into(),
        _ if value.abs() < 0.001 => format!("{value:.0e}"),
        _ if value.abs() < 1000.0 => {
            let text = format!("{value:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => tidy(&count(value.round() as u64)),
    }
}

/// A number to its last digit, if it is a whole one: `2,048`.
pub fn whole(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) { exactly(value as u64) } else { number(value) }
}

/// A quantity without zeros behind its point: `20 ms` for `20.0 ms`.
fn tidy(quantity: &str) -> String {
    let end = quantity.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(quantity.len());
    let (digits, unit) = quantity.split_at(end);
    if digits == "0" {
        return "0".into();
    }
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_on_an_axis_have_units_and_no_idle_zeros() {
        assert_eq!([0.0, 20e6, 1.5e9, 250.0].map(time), ["0", "20 ms", "1.5 s", "250 ns"]);
        assert_eq!([0.0, 40e6, 100e6].map(bytes), ["0", "40 MB", "100 MB"]);
        assert_eq!([64.0, 2048.0, 0.5].map(whole), ["64", "2,048", "0.5"]);
        assert_eq!([0.0, 0.05, 1.0, 20.0, 200.0, 5e3, 2e-5].map(number), ["0", "0.05", "1", "20", "200", "5k", "2e-5"]);
    }
}
