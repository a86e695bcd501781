//! `blockscope view`: the terminal interface on a saved run, or on traces of PyTorch's profiler.

use super::failure::{Failure, Result};
use super::output::Output;
use super::run::{open, startup};
use crate::trace::chrome;
use crate::trace::file;
use crate::tui::Begin;
use crate::units::percent;
use clap::ColorChoice;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Open the terminal interface on a saved run, or on traces of PyTorch's profiler; no model is needed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run file, as profile --out or the interface wrote it; or a trace (.json, .json.gz), as
    /// export_chrome_trace wrote it, or several of them, one of each rank
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// How often the progress of a long reading is shown.
const EVERY: Duration = Duration::from_millis(100);

pub fn run(args: &Args, colours: ColorChoice, out: &mut Output) -> Result {
    let mut traces = Vec::new();
    for path in &args.files {
        traces.push(is_trace(path)?);
    }
    let begin = match (args.files.as_slice(), traces.as_slice()) {
        ([file], [false]) => Begin::Run { run: Box::new(file::read(file)?), file: file.display().to_string() },
        (files, traces) => {
            if let Some(run) = traces.iter().position(|is_trace| !is_trace) {
                let problem = "several files are shown together only if all are traces; this one is not. Name it alone";
                return Err(Failure::Usage(format!("{}: {problem}", files[run].display())));
            }
            trace(files, out)?
        }
    };
    open(startup(begin, colours))
}

/// Reads traces, showing how far that is.
fn trace(files: &[PathBuf], out: &mut Output) -> Result<Begin> {
    let all: u64 = files.iter().filter_map(|path| fs::metadata(path).ok()).map(|about| about.len()).sum();
    let mut shown = Instant::now();
    let timeline = chrome::open(files, &mut |bytes| {
        if shown.elapsed() >= EVERY {
            shown = Instant::now();
            out.progress(&format!("reading the trace · {}", percent(bytes as f64 / all.max(1) as f64)));
        }
    });
    out.progress("");
    let name = match files {
        [file] => file.display().to_string(),
        files => format!("{} ranks", files.len()),
    };
    Ok(Begin::Trace { timeline: Box::new(timeline?), name })
}

/// Whether a file is a trace, by what is in it: compressed, or JSON that is no run. What is neither is read as
/// a run, and refused as one.
fn is_trace(path: &Path) -> Result<bool> {
    let read = || -> io::Result<Vec<u8>> {
        let mut beginning = Vec::new();
        // What can be read only once, such as a pipe, is left to the one who reads it.
        if fs::metadata(path)?.is_file() {
            File::open(path)?.take(1024).read_to_end(&mut beginning)?;
        }
        Ok(beginning)
    };
    let beginning = read().map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    let text = beginning.trim_ascii_start();
    let is_object = text.starts_with(b"{") && !text.starts_with(b"{\"version\"");
    let is_list = text.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"));
    Ok(beginning.starts_with(b"\x1f\x8b") || is_object || is_list)
}
