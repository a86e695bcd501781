//! The roofline: what each part reached, against what its intensity allows on this machine.
//!
//! Parts of all blocks are added up. What computes nothing has no place on these axes.

use super::axis::Axis;
use super::frame::{Heading, Named, Plot, Sign, heading, legend};
use super::names::{Wanted, place};
use super::scene::{Area, Form, Label, Mark, Scene, Side};
use super::size::{Extent, Size, extent};
use super::style::{BLUE, Colour, DIM, FAINT, GREEN, HEIGHT, INK, ORANGE, SMALL, WIDTH, number};
use crate::analyse::Account;
use crate::analyse::roofline::ridge;
use crate::arch::path::inside_of;
use crate::arch::role::Branch;
use crate::record::{Dtype, Part, Peaks, Phase, Run};
use crate::units::digits;

/// Marks closer to one another than this are named together.
const TOGETHER: f64 = 16.0;

/// A part, over all blocks.
struct Point {
    name: String,
    phase: Phase,
    colour: Colour,
    dtype: Option<Dtype>,
    /// Of the wall time of its phase.
    share: f64,
    /// FLOP/byte, GFLOP/s.
    place: (f64, f64),
    /// Of what the roofs allow, where they are known.
    of_roof: Option<f64>,
}

pub fn scene(run: &Run, size: Option<Size>) -> Result<Scene, String> {
    let accounts: Vec<Account> =
        [Phase::Prefill, Phase::Decode].into_iter().filter_map(|phase| Account::of(run, phase)).collect();
    if accounts.is_empty() {
        return Err("it has no operators, whose work could be counted".into());
    }
    let Some(peaks) = run.peaks.as_deref() else {
        return Err("it does not say what the machine can do at most".into());
    };
    let mut points: Vec<Point> = accounts.iter().flat_map(|account| points(run, account, peaks)).collect();
    if points.is_empty() {
        return Err("nothing in it computed anything that counts".into());
    }
    points.sort_by(|one, other| other.share.total_cmp(&one.share));
    let extent = extent(size, Extent { width: WIDTH, height: HEIGHT });
    let mut scene = Scene::new(extent.width, extent.height);
    let basis = format!(
        "Roofs and times measured; FLOPs counted from the shapes that ran; bytes° modelled: weights, inputs and results \
         once. Percentages are of what the roofs allow.{}",
        if points.iter().any(|point| point.of_roof > Some(1.0)) {
            " Above 100%, caches served what counts as memory."
        } else {
            ""
        }
    );
    let field = heading(&mut scene, &Heading::of_run(run, "Roofline", &basis));
    let has = |phase| points.iter().any(|point| point.phase == phase);
    let mut signs = vec![
        (Sign::Area(BLUE), "attention".to_owned()),
        (Sign::Area(ORANGE), "MLP".to_owned()),
        (Sign::Area(GREEN), "outside of blocks".to_owned()),
    ];
    for phase in [Phase::Prefill, Phase::Decode] {
        if has(phase) {
            signs.push((Sign::Mark(form(phase), DIM, true), format!("{}; larger: more of its time", phase.name())));
        }
    }
    let height = legend(&mut scene, (field.left, field.top), field.width, &signs);
    let below = Area { top: field.top + height + 8.0, height: field.height - height - 8.0, ..field };
    let ridges = peaks.gemm.iter().filter_map(|gemm| ridge(peaks, gemm.dtype));
    let heights = peaks.gemm.iter().map(|gemm| gemm.flops.best / 1e9);
    let x = Axis::log(points.iter().map(|point| point.place.0).chain(ridges), 0.08, 2.0);
    let y = Axis::log(points.iter().map(|point| point.place.1).chain(heights), 0.08, 2.0);
    let plot = Plot::new(
        &mut scene,
        below,
        x,
        Named { name: "intensity: FLOP/byte°", write: &number, ticks: None },
        y,
        Named { name: "GFLOP/s", write: &number, ticks: None },
    );
    let marks: Vec<(Mark, Wanted)> = points.iter().filter_map(|point| mark(&plot, point)).collect();
    let areas: Vec<Area> = marks.iter().map(|(mark, _)| mark.area()).collect();
    let (taken, mut lines) = roofs(&mut scene, &plot, peaks, &points, &areas);
    // The smaller ones on top.
    marks.iter().for_each(|(mark, _)| scene.mark(*mark));
    let wanted = together(marks);
    // Those that are named with another are still not written on.
    lines.extend(areas);
    place(&mut scene, plot.field, &wanted, &taken, &lines);
    Ok(scene)
}

/// Marks of one kind that lie on one another, as products of the same shape do, have one name together.
fn together(marks: Vec<(Mark, Wanted)>) -> Vec<Wanted> {
    let mut all: Vec<(Mark, Wanted)> = Vec::new();
    for (mark, wanted) in marks {
        let alike = |other: &Mark| {
            let far = (other.at.0 - mark.at.0).hypot(other.at.1 - mark.at.1);
            (other.form, other.colour) == (mark.form, mark.colour) && far < TOGETHER
        };
        match all.iter_mut().find(|(other, _)| alike(other)) {
            Some((_, first)) => first.name = format!("{} · {}", first.name, wanted.name),
            None => all.push((mark, wanted)),
        }
    }
    all.into_iter().map(|(_, wanted)| wanted).collect()
}

