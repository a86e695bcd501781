//! The pattern of a head: which token looks at which, and what the head does, in numbers.
//!
//! ```text
//!   (0) The  ██                       share of attention A[q, k], √ scale
//!   (1) ·cat ░░██                     ▁▂▃▄▅▆▇█
//!   (2) ·sat ██░░░░                   rows sum to 1: queries down, keys across
//!   (3) ·on  ██  ░░██
//!            T  ·  ·  ·               what head 8.1 does
//!            h  c  s  o               induction  ━━━━━━━╌╌╌  0.90  0.02
//! ```

mod figures;

use super::frame::{Heading, heading};
use super::heat::{self, Grid};
use super::scene::{Area, Label, Scene, Side};
use super::size::{Extent, Size, extent};
use super::style::{DIM, LEAST, MARGIN, RULE, SMALL, WIDTH};
use crate::record::explored::{Head, HeadScores, Pattern, Role, Score, Text};

/// The most cells on a side: more are too small to be seen and too many for a file.
const MOST_CELLS: usize = 128;
/// The most room of a cell, and from which on it has its number written in it.
const MOST_CELL: f64 = 44.0;
const NUMBERED: f64 = 28.0;
/// The most room of a label.
const LABEL: f64 = 118.0;
/// The column beside a pattern, what separates the two, and the height that it needs.
const BESIDE: f64 = 252.0;
const GAP: f64 = 34.0;
const LEAST_HEIGHT: f64 = 300.0;
/// Between two patterns.
const BETWEEN: f64 = 24.0;
/// Room for the name of an axis.
const NAME: f64 = SMALL * 1.9;
/// Of a picture, what is above and below of patterns.
const AROUND: f64 = 152.0;

/// A pattern as it is drawn.
struct Map<'a> {
    head: Head,
    grid: Grid,
    /// Positions in a cell.
    bin: usize,
    /// The first position down and across.
    first: (usize, usize),
    scores: Option<&'a HeadScores>,
}

pub fn scene(text: &Text, size: Option<Size>) -> Result<Scene, String> {
    let maps: Vec<Map> = text.patterns.iter().map(|pattern| Map::of(text, pattern)).collect::<Result<_, _>>()?;
    let Some(first) = maps.first() else { return Err("no pattern of a head was kept".into()) };
    let room = WIDTH - 2.0 * MARGIN;
    let heights = maps.iter().map(|map| map.height(text, room).max(LEAST_HEIGHT) + BETWEEN);
    let extent = extent(size, Extent { width: WIDTH, height: AROUND - BETWEEN + heights.sum::<f64>() });
    let mut scene = Scene::new(extent.width, extent.height);
    let names: Vec<String> = maps.iter().map(|map| map.head.to_string()).collect();
    let alone = maps.len() == 1;
    let facts = if alone { first.told(text) } else { String::new() };
    let bin = maps.iter().map(|map| map.bin).max().unwrap_or(1);
    let cells = match bin {
        1 => String::new(),
        _ => format!(" A cell shows the largest of {bin} × {bin} positions and is named by the first of them."),
    };
    let basis = format!(
        "Measured. A[q, k] is the share of its attention that query q gives key k. Rows sum to 1; a key that a query does \
         not see is absent, not 0.{cells}"
    );
    let what = format!("Head{} {}", if alone { "" } else { "s" }, names.join(", "));
    let field = heading(&mut scene, &Heading::of_text(text, &what, &facts, &basis));
    let height = (field.height + BETWEEN) / maps.len() as f64 - BETWEEN;
    if height < LEAST_HEIGHT - 40.0 {
        return Err(format!("there is no room for the patterns of {} heads in a picture of this size", maps.len()));
    }
    for (index, map) in maps.iter().enumerate() {
        map.draw(&mut scene, text, Area { top: field.top + index as f64 * (height + BETWEEN), height, ..field });
    }
    Ok(scene)
}

/// How a pattern fits into its room.
struct Fit {
    /// The size of a cell.
    cell: f64,
    /// One row, and one column, in so many has its label.
    every: usize,
    /// Room for labels and the names of the axes: beside rows, and below columns.
    left: f64,
    below: f64,
}

/// Letters beside a cell.
fn size_in(cell: f64) -> f64 {
    (cell * 0.8).clamp(LEAST, SMALL)
}

impl<'a> Map<'a> {
    fn of(text: &'a Text, pattern: &Pattern) -> Result<Self, String> {
        let grid = Grid::of_pattern(pattern)?;
        let more = grid.rows.max(grid.columns).div_ceil(MOST_CELLS);
        Ok(Self {
            head: pattern.head,
            grid: grid.binned(more),
            bin: pattern.bin.max(1).saturating_mul(more),
            first: (pattern.area.queries.start, pattern.area.keys.start),
            scores: text.scores_of(pattern.head),
        })
    }

    /// `induction 0.90, evenly 0.02 · sink 0.34 on (0) The · entropy 0.41`
    fn told(&self, text: &Text) -> String {
        let Some(scores) = self.scores else { return String::new() };
        let share = |name: &str, Score { value, uniform, .. }: Score| format!("{name} {value:.2}, evenly {uniform:.2}");
        let mut told: Vec<String> = scores
            .roles()
            .into_iter()
            .map(|role| match role {
                Role::Induction => share(role.name(), scores.induction),
                Role::Previous => share(role.name(), scores.previous),
                Role::Duplicate => share(role.name(), scores.duplicate),
                Role::Sink => format!("sink {:.2} on {}", scores.sink.mass, text.at(scores.sink.key as usize)),
            })
            .collect();
        if told.is_empty() {
            told.push("does nothing that has a name".into());
        }
        told.push(format!("entropy {:.2}", scores.entropy));
        told.join(" · ")
    }

