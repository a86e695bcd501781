//! The font of the pictures, compiled in: text is as long on a machine without any font as on every other.

use plotters::style::{FontFamily, FontStyle, IntoFont, register_font};
use std::sync::Once;

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

/// How long a text of this size is.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    /// The backend counts whole pixels.
    const FINE: f64 = 32.0;
    register();
    let font = (FAMILY, size * LINE * FINE, style(bold)).into_font();
    font.box_size(text).map_or(0.0, |(width, _)| f64::from(width) / FINE)
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
    }
}
