//! A sweep: time against the setting, both logarithmic, so that a power of it is a straight line of that slope.

use super::axis::Axis;
use super::frame::{Heading, Named, Plot, Sign, heading, legend};
use super::scene::{Area, At, Form, Label, Mark, Scene};
use super::size::{Extent, Size, extent};
use super::style::{Colour, DIM, HEIGHT, SERIES, TEXT, WIDTH, time, whole};
use crate::analyse::Sweep;
use crate::analyse::sweep::{Line, Measured, Point, Power, Series};
use crate::record::study::Study;
use crate::units::Nanos;

/// Forms beside the colours, so that series are told apart without them.
const FORMS: [Form; 5] = [Form::Disc, Form::Square, Form::Up, Form::Diamond, Form::Down];

/// Which time of a point a panel is about.
#[derive(Clone, Copy, PartialEq)]
enum Time {
    Ttft,
    Tpot,
}

pub fn scene(study: &Study, size: Option<Size>) -> Result<Scene, String> {
    let sweep = Sweep::of(study);
    if sweep.series.is_empty() {
        return Err("it is no sweep".into());
    }
    let points = |of: Time| sweep.series.iter().flat_map(|series| &series.points).filter(move |point| has(point, of));
    let panels: Vec<Time> = [Time::Ttft, Time::Tpot].into_iter().filter(|&of| points(of).next().is_some()).collect();
    if panels.is_empty() {
        return Err("nothing was measured at a value above 0, which a logarithmic axis needs".into());
    }
    let longest = sweep.series.len() as f64;
    let extent = extent(size, Extent { width: WIDTH, height: HEIGHT.max(480.0 + longest * TEXT * 1.5) });
    let mut scene = Scene::new(extent.width, extent.height);
    let all = sweep.series.iter().flat_map(|series| &series.points);
    let (refused, zero) = (all.clone().filter(|p| p.refused.is_some()).count(), all.filter(|p| p.x <= 0.0).count());
    let mut basis = "Points measured: medians with bootstrap intervals at 95%. Lines are fitted to them, in the range \
                     where they are drawn."
        .to_owned();
    if points(Time::Ttft).chain(points(Time::Tpot)).any(|point| point.ttft_floor.or(point.tpot_floor).is_some()) {
        basis.push_str(" floor° is modelled: the least time that the measured limits of the machine allow.");
    }
    if refused > 0 {
        basis.push_str(&format!(" {refused} not measured: they would not fit, or could not be."));
    }
    if zero > 0 {
        basis.push_str(" What lies at 0 has no place here.");
    }
    let what = format!("Sweep over {}", words(&sweep.over));
    let field = heading(&mut scene, &Heading::of_study(study, &what, &basis));
    let gap = 26.0;
    let width = (field.width - gap * (panels.len() - 1) as f64) / panels.len() as f64;
    for (index, &of) in panels.iter().enumerate() {
        let left = field.left + index as f64 * (width + gap);
        draw(&mut scene, &sweep, of, Area { left, width, ..field });
    }
    Ok(scene)
}

fn words(setting: &str) -> String {
    setting.replace('_', " ")
}

fn has(point: &Point, of: Time) -> bool {
    point.x > 0.0 && of.of(point).is_some()
}

impl Time {
    fn title(self) -> &'static str {
        match self {
            Time::Ttft => "prefill: time to the first token",
            Time::Tpot => "decode: time of a further token",
        }
    }

    fn of(self, point: &Point) -> Option<Measured> {
        match self {
            Time::Ttft => point.ttft,
            Time::Tpot => point.tpot,
        }
    }

    fn floor(self, point: &Point) -> Option<Nanos> {
        match self {
            Time::Ttft => point.ttft_floor,
            Time::Tpot => point.tpot_floor,
        }
    }

    /// What is drawn through the points: of a prefill the power law; of decoding the straight line where it was
    /// fitted, which a power law does not follow.
    fn fit(self, series: &Series) -> (Option<Power>, Option<Line>) {
        match self {
            Time::Ttft => (series.ttft, None),
            Time::Tpot => (series.tpot, series.tpot_line),
        }
    }
}

/// `eager ∝ x^1.62 (95%: 1.55 – 1.70)`
fn told(series: &Series, of: Time) -> String {
    let name = if series.name.is_empty() { "measured" } else { &series.name };
    let (power, line) = of.fit(series);
    let exponent = power.map(|power| {
        let interval = power.interval.map(|(low, high)| format!(" (95%: {low:.2} – {high:.2})"));
        format!(": ∝ x^{:.2}{}", power.exponent, interval.unwrap_or_default())
    });
    let line = line.filter(|line| line.a > 0.0 && line.b > 0.0).map(|line| {
        let [a, b] = [line.a, line.b].map(|seconds| Nanos::from_seconds(seconds).to_string());
        format!("; {a} + {b} · x")
    });
    format!("{name}{}{}", exponent.unwrap_or_default(), line.unwrap_or_default())
}

