//! `blockscope export` as other programs see it: what goes where, what is refused, what is said beside it.

use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A run whose parts were timed, without operators.
const PARTS: &str = "traces/v1-tiny.jsonl";

fn export(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.args(["export", "--to", "perfetto"]).args(args);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    export(args).output().unwrap()
}

/// What went to standard error.
fn said(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!said.contains("panicked") && !said.contains('\x1b'), "{said}");
    said
}

/// What an export that is refused says; it must print nothing else.
fn refusal(args: &[&str], code: i32) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {}", said(&output));
    assert!(output.stdout.is_empty(), "{args:?} printed a result");
    said(&output)
}

/// A folder with a run of these passes that was traced: one operator, one allocation.
fn traced(more: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let first = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PARTS)).unwrap();
    let header = first.lines().next().unwrap();
    let text = format!(
        "{header}\n\
         {{\"event\":\"signature\",\"name\":\"aten::mm\",\"inputs\":[\"f32[2,3]\",\"f32[3,4]\"],\"outputs\":[\"f32[2,4]\"]}}\n\
         {{\"event\":\"pass\",\"phase\":\"prefill\",\"repeat\":0,\"step\":0,\"n_new\":2,\"n_past\":0,\"recorded\":true,\"traced\":true,\"start_ns\":0}}\n\
         {{\"event\":\"operators\",\"operators\":[[0,null,0,100,200]]}}\n\
         {{\"event\":\"memory\",\"before\":[96,0,0,0],\"allocations\":[[null,0,2,150,null,32]]}}\n{more}\
         {{\"event\":\"pass_end\",\"time_ns\":1000}}\n{{\"event\":\"end\",\"status\":\"done\"}}\n"
    );
    let path = folder.path().join("run.jsonl");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn a_pipe_a_file_and_a_compressed_file_get_the_same() {
    let (folder, path) = traced("");
    let run_file = path.to_str().unwrap();
    let piped = run(&[run_file]);
    assert!(piped.status.success() && said(&piped).is_empty(), "{}", said(&piped));
    let trace: Value = serde_json::from_slice(&piped.stdout).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    assert_eq!(events.iter().filter(|event| event["cat"] == "cpu_op").count(), 1);
    assert_eq!(events.iter().filter(|event| event["name"] == "[memory]").count(), 1);
    assert!(piped.stdout.is_ascii());

    for name in ["trace.json", "trace.json.gz"] {
        let to = folder.path().join(name);
        let output = run(&[run_file, "--out", to.to_str().unwrap()]);
        assert!(output.status.success() && output.stdout.is_empty() && said(&output).is_empty());
        let mut written = fs::read(&to).unwrap();
        if name.ends_with("gz") {
            assert!(written.starts_with(b"\x1f\x8b"));
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(written.as_slice()).read_to_end(&mut unpacked).unwrap();
            written = unpacked;
        }
        assert!(written == piped.stdout, "{name}");
    }
}

