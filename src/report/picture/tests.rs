//! What must hold of every picture: everything lies inside of it, no text on another one, names are only names.

mod seen;

use super::scene::{Area, Label, Shape};
use super::*;
use crate::record::explored::{self, Text};
use crate::record::{Watched, fixture, study};

fn scenes(size: Option<Size>) -> Vec<(String, Scene)> {
    let run = fixture::traced();
    let studies = [study::fixture::compare(), study::fixture::matrix(), study::fixture::sweep()];
    let of = |picture: Picture, subject: Subject| {
        picture.of(subject, size).unwrap_or_else(|why| panic!("{picture:?}: {why}"))
    };
    let mut scenes: Vec<(String, Scene)> = [Picture::Blocks, Picture::Roofline, Picture::Memory]
        .map(|picture| (picture.name().to_owned(), of(picture, Subject::Run(&run))))
        .to_vec();
    for (picture, study) in [(Picture::Compare, 0), (Picture::Compare, 1), (Picture::Pareto, 1), (Picture::Sweep, 2)] {
        scenes.push((format!("{} of study {study}", picture.name()), of(picture, Subject::Study(&studies[study]))));
    }
    for (tokens, blocks, heads) in [(14, 4, 6), (100, 30, 9), (1, 2, 32)] {
        let text = explored::fixture::text(tokens, blocks, heads);
        for picture in [Picture::Heads, Picture::Head, Picture::Lens] {
            scenes.push((format!("{} of {tokens} tokens", picture.name()), of(picture, Subject::Text(&text))));
        }
    }
    scenes
}

/// Every place of a shape.
fn places(shape: &Shape) -> Vec<(f64, f64)> {
    let corners = |area: &Area| vec![(area.left, area.top), (area.right(), area.bottom())];
    match shape {
        Shape::Box { area, .. } => corners(area),
        Shape::Polygon { corners, .. } => corners.clone(),
        Shape::Line(line) => line.through.clone(),
        Shape::Mark(mark) => corners(&mark.area()),
        Shape::Label(label) => corners(&label.area()),
    }
}

#[test]
fn everything_lies_inside_of_the_picture_and_no_text_on_another() {
    let sizes = [
        None,
        Some(Size { width: 480, height: 300 }),
        Some(Size { width: 2000, height: 700 }),
        Some(Size { width: 700, height: 1600 }),
    ];
    for size in sizes {
        for (name, scene) in scenes(size) {
            let paper = scene.area();
            for shape in &scene.shapes {
                for (x, y) in places(shape) {
                    assert!(x.is_finite() && y.is_finite(), "{name} {size:?}: {shape:?}");
                    let inside = (0.0..=paper.width).contains(&x) && (0.0..=paper.height).contains(&y);
                    assert!(inside, "{name} {size:?}: {shape:?} leaves {paper:?}");
                }
            }
            let labels: Vec<&Label> = scene.labels().collect();
            for (index, one) in labels.iter().enumerate() {
                // Letters are lower than their line.
                let area = |label: &Label| label.area().within(label.size * 0.12);
                let other = labels[..index].iter().find(|other| area(other).meets(&area(one)));
                assert!(other.is_none(), "{name} {size:?}: '{}' on '{}'", one.text, other.unwrap().text);
            }
        }
    }
}

#[test]
fn every_picture_says_what_it_shows_of_what_and_where_its_numbers_come_from() {
    for (name, scene) in scenes(None) {
        let texts: Vec<&str> = scene.labels().map(|label| label.text.as_str()).collect();
        let all = texts.join("\n");
        let model = if name.contains("study") { "SmolLM2-135M" } else { "tiny" };
        for part in [model, "cpu", "A processor", "Blockscope 0.1.0", "LibTorch 2.11.0"] {
            assert!(all.contains(part), "{name} lacks {part}: {all}");
        }
        assert!(["easured", "ounted"].iter().any(|basis| all.contains(basis)), "{name}: {all}");
        assert!(!scene.about.is_empty());
        let unit = match name.split(' ').next().unwrap() {
            "blocks" | "sweep" => "µs|ms",
            "roofline" => "FLOP/byte°",
            "memory" => " kB| MB",
            "compare" => "×",
            "heads" | "head" => "share of attention",
            "lens" => "probability",
            _ => "tokens/s",
        };
        assert!(unit.split('|').any(|unit| all.contains(unit)), "{name} lacks {unit}: {all}");
    }
}

