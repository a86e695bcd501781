//! Study files: every kind opens, what is written is read back, a study can be gone on with, and no file does harm.

use blockscope::analyse::{Comparison, Sweep, Verdict};
use blockscope::record::file::{Content, Error, Existing};
use blockscope::record::study::file::{self, StudyReader, StudyWriter};
use blockscope::record::study::{Arm, Event, Sample, Study, StudyKind};
use blockscope::record::{Status, Watched, file as run_file};
use blockscope::units::Nanos;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

fn fixture(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("traces/study-v1-{kind}.jsonl"))
}

fn content(kind: &str) -> String {
    fs::read_to_string(fixture(kind)).unwrap()
}

fn read(content: impl AsRef<[u8]>) -> Result<Study, Error> {
    file::read_from(Cursor::new(content.as_ref()), Path::new("x.jsonl"))
}

fn refusal(content: impl AsRef<[u8]>) -> String {
    read(content).expect_err("refused").to_string()
}

/// The first lines of the comparison: header and both arms.
fn beginning() -> String {
    content("compare").split_inclusive('\n').take(3).collect()
}

#[test]
fn a_comparison_opens_with_the_numbers_that_were_measured() {
    let study = file::read(&fixture("compare")).unwrap();
    assert_eq!((study.header.kind.clone(), study.rounds()), (StudyKind::Compare, 8));
    assert_eq!((study.arms.len(), study.parts.len(), study.samples.len()), (2, 6, 8 * 5));
    assert_eq!((study.status.clone(), study.unknown.len()), (Some(Status::Done), 1));
    let comparison = Comparison::of(&study, 0, 1).unwrap();
    let ttft = comparison.prefill.time;
    assert_eq!(ttft.sides.baseline.unwrap().median, Nanos(1_003_500));
    let ratio = ttft.ratio.unwrap();
    assert!((ratio.ratio - 803_500.0 / 1_003_500.0).abs() < 1e-12 && ratio.n == 8, "{ratio:?}");
    assert_eq!(ttft.verdict, Some(Verdict::Faster));
    assert!(matches!(comparison.decode.time.verdict, Some(Verdict::NoDifference { .. })));
    // The scores of one and the kernel of the other have nothing to compare them with.
    let one_sided: Vec<_> =
        comparison.prefill.kinds.iter().filter(|row| row.time.verdict.is_none()).map(|row| row.path.as_str()).collect();
    assert_eq!(one_sided, ["attn.scores", "attn.fused"]);
}

#[test]
fn matrix_and_sweep_open_as_far_as_they_were_measured() {
    let matrix = file::read(&fixture("matrix")).unwrap();
    assert_eq!((matrix.arms.len(), matrix.rounds(), matrix.status), (3, 2, None));
    assert_eq!(matrix.arms[2].refused.as_deref(), Some("int4 needs rows of a multiple of 32"));
    assert_eq!(matrix.arms[1].quality.unwrap().top1, 0.98);
    assert_eq!(matrix.header.text.unwrap().tokens, 64);

    let sweep = Sweep::of(&file::read(&fixture("sweep")).unwrap());
    assert_eq!(sweep.over, "prompt_tokens");
    let names: Vec<_> = sweep.series.iter().map(|series| (series.name.as_str(), series.points.len())).collect();
    assert_eq!(names, [("attention=eager", 4), ("attention=fused", 4)]);
    let exponents: Vec<f64> = sweep.series.iter().map(|series| series.ttft.unwrap().exponent).collect();
    assert!((exponents[0] - 2.0).abs() < 1e-6 && (exponents[1] - 1.0).abs() < 1e-6, "{exponents:?}");
    let line = sweep.series[0].tpot_line.unwrap();
    assert!((line.a - 4e-4).abs() < 1e-9 && (line.b - 1e-6).abs() < 1e-12, "{line:?}");
}

#[test]
fn what_is_read_is_written_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["compare", "matrix", "sweep"] {
        let (streamed, saved) = (folder.path().join(format!("{kind}-1")), folder.path().join(format!("{kind}-2")));
        let mut writer = StudyWriter::create(&streamed, Existing::Keep).unwrap();
        for event in StudyReader::open(&fixture(kind)).unwrap() {
            writer.write(&event.unwrap()).unwrap();
        }
        assert_eq!(fs::read_to_string(&streamed).unwrap(), content(kind), "line by line");

        let study = file::read(&fixture(kind)).unwrap();
        file::write_study(&saved, &study, Existing::Keep).unwrap();
        assert_eq!(file::read(&saved).unwrap(), study, "as a whole");
        assert!(matches!(file::write_study(&saved, &study, Existing::Keep), Err(Error::Exists { .. })));
        assert!(matches!(StudyWriter::create(&saved, Existing::Keep), Err(Error::Exists { .. })));
    }
}