#[test]
fn no_file_is_written_over_unless_asked_for() {
    let (folder, path) = traced("");
    let (run_file, taken) = (path.to_str().unwrap(), folder.path().join("taken.json"));
    fs::write(&taken, "precious").unwrap();
    let taken_name = taken.to_str().unwrap();
    assert!(refusal(&[run_file, "--out", taken_name], 1).contains("replace it with --force"));
    assert_eq!(fs::read_to_string(&taken).unwrap(), "precious");
    assert!(run(&[run_file, "--out", taken_name, "--force"]).status.success());
    assert!(fs::read_to_string(&taken).unwrap().contains("traceEvents"));
    // Nor the run itself, by whatever name.
    let before = fs::read(&path).unwrap();
    let roundabout = folder.path().join(".").join("run.jsonl");
    let refused = refusal(&[run_file, "--out", roundabout.to_str().unwrap(), "--force"], 2);
    assert!(refused.contains("FILE itself"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
    // What cannot be exported leaves what is there as it is.
    fs::write(&path, "no run").unwrap();
    let mtime = fs::metadata(&taken).unwrap().modified().unwrap();
    refusal(&[run_file, "--out", taken_name, "--force"], 1);
    assert_eq!(fs::metadata(&taken).unwrap().modified().unwrap(), mtime);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_is_no_run_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PARTS)).unwrap();
    let header = header.lines().next().unwrap();
    for (run_file, expected) in [
        ("no/such/run.jsonl".to_owned(), "no/such/run.jsonl: "),
        (file("empty", b""), "not a run file"),
        (file("trace.json", b"{\"schemaVersion\":1,\"traceEvents\":[]}"), "not a run file"),
        (file("binary", b"\x1f\x8b\x00\x1b[2J\xff"), "not a run file"),
        (folder.path().to_str().unwrap().to_owned(), "this is a folder"),
        (file("newer", b"{\"version\":99}\n"), "newer Blockscope"),
        (file("only-a-header", format!("{header}\n").as_bytes()), "there is nothing to export"),
        (file("torn", format!("{header}\noops\n{{\"event\":\"end\",\"status\":\"done\"}}\n").as_bytes()), "line 2"),
    ] {
        let refused = refusal(&[&run_file], 1);
        assert!(refused.starts_with("error: ") && refused.contains(expected), "{run_file}: {refused}");
    }
    let missing = folder.path().join("no/trace.json");
    assert!(refusal(&[PARTS, "--out", missing.to_str().unwrap()], 1).contains("there is no folder"));
    for (args, expected) in [
        (&["--to", "gif", PARTS][..], "perfetto, svg, png"),
        (&["--to", "perfetto"], "<FILE>"),
        (&[PARTS], "--to"),
        (&[PARTS, "--to", "perfetto", "--force"], "--out"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_blockscope")).arg("export").args(args).output().unwrap();
        let said = said(&output);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn what_the_trace_cannot_show_is_said_beside_it() {
    let output = run(&[PARTS]);
    assert!(output.status.success() && serde_json::from_slice::<Value>(&output.stdout).is_ok());
    assert!(said(&output).contains("no operators") && said(&output).contains("profile --trace"), "{}", said(&output));
    let (_folder, path) = traced("{\"event\":\"cut\",\"operators\":7,\"allocations\":3}\n");
    let output = run(&[path.to_str().unwrap()]);
    assert!(output.status.success());
    assert!(said(&output).contains("7 operators and 3 allocations are not in it"), "{}", said(&output));
}

#[test]
fn a_reader_that_leaves_ends_it_quietly_and_a_full_disk_does_not() {
    let (_folder, path) = traced("");
    let run_file = path.to_str().unwrap();
    let mut child = export(&[run_file]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), said(&output)), (Some(0), String::new()));
    if !Path::new("/dev/full").exists() {
        return;
    }
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = export(&[run_file]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("cannot write to standard output: No space left"), "{}", said(&output));
    let refused = refusal(&[run_file, "--out", "/dev/full", "--force"], 1);
    assert!(refused.contains("/dev/full: No space left"), "{refused}");
    assert!(!fs::metadata("/dev/full").unwrap().is_file(), "a device is written to, not replaced");
}

const STUDIES: [(&str, &[&str]); 3] = [
    ("traces/study-v1-compare.jsonl", &["compare", "pareto"]),
    ("traces/study-v1-matrix.jsonl", &["pareto", "compare"]),
    ("traces/study-v1-sweep.jsonl", &["sweep"]),
];

/// Any export, whatever the format.
fn export_to(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blockscope"));
    command.arg("export").args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.output().unwrap()
}

fn exported(args: &[&str]) -> Vec<u8> {
    let output = export_to(args);
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    output.stdout
}

fn text(args: &[&str]) -> String {
    String::from_utf8(exported(args)).unwrap()
}

/// The width and the height of a PNG that can be decoded.
fn decoded(bytes: &[u8]) -> (u32, u32) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert!(pixels.iter().any(|&value| value != pixels[0]), "something is drawn");
    (info.width, info.height)
}