    /// How a cell is called, by its first position.
    fn label(&self, text: &Text, first: usize, cell: usize) -> Label {
        Label::new((0.0, 0.0), text.at(first.saturating_add(cell.saturating_mul(self.bin))))
    }

    /// How it fits into so much room: first as if every cell had its label, then with those that have.
    fn fit(&self, text: &Text, within: Extent) -> Fit {
        let room = |every: usize| {
            let widest = |first: usize, cells: usize| {
                let labels = (0..cells).step_by(every).map(|cell| self.label(text, first, cell).size(SMALL).fit(LABEL));
                labels.map(|label| label.width()).fold(0.0, f64::max) + 8.0 + NAME
            };
            (widest(self.first.0, self.grid.rows), widest(self.first.1, self.grid.columns))
        };
        let cell = |(left, below): (f64, f64)| {
            let (across, down) = (within.width - left - GAP - BESIDE, within.height - below);
            let cell = (across / self.grid.columns as f64).min(down / self.grid.rows as f64).min(MOST_CELL);
            // In quarters, so that edges lie on the pixels of a PNG.
            ((cell * 4.0).floor() / 4.0).max(0.25)
        };
        let least = cell(room(1));
        let every = (size_in(least) * 1.25 / least).ceil().max(1.0) as usize;
        let (left, below) = room(every);
        Fit { cell: cell((left, below)), every, left, below }
    }

    /// How high it is where only the width is given.
    fn height(&self, text: &Text, width: f64) -> f64 {
        let fit = self.fit(text, Extent { width, height: 2.0 * width });
        fit.cell * self.grid.rows as f64 + fit.below
    }

    fn draw(&self, scene: &mut Scene, text: &Text, area: Area) {
        let fit = self.fit(text, Extent { width: area.width, height: area.height });
        let cell = fit.cell;
        let field = Area {
            left: (area.left + fit.left).round(),
            top: area.top.round(),
            width: cell * self.grid.columns as f64,
            height: cell * self.grid.rows as f64,
        };
        let gap = if cell >= 8.0 { 1.0 } else { 0.0 };
        self.grid.draw(scene, (field.left, field.top), cell, gap, text.scale);
        if cell >= NUMBERED && self.bin == 1 {
            self.numbers(scene, text, field, cell);
        }
        self.axes(scene, text, &fit, field);
        let beside = Area { left: field.right() + GAP, width: BESIDE, ..area };
        let mut top = beside.top;
        top += heat::legend(scene, (beside.left, top), 220.0, "share of attention A[q, k]", text.scale) + 12.0;
        for line in ["rows sum to 1: queries down, keys across", "blank: the query does not see the key"] {
            scene.label(Label::new((beside.left, top + SMALL * 0.7), line).size(SMALL).colour(DIM));
            top += SMALL * 1.4;
        }
        if let Some(scores) = self.scores {
            figures::draw(scene, text, scores, Area { top: top + 14.0, ..beside });
        }
    }

    /// Shares in figures; those that round to nothing are left out.
    fn numbers(&self, scene: &mut Scene, text: &Text, field: Area, cell: f64) {
        for (row, column) in (0..self.grid.rows).flat_map(|row| (0..self.grid.columns).map(move |c| (row, c))) {
            let Some(share) = self.grid.at(row, column).filter(|&share| share >= 0.005) else { continue };
            let middle = |n: usize| (n as f64 + 0.5) * cell - 0.5;
            let at = (field.left + middle(column), field.top + middle(row));
            let ground = heat::colour(text.scale.of(share));
            let label = Label::new(at, format!("{:.2}", share.clamp(0.0, 1.0))).size(LEAST).side(Side::Middle);
            scene.label(label.colour(heat::ink(ground)).fit(cell));
        }
    }

    /// Labels of rows and columns, as many as there is room for, and the names of the axes.
    fn axes(&self, scene: &mut Scene, text: &Text, fit: &Fit, field: Area) {
        let &Fit { cell, every, left, below } = fit;
        let size = size_in(cell);
        let middle = |n: usize| (n as f64 + 0.5) * cell;
        let label = |first: usize, cell: usize| self.label(text, first, cell).size(size).side(Side::Left);
        for row in (0..self.grid.rows).step_by(every) {
            let y = field.top + middle(row);
            scene.line([(field.left - 4.0, y), (field.left - 1.0, y)], 1.0, RULE);
            scene.label(Label { at: (field.left - 7.0, y), ..label(self.first.0, row).fit(LABEL) });
        }
        for column in (0..self.grid.columns).step_by(every) {
            let x = field.left + middle(column);
            scene.line([(x, field.bottom() + 1.0), (x, field.bottom() + 4.0)], 1.0, RULE);
            scene.label(Label { at: (x, field.bottom() + 7.0), ..label(self.first.1, column).turned().fit(LABEL) });
        }
        scene.line([(field.left - 1.0, field.top), (field.left - 1.0, field.bottom() + 1.0)], 1.0, RULE);
        scene.line([(field.left - 1.0, field.bottom() + 1.0), (field.right(), field.bottom() + 1.0)], 1.0, RULE);
        let name = |at, text: &str| Label::new(at, text).size(SMALL).colour(DIM).side(Side::Middle);
        let (x, y) = (field.left + field.width / 2.0, field.top + field.height / 2.0);
        scene.label(name((field.left - left + SMALL * 0.6, y), "queries").turned());
        scene.label(name((x, field.bottom() + below - SMALL * 0.6), "keys"));
    }
}
