//! What memory is for, over the time of a pass: cache, activations and temporaries stacked, the peak marked.
//!
//! Weights do not change while a model runs; drawn to scale they would leave no room for what does. They are told in
//! words.

use super::axis::Axis;
use super::frame::{Heading, Named, Plot, Sign, heading, legend};
use super::scene::{Area, At, Form, Label, Mark, Scene, Side};
use super::size::{Extent, Size, extent};
use super::style::{DIM, HEIGHT, INK, SMALL, TEXT, WIDTH, bytes, category_name, of_category, time};
use crate::analyse::Account;
use crate::record::{ByCategory, Category, Pass, Phase, Run, Watched};
use crate::units::{Bytes, Nanos};

/// Stacked from below.
const STACKED: [Category; 3] = [Category::KvCache, Category::Activations, Category::Temporaries];

/// The pass of a phase in which most was alive.
struct Panel {
    title: String,
    time: Nanos,
    levels: Vec<(Nanos, ByCategory)>,
    peak: (Nanos, ByCategory),
    /// The innermost part that ran at the peak.
    peak_in: Option<String>,
}

pub fn scene(run: &Run, size: Option<Size>) -> Result<Scene, String> {
    let panels: Vec<Panel> =
        [Phase::Prefill, Phase::Decode].into_iter().filter_map(|phase| panel(run, phase)).collect();
    if panels.is_empty() {
        return Err("no allocation of it was recorded".into());
    }
    let extent = extent(size, Extent { width: WIDTH, height: HEIGHT });
    let mut scene = Scene::new(extent.width, extent.height);
    let weights = panels.iter().map(|panel| panel.peak.1.of(Category::Weights)).max().unwrap_or_default();
    let basis = format!(
        "Counted over every allocation of a traced pass; times measured. Weights, {weights} throughout, are not drawn."
    );
    let field = heading(&mut scene, &Heading::of_run(run, "Memory over a pass", &basis));
    let mut signs: Vec<(Sign, String)> = STACKED
        .iter()
        .map(|&category| (Sign::Area(of_category(category)), category_name(category).to_owned()))
        .collect();
    signs.push((Sign::Mark(Form::Down, INK, true), "peak".into()));
    let height = legend(&mut scene, (field.left, field.top), field.width, &signs);
    let below = Area { top: field.top + height + 6.0, height: field.height - height - 6.0, ..field };
    let gap = 24.0;
    let width = (below.width - gap * (panels.len() - 1) as f64) / panels.len() as f64;
    for (index, panel) in panels.iter().enumerate() {
        let left = below.left + index as f64 * (width + gap);
        stack(&mut scene, panel, Area { left, width, ..below });
    }
    Ok(scene)
}

/// The fullest traced pass of a phase, in the repeat that shows in tables.
fn panel(run: &Run, phase: Phase) -> Option<Panel> {
    let account = Account::of(run, phase)?;
    let ours = |pass: &&Pass| {
        let start = pass.start;
        start.phase == phase && start.repeat == account.repeat && start.watched == Watched::Operators
    };
    let passes = run.passes.iter().filter(ours);
    let held = passes.filter_map(|pass| Some((pass, pass.memory.as_deref()?, pass.time?)));
    let peaks = held.map(|(pass, memory, time)| (pass, memory, time, memory.peak()));
    let (pass, memory, time, peak) = peaks.max_by_key(|(.., peak)| peak.1.total())?;
    let around = |span: &&crate::record::Span| span.start <= peak.0 && peak.0 <= span.start + span.time;
    // Of the parts that ran then the one that began last is the innermost.
    let inner = pass.spans.iter().filter(around).max_by_key(|span| (span.start, std::cmp::Reverse(span.time)));
    let title = match phase {
        Phase::Prefill => format!("prefill of {} tokens", pass.start.n_new),
        Phase::Decode => format!("decode, step {} of {}", pass.start.step + 1, account.passes),
    };
    let peak_in = inner.and_then(|span| run.parts.get(span.part as usize)).map(|part| part.path.replace('_', " "));
    Some(Panel { title, time, levels: memory.levels(), peak, peak_in })
}

/// Of all but the weights.
fn drawn(level: &ByCategory) -> f64 {
    STACKED.iter().map(|&category| level.of(category).0 as f64).sum()
}