#[test]
fn every_picture_of_a_file_is_drawn_as_svg_and_as_png_of_the_size_asked_for() {
    for (file, pictures) in [(PARTS, &["blocks"][..])].iter().chain(&STUDIES) {
        for picture in pictures.iter().filter(|&&picture| picture != "pareto" || file.contains("matrix")) {
            let svg = text(&[file, "--to", "svg", "--picture", picture]);
            assert!(svg.starts_with("<svg width=\"960\" height=\"") && svg.contains("</svg>"), "{file} {picture}");
            assert!(svg.contains("Blockscope") && svg.contains("<text") && !svg.contains("href"), "{file} {picture}");
            let png = exported(&[file, "--to", "png", "--picture", picture, "--size", "700x500"]);
            assert_eq!(decoded(&png), (700, 500), "{file} {picture}");
        }
        assert_eq!(text(&[file, "--to", "svg"]), text(&[file, "--to", "svg", "--picture", pictures[0]]), "{file}");
    }
    assert_eq!(decoded(&exported(&[PARTS, "--to", "png"])).0, 1920, "twice the size of the SVG");
}

#[test]
fn a_run_and_a_study_have_a_page_tables_and_their_json() {
    for file in [PARTS].iter().chain(STUDIES.map(|(file, _)| file).iter()) {
        let page = text(&[file, "--to", "html"]);
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg") && page.contains("<table>"), "{file}");
        let outside = page.replace("http://www.w3.org/2000/svg", "");
        for call in ["http", "src=", "href", "url(", "@import", "<script"] {
            assert!(!outside.contains(call), "{file}: {call}");
        }
        let markdown = text(&[file, "--to", "md"]);
        assert!(markdown.starts_with("# ") && markdown.contains("--: |"), "{file}: {markdown}");
        let csv = text(&[file, "--to", "csv"]);
        let columns = csv.lines().next().unwrap().split(',').count();
        assert!(columns > 4 && csv.lines().count() > 1, "{file}: {csv}");
        let json: Value = serde_json::from_slice(&exported(&[file, "--to", "json"])).unwrap();
        assert!(json["basis"].is_object(), "{file}: where the numbers come from");
    }
}

#[test]
fn what_a_file_cannot_show_is_refused_with_what_it_can_and_what_records_it() {
    let refused = |args: &[&str], code: i32, parts: &[&str]| {
        let output = export_to(args);
        let said = said(&output);
        assert!(output.status.code() == Some(code) && output.stdout.is_empty(), "{args:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{args:?} lacks '{part}': {said}");
        }
    };
    let (compare, sweep) = (STUDIES[0].0, STUDIES[2].0);
    refused(&[PARTS, "--to", "svg", "--picture", "roofline"], 1, &["no roofline", "It has blocks", "profile --trace"]);
    refused(
        &[PARTS, "--to", "png", "--picture", "sweep"],
        1,
        &["no sweep", "one run", "It has blocks", "blockscope sweep"],
    );
    refused(&[compare, "--to", "svg", "--picture", "memory"], 1, &["no memory", "It has compare", "profile --trace"]);
    refused(&[sweep, "--to", "svg", "--picture", "compare"], 1, &["no compare", "no baseline", "It has sweep"]);
    refused(&[sweep, "--to", "perfetto"], 1, &["no trace", "profile --trace"]);
    refused(&[PARTS, "--to", "svg", "--size", "10x10"], 2, &["480x300 to 4096x4096"]);
    refused(&[PARTS, "--to", "svg", "--picture", "pie"], 2, &["blocks, roofline, memory"]);
    refused(&[PARTS, "--to", "md", "--picture", "blocks"], 2, &["--picture is for svg and png"]);
    refused(&[PARTS, "--to", "html", "--picture", "blocks"], 2, &["a page has all of them"]);
    refused(&[PARTS, "--to", "json", "--size", "900x600"], 2, &["--size is for svg and png"]);
}

#[test]
fn names_out_of_a_file_stay_names_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let run = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PARTS)).unwrap();
    let name = r#""name":"\u001b[2J<script>alert(1)</script>|\"&\u202e""#;
    let (before, rest) = run.split_once("\"name\":\"").unwrap();
    let rest = rest.split_once('"').unwrap().1;
    let path = folder.path().join("run.jsonl");
    fs::write(&path, format!("{before}{name}{rest}")).unwrap();
    let file = path.to_str().unwrap();
    for format in ["svg", "html", "md", "csv"] {
        let text = text(&[file, "--to", format]);
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("<script"),
            "{format}: {text}"
        );
        if format != "csv" {
            assert!(text.contains("&lt;script"), "{format} lost the name: {text}");
        }
    }
    decoded(&exported(&[file, "--to", "png"]));
}
