//! All heads: blocks down, heads across, each as a small picture of its pattern; those that do something with a name are
//! framed in its colour.

use super::frame::{Heading, Sign, heading, legend};
use super::heat::{self, Grid};
use super::scene::{Area, Label, Scene, Side};
use super::size::{Extent, Size, extent};
use super::style::{DIM, GRID, LEAST, MARGIN, SMALL, WIDTH, of_role};
use crate::record::explored::{Head, HeadScores, Role, Text, Thumbnail};
use crate::units::many;
use std::collections::BTreeMap;

/// The least room of a head across, and the most that its picture takes.
const COLUMN: f64 = 36.0;
const MOST: f64 = 96.0;
/// The least size of one of its cells, and the most that all have together: more make a file of tens of megabytes.
const CELL: f64 = 1.5;
const MOST_CELLS: f64 = 100_000.0;
/// Between pictures, and the line below one where what it does stands there.
const GAP: f64 = 10.0;
const BADGE: f64 = 12.0;
/// Room for what a head does beside its picture: in full, and in short.
const FULL: f64 = 54.0;
const SHORT: f64 = 34.0;
/// Room for the numbers of blocks, and of heads.
const BLOCKS: f64 = 62.0;
const HEADS: f64 = 22.0;
/// The height that rows are laid out for, and what is around them.
const ROWS: f64 = 1300.0;
const AROUND: f64 = 250.0;
/// Room for what a picture is, above all of them.
const NOTE: f64 = SMALL * 1.6;
/// Width of the scale's legend.
const SCALE: f64 = 220.0;

/// Where what a head does is written.
#[derive(Clone, Copy, PartialEq)]
enum Badge {
    /// In full, or in at most four letters.
    Beside(bool),
    Below,
    Nowhere,
}

/// How the pictures lie.
struct Layout {
    /// Room of a head: across and down.
    pitch: (f64, f64),
    /// Of its picture.
    side: f64,
    badge: Badge,
}

pub fn scene(text: &Text, size: Option<Size>) -> Result<Scene, String> {
    let grids: Vec<(&Thumbnail, Grid)> =
        text.thumbnails.iter().map(|one| Ok((one, Grid::of_thumbnail(one)?))).collect::<Result<_, String>>()?;
    let cells = grids.iter().map(|(_, grid)| grid.rows).max().ok_or("no head was gone through")?;
    let (blocks, heads) = (sorted(&grids, |one| one.at.block), sorted(&grids, |one| one.at.head));
    let width = WIDTH.max(2.0 * MARGIN + BLOCKS + heads.len() as f64 * COLUMN);
    let across = (width - 2.0 * MARGIN - BLOCKS) / heads.len() as f64;
    let usual = Layout::new(across, ROWS / blocks.len() as f64, cells);
    let height = AROUND + usual.pitch.1 * blocks.len() as f64;
    let extent = extent(size, Extent { width, height });
    let mut scene = Scene::new(extent.width, extent.height);
    let field = heading(&mut scene, &told(text, blocks.len(), heads.len()));
    let band = keys(&mut scene, text, field);
    let body = Area {
        left: field.left + BLOCKS,
        top: (field.top + band + HEADS).round(),
        width: field.width - BLOCKS,
        height: field.height - band - HEADS,
    };
    let room = (body.width / heads.len() as f64, body.height / blocks.len() as f64);
    let layout = Layout::new(room.0, room.1, cells);
    let scores: BTreeMap<Head, &HeadScores> = text.scores.iter().map(|scores| (scores.at, scores)).collect();
    numbers(&mut scene, &layout, body, &blocks, &heads);
    let of_file = (grids.len() as f64 * (cells * cells) as f64 / MOST_CELLS).sqrt();
    let more = (CELL * cells as f64 / layout.side).max(of_file).ceil().max(1.0) as usize;
    let bin = grids.iter().map(|(one, _)| one.bin as usize).max().unwrap_or(1).saturating_mul(more);
    let largest = if bin > 1 { format!("; a cell is the largest of {bin} × {bin} positions") } else { String::new() };
    let note = format!("queries down, keys across: rows sum to 1{largest}");
    let at = (field.left, body.top - HEADS - 6.0 - NOTE / 2.0);
    scene.label(Label::new(at, note).size(SMALL).colour(DIM).fit(field.width - SCALE - 24.0));
    for (thumbnail, grid) in &grids {
        let grid = grid.binned(more);
        let at = |all: &[u32], one: u32| all.binary_search(&one).unwrap_or(0) as f64;
        let left = (body.left + at(&heads, thumbnail.at.head) * layout.pitch.0).round();
        let top = (body.top + at(&blocks, thumbnail.at.block) * layout.pitch.1).round();
        let place = Area { left, top, width: layout.side, height: layout.side };
        grid.draw(&mut scene, (left, top), layout.side / grid.rows as f64, 0.0, text.scale);
        let roles = scores.get(&thumbnail.at).map(|scores| scores.roles()).unwrap_or_default();
        match roles.first() {
            Some(&role) => scene.frame(place.within(-3.5), 2.0, of_role(role)),
            None => scene.frame(place.within(-2.5), 1.0, GRID),
        }
        badges(&mut scene, &layout, place, &roles);
    }
    Ok(scene)
}

