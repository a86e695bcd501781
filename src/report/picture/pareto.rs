//! Which configurations are worth a look: speed against what it costs in quality; the larger the mark, the more memory.

use super::axis::Axis;
use super::frame::{Heading, Named, Plot, Sign, heading, legend};
use super::names::{Wanted, place};
use super::scene::{Area, At, Form, Label, Mark, Scene};
use super::size::{Extent, Size, extent};
use super::style::{BLUE, DIM, FAINT, GREEN, HEIGHT, INK, WIDTH, number};
use crate::analyse::pareto::{Standing, of_study};
use crate::record::study::{Arm, Study};
use crate::record::{Phase, Quartiles, Watched};
use crate::units::Bytes;

/// The radius of the mark with most memory.
const LARGEST: f64 = 17.0;
const SMALLEST: f64 = 4.0;

/// An arm whose speed and quality are known.
struct Point {
    name: String,
    tokens_per_s: f64,
    /// KL to the reference, in nats.
    kl: f64,
    /// At its peak, where it was counted.
    memory: Option<Bytes>,
    is_best: bool,
}

pub fn scene(study: &Study, size: Option<Size>) -> Result<Scene, String> {
    let of = |phase| points(study, phase);
    let (phase, points) = match (of(Phase::Decode), of(Phase::Prefill)) {
        (points, _) if !points.is_empty() => (Phase::Decode, points),
        (_, points) if !points.is_empty() => (Phase::Prefill, points),
        _ => return Err("the quality of none of its arms was measured together with its time".into()),
    };
    let extent = extent(size, Extent { width: WIDTH, height: HEIGHT });
    let mut scene = Scene::new(extent.width, extent.height);
    let speed = match phase {
        Phase::Decode => "decode: tokens/s (1 ÷ the median time of a further token)",
        Phase::Prefill => "prefill: prompt tokens/s (by the median time to the first token)",
    };
    let mut basis = "Speed and KL measured, memory counted at its peak. Dominated: another is at least as fast and as \
                     good, and better in one."
        .to_owned();
    let left_out = study.arms.len() - points.len();
    if left_out > 0 {
        basis.push_str(&format!(" Without one of both, and not drawn: {left_out} of {} arms.", study.arms.len()));
    }
    if let Some(text) = &study.header.text {
        basis.push_str(&format!(" Quality on {} tokens of {}.", text.tokens, text.name));
    }
    let field = heading(&mut scene, &Heading::of_study(study, "Speed against quality", &basis));
    let mut signs = vec![
        (Sign::Mark(Form::Disc, BLUE, true), "not dominated".to_owned()),
        (Sign::Mark(Form::Disc, FAINT, false), "dominated".to_owned()),
        (Sign::Line(GREEN), "the front: better is right and below".to_owned()),
    ];
    let memories = || points.iter().filter_map(|point| point.memory);
    let most = memories().max();
    if let (Some(least), Some(most)) = (memories().min(), most) {
        signs.push((
            Sign::Mark(Form::Disc, DIM, false),
            match least == most {
                true => format!("area: memory, {most} for all"),
                false => format!("area: memory, {least} to {most}"),
            },
        ));
    }
    let height = legend(&mut scene, (field.left, field.top), field.width, &signs);
    let below = Area { top: field.top + height + 8.0, height: field.height - height - 8.0, ..field };
    let plot = plot(&mut scene, below, &points, speed);
    let lines = front(&mut scene, &plot, &points);
    let mut marks: Vec<(Mark, Wanted)> = points.iter().filter_map(|point| mark(&plot, &points, point, most)).collect();
    // The smaller ones on top; of names, those of the best first.
    marks.sort_by(|(one, _), (other, _)| other.radius.total_cmp(&one.radius));
    marks.iter().for_each(|(mark, _)| scene.mark(*mark));
    marks.sort_by_key(|(mark, _)| !mark.filled);
    let wanted: Vec<Wanted> = marks.into_iter().map(|(_, wanted)| wanted).collect();
    place(&mut scene, plot.field, &wanted, &[], &lines);
    Ok(scene)
}

