//! A comparison: the ratio of every part's times with its interval, about 1; of many arms, a row for each of them.
//!
//! ```text
//! prefill: TTFT                        decode: TPOT
//! TTFT      ├▼┤   ┊        0.80×       TPOT         ┊●      1.00×
//! block 0   ├─▼─┤ ┊        0.79×       block 0    ├─◇─┤     0.99×
//!          0.7×   1×                              1×
//! ```

use super::axis::Axis;
use super::frame::{Heading, Named, Plot, Sign, heading, legend};
use super::scene::{Area, Form, Label, Mark, Scene, Side};
use super::size::{Extent, Size, extent};
use super::style::{
    BAND, BLUE, Colour, DIM, GROUND, HEIGHT, INK, LEAST, PURPLE, SMALL, TEXT, VERMILION, WIDTH, number,
};
use crate::analyse::comparison::{Comparison, Figure, PhaseComparison, Row};
use crate::analyse::{Ratio, Verdict};
use crate::arch::path::inside_of;
use crate::record::Phase;
use crate::record::study::{Pairing, Study, StudyKind};
use crate::units::Nanos;

/// The least height of a row.
const ROW: f64 = 14.0;
/// And the most that it is spread to.
const MOST_ROW: f64 = 36.0;
/// Ratios beyond these stand at the edge.
const MOST: f64 = 50.0;

/// A line of a panel.
enum Line {
    /// What the lines below it are.
    Head(&'static str),
    Value {
        name: String,
        figure: Box<Figure>,
        strong: bool,
    },
}

struct Panel {
    title: String,
    lines: Vec<Line>,
    /// How far the baseline is from itself.
    floor: Option<f64>,
}

pub fn scene(study: &Study, size: Option<Size>) -> Result<Scene, String> {
    let (what, panels, pairs) = match study.header.kind {
        StudyKind::Sweep { .. } => return Err("a sweep has no baseline".into()),
        StudyKind::Compare => parts(study)?,
        StudyKind::Matrix => arms(study)?,
    };
    let panels: Vec<Panel> = panels.into_iter().filter(|panel| panel.lines.iter().any(Line::is_told)).collect();
    let rows = panels.iter().map(|panel| panel.lines.len()).max().unwrap_or(0);
    if rows == 0 {
        return Err("nothing was measured in two of its arms".into());
    }
    // Few rows need less than a page, many more than one.
    let rows = rows as f64;
    let height = (235.0 + rows * MOST_ROW).min(HEIGHT).max(235.0 + rows * ROW);
    let extent = extent(size, Extent { width: WIDTH, height });
    let mut scene = Scene::new(extent.width, extent.height);
    let how = match study.header.pairing {
        Pairing::Interleaved => format!("{pairs} interleaved pairs"),
        Pairing::Separate => format!("runs from different times, of {pairs} repeats and more"),
    };
    let band = match panels.iter().any(|panel| panel.floor.is_some()) {
        true => " The grey band is how far the baseline is from itself.",
        false => "",
    };
    let basis = format!(
        "Measured: ratio of the medians over {how}; whiskers are bootstrap intervals at 95%, of parts wider (Holm).{band}"
    );
    let field = heading(&mut scene, &Heading::of_study(study, &what, &basis));
    let signs = [
        (Verdict::Faster, "faster"),
        (Verdict::Slower, "slower"),
        (Verdict::NoDifference { within: 0.0 }, "no difference seen"),
        (Verdict::TooNoisy { pairs: 0 }, "too noisy to say"),
    ]
    .map(|(verdict, name)| {
        let (form, colour, filled) = look(verdict);
        (Sign::Mark(form, colour, filled), name.to_owned())
    });
    let height = legend(&mut scene, (field.left, field.top), field.width, &signs);
    let below = Area { top: field.top + height + 6.0, height: field.height - height - 6.0, ..field };
    let gap = 26.0;
    let width = (below.width - gap * (panels.len() - 1) as f64) / panels.len() as f64;
    for (index, panel) in panels.iter().enumerate() {
        let left = below.left + index as f64 * (width + gap);
        draw(&mut scene, panel, Area { left, width, ..below });
    }
    Ok(scene)
}

/// The second arm against the first, part by part.
fn parts(study: &Study) -> Result<(String, Vec<Panel>, usize), String> {
    let comparison = Comparison::of(study, 0, 1).ok_or("it has no two arms")?;
    let panel = |phase: Phase| {
        let phase = comparison.phase(phase);
        let whole = Line::Value { name: phase.figure_name().into(), figure: Box::new(phase.time), strong: true };
        let mut lines = vec![whole];
        let mut table = |head: &'static str, rows: &[Row]| {
            if !rows.is_empty() {
                lines.push(Line::Head(head));
                lines.extend(rows.iter().map(|row| Line::Value {
                    name: inside_of(&row.path),
                    figure: Box::new(row.time),
                    strong: false,
                }));
            }
        };
        table("blocks", &phase.blocks);
        table("outside of blocks", &phase.outside);
        table("parts, all blocks together", &phase.kinds);
        Panel { title: title(phase), lines, floor: phase.time.floor }
    };
    let what = format!("{} against {}", comparison.names.candidate, comparison.names.baseline);
    Ok((what, [Phase::Prefill, Phase::Decode].map(panel).into(), comparison.pairs))
}

