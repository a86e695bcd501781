//! The export itself, in each of the formats.

use super::args::{Args, Format};
use super::source::Source;
use crate::cli::failure::{Failure, Result};
use crate::record::Run;
use crate::report::layout::Detail;
use crate::report::picture::{self, MOST_PIXELS, Picture, Scene, Subject};
use crate::report::{csv, explored, html, json, markdown, perfetto, study, table};
use serde_json::Value;
use std::io::{self, Write};

/// A picture in pixels is so many times as large as one in an SVG: as sharp on a screen with small pixels.
const PNG_SCALE: f64 = 2.0;

pub enum Exported<'s> {
    /// Written piece by piece: it may be large.
    Trace(&'s Run),
    Json(Value),
    Bytes(Vec<u8>),
}

impl<'s> Exported<'s> {
    pub fn of(args: &Args, source: &'s Source) -> Result<Self> {
        let fail = |problem: String| Failure::Failed(format!("{}: {problem}", args.file.display()));
        let text = |text: String| Ok(Exported::Bytes(text.into_bytes()));
        match (args.to, source) {
            (Format::Svg | Format::Png, source) => {
                let scene = scene(args, source.subject()).map_err(fail)?;
                drawn(args, &scene).map(Exported::Bytes).map_err(fail)
            }
            (Format::Perfetto, Source::Run(run)) => Ok(Exported::Trace(run)),
            (Format::Perfetto, Source::Study(_)) => Err(fail(
                "a study keeps times, no trace of what ran when; profile --trace --out FILE records a run that has one"
                    .into(),
            )),
            (Format::Md, Source::Text(text)) => {
                Ok(Exported::Bytes(markdown::write(&explored::text(&text.1, &text.0.attributions)).into_bytes()))
            }
            (Format::Json, Source::Text(text)) => {
                Ok(Exported::Json(json::versioned(explored::json::text(&text.1, &text.0.attributions))))
            }
            (Format::Perfetto | Format::Html | Format::Csv, Source::Text(_)) => {
                Err(fail("of a text there are svg, png, md and json".into()))
            }
            (Format::Html, Source::Run(run)) => text(html::run(run).map_err(fail)?),
            (Format::Md, Source::Run(run)) => text(markdown::write(&table::profile(run, Detail::Summed, usize::MAX))),
            (Format::Csv, Source::Run(run)) => text(csv::run(run)),
            (Format::Json, Source::Run(run)) => Ok(Exported::Json(json::versioned(json::profile(run)))),
            (Format::Html, Source::Study(study)) => text(html::study(study).map_err(fail)?),
            (Format::Md, Source::Study(study)) => text(study::markdown(study)),
            (Format::Csv, Source::Study(study)) => text(study::csv::arms(study)),
            (Format::Json, Source::Study(study)) => Ok(Exported::Json(json::versioned(study::json::study(study)))),
        }
    }

    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Exported::Trace(run) => perfetto::write(run, out),
            Exported::Bytes(bytes) => out.write_all(bytes),
            Exported::Json(value) => {
                serde_json::to_writer(&mut *out, value)?;
                out.write_all(b"\n")
            }
        }
    }
}

/// The picture that is asked for, or the most telling one; if there is none, why, and what there is.
fn scene(args: &Args, subject: Subject) -> std::result::Result<Scene, String> {
    let asked = args.picture.or((!args.head.is_empty()).then_some(Picture::Head));
    let chosen = match asked {
        Some(picture) => Some(picture),
        None => Picture::all_of(subject).first().map(|(picture, _)| *picture),
    };
    let Some(picture) = chosen else {
        return Err("there is nothing in it that a picture could show: no part of it was timed".into());
    };
    picture.of(subject, args.size).map_err(|why| {
        let others = Picture::all_of(subject);
        let names: Vec<&str> = others.iter().map(|(other, _)| other.name()).collect();
        let has = if names.is_empty() { "no picture".to_owned() } else { names.join(", ") };
        let (name, command) = (picture.name(), picture.recorded_by());
        format!("no {name} in it: {why}. It has {has}; {command} records what {name} shows")
    })
}

fn drawn(args: &Args, scene: &Scene) -> std::result::Result<Vec<u8>, String> {
    let asked = args.size.map(|size| f64::from(size.width) / scene.width);
    if args.to == Format::Svg {
        return picture::svg(scene, asked.unwrap_or(1.0)).map(String::into_bytes);
    }
    // A model with very many blocks makes a high picture.
    let most = f64::from(MOST_PIXELS) / scene.width.max(scene.height);
    picture::png(scene, asked.unwrap_or(PNG_SCALE.min(most)))
}
