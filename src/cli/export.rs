//! `blockscope export`: a saved run, study or text as a picture, a page, a table, or in the format of another tool.

mod args;
mod exported;
mod source;

pub use args::Args;

use super::args::check_free;
use super::failure::{Failure, Result};
use super::output::Output;
use crate::record::file::{self, Existing};
use args::Format;
use exported::Exported;
use flate2::write::GzEncoder;
use source::Source;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

pub fn run(args: &Args, out: &mut Output) -> Result {
    check(args)?;
    let source = Source::read(&args.file, &args.head)?;
    source.check(&args.file)?;
    let exported = Exported::of(args, &source)?;
    match &args.out {
        Some(path) => to_file(args, &exported, path)?,
        None => to_stdout(&exported, out)?,
    }
    source.tell(args.to, out);
    Ok(())
}

/// Refuses what cannot be, before anything is read.
fn check(args: &Args) -> Result {
    if let Some(path) = &args.out {
        check_free(path, args.force)?;
        if is_same(path, &args.file) {
            return Err(Failure::Usage(format!("{}: this is FILE itself; name another", path.display())));
        }
    }
    let usage = |problem: &str| Err(Failure::Usage(problem.to_owned()));
    match args.to {
        Format::Png if args.out.is_none() && io::stdout().is_terminal() => {
            usage("a PNG is nothing for a terminal: name a file for it with --out")
        }
        format if format.is_picture() => Ok(()),
        Format::Html if args.picture.is_some() => usage("--picture is for svg and png: a page has all of them"),
        _ if args.picture.is_some() => usage("--picture is for svg and png"),
        _ if !args.head.is_empty() => usage("--head is for svg and png"),
        _ if args.size.is_some() => usage("--size is for svg and png"),
        _ => Ok(()),
    }
}

fn to_stdout(exported: &Exported, out: &mut Output) -> Result {
    if let Exported::Json(value) = exported {
        return out.json(value.clone());
    }
    let mut stdout = BufWriter::new(io::stdout().lock());
    let written = exported.write(&mut stdout).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::of_output(&error))
}

fn to_file(args: &Args, exported: &Exported, path: &Path) -> Result {
    let existing = if args.force { Existing::Replace } else { Existing::Keep };
    file::whole(path, existing, |file| {
        if path.extension() != Some(OsStr::new("gz")) {
            return exported.write(file);
        }
        let mut packed = BufWriter::new(GzEncoder::new(file, flate2::Compression::default()));
        exported.write(&mut packed)?;
        packed.into_inner().map_err(io::IntoInnerError::into_error)?.finish().map(drop)
    })?;
    Ok(())
}

/// Whether both paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).is_ok_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}
