//! The font of the pictures, compiled in: text is as long on a machine without any font as on every other.

use plotters::style::{FontFamily, FontStyle, IntoFont, register_font};
use std::sync::Once;
use unicode_width::UnicodeWidthChar;

const REGULAR: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("fonts/DejaVuSans-Bold.ttf");

/// The name under which it is known here. In an SVG, whoever opens it chooses the font that this stands for: the one
/// compiled in is wider than most, so that what fits here fits there.
pub const FAMILY: FontFamily = FontFamily::SansSerif;

/// Between the size of a text and the height of a line, by which the backends measure fonts.
pub const LINE: f64 = 1.2;

/// Makes the font known to the backends.
pub fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            let known = register_font(FAMILY.as_str(), style, bytes);
            debug_assert!(known.is_ok(), "the font that is compiled in is one");
        }
    });
}

/// The style of a text.
pub fn style(bold: bool) -> FontStyle {
    if bold { FontStyle::Bold } else { FontStyle::Normal }
}

/// How long a text of this size is. The font has none of the characters that take two columns (東, 😀): a PNG shows
/// boxes in their place, an SVG what the reader's own font has, for which there is room.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    /// The backend counts whole pixels.
    const FINE: f64 = 32.0;
    /// Of a character of two columns, in sizes; pictures of faces are as wide as this.
    const WIDE: f64 = 1.25;
    register();
    let font = (FAMILY, size * LINE * FINE, style(bold)).into_font();
    let (wide, known): (Vec<char>, String) = halves(text);
    let known = font.box_size(&known).map_or(0.0, |(width, _)| f64::from(width) / FINE);
    known + wide.len() as f64 * WIDE * size
}

/// Whether the font lacks a character of it.
pub fn lacks(text: &str) -> bool {
    let is_outside =
        |c| matches!(c, '\u{530}'..='\u{1dff}' | '\u{1f00}'..='\u{1fff}' | '\u{2400}'..='\u{257f}' | '\u{2a00}'..);
    text.chars().any(|c| c != '\u{fffd}' && is_outside(c))
}

/// The characters of two columns, and the others.
fn halves(text: &str) -> (Vec<char>, String) {
    let is_wide = |c: &char| c.width() == Some(2);
    (text.chars().filter(is_wide).collect(), text.chars().filter(|c| !is_wide(c)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_a_length_without_a_font_on_the_machine() {
        let short = width("attention", 12.0, false);
        assert!((50.0..80.0).contains(&short), "{short}");
        assert!((width("attention", 24.0, false) / short - 2.0).abs() < 0.01);
        assert!(width("attention", 12.0, true) > short);
        assert!(width("µ°·–×÷≤≥²αβ", 12.0, false) > 40.0);
        assert_eq!(width("", 12.0, false), 0.0);
        assert_eq!(width("東京", 12.0, false), 30.0);
        assert_eq!(["東", "👩", "␛", "שלום", "·the↵⟨é…", "Привет"].map(lacks), [true, true, true, true, false, false]);
    }
}
