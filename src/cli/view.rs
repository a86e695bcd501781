//! `blockscope view`: the terminal interface on a saved run, study or text, or on traces of PyTorch's profiler.

use super::failure::{Failure, Result};
use super::interface::{open, startup};
use super::output::Output;
use crate::analyse::chrome;
use crate::interpret::explore::Captured;
use crate::record::file::Content;
use crate::record::{file, input, study};
use crate::tui::Begin;
use crate::units::percent;
use clap::ColorChoice;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Open the terminal interface on a saved run, study or text, or on traces of PyTorch's profiler; no model is needed
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run file, as profile --out or the interface wrote it; a study, as compare --out and sweep --out; a text, as
    /// capture --out; or a trace (.json, .json.gz), as export_chrome_trace wrote it, or several of them, one of each
    /// rank
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// How often the progress of a long reading is shown.
const EVERY: Duration = Duration::from_millis(100);

pub fn run(args: &Args, colours: ColorChoice, out: &mut Output) -> Result {
    let begin = match args.files.as_slice() {
        [file] => one(file, out)?,
        files => {
            for file in files {
                if !is_trace(&look(file)?.1) {
                    let problem =
                        "several files are shown together only if all are traces; this one is not. Name it alone";
                    return Err(Failure::Usage(format!("{}: {problem}", file.display())));
                }
            }
            traces(files, out)?
        }
    };
    open(startup(begin, colours))
}

/// A run, a study, a text or a trace. What a pipe gives can be read only once: its beginning is put before the rest again.
fn one(path: &Path, out: &mut Output) -> Result<Begin> {
    let (file, beginning) = look(path)?;
    if is_tensors(path, &beginning) {
        Captured::check(path)?;
        return Ok(Begin::Capture { path: path.to_owned() });
    }
    let (is_trace, is_study) = (is_trace(&beginning), Content::of(&beginning) == Content::Study);
    if is_trace && file.metadata().is_ok_and(|about| about.is_file()) {
        return traces(&[path.to_owned()], out);
    }
    let (name, whole) = (path.display().to_string(), Cursor::new(beginning).chain(file));
    Ok(match is_trace {
        true => Begin::Trace { timeline: Box::new(chrome::read(whole, path)?), name },
        false if is_study => {
            Begin::Study { study: Box::new(study::file::read_from(BufReader::new(whole), path)?), file: name }
        }
        false => Begin::Run { run: Box::new(file::read_from(BufReader::new(whole), path)?), file: name },
    })
}

/// Reads traces, showing how far that is.
fn traces(files: &[PathBuf], out: &mut Output) -> Result<Begin> {
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

/// The file, and what it begins with, which has been read from it.
fn look(path: &Path) -> Result<(File, Vec<u8>)> {
    let read = || -> io::Result<(File, Vec<u8>)> {
        let mut file = input::open(path)?;
        let mut beginning = Vec::new();
        file.by_ref().take(1024).read_to_end(&mut beginning)?;
        Ok((file, beginning))
    };
    read().map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

/// Whether a file is safetensors, or should be by its name: the length of its header in eight bytes, then JSON.
pub fn is_tensors(path: &Path, beginning: &[u8]) -> bool {
    let is_called_so = path.extension().is_some_and(|extension| extension == "safetensors");
    let length = beginning.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    is_called_so || length.is_some_and(|length| length < 1 << 32) && beginning.get(8) == Some(&b'{')
}

/// Whether a file that begins like this is a trace: compressed, or JSON that is no run. What is neither is read as
/// a run, and refused as one.
fn is_trace(beginning: &[u8]) -> bool {
    let text = beginning.trim_ascii_start();
    let is_object = text.starts_with(b"{") && !text.starts_with(b"{\"version\"");
    let is_list = text.strip_prefix(b"[").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"{"));
    beginning.starts_with(b"\x1f\x8b") || is_object || is_list
}
