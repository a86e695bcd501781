//! `blockscope doctor`: the machine, what is there, what is missing and how to get it.

use super::failure::Result;
use super::output::Output;
use super::peaks::{self, PeaksArgs};
use crate::arch::memory;
use crate::arch::toggles::processors;
use crate::engine::cuda;
use crate::engine::cuda::Cuda;
use crate::engine::source;
use crate::engine::source::Source;
use crate::measure::machine;
use crate::record::Peaks;
use crate::report::grid::{Align, facts, grid};
use crate::report::piece::Piece;
use crate::tui::{ColorChoice, Depth};
use crate::units::Bytes;
use serde_json::{Value, json};
use std::path::Path;

/// The version of LibTorch that this version of Blockscope speaks to.
const EXPECTED_LIBTORCH: &str = "2.11.0";

/// Show the machine: LibTorch, devices, memory, what it can do at most, cached models, and what is missing
///
/// What the machine can do at most is measured once for each number of threads, which takes about four
/// seconds, and kept in the cache folder. Runs under the same conditions are held against it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    peaks: PeaksArgs,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Everything that was found.
struct Findings {
    processor: String,
    processors: usize,
    memory: u64,
    available: u64,
    cache: Option<String>,
    models: Vec<(String, String, u64)>,
    colours: &'static str,
    cuda: &'static Cuda,
    peaks: Option<Peaks>,
    /// What is missing, and how to get it.
    problems: Vec<String>,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let mut findings = examine();
    match peaks::find(&args.peaks, out)? {
        Ok(peaks) => findings.peaks = peaks,
        Err(problem) => findings.problems.push(problem),
    }
    if args.json {
        return out.json(findings.json());
    }
    out.report(&findings.report(&args.peaks))
}

fn examine() -> Findings {
    let mut problems = Vec::new();
    if machine::libtorch() != EXPECTED_LIBTORCH {
        problems.push(format!(
            "built with LibTorch {}, but {EXPECTED_LIBTORCH} is expected: run scripts/libtorch.sh in the project's \
             folder and build again",
            machine::libtorch()
        ));
    }
    // Opening reads only the description; what is wrong with the default model is worth knowing.
    if let Err(error) = Source::open("") {
        problems.push(error.to_string());
    }
    let cached = source::cached_models().into_iter();
    Findings {
        processor: machine::processor(),
        processors: processors(),
        memory: memory::total(),
        available: memory::available(),
        cache: source::cache_folder().ok().map(|path| path.display().to_string()),
        models: cached.map(|(name, path)| (name, path.display().to_string(), size(&path))).collect(),
        colours: colours(),
        cuda: cuda::find(),
        peaks: None,
        problems,
    }
}

impl Findings {
    fn report(&self, asked: &PeaksArgs) -> Vec<Piece> {
        let as_expected = if machine::libtorch() == EXPECTED_LIBTORCH { "as expected" } else { "another is expected" };
        let memory = match self.memory {
            0 => "the system does not say".to_owned(),
            all => format!("{}, of which {} available", Bytes(all), Bytes(self.available)),
        };
        let table = facts([
            ("LibTorch", format!("{}, {as_expected}", machine::libtorch())),
            ("cpu", format!("{}, {} threads", self.processor, self.processors)),
            ("cuda", gpus(self.cuda)),
            ("memory", memory),
            ("colours", self.colours.to_owned()),
            ("cache", self.cache.clone().unwrap_or("none: neither XDG_CACHE_HOME nor HOME is set".into())),
        ]);
        let mut pieces = vec![Piece::Title(format!("Blockscope {}", env!("CARGO_PKG_VERSION"))), Piece::Text(table)];
        pieces.extend(peaks::report(self.peaks.as_ref(), asked));
        let models = self.models.iter().map(|(_, path, size)| vec![path.clone(), Bytes(*size).to_string()]);
        let models =
            if self.models.is_empty() { "none".to_owned() } else { grid(&[Align::Left, Align::Right], models) };
        let models = format!("{models}\nscripts/models.sh in the project's folder fetches others");
        pieces.extend([Piece::Title("cached models".into()), Piece::Text(models)]);
        if !self.problems.is_empty() {
            pieces.extend([Piece::Title("missing".into()), Piece::Text(self.problems.join("\n"))]);
        }
        pieces
    }

    fn json(&self) -> Value {
        let model = |(name, path, size): &(String, String, u64)| json!({ "name": name, "path": path, "bytes": size });
        json!({
            "blockscope": env!("CARGO_PKG_VERSION"),
            "libtorch": machine::libtorch(),
            "libtorch_expected": EXPECTED_LIBTORCH,
            "machine": self.processor,
            "threads": self.processors,
            "devices": devices(&self.processor, self.cuda),
            "peaks": self.peaks,
            "memory_bytes": self.memory,
            "memory_available_bytes": self.available,
            "cache": self.cache,
            "models": self.models.iter().map(model).collect::<Vec<_>>(),
            "colours": self.colours,
            "problems": self.problems,
        })
    }
}

/// The GPUs, or why there are none to compute on.
fn gpus(cuda: &Cuda) -> String {
    let gpu = |number: u32| {
        let gpu = cuda.gpu(number)?;
        let memory = gpu.memory.map_or(String::new(), |bytes| format!(", {}", Bytes(bytes)));
        Some(format!("cuda:{number} {}{memory}", gpu.name))
    };
    match cuda.usable {
        0 => format!("none\n{}", cuda.problems().join("\n")),
        n => (0..n).filter_map(gpu).collect::<Vec<_>>().join("; "),
    }
}

/// What `--device` takes here, and why it does not take a GPU where there is none.
fn devices(processor: &str, cuda: &Cuda) -> Value {
    let mut devices = vec![json!({ "device": "cpu", "available": true, "name": processor })];
    devices.extend((0..cuda.usable).map(|number| {
        let gpu = cuda.gpu(number);
        json!({
            "device": format!("cuda:{number}"),
            "available": true,
            "name": gpu.map(|gpu| &gpu.name),
            "memory_bytes": gpu.and_then(|gpu| gpu.memory),
        })
    }));
    if cuda.usable == 0 {
        devices.push(json!({ "device": "cuda", "available": false, "problems": cuda.problems() }));
    }
    devices.into()
}

/// Bytes of a file, or of the files directly in a folder.
fn size(path: &Path) -> u64 {
    let of = |path: &Path| path.metadata().map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { 0 });
    let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
    of(path) + inside.map(|entry| of(&entry.path())).sum::<u64>()
}

/// The colours that the interface would use in this terminal.
fn colours() -> &'static str {
    match Depth::detect(ColorChoice::Auto, |name| std::env::var(name).ok()) {
        Depth::True => "true colour",
        Depth::Indexed => "256; if the terminal has more, set COLORTERM=truecolor",
        Depth::Basic => "16; if the terminal has more, set COLORTERM=truecolor",
        Depth::Plain => "none, as NO_COLOR or TERM say",
    }
}