fn mark(plot: &Plot, point: &Point) -> Option<(Mark, Wanted)> {
    let at = plot.at(point.place.0, point.place.1)?;
    let radius = 5.0 + 9.0 * point.share.clamp(0.0, 1.0).sqrt();
    let mark = Mark { at, radius, form: form(point.phase), colour: point.colour, filled: true };
    let of_roof = point.of_roof.map(|share| match 100.0 * share.min(99.0) {
        share @ ..0.95 => format!(" {share:.1}%"),
        share => format!(" {share:.0}%"),
    });
    let name = format!("{}{}", Label::new((0.0, 0.0), &point.name).fit(160.0).text, of_roof.unwrap_or_default());
    Some((mark, Wanted { at, radius, name, colour: INK }))
}

fn form(phase: Phase) -> Form {
    match phase {
        Phase::Prefill => Form::Disc,
        Phase::Decode => Form::Up,
    }
}

/// The parts without others inside that computed something, all blocks together.
fn points(run: &Run, account: &Account, peaks: &Peaks) -> Vec<Point> {
    let likes = run.likes();
    let kinds = account.parts_by(|part| likes[part as usize]);
    let leaves = (0..).zip(kinds).filter(|&(part, _)| run.children(Some(part)).next().is_none());
    let point = |(part, row): (u32, Option<crate::analyse::account::PartAccount>)| {
        let row = row?;
        let rate = row.flops.gflops_per_second(row.total)?;
        let part = &run.parts[part as usize];
        Some(Point {
            name: inside_of(&part.path),
            phase: account.phase,
            colour: colour(part),
            dtype: row.products.main_dtype(),
            share: row.total.share_of(account.wall),
            place: ((row.bytes.0 > 0).then(|| row.flops.0 as f64 / row.bytes.0 as f64)?, rate),
            of_roof: row.standing(peaks).map(|standing| standing.share),
        })
    };
    leaves.filter_map(point).collect()
}

fn colour(part: &Part) -> Colour {
    match part.branch() {
        Branch::Attention => BLUE,
        Branch::Mlp => ORANGE,
        Branch::Other => GREEN,
    }
}

/// The slope of the bandwidth and the roof of every format with their names, which keep off the marks; the room that
/// the names take, and that of the flat roofs.
fn roofs(scene: &mut Scene, plot: &Plot, peaks: &Peaks, points: &[Point], marks: &[Area]) -> (Vec<Area>, Vec<Area>) {
    let used = |dtype| points.iter().any(|point| point.dtype == Some(dtype));
    let bandwidth = peaks.bandwidth.best / 1e9;
    let highest = peaks.gemm.iter().map(|gemm| gemm.flops.best / 1e9).fold(0.0, f64::max);
    let (from, to) = ((plot.x.from, plot.x.from * bandwidth), (highest / bandwidth, highest));
    // Where the slope enters the field: at its left edge, or at its bottom.
    let from = if from.1 < plot.y.from { (plot.y.from / bandwidth, plot.y.from) } else { from };
    let (mut taken, mut lines): (Vec<Area>, Vec<Area>) = Default::default();
    let mut write = |scene: &mut Scene, mut places: Box<dyn Iterator<Item = Label> + '_>| {
        let is_free = |label: &Label| {
            let area = label.area();
            plot.field.holds(&area) && taken.iter().chain(marks).all(|other| !other.meets(&area))
        };
        if let Some(label) = places.find(is_free) {
            taken.push(label.area());
            scene.label(label);
        }
    };
    if to.0.is_finite() && from.0 < to.0 {
        scene.line([plot.near(from.0, from.1), plot.near(to.0, to.1)], 1.8, INK);
    }
    for gemm in &peaks.gemm {
        let (Some(ridge), rate) = (ridge(peaks, gemm.dtype), gemm.flops.best / 1e9) else { continue };
        let is_used = used(gemm.dtype);
        let (left, right) = (plot.near(ridge, rate), plot.near(plot.x.to, rate));
        scene.line([left, right], if is_used { 1.8 } else { 1.2 }, if is_used { INK } else { FAINT });
        lines.push(Area { left: left.0, top: left.1, width: right.0 - left.0, height: 0.0 }.within(-1.5));
        // Over the highest roof, under the others, which lie close to it; as far to the right as there is room.
        let by = if rate >= highest { -SMALL * 0.8 } else { SMALL * 0.8 };
        let text = format!("{}: {} GFLOP/s", gemm.dtype.name(), digits(rate));
        let colour = if is_used { INK } else { DIM };
        let place = |to: f64| Label::new((to, right.1 + by), &text).size(SMALL).side(Side::Left).colour(colour);
        let steps = ((right.0 - left.0) / 10.0).max(0.0) as u32;
        write(scene, Box::new((0..steps).map(|step| place(right.0 - 3.0 - 10.0 * f64::from(step)))));
    }
    // Above the slope, from its upper end down.
    let text = format!("memory: {} GB/s", digits(bandwidth));
    let places = (4..19).map(|n| f64::from(n) / 20.0).map(|step| {
        let share = |from: f64, to: f64| 10f64.powf(to.log10() + (from.log10() - to.log10()) * step);
        let (x, y) = plot.near(share(from.0, to.0), share(from.1, to.1));
        Label::new((x - 8.0, y - SMALL * 0.75), &text).size(SMALL).side(Side::Left)
    });
    write(scene, Box::new(places));
    (taken, lines)
}