#[test]
fn numbers_that_json_does_not_know_come_back_as_such() {
    let mut study = file::read(&fixture("matrix")).unwrap();
    study.arms[1].quality.as_mut().unwrap().nll = f64::NAN;
    study.arms[1].quality.as_mut().unwrap().max_logit = f64::INFINITY;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.jsonl");
    file::write_study(&path, &study, Existing::Keep).unwrap();
    let quality = file::read(&path).unwrap().arms[1].quality.unwrap();
    assert!(quality.nll.is_nan() && quality.max_logit.is_nan());
}

#[test]
fn a_file_that_was_cut_anywhere_opens_with_what_is_complete() {
    let whole = content("compare");
    let all = read(&whole).unwrap();
    let first = whole.find('\n').unwrap();
    for cut in (0..whole.len()).step_by(7) {
        match read(&whole[..cut]) {
            Ok(study) => {
                assert!(cut >= first, "cut at {cut}");
                assert_eq!(study.samples, all.samples[..study.samples.len()]);
                Comparison::of(&study, 0, 1);
            }
            Err(error) => assert!(cut < first, "cut at {cut}: {error}"),
        }
    }
}

#[test]
fn hostile_files_are_refused_with_their_line() {
    assert_eq!(
        refusal("nonsense\n"),
        "x.jsonl: not a study file: expected a first line that begins with {\"version\":…,\"study\":…, found 'nonsense'"
    );
    assert!(refusal("").ends_with("found nothing"));
    let run = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/v1-tiny.jsonl")).unwrap();
    assert!(refusal(run).ends_with("found a run: profile, view and export open it"));
    let newer = beginning().replacen("\"version\":1", "\"version\":2", 1);
    assert!(refusal(newer).contains("written by a newer Blockscope (version 2)"));
    assert!(refusal(beginning().replacen("\"seed\":7", "\"seed\":-7", 1)).contains("x.jsonl, line 1: "));
    let sweep = beginning().replacen("\"compare\"", "\"sweep\"", 1);
    assert_eq!(refusal(sweep), "x.jsonl, line 1: a sweep without 'over', the setting that it goes along");
    let blocks = beginning().replacen("\"n_layers\":1", "\"n_layers\":4000000000", 1);
    assert!(refusal(blocks).contains("n_layers is 4000000000"));

    let and = |line: &str| refusal(format!("{}{line}\n", beginning()));
    assert!(and("{\"event\":\"part\"}").starts_with("x.jsonl, line 4: missing field `path`"));
    assert!(and("[]").starts_with("x.jsonl, line 4: "));
    let sample = |arm: u32, part: u32| {
        format!(
            "{{\"event\":\"sample\",\"arm\":{arm},\"round\":0,\"watched\":\"parts\",\"ttft_ns\":1,\"steps_ns\":[],\
             \"prefill\":[[{part},1]]}}"
        )
    };
    assert_eq!(and(&sample(2, 0)), "x.jsonl, line 4: a sample of arm 2, but only 2 came before it");
    assert_eq!(and(&sample(0, 9)), "x.jsonl, line 4: the time of part 9, but only 0 came before it");
    let resources = content("compare").lines().find(|line| line.contains("resources")).unwrap().to_owned();
    assert!(and(&resources.replacen("\"arm\":0", "\"arm\":4294967295", 1)).contains("of arm 4294967295"));

    let arm = beginning().lines().nth(1).unwrap().to_owned() + "\n";
    let header = beginning().lines().next().unwrap().to_owned() + "\n";
    assert_eq!(refusal(header.clone() + &arm.repeat(513)), "x.jsonl, line 514: more than 512 arms");
    let part = "{\"event\":\"part\",\"path\":\"a\"}\n";
    assert_eq!(refusal(header.clone() + &part.repeat(16_385)), "x.jsonl, line 16386: more than 16384 parts");
    let long = format!("{{\"event\":\"part\",\"path\":\"{}\"}}\n", "x".repeat(16 << 20));
    assert!(refusal(header + &long).starts_with("x.jsonl, line 2: longer than 16777216 bytes"));
}

#[test]
fn extreme_numbers_do_no_harm() {
    let study = read(
        content("compare").replace("500000", "18446744073709551615").replace("\"round\":3", "\"round\":4294967295"),
    )
    .unwrap();
    let comparison = Comparison::of(&study, 0, 1).unwrap();
    assert!(comparison.decode.time.ratio.is_some());
    let zero = read(content("compare").replace("_ns\":[5", "_ns\":[0,5")).unwrap_or_default();
    Comparison::of(&zero, 0, 1);
    Sweep::of(&read(content("sweep").replace("prompt_tokens\":8", "prompt_tokens\":0")).unwrap());
}

