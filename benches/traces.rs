//! How long a trace of a million events takes to open, and how much memory, as it is and compressed.
//!
//! The trace is made here: a training step's mix of operators with shapes, functions, modules, kernels, launches and
//! allocations, spelled as PyTorch spells them. Each opening has a process of its own, so that the peak is its own.

use blockscope::analyse::chrome;
use blockscope::units::Bytes;
use flate2::write::GzEncoder;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

mod opening;

const EVENTS: u64 = 1_000_000;
/// When the first event begins, in µs after the base: as far from it as in a real trace.
const BEGIN: u64 = 4_622_149_557_000;

fn main() {
    if let Some(path) = opening::asked_for() {
        return open(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("trace.json");
    let packed = folder.path().join("trace.json.gz");
    write(&mut BufWriter::new(std::fs::File::create(&plain).unwrap()));
    write(&mut GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::default()));
    for path in [plain, packed] {
        let size = Bytes(std::fs::metadata(&path).unwrap().len());
        println!("{} of {EVENTS} events, {size}", path.file_name().unwrap().to_string_lossy());
        opening::each(&path);
    }
}

/// Opens one trace, and says what it took.
fn open(path: &Path) {
    let begin = Instant::now();
    let timeline = chrome::open(&[PathBuf::from(path)], &mut |_| ()).unwrap();
    let time = begin.elapsed();
    let slices: usize = timeline.tracks.iter().map(|track| track.slices.len()).sum();
    println!(
        "{:.2} s, at most {} resident: {slices} slices on {} tracks",
        time.as_secs_f64(),
        opening::peak(),
        timeline.tracks.len()
    );
}

/// Writes the trace: modules of ten events each, one after another.
fn write(out: &mut dyn Write) {
    out.write_all(
        b"{\n  \"schemaVersion\": 1,\n  \"baseTimeNanoseconds\": 1790857026000000000,\n  \"traceEvents\": [\n",
    )
    .unwrap();
    let mut events = 0;
    let mut line = |event: String| {
        if events < EVENTS {
            out.write_all(if events == 0 { b"" } else { b",\n" }).unwrap();
            out.write_all(event.as_bytes()).unwrap();
            events += 1;
        }
        events < EVENTS
    };
    let slice = |cat: &str, name: &str, place: &str, at: u64, time: u64, args: &str| {
        format!(
            "  {{\n    \"ph\": \"X\", \"cat\": \"{cat}\", \"name\": \"{name}\", {place},\n    \"ts\": {}.{:03}, \"dur\": {}.{:03},\n    \
             \"args\": {{\n      {args}\n    }}\n  }}",
            BEGIN + at / 1000,
            at % 1000,
            time / 1000,
            time % 1000
        )
    };
    let (cpu, gpu) = ("\"pid\": 7, \"tid\": 7", "\"pid\": 0, \"tid\": 9");
    for n in 0.. {
        let (at, id) = (n * 101_317, 10 * n);
        let rows = 128 << (n % 6);
        let shapes = |id: u64, dims: &str| {
            format!(
                "\"External id\": {id},\"Record function id\": 0, \"Concrete Inputs\": [\"\", \"\", \"\"], \"Input type\": [\"float\", \"float\", \
                 \"float\"], \"Input Strides\": [[1024, 1], [1024, 1], [1]], \"Input Dims\": {dims}, \"Ev Idx\": {id}"
            )
        };
        let function = |id: u64| format!("\"Python parent id\": {}, \"Python id\": {id}, \"Ev Idx\": {id}", id - 1);
        let stream = format!(
            "\"External id\": {id}, \"device\": 0, \"context\": 1, \"stream\": 9, \"correlation\": {id}, \"grid\": [{rows}, 1, 1]"
        );
        let linear = shapes(id + 3, &format!("[[{rows}, 1024], [4096, 1024], [4096]]"));
        let addmm = shapes(id + 5, &format!("[[4096], [{rows}, 1024], [1024, 4096]]"));
        let copy = shapes(id + 6, &format!("[[{rows}, 4096], [{rows}, 4096], []]"));
        let memory = format!(
            "{{\n    \"ph\": \"i\", \"cat\": \"cpu_instant_event\", \"s\": \"t\", \"name\": \"[memory]\", {cpu}, \"ts\": {}.500,\n    \"args\": {{\n      \
             \"Total Reserved\": 0, \"Total Allocated\": {}, \"Bytes\": 1024, \"Device Id\": 0, \"Device Type\": 1, \"Addr\": {id}, \"Ev Idx\": {id}\n    }}\n  }}",
            BEGIN + at / 1000 + 30,
            1024 * (n % 4096)
        );
        let all = [
            slice("python_function", &format!("nn.Module: Linear_{}", n % 480), cpu, at, 90_000, &function(id + 1)),
            slice(
                "python_function",
                "torch/nn/modules/linear.py(124): forward",
                cpu,
                at + 4_000,
                80_000,
                &function(id + 2),
            ),
            slice("cpu_op", "aten::linear", cpu, at + 9_000, 70_000, &linear),
            slice("cpu_op", "aten::t", cpu, at + 10_000, 3_000, &shapes(id + 4, "[[4096, 1024], [], []]")),
            slice("cpu_op", "aten::addmm", cpu, at + 15_000, 60_000, &addmm),
            slice("cpu_op", "aten::copy_", cpu, at + 18_000, 5_000, &copy),
            slice("cuda_runtime", "cudaLaunchKernel", cpu, at + 50_000, 9_000, &stream),
            slice(
                "kernel",
                "void cutlass::Kernel2<cutlass_80_simt_sgemm_256x128_8x4_tn_align1>(cutlass_80_simt_sgemm_256x128_8x4_tn_align1::Params)",
                gpu,
                at + 60_000,
                40_000,
                &stream,
            ),
            format!("  {memory}"),
            format!(
                "  {{\n    \"ph\": \"s\", \"id\": {id}, {cpu}, \"ts\": {}.000,\n    \"cat\": \"ac2g\", \"name\": \"ac2g\"\n  }}",
                BEGIN + at / 1000 + 50
            ),
        ];
        if !all.into_iter().all(&mut line) {
            break;
        }
    }
    out.write_all(b"\n  ],\n  \"traceName\": \"trace.json\"\n}\n").unwrap();
    out.flush().unwrap();
}