fn stack(scene: &mut Scene, panel: &Panel, area: Area) {
    let (at, level) = panel.peak;
    let all = level.total();
    scene.label(Label::new((area.left, area.top + TEXT * 0.6), &panel.title).bold().fit(area.width));
    let said = match &panel.peak_in {
        Some(part) => format!("peak {} in {part}; with weights {all}", Bytes(drawn(&level) as u64)),
        None => format!("peak {}; with weights {all}", Bytes(drawn(&level) as u64)),
    };
    let said = Label::new((area.left, area.top + TEXT * 1.9), said).size(SMALL).colour(DIM);
    scene.label(said.fit(area.width));
    let field = Area { top: area.top + TEXT * 3.4, height: area.height - TEXT * 3.4, ..area };
    let highest = panel.levels.iter().map(|(_, level)| drawn(level)).chain([drawn(&level)]);
    let y = Axis::up_to(highest);
    let x = Axis { to: (panel.time.0 as f64).max(1.0), ..Axis::up_to([]) };
    let x_named = Named { name: "time in the pass", write: &time, ticks: None };
    let y_named = Named { name: "memory", write: &bytes, ticks: None };
    let plot = Plot::new(scene, field, x, x_named, y, y_named);
    let columns = columns(panel, (plot.field.width * 2.0) as usize);
    let step = plot.field.width / columns.len() as f64;
    let mut below = vec![0.0; columns.len()];
    for category in STACKED {
        let above: Vec<f64> =
            below.iter().zip(&columns).map(|(low, level)| low + level.of(category).0 as f64).collect();
        if above != below {
            let mut corners = steps(&plot, step, &above);
            corners.extend(steps(&plot, step, &below).into_iter().rev());
            scene.polygon(corners, of_category(category), 1.0);
        }
        below = above;
    }
    let top = plot.near(at.0 as f64, drawn(&level));
    scene.mark(Mark { at: (top.0, top.1 - 7.0), radius: 5.0, form: Form::Down, colour: INK, filled: true });
    let side = if top.0 > plot.field.left + plot.field.width * 0.7 { Side::Left } else { Side::Right };
    let by = if side == Side::Left { -9.0 } else { 9.0 };
    scene.label(
        Label::new((top.0 + by, top.1 - 8.0), format!("{}", Bytes(drawn(&level) as u64))).size(SMALL).side(side),
    );
}

/// What was alive when each of equal stretches of the pass was fullest.
fn columns(panel: &Panel, columns: usize) -> Vec<ByCategory> {
    let columns = columns.max(2);
    let slot = |at: Nanos| ((at.share_of(panel.time) * columns as f64) as usize).min(columns - 1);
    let mut curve: Vec<Option<ByCategory>> = vec![None; columns];
    let mut last = ByCategory::default();
    let mut slots_done = 0;
    for &(at, level) in &panel.levels {
        let slot = slot(at);
        // Until then it stayed as it was, in the stretch in which it changes too.
        for held in &mut curve[slots_done..=slot.max(slots_done)] {
            let fuller = held.is_none_or(|held| drawn(&held) < drawn(&last));
            if fuller {
                *held = Some(last);
            }
        }
        slots_done = slot.max(slots_done);
        let held = &mut curve[slot];
        if held.is_none_or(|held| drawn(&held) <= drawn(&level)) {
            *held = Some(level);
        }
        last = level;
    }
    curve[slots_done..].iter_mut().for_each(|held| {
        held.get_or_insert(last);
    });
    curve.into_iter().map(|held| held.unwrap_or(last)).collect()
}

/// The upper edge of columns, a corner only where it changes.
fn steps(plot: &Plot, width: f64, heights: &[f64]) -> Vec<At> {
    let mut corners: Vec<At> = Vec::new();
    let mut last = f64::NAN;
    for (index, &height) in heights.iter().enumerate() {
        if height != last {
            let x = plot.field.left + index as f64 * width;
            let y = plot.near(0.0, height).1;
            corners.extend(corners.last().map(|&(_, before)| (x, before)));
            corners.push((x, y));
            last = height;
        }
    }
    corners.extend(corners.last().map(|&(_, y)| (plot.field.right(), y)));
    corners
}
