//! What is exported: a run, a study, or what was seen of a text, as its file says.

use super::args::Format;
use crate::cli::failure::{Failure, Result};
use crate::cli::output::Output;
use crate::cli::view::is_tensors;
use crate::interpret::explore::Captured;
use crate::record::explored::{Head, Text};
use crate::record::file::{self, Content};
use crate::record::{Run, Study, Watched, input, study};
use crate::report::picture::Subject;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

pub enum Source {
    Run(Box<Run>),
    Study(Box<Study>),
    /// What a file has of a text, and what pictures are drawn of.
    Text(Box<(Captured, Text)>),
}

impl Source {
    /// Reads any of them; of a text's patterns those of these heads. What a pipe gives can be read only once: its
    /// beginning is put before the rest again.
    pub fn read(path: &Path, heads: &[Head]) -> Result<Self> {
        let look = || -> io::Result<(File, Vec<u8>)> {
            let mut file = input::open(path)?;
            let mut beginning = Vec::new();
            file.by_ref().take(256).read_to_end(&mut beginning)?;
            Ok((file, beginning))
        };
        let (file, beginning) = look().map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
        if is_tensors(path, &beginning) {
            let captured = Captured::read(path)?;
            let text = captured.text(heads)?;
            return Ok(Source::Text(Box::new((captured, text))));
        }
        let content = Content::of(&beginning);
        let whole = BufReader::new(Cursor::new(beginning).chain(file));
        Ok(match content {
            Content::Study => Source::Study(Box::new(study::file::read_from(whole, path)?)),
            Content::Run | Content::Other => Source::Run(Box::new(file::read_from(whole, path)?)),
        })
    }

    pub fn subject(&self) -> Subject<'_> {
        match self {
            Source::Run(run) => Subject::Run(run),
            Source::Study(study) => Subject::Study(study),
            Source::Text(text) => Subject::Text(&text.1),
        }
    }

    /// Refuses a run in which nothing took time, and a study without a sample.
    pub fn check(&self, path: &Path) -> Result {
        let problem = match self {
            Source::Run(run) if run.passes.iter().any(|pass| pass.time.is_some() || !pass.spans.is_empty()) => None,
            Source::Run(_) => Some("the run ended before its first pass had"),
            Source::Study(study) if !study.samples.is_empty() => None,
            Source::Study(_) => Some("the study ended before its first sample"),
            Source::Text(_) => None,
        };
        match problem {
            None => Ok(()),
            Some(problem) => Err(Failure::Failed(format!("{}: there is nothing to export: {problem}", path.display()))),
        }
    }

    /// Says what is not in the export, though it could be.
    pub fn tell(&self, format: Format, out: &mut Output) {
        let run = match self {
            Source::Study(study) => {
                if study.status.is_none() {
                    out.warning("the study was cut off before its end: what it had measured until then is there");
                }
                return;
            }
            Source::Run(run) => run,
            Source::Text(_) => return,
        };
        if run.status.is_none() {
            out.warning("the run was cut off before its end: what it had recorded until then is there");
        }
        if format == Format::Perfetto && !run.passes.iter().any(|pass| pass.start.watched == Watched::Operators) {
            out.note("this run has no operators and no memory: it was not traced; profile --trace records them");
        }
        let cut = run.passes.iter().filter_map(|pass| pass.cut).fold((0u64, 0u64), |(operators, allocations), cut| {
            (operators.saturating_add(cut.operators), allocations.saturating_add(cut.allocations))
        });
        if cut != (0, 0) {
            out.warning(&format!("the run was cut: {} operators and {} allocations are not in it", cut.0, cut.1));
        }
    }
}