/// The arms of which a time of the phase and the quality are known.
fn points(study: &Study, phase: Phase) -> Vec<Point> {
    let (standings, names) = (of_study(study, phase), study.short_names());
    let point = |((number, arm), standing): ((u32, &Arm), Standing)| {
        let samples = study.samples.iter().filter(|s| s.arm == number && !s.again && s.watched == Watched::Plain);
        let (times, tokens): (Vec<_>, u32) = match phase {
            Phase::Prefill => (samples.map(|sample| sample.ttft).collect(), arm.prompt_tokens),
            Phase::Decode => (samples.filter_map(|sample| sample.tpot()).collect(), 1),
        };
        let median = Quartiles::of(&times)?.median;
        let tokens_per_s = f64::from(tokens) / median.seconds();
        let kl = arm.quality?.kl_mean;
        let is_known = tokens_per_s.is_finite() && tokens_per_s > 0.0 && kl.is_finite();
        is_known.then(|| Point {
            name: names[number as usize].clone(),
            tokens_per_s,
            kl: kl.max(0.0),
            memory: arm.resources.as_deref().map(|resources| resources.peak.total()).filter(|memory| memory.0 > 0),
            is_best: standing == Standing::Best,
        })
    };
    (0..).zip(&study.arms).zip(standings).filter_map(point).collect()
}

/// Where a divergence of 0 stands, which has no logarithm: below all others.
fn zero(points: &[Point]) -> f64 {
    let least = points.iter().map(|point| point.kl).filter(|&kl| kl > 0.0).fold(f64::INFINITY, f64::min);
    if least.is_finite() { 10f64.powf((least / 3.0).log10().floor()) } else { 1e-6 }
}

fn height(points: &[Point], kl: f64) -> f64 {
    if kl > 0.0 { kl } else { zero(points) }
}

fn plot(scene: &mut Scene, area: Area, points: &[Point], speed: &str) -> Plot {
    let zero = zero(points);
    let has_zero = points.iter().any(|point| point.kl <= 0.0);
    let x = Axis { from: 0.0, ..Axis::around(points.iter().map(|point| point.tokens_per_s), 0.15) };
    let x = Axis { to: x.to.max(points.iter().map(|point| point.tokens_per_s).fold(0.0, f64::max) * 1.15), ..x };
    let y = Axis::log(points.iter().map(|point| height(points, point.kl)), 0.12, 1.5);
    let mut ticks: Vec<f64> = y.ticks(8);
    if has_zero {
        // Between 0 and the others the axis says nothing, and where there are no others nothing at all.
        let has_others = points.iter().any(|point| point.kl > 0.0);
        ticks.retain(|&tick| has_others && tick > zero * 1.5);
        ticks.insert(0, zero);
    }
    let write = |kl: f64| if has_zero && kl <= zero { "0".to_owned() } else { number(kl) };
    Plot::new(
        scene,
        area,
        x,
        Named { name: speed, write: &number, ticks: None },
        y,
        Named { name: "KL to the reference, nats a token", write: &write, ticks: Some(&ticks) },
    )
}

/// A line along those that are not dominated; the room that its pieces take.
fn front(scene: &mut Scene, plot: &Plot, points: &[Point]) -> Vec<Area> {
    let mut best: Vec<&Point> = points.iter().filter(|point| point.is_best).collect();
    best.sort_by(|one, other| one.tokens_per_s.total_cmp(&other.tokens_per_s));
    let places: Vec<_> =
        best.iter().filter_map(|point| plot.at(point.tokens_per_s, height(points, point.kl))).collect();
    // Whoever wants to be faster than one has to take the loss of the next.
    let mut through = Vec::new();
    for ends in places.windows(2) {
        through.extend([ends[0], (ends[0].0, ends[1].1)]);
    }
    through.extend(places.last());
    let around = |ends: &[At]| {
        let ((x0, y0), (x1, y1)) = (ends[0], ends[1]);
        Area { left: x0.min(x1), top: y0.min(y1), width: (x1 - x0).abs(), height: (y1 - y0).abs() }.within(-2.0)
    };
    let areas = through.windows(2).map(around).collect();
    if through.len() > 1 {
        scene.line(through, 1.3, GREEN);
    }
    areas
}

fn mark(plot: &Plot, points: &[Point], point: &Point, most: Option<Bytes>) -> Option<(Mark, Wanted)> {
    let at = plot.at(point.tokens_per_s, height(points, point.kl))?;
    let share = point.memory.zip(most).map_or(0.0, |(memory, most)| memory.0 as f64 / most.0.max(1) as f64);
    let radius = (LARGEST * share.sqrt()).max(SMALLEST);
    let (colour, filled) = if point.is_best { (BLUE, true) } else { (FAINT, false) };
    let name = Label::new((0.0, 0.0), &point.name).fit(240.0).text;
    let wanted = Wanted { at, radius, name, colour: if point.is_best { INK } else { DIM } };
    Some((Mark { at, radius, form: Form::Disc, colour, filled }, wanted))
}
