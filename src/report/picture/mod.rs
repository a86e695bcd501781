//! Pictures of a run or a study: each is one function from data to a [`Scene`], which any backend of plotters draws, so
//! that an SVG and a PNG are the same picture.

mod axis;
mod blocks;
mod font;
mod frame;
mod memory;
mod names;
mod render;
mod roofline;
pub mod scene;
mod style;

pub use render::{MOST_PIXELS, escaped, png, svg};
pub use scene::Scene;

use crate::trace::Run;

/// A kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// The time of each block, split into its stages.
    Blocks,
    /// What each part reached under the limits of the machine.
    Roofline,
    /// What memory is for, over the time of a pass.
    Memory,
}

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

impl Picture {
    pub const ALL: [Picture; 3] = [Picture::Blocks, Picture::Roofline, Picture::Memory];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Picture::Blocks => "blocks",
            Picture::Roofline => "roofline",
            Picture::Memory => "memory",
        }
    }

    /// The picture of a run.
    ///
    /// # Errors
    /// Why there is none: the run lacks what it shows.
    pub fn of_run(self, run: &Run, size: Option<Size>) -> Result<Scene, String> {
        match self {
            Picture::Blocks => blocks::scene(run, size),
            Picture::Roofline => roofline::scene(run, size),
            Picture::Memory => memory::scene(run, size),
        }
    }
}

/// The extent of a scene for a size in pixels: its shape, and never less than a picture is laid out for.
fn extent(size: Option<Size>, usual: Extent) -> Extent {
    let Some(Size { width, height }) = size else { return usual };
    let scale = (f64::from(width) / style::WIDTH).min(f64::from(height) / style::HEIGHT);
    Extent { width: f64::from(width) / scale, height: f64::from(height) / scale }
}
