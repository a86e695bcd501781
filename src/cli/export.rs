//! `blockscope export`: a saved run in the format of another tool.

use super::args::check_free;
use super::failure::{Failure, Result};
use crate::report::perfetto;
use crate::trace::{Run, file};
use clap::ValueEnum;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Write a saved run in the format of another tool
///
/// perfetto is Chrome's JSON: ui.perfetto.dev opens it, PyTorch's readers and Holistic Trace Analysis do, and so
/// does blockscope view.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run file, as profile --out or the interface wrote it
    #[arg(value_name = "RUN")]
    file: PathBuf,

    /// The format
    #[arg(long, value_name = "FORMAT", value_enum)]
    to: Format,

    /// Write to this file, not to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Replace FILE if it is there already
    #[arg(long, requires = "out")]
    force: bool,
}

/// What a run can be written as.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A trace in Chrome's JSON
    Perfetto,
}

impl Format {
    fn write(self, run: &Run, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Format::Perfetto => perfetto::write(run, out),
        }
    }
}

pub fn run(args: &Args) -> Result {
    if let Some(path) = &args.out {
        check_free(path, args.force)?;
    }
    let run = file::read(&args.file)?;
    let Some(path) = &args.out else {
        let mut out = BufWriter::new(io::stdout().lock());
        let written = args.to.write(&run, &mut out).and_then(|()| out.flush());
        return written.map_err(|error| Failure::of_output(&error));
    };
    let written = create(path, args.force).and_then(|file| {
        let mut out = BufWriter::new(file);
        args.to.write(&run, &mut out)?;
        out.flush()
    });
    written.map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))
}

fn create(path: &Path, force: bool) -> io::Result<File> {
    match force {
        true => File::create(path),
        false => File::create_new(path),
    }
}
