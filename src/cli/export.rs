//! `blockscope export`: a saved run in the format of another tool.

use super::args::check_free;
use super::failure::{Failure, Result};
use super::output::Output;
use crate::report::perfetto;
use crate::trace::file::{self, Existing};
use crate::trace::{Run, Watched};
use clap::ValueEnum;
use flate2::write::GzEncoder;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Write a saved run in the format of another tool
///
/// perfetto is Chrome's JSON: ui.perfetto.dev opens it, PyTorch's readers and Holistic Trace Analysis do, and so
/// does blockscope view. What it can show is what the run recorded: passes and parts always, operators and memory if
/// it was made with profile --trace.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run file, as profile --out or the interface wrote it
    #[arg(value_name = "RUN")]
    file: PathBuf,

    /// The format
    #[arg(long, value_name = "FORMAT", value_enum)]
    to: Format,

    /// Write to this file, not to standard output; compressed if its name ends in .gz
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

pub fn run(args: &Args, out: &mut Output) -> Result {
    if let Some(path) = &args.out {
        check_free(path, args.force)?;
        if is_same(path, &args.file) {
            return Err(Failure::Usage(format!("{}: this is RUN itself; name another file", path.display())));
        }
    }
    let run = file::read(&args.file)?;
    check(&run, &args.file)?;
    match &args.out {
        Some(path) => to_file(args, &run, path)?,
        None => {
            let mut stdout = BufWriter::new(io::stdout().lock());
            let written = args.to.write(&run, &mut stdout).and_then(|()| stdout.flush());
            written.map_err(|error| Failure::of_output(&error))?;
        }
    }
    tell(&run, out);
    Ok(())
}

fn to_file(args: &Args, run: &Run, path: &Path) -> Result {
    let existing = if args.force { Existing::Replace } else { Existing::Keep };
    file::whole(path, existing, |file| {
        if path.extension() != Some(OsStr::new("gz")) {
            return args.to.write(run, file);
        }
        let mut packed = BufWriter::new(GzEncoder::new(file, flate2::Compression::default()));
        args.to.write(run, &mut packed)?;
        packed.into_inner().map_err(io::IntoInnerError::into_error)?.finish().map(drop)
    })?;
    Ok(())
}

/// Whether both paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Refuses a run in which nothing took time.
fn check(run: &Run, path: &Path) -> Result {
    let has_passed = run.passes.iter().any(|pass| pass.time.is_some() || !pass.spans.is_empty());
    let problem = "there is nothing to export: the run ended before its first pass had";
    if has_passed { Ok(()) } else { Err(Failure::Failed(format!("{}: {problem}", path.display()))) }
}

/// Says what is not in the trace, though it could be.
fn tell(run: &Run, out: &mut Output) {
    if run.status.is_none() {
        out.warning("the run was cut off before its end: what it had recorded until then is in the trace");
    }
    if !run.passes.iter().any(|pass| pass.start.watched == Watched::Operators) {
        out.note("this run has no operators and no memory: it was not traced; profile --trace records them");
    }
    let cut = run.passes.iter().filter_map(|pass| pass.cut).fold((0u64, 0u64), |(operators, allocations), cut| {
        (operators.saturating_add(cut.operators), allocations.saturating_add(cut.allocations))
    });
    if cut != (0, 0) {
        out.warning(&format!("the run was cut: {} operators and {} allocations are not in it", cut.0, cut.1));
    }
}
