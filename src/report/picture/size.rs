//! How large a picture is, in pixels and in its own units.

use super::style;

/// The size of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// The size of a scene in its own units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    pub width: f64,
    pub height: f64,
}

impl Size {
    /// The least that is legible.
    pub const LEAST: Size = Size { width: 480, height: 300 };
}

/// The extent of a scene for a size in pixels: its shape, and never less than a picture is laid out for.
pub fn extent(size: Option<Size>, usual: Extent) -> Extent {
    let Some(Size { width, height }) = size else { return usual };
    let scale = (f64::from(width) / style::WIDTH).min(f64::from(height) / style::HEIGHT);
    Extent { width: f64::from(width) / scale, height: f64::from(height) / scale }
}
