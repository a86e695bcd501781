//! How long a run file of up to a million events takes to open, and how much memory: the cost of an event must not grow
//! with the file.
//!
//! What is written is one traced run of SmolLM2, whose passes are repeated until there are enough operators, allocations
//! and parts in it. Each opening has a process of its own, so that the peak is its own.

use blockscope::arch::Toggles;
use blockscope::measure::{Control, Prompt, Request, Session};
use blockscope::record::{Event, Run, Watched, file};
use blockscope::units::Bytes;
use std::path::Path;
use std::time::Instant;

mod opening;

const EVENTS: [usize; 3] = [250_000, 500_000, 1_000_000];

fn main() {
    if let Some(path) = opening::asked_for() {
        return open(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let short = recorded();
    for events in EVENTS {
        let path = folder.path().join(format!("{events}.jsonl"));
        file::write_run(&path, &repeated(&short, events)).unwrap();
        println!("{events} events, {}", Bytes(std::fs::metadata(&path).unwrap().len()));
        opening::each(&path);
    }
}

/// Opens a file, and says what it took.
fn open(path: &Path) {
    let begin = Instant::now();
    let run = file::read(path).unwrap();
    let time = begin.elapsed();
    let each = time / events(&run) as u32;
    println!("{:.2} s, {each:?} an event, at most {} resident", time.as_secs_f64(), opening::peak());
}

fn recorded() -> Run {
    let session = Session::open("smollm2", &Toggles::default(), &mut |_, _, _| true).unwrap_or_else(|e| panic!("{e}"));
    let (prompt, watched) = (Prompt::Synthetic(16), Watched::Operators);
    let request = Request { prompt, new_tokens: 16, stop: false, watched, ..Request::default() };
    let mut run = Run::default();
    session.run(&request, &Control::default(), &mut |event: Event| run.apply(event));
    run
}

/// The run with its passes again and again, until it has so many events.
fn repeated(run: &Run, wanted: usize) -> Run {
    let mut longer = Run { passes: Vec::new(), ..run.clone() };
    let mut has = 0;
    for (repeat, pass) in run.passes.iter().cycle().enumerate() {
        if has >= wanted {
            break;
        }
        let mut pass = pass.clone();
        pass.start.repeat = (repeat / run.passes.len()) as u32;
        longer.passes.push(pass);
        has = events(&longer);
    }
    longer
}

/// Operators, allocations and parts that ran.
fn events(run: &Run) -> usize {
    let allocations =
        |pass: &blockscope::record::Pass| pass.memory.as_ref().map_or(0, |memory| memory.allocations.len());
    run.passes.iter().map(|pass| pass.operators.len() + pass.spans.len() + allocations(pass)).sum()
}