/// Every arm against the first.
fn arms(study: &Study) -> Result<(String, Vec<Panel>, usize), String> {
    let baseline = study.arms.first().ok_or("it has no arms")?;
    let others = 1..study.arms.len() as u32;
    let comparisons: Vec<Comparison> = others.filter_map(|arm| Comparison::headline(study, 0, arm)).collect();
    let panel = |phase: Phase| {
        let line = |one: &Comparison| Line::Value {
            name: one.names.candidate.clone(),
            figure: Box::new(one.phase(phase).time),
            strong: false,
        };
        let first = comparisons.first();
        Panel {
            title: first.map(|one| title(one.phase(phase))).unwrap_or_default(),
            lines: comparisons.iter().map(line).filter(Line::is_told).collect(),
            floor: first.and_then(|one| one.phase(phase).time.floor),
        }
    };
    let pairs = comparisons.iter().map(|one| one.pairs).filter(|&pairs| pairs > 0).min().unwrap_or(0);
    let what = format!("All against {}", baseline.name);
    Ok((what, [Phase::Prefill, Phase::Decode].map(panel).into(), pairs))
}

fn title(phase: &PhaseComparison) -> String {
    match phase.phase {
        Phase::Prefill => "prefill: time to the first token".into(),
        Phase::Decode => "decode: time of a further token".into(),
    }
}

impl Line {
    fn is_told(&self) -> bool {
        matches!(self, Line::Value { figure, .. } if figure.ratio.is_some())
    }
}

/// A verdict by its form and its colour.
fn look(verdict: Verdict) -> (Form, Colour, bool) {
    match verdict {
        Verdict::Faster => (Form::Down, BLUE, true),
        Verdict::Slower => (Form::Up, VERMILION, true),
        Verdict::NoDifference { .. } => (Form::Disc, DIM, true),
        Verdict::TooNoisy { .. } => (Form::Diamond, PURPLE, false),
    }
}