fn draw(scene: &mut Scene, sweep: &Sweep, of: Time, area: Area) {
    scene.label(Label::new((area.left, area.top + TEXT * 0.6), of.title()).bold().fit(area.width));
    let known: Vec<(usize, &Series)> = sweep.series.iter().enumerate().collect();
    let mut signs: Vec<(Sign, String)> = Vec::new();
    for &(index, series) in &known {
        let (form, colour) = look(index);
        signs.push((Sign::Mark(form, colour, true), told(series, of)));
    }
    if known.iter().any(|(_, series)| series.points.iter().any(|point| of.floor(point).is_some())) {
        signs.push((Sign::Dashes(DIM), "floor°".into()));
    }
    let top = area.top + TEXT * 1.5;
    // Each in a line of its own: what is told of them is long.
    let mut height = 0.0;
    for sign in &signs {
        height += legend(scene, (area.left, top + height), area.width, std::slice::from_ref(sign));
    }
    let field = Area { top: top + height + 6.0, height: area.bottom() - top - height - 6.0, ..area };
    let points = || sweep.series.iter().flat_map(|series| &series.points).filter(|point| has(point, of));
    let mut xs: Vec<f64> = points().map(|point| point.x).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let times = points().flat_map(|point| {
        let measured = of.of(point).into_iter().flat_map(|m| {
            let (low, high) = m.interval.unwrap_or((m.quartiles.median, m.quartiles.median));
            [low, m.quartiles.median, high]
        });
        measured.chain(of.floor(point)).map(|time| time.0 as f64)
    });
    let (x, y) = (Axis::log(xs.iter().copied(), 0.05, 0.3), Axis::log(times, 0.07, 0.5));
    let name = words(&sweep.over);
    let x_named = Named { name: &name, write: &whole, ticks: Some(&xs) };
    let plot = Plot::new(scene, field, x, x_named, y, Named { name: "time", write: &time, ticks: None });
    floors(scene, &plot, &known, of);
    for &(index, series) in &known {
        fitted(scene, &plot, series, of, look(index).1);
    }
    for &(index, series) in &known {
        marks(scene, &plot, series, of, index);
    }
}

fn look(index: usize) -> (Form, Colour) {
    (FORMS[index % FORMS.len()], SERIES[index % SERIES.len()])
}

/// The floors of all series, each in its colour; one that they share, which no colour would tell apart, in none.
fn floors(scene: &mut Scene, plot: &Plot, known: &[(usize, &Series)], of: Time) {
    let floor = |series: &Series| -> Vec<At> {
        let at = |point: &Point| plot.at(point.x, of.floor(point)?.0 as f64);
        series.points.iter().filter(|point| point.x > 0.0).filter_map(at).collect()
    };
    let all: Vec<(Colour, Vec<At>)> = known.iter().map(|&(index, series)| (look(index).1, floor(series))).collect();
    for (index, (colour, through)) in all.iter().enumerate().filter(|(_, (_, through))| through.len() > 1) {
        let alike = |other: &&(Colour, Vec<At>)| other.1 == *through;
        if !all[..index].iter().any(|other| alike(&other)) {
            let shared = all.iter().filter(alike).count() > 1;
            scene.dashes(through.clone(), 1.3, if shared { DIM } else { *colour });
        }
    }
}

/// The fitted law over the range that it was fitted to.
fn fitted(scene: &mut Scene, plot: &Plot, series: &Series, of: Time, colour: Colour) {
    let measured = series.points.iter().filter(|point| has(point, of)).map(|point| point.x);
    let least = measured.clone().fold(f64::INFINITY, f64::min);
    let most = measured.fold(0.0, f64::max);
    let (from, to, at): (f64, f64, Box<dyn Fn(f64) -> f64>) = match of.fit(series) {
        (_, Some(line)) => (least, most, Box::new(move |x| line.at(x))),
        (Some(power), None) => (power.from, power.to, Box::new(move |x| power.at(x))),
        (None, None) => return,
    };
    if !(from > 0.0 && to > from) {
        return;
    }
    // A power law is straight here.
    let pieces = if of.fit(series).1.is_some() { 16 } else { 1 };
    let steps = (0..=pieces).map(|n| from * (to / from).powf(f64::from(n) / f64::from(pieces)));
    let through: Vec<At> = steps.filter_map(|x| plot.at(x, at(x) * 1e9)).collect();
    scene.line(through, 1.6, colour);
}

fn marks(scene: &mut Scene, plot: &Plot, series: &Series, of: Time, index: usize) {
    let (form, colour) = look(index);
    // Of two that lie on one another both are seen.
    let radius = (6.0 - index as f64).max(3.5);
    for point in series.points.iter().filter(|point| point.x > 0.0) {
        let Some(measured) = of.of(point) else { continue };
        let place = |time: Nanos| plot.at(point.x, time.0 as f64);
        if let Some((low, high)) = measured.interval
            && let (Some(low), Some(high)) = (place(low), place(high))
        {
            scene.line([low, high], 1.5, colour);
            for (x, y) in [low, high] {
                scene.line([(x - 4.0, y), (x + 4.0, y)], 1.5, colour);
            }
        }
        if let Some(at) = place(measured.quartiles.median) {
            scene.mark(Mark { at, radius, form, colour, filled: true });
        }
    }
}