fn texts(picture: Picture, subject: Subject) -> String {
    let scene = picture.of(subject, None).unwrap();
    scene.labels().map(|label| label.text.clone()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_study_is_told_as_its_figures_say() {
    let compare = study::fixture::compare();
    let told = texts(Picture::Compare, Subject::Study(&compare));
    for part in [
        "attention=fused against attention=eager",
        "TTFT",
        "TPOT",
        "block 3",
        "24 interleaved pairs",
        "only in the baseline",
    ] {
        assert!(told.contains(part), "no {part}: {told}");
    }
    let sweep = study::fixture::sweep();
    let told = texts(Picture::Sweep, Subject::Study(&sweep));
    for part in ["attention=eager: ∝ x^1.", "attention=fused: ∝ x^0.9", "2,048", "floor°", "prompt tokens"] {
        assert!(told.contains(part), "no {part}: {told}");
    }
    let matrix = study::fixture::matrix();
    let told = texts(Picture::Pareto, Subject::Study(&matrix));
    for part in ["weights=int4", "weights=f32", "not dominated", "not drawn: 1 of 6 arms", "nats a token"] {
        assert!(told.contains(part), "no {part}: {told}");
    }
    assert_eq!(told.matches("weights=").count(), 5, "all that are drawn have their name: {told}");
}

#[test]
fn what_is_not_there_is_refused_in_words() {
    let run = Run::default();
    let study = Study::default();
    let text = Text::default();
    for picture in Picture::ALL {
        for subject in [Subject::Run(&run), Subject::Study(&study), Subject::Text(&text)] {
            let why = picture.of(subject, None).unwrap_err();
            assert!(why.split(' ').count() > 3, "{why}");
        }
    }
    let mut untraced = fixture::traced();
    untraced.passes.iter_mut().for_each(|pass| pass.start.watched = pass.start.watched.min(Watched::Parts));
    let seen = explored::fixture::text(14, 2, 2);
    let (traced, matrix, sweep) = (fixture::traced(), study::fixture::matrix(), study::fixture::sweep());
    for (subject, names) in [
        (Subject::Run(&untraced), &["blocks"][..]),
        (Subject::Run(&traced), &["blocks", "roofline", "memory"]),
        (Subject::Study(&matrix), &["pareto", "compare"]),
        (Subject::Study(&sweep), &["sweep"]),
        (Subject::Text(&seen), &["heads", "head", "lens"]),
    ] {
        let all: Vec<&str> = Picture::all_of(subject).into_iter().map(|(picture, _)| picture.name()).collect();
        assert_eq!(all, names);
    }
    let mut no_peaks = fixture::traced();
    no_peaks.peaks = None;
    assert!(Picture::Roofline.of(Subject::Run(&no_peaks), None).unwrap_err().contains("machine"));
}

#[test]
fn hostile_figures_and_names_are_drawn_or_refused_but_never_leave_the_paper() {
    let mut run = fixture::traced();
    run.header.model.name = format!("\u{1b}[2J\u{202e}<b>{}", "W".repeat(500));
    run.header.machine = "x ".repeat(3000);
    for pass in &mut run.passes {
        pass.time = Some(crate::units::Nanos(u64::MAX));
        pass.spans.iter_mut().for_each(|span| span.time = crate::units::Nanos(u64::MAX / 3));
    }
    if let Some(peaks) = &mut run.peaks {
        peaks.bandwidth.best = 1e300;
    }
    for (_, scene) in Picture::all_of(Subject::Run(&run)) {
        let paper = scene.area();
        for label in scene.labels() {
            assert!(!label.text.contains(['\u{1b}', '\u{202e}']) && paper.holds(&label.area()), "{label:?}");
        }
        assert!(svg(&scene, 1.0).is_ok());
    }
}