#[test]
fn a_run_file_and_a_study_file_are_told_apart() {
    assert_eq!(Content::of(content("sweep").as_bytes()), Content::Study);
    let error = run_file::read(&fixture("sweep")).unwrap_err().to_string();
    assert!(error.ends_with("found a study: compare, sweep, view and export open it"), "{error}");
}

/// A copy of the sweep that ends in the middle of a line, its header and its arms.
fn interrupted(folder: &Path) -> (PathBuf, Study) {
    let path = folder.join("sweep.jsonl");
    let whole = content("sweep");
    fs::write(&path, &whole[..whole.rfind("{\"event\":\"end\"").unwrap() - 20]).unwrap();
    let study = file::read(&path).unwrap();
    assert_eq!(study.samples.len(), 15, "the last one is cut off");
    (path, study)
}

fn sample(arm: u32, round: u32) -> Sample {
    Sample { arm, round, again: false, watched: Watched::Plain, ttft: Nanos(7), steps: vec![], parts: vec![] }
}

#[test]
fn an_interrupted_study_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (path, before) = interrupted(folder.path());
    let (mut writer, study) = StudyWriter::append(&path, &before.header, &before.arms).unwrap();
    assert_eq!(study, before);
    writer.write(&Event::Sample(sample(7, 1))).unwrap();
    // What was written is there, although nobody closed the file.
    let after = file::read(&path).unwrap();
    assert_eq!((after.samples.len(), after.samples[15].ttft), (16, Nanos(7)));
    writer.write(&Event::End(Status::Done)).unwrap();

    // Going on again, with another point: the study has not ended any more.
    let mut arms = before.arms.clone();
    arms.push(Arm { name: "prompt_tokens=128,attention=fused".into(), prompt_tokens: 128, ..arms[7].clone() });
    let (mut writer, study) = StudyWriter::append(&path, &before.header, &arms).unwrap();
    assert_eq!((study.arms.len(), study.samples.len(), study.status.clone()), (9, 16, None));
    writer.write(&Event::Sample(sample(8, 0))).unwrap();
    writer.write(&Event::End(Status::Done)).unwrap();
    let after = file::read(&path).unwrap();
    assert_eq!((after.arms, after.samples.len(), after.status), (arms, 17, Some(Status::Done)));
}

#[test]
fn a_file_without_its_last_line_break_goes_on_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.jsonl");
    fs::write(&path, content("sweep").trim_end()).unwrap();
    let before = file::read(&path).unwrap();
    let (mut writer, _) = StudyWriter::append(&path, &before.header, &before.arms).unwrap();
    writer.write(&Event::Sample(sample(0, 9))).unwrap();
    assert_eq!(file::read(&path).unwrap().samples.len(), before.samples.len() + 1);
}

#[test]
fn another_study_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (path, before) = interrupted(folder.path());
    let content = fs::read(&path).unwrap();
    let differs = |change: &dyn Fn(&mut Study)| {
        let mut other = before.clone();
        change(&mut other);
        let error = StudyWriter::append(&path, &other.header, &other.arms).unwrap_err();
        let Error::Another { differs, .. } = error else { panic!("{error}") };
        differs
    };
    assert_eq!(differs(&|study| study.header.machine = "Another".into()), "its machine is A processor, not Another");
    assert_eq!(differs(&|study| study.header.libtorch = "2.12.0".into()), "its LibTorch is 2.11.0, not 2.12.0");
    assert_eq!(
        differs(&|study| study.header.kind = StudyKind::Matrix),
        "its kind is a sweep over prompt_tokens, not a matrix"
    );
    assert_eq!(
        differs(&|study| study.arms[2].toggles[0].1 = "fused".into()),
        "in its arm 3 (prompt_tokens=32,attention=eager) attention is eager, not fused"
    );
    assert_eq!(
        differs(&|study| study.arms[0].new_tokens = 9),
        "in its arm 1 (prompt_tokens=8,attention=eager) new_tokens is 3, not 9"
    );
    assert_eq!(differs(&|study| study.arms.truncate(3)), "it has 8 arms, not 3");
    assert!(differs(&|study| study.header.model.d_model = 1).starts_with("its model is tiny, 1 blocks, d_model 64"));
    assert_eq!(fs::read(&path).unwrap(), content, "and it stays as it was");
    assert!(matches!(
        StudyWriter::append(&folder.path().join("no"), &before.header, &before.arms),
        Err(Error::Io { .. })
    ));
    // How it was called, when and in which order it ran makes no other study of it.
    let mut same = before.clone();
    (same.header.created, same.header.seed, same.arms[0].name) = (1, 2, "other".into());
    StudyWriter::append(&path, &same.header, &same.arms).unwrap();
}
