//! What can be asked of an export.

use crate::record::explored::Head;
use crate::report::picture::{MOST_PIXELS, Picture, Size};
use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::path::PathBuf;

/// Write a saved run, study or text as a picture, a page or a table, or in the format of another tool
///
/// perfetto is Chrome's JSON: ui.perfetto.dev opens it, PyTorch's readers and Holistic Trace Analysis do, and so
/// does blockscope view. What can be shown is what was recorded: passes and parts always, operators and memory if
/// the run was made with profile --trace.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run file, as profile --out or the interface wrote it, or a study, as compare --out and sweep --out write it; or
    /// a text, as capture --out writes it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The format
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub to: Format,

    /// With svg and png: which picture; without it the one that tells most of the file
    #[arg(long, value_name = "PICTURE", value_parser = pictures())]
    pub picture: Option<Picture>,

    /// With svg and png of a text: the head whose pattern is drawn, such as 8.1; may be given again
    #[arg(long, value_name = "BLOCK.HEAD")]
    pub head: Vec<Head>,

    /// With svg and png: the size in pixels, such as 1600x1000
    #[arg(long, value_name = "WxH", value_parser = size)]
    pub size: Option<Size>,

    /// Write to this file, not to standard output; compressed if its name ends in .gz
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,

    /// Replace PATH if it is there already
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// What a run or a study can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A trace in Chrome's JSON; of a run
    Perfetto,
    /// A picture whose text stays text
    Svg,
    /// A picture in pixels
    Png,
    /// One page with all pictures, tables and findings; it asks nothing of the network
    Html,
    /// The tables in Markdown, as for a pull request
    Md,
    /// One table for spreadsheets, in seconds and bytes
    Csv,
    /// Everything for programs, as profile --json and compare --json print it
    Json,
}

impl Format {
    pub fn is_picture(self) -> bool {
        matches!(self, Format::Svg | Format::Png)
    }
}

/// Pictures by their names.
fn pictures() -> impl TypedValueParser<Value = Picture> {
    let values = Picture::ALL.map(|picture| PossibleValue::new(picture.name()).help(picture.about()));
    PossibleValuesParser::new(values).try_map(|name| {
        Picture::ALL.into_iter().find(|picture| picture.name() == name).ok_or("there is no such picture")
    })
}

/// `1600x1000`
fn size(text: &str) -> std::result::Result<Size, String> {
    let numbers = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    let (width, height) = numbers.ok_or("expected a width and a height in pixels, such as 1600x1000")?;
    let least = Size::LEAST;
    let is_legible = width >= least.width && height >= least.height;
    if !is_legible || width > MOST_PIXELS || height > MOST_PIXELS {
        let (least_width, least_height) = (least.width, least.height);
        return Err(format!("expected {least_width}x{least_height} to {MOST_PIXELS}x{MOST_PIXELS} pixels"));
    }
    Ok(Size { width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_numbers_that_make_a_legible_picture() {
        assert_eq!(size("1600x1000"), Ok(Size { width: 1600, height: 1000 }));
        for wrong in ["", "x", "1600", "1600x", "axb", "-1x600", "100x100", "1600x9999", "99999999999x600"] {
            assert!(size(wrong).unwrap_err().starts_with("expected"), "{wrong}");
        }
    }
}
