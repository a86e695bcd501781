//! Where the time goes: a bar for each block and each part around them, prefill and decode apart.
//!
//! ```text
//! prefill · 256 tokens · 1.04 s      decode · a step, mean of 15 · 39 ms
//! embedding ▏                        embedding ▏
//! block 0   ████▓▓▓▓▓░               block 0   ██▓▓▓
//! ```

use super::axis::Axis;
use super::frame::{Heading, Named, Plot, Sign, heading, legend};
use super::scene::{Area, Label, Scene, Side};
use super::size::{Extent, Size, extent};
use super::style::{BLUE, Colour, DIM, FAINT, GREEN, HEIGHT, LEAST, ORANGE, SMALL, TEXT, WIDTH, time};
use crate::arch::path::name_of;
use crate::arch::role::Branch;
use crate::record::{Part, Phase, Run, Watched};
use crate::units::Nanos;

/// Stages in the order in which they lie in a bar.
const STAGES: [(&str, Colour); 4] =
    [("attention", BLUE), ("MLP", ORANGE), ("rest of the block", FAINT), ("embedding, norm, LM head", GREEN)];
/// The least height of a row that has a name.
const ROW: f64 = 13.0;

/// The time of a block, or of a part outside of blocks.
struct Bar {
    name: String,
    /// By stage.
    times: [f64; 4],
}

/// The bars of one phase, in nanoseconds of one pass.
struct Panel {
    title: String,
    bars: Vec<Bar>,
}

pub fn scene(run: &Run, size: Option<Size>) -> Result<Scene, String> {
    let sides: Vec<Panel> = [Phase::Prefill, Phase::Decode].into_iter().filter_map(|phase| side(run, phase)).collect();
    let rows = sides.iter().map(|side| side.bars.len()).max().unwrap_or(0);
    if rows == 0 {
        return Err("no part of it was timed".into());
    }
    let extent = extent(size, Extent { width: WIDTH, height: (170.0 + rows as f64 * ROW).max(HEIGHT) });
    let mut scene = Scene::new(extent.width, extent.height);
    let basis = "Times measured, in the watched repeat with the median wall time; a bar is the whole time of a block, \
                 what lies in none of its stages included.";
    let field = heading(&mut scene, &Heading::of_run(run, "Time per block", basis));
    let signs: Vec<(Sign, String)> =
        STAGES.iter().map(|&(name, colour)| (Sign::Area(colour), name.to_owned())).collect();
    let height = legend(&mut scene, (field.left, field.top), field.width, &signs);
    let below = Area { top: field.top + height + 6.0, height: field.height - height - 6.0, ..field };
    let gap = 28.0;
    let width = (below.width - gap * (sides.len() - 1) as f64) / sides.len() as f64;
    for (index, side) in sides.iter().enumerate() {
        let left = below.left + index as f64 * (width + gap);
        bars(&mut scene, side, Area { left, width, ..below });
    }
    Ok(scene)
}

/// What one pass of a phase took, in the repeat that shows in tables.
fn side(run: &Run, phase: Phase) -> Option<Panel> {
    let (repeat, wall) = run.typical_repeat(Some(phase))?;
    let ours = |start: &crate::record::PassStart| {
        start.phase == phase && start.repeat == repeat && start.watched != Watched::Plain
    };
    let passes = run.passes.iter().filter(|pass| ours(&pass.start) && pass.time.is_some()).count().max(1);
    let rows = run.rows(Some(phase));
    let of = |nanos: Nanos| nanos.0 as f64 / passes as f64;
    let mut bars: Vec<Bar> = Vec::new();
    for row in rows.iter().filter(|row| run.parts[row.part as usize].parent.is_none()) {
        let part = &run.parts[row.part as usize];
        let total = of(row.typical);
        let mut times = [0.0; 4];
        if part.is_block() {
            for inside in rows.iter().filter(|inside| run.parts[inside.part as usize].parent == Some(row.part)) {
                times[stage(&run.parts[inside.part as usize])] += of(inside.typical);
            }
            times[2] = (total - times[0] - times[1]).max(0.0);
        } else {
            times[3] = total;
        }
        bars.push(Bar { name: name_of(&part.path), times });
    }
    let wall = time_of(of(wall));
    let title = match phase {
        Phase::Prefill => format!("prefill of {} tokens: {wall}", run.header.prompt_tokens),
        Phase::Decode if passes == 1 => format!("decode, one step: {wall}"),
        Phase::Decode => format!("decode, mean of {passes} steps: {wall}"),
    };
    (!bars.is_empty()).then_some(Panel { title, bars })
}

/// The stage of a part directly inside a block.
fn stage(part: &Part) -> usize {
    match part.branch() {
        Branch::Attention => 0,
        Branch::Mlp => 1,
        Branch::Other => 2,
    }
}

fn time_of(nanos: f64) -> String {
    Nanos(nanos.round().max(0.0) as u64).to_string()
}

fn bars(scene: &mut Scene, side: &Panel, area: Area) {
    scene.label(Label::new((area.left, area.top + TEXT * 0.6), &side.title).bold().fit(area.width));
    let below = SMALL * 3.4;
    let top = area.top + TEXT * 1.5;
    let height = area.bottom() - below - top;
    let row = height / side.bars.len() as f64;
    let size = (row * 0.82).clamp(LEAST, SMALL);
    let label = |text: &str| Label::new((0.0, 0.0), text).size(size);
    let widest = side.bars.iter().map(|bar| label(&bar.name).fit(110.0).width()).fold(0.0, f64::max);
    // Room for the time behind the longest bar.
    let totals = || side.bars.iter().map(|bar| bar.times.iter().sum::<f64>());
    let behind = totals().map(|total| label(&time_of(total)).width()).fold(0.0, f64::max) + 6.0;
    let field = Area { left: area.left + widest + 8.0, top, width: area.width - widest - 8.0 - behind, height };
    let x = Axis { to: totals().fold(0.0, f64::max).max(1.0), ..Axis::up_to([]) };
    let plot = Plot { field, x, y: Axis::up_to([]) };
    plot.columns(scene, Named { name: "time", write: &time, ticks: None });
    // On a picture that is not high enough, every second row has a name, or every third.
    let every = ((size * 1.15) / row).ceil().max(1.0) as usize;
    for (index, (bar, total)) in side.bars.iter().zip(totals()).enumerate() {
        let top = field.top + index as f64 * row;
        let inset = (row * 0.12).min(3.0);
        let mut sum = 0.0;
        for (part, (_, colour)) in bar.times.iter().zip(STAGES) {
            let (from, to) = (plot.near(sum, 0.0).0, plot.near(sum + part, 0.0).0);
            if *part > 0.0 {
                scene.rect(Area { left: from, top: top + inset, width: to - from, height: row - 2.0 * inset }, colour);
            }
            sum += part;
        }
        if index % every == 0 || bar.times[3] > 0.0 && row >= LEAST {
            let y = top + row / 2.0;
            scene.label(Label { at: (field.left - 6.0, y), ..label(&bar.name).side(Side::Left).fit(110.0) });
            let end = plot.near(total, 0.0).0 + 5.0;
            scene.label(Label { at: (end, y), ..label(&time_of(total)).colour(DIM) });
        }
    }
    scene.line([(field.left, field.top), (field.left, field.bottom())], 1.0, super::style::RULE);
}