fn draw(scene: &mut Scene, panel: &Panel, area: Area) {
    scene.label(Label::new((area.left, area.top + TEXT * 0.6), &panel.title).bold().fit(area.width));
    let top = area.top + TEXT * 1.6;
    let height = area.bottom() - SMALL * 3.4 - top;
    let row = (height / panel.lines.len().max(1) as f64).min(2.0 * MOST_ROW);
    let size = (row * 0.82).clamp(LEAST, SMALL);
    let label = |text: &str| Label::new((0.0, 0.0), text).size(size);
    let names = panel.lines.iter().filter_map(|line| match line {
        Line::Value { name, strong, .. } => {
            let label = label(name);
            Some(if *strong { label.bold() } else { label }.fit(area.width * 0.4).width())
        }
        Line::Head(_) => None,
    });
    let widest = names.fold(0.0, f64::max);
    let behind = label("0.888×").width() + 8.0;
    let field = Area {
        left: area.left + widest + 9.0,
        top,
        width: area.width - widest - 9.0 - behind,
        height: row * panel.lines.len() as f64,
    };
    let plot = Plot { field, x: axis(panel), y: Axis::up_to([]) };
    if let Some(floor) = panel.floor {
        let (from, to) = (plot.near(1.0 / (1.0 + floor), 0.0).0, plot.near(1.0 + floor, 0.0).0);
        scene.rect(Area { left: from, width: to - from, ..field }, BAND);
    }
    plot.columns(scene, Named { name: "candidate ÷ baseline; left of 1 is faster", write: &times, ticks: None });
    let one = plot.near(1.0, 0.0).0;
    scene.line([(one, field.top), (one, field.bottom())], 1.4, DIM);
    for (index, line) in panel.lines.iter().enumerate() {
        let y = field.top + (index as f64 + 0.5) * row;
        match line {
            Line::Head(text) => {
                let head = Label { at: (area.left, y + row * 0.1), ..label(text).colour(DIM).bold() };
                scene.label(head.fit(widest + 9.0 + field.width * 0.5));
            }
            Line::Value { name, figure, strong } => {
                let text = Label { at: (field.left - 7.0, y), ..label(name).side(Side::Left) };
                scene.label(if *strong { text.bold() } else { text }.fit(area.width * 0.4));
                value(scene, &plot, figure, y, row, size);
            }
        }
    }
}

/// The mark of a ratio with its whiskers, and the ratio in figures.
fn value(scene: &mut Scene, plot: &Plot, figure: &Figure, y: f64, row: f64, size: f64) {
    let (Some(ratio), Some(verdict)) = (figure.ratio, figure.verdict) else {
        // What only one of both has.
        let alone = [("baseline", figure.sides.baseline), ("candidate", figure.sides.candidate)];
        if let Some((side, time)) = alone.into_iter().find_map(|(side, time)| Some((side, time?))) {
            let text = format!("only in the {side}: {}", Nanos::to_string(&time.median));
            let at = (plot.field.left + 6.0, y);
            let label = Label::new(at, text).size(size).colour(DIM).fit(plot.field.width - 8.0);
            scene.rect(label.area(), GROUND);
            scene.label(label);
        }
        return;
    };
    let (form, colour, filled) = look(verdict);
    let (low, at, high) = (near(plot, ratio.low), near(plot, ratio.ratio), near(plot, ratio.high));
    let cap = (row * 0.34).min(7.0);
    scene.line([(low, y), (high, y)], 1.5, colour);
    let radius = (row * 0.28).clamp(3.0, 5.5);
    // An interval that goes on beyond the edge has no end there; one that the mark hides needs none.
    for (end, value) in [(low, ratio.low), (high, ratio.high)] {
        if plot.x.share(value).is_some() && (end - at).abs() > radius + 1.0 {
            scene.line([(end, y - cap), (end, y + cap)], 1.5, colour);
        }
    }
    scene.mark(Mark { at: (at, y), radius, form, colour, filled });
    let text = Label::new((plot.field.right() + 8.0, y), ratio.times()).size(size);
    scene.label(text.colour(if verdict.is_change() { INK } else { DIM }));
}

fn near(plot: &Plot, ratio: f64) -> f64 {
    plot.near(ratio, 0.0).0
}

/// Around 1, every ratio, and every interval as far as it is not endless.
fn axis(panel: &Panel) -> Axis {
    let ratios = panel.lines.iter().filter_map(|line| match line {
        Line::Value { figure, .. } => figure.ratio.as_ref(),
        Line::Head(_) => None,
    });
    let ends = |ratio: &Ratio| {
        // A whisker that is much longer than the ratio is from 1 would hide all others.
        let far = (ratio.ratio.max(1.0 / ratio.ratio) * 2.0).min(MOST);
        [ratio.ratio, ratio.low.max(1.0 / far), ratio.high.min(far)].map(|end| end.clamp(1.0 / MOST, MOST))
    };
    Axis::log(ratios.flat_map(ends).chain([1.0]), 0.06, 0.08)
}

fn times(ratio: f64) -> String {
    format!("{}×", number((ratio * 1000.0).round() / 1000.0))
}