/// The numbers of all blocks, or of all heads.
fn sorted(grids: &[(&Thumbnail, Grid)], of: fn(&Thumbnail) -> u32) -> Vec<u32> {
    let mut all: Vec<u32> = grids.iter().map(|(one, _)| of(one)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn told(text: &Text, blocks: usize, heads: usize) -> Heading {
    let facts = format!("{} of {}", many(blocks, "block"), many(heads, "head"));
    let basis = "Measured. A head does something that has a name where that takes at least 0.3 of its attention, three times \
                 what an even spread would give, for six queries or more; a sink is a key that receives as much. Frames \
                 have the colour of the first. What a query does not see is absent, not 0.";
    Heading::of_text(text, "What every head looks at", &facts, basis)
}

/// What frames and colours mean. How high it is.
fn keys(scene: &mut Scene, text: &Text, field: Area) -> f64 {
    let count = |role: Role| text.scores.iter().filter(|scores| scores.roles().contains(&role)).count();
    let signs = Role::ALL.map(|role| (Sign::Area(of_role(role)), format!("{}: {}", role.name(), count(role))));
    let nameless = text.scores.iter().filter(|scores| scores.roles().is_empty()).count();
    let mut signs = signs.to_vec();
    signs.push((Sign::Area(GRID), format!("nothing that has a name: {nameless}")));
    let of_roles = legend(scene, (field.left, field.top), field.width - SCALE - 24.0, &signs);
    let left = field.right() - SCALE;
    let of_scale = heat::legend(scene, (left, field.top), SCALE, "share of attention", text.scale);
    (of_roles + NOTE).max(of_scale) + 6.0
}

impl Layout {
    /// In so much room for a head, whose picture has so many cells on a side.
    fn new(across: f64, down: f64, cells: usize) -> Self {
        let fit = |width: f64, height: f64| {
            let side = width.min(height).min(MOST) / cells as f64;
            // In quarters, so that edges lie on the pixels of a PNG.
            let quarters = (side * 4.0).floor() / 4.0;
            (if quarters > 0.0 { quarters } else { side.max(0.01) }) * cells as f64
        };
        let beside = fit(across - GAP, down - GAP);
        let room = across - beside - GAP;
        let below = fit(across - GAP, down - GAP - BADGE);
        let (side, badge) = match room {
            FULL.. => (beside, Badge::Beside(true)),
            SHORT.. => (beside, Badge::Beside(false)),
            _ if below >= 20.0 => (below, Badge::Below),
            _ => (beside, Badge::Nowhere),
        };
        let under = if badge == Badge::Below { BADGE } else { 0.0 };
        let height = down.min(side + GAP + under);
        Self { pitch: (across, height), side, badge }
    }
}

/// The number of each block at the left, of each head above; where there are many, of every few.
fn numbers(scene: &mut Scene, layout: &Layout, body: Area, blocks: &[u32], heads: &[u32]) {
    let label = |at, text: &str| Label::new(at, text).size(SMALL).colour(DIM);
    let above = body.top - HEADS * 0.6;
    scene.label(label((body.left - 10.0, above), "head").side(Side::Left));
    let every = |room: f64, need: f64| (need / room).ceil().max(1.0) as usize;
    let step = every(layout.pitch.1, SMALL * 1.25);
    for (index, block) in blocks.iter().enumerate().step_by(step) {
        let y = body.top + index as f64 * layout.pitch.1 + layout.side / 2.0;
        let name = if index == 0 { format!("block {block}") } else { block.to_string() };
        scene.label(label((body.left - 10.0, y), &name).side(Side::Left).fit(BLOCKS - 10.0));
    }
    let widest = heads.iter().map(|head| label((0.0, 0.0), &head.to_string()).width()).fold(0.0, f64::max);
    let step = every(layout.pitch.0, widest + 6.0);
    for (index, head) in heads.iter().enumerate().step_by(step) {
        let x = body.left + index as f64 * layout.pitch.0 + layout.side / 2.0;
        scene.label(label((x, above), &head.to_string()).side(Side::Middle));
    }
}

/// What a head does, where there is room.
fn badges(scene: &mut Scene, layout: &Layout, place: Area, roles: &[Role]) {
    let named = |role: Role, is_full: bool| if is_full { role.name() } else { role.short() };
    let label = |at, text: &str| Label::new(at, text).size(LEAST);
    match layout.badge {
        Badge::Beside(is_full) => {
            let lines = (place.height / (LEAST * 1.25)).max(1.0) as usize;
            for (line, &role) in roles.iter().enumerate().take(lines) {
                let at = (place.right() + 7.0, place.top + LEAST * (0.6 + 1.25 * line as f64));
                scene.label(label(at, named(role, is_full)));
            }
        }
        Badge::Below => {
            let at = (place.left + place.width / 2.0, place.bottom() + GAP * 0.5 + BADGE * 0.5);
            if let Some(&role) = roles.first() {
                scene.label(label(at, named(role, false)).side(Side::Middle));
            }
        }
        Badge::Nowhere => {}
    }
}
