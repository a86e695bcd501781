//! The lens: what the residual stream would say at each place, if the model ended there.
//!
//! ```text
//!                 (3)          (4)       (5)
//!                 ·capital     ·of       ·France
//!   embedding     ·punishment  ·course   ·France
//!   0 attention   …
//!   29 mlp        ·of          ·France   ·is       ← the model
//! ```

use super::frame::{Heading, heading};
use super::heat;
use super::scene::{Area, Label, Scene, Side};
use super::size::{Extent, Size, extent};
use super::style::{DIM, LEAST, MARGIN, SMALL, WIDTH};
use crate::record::explored::{LensCell, LensTable, Place, Text};
use std::ops::Range;

/// Room of a cell across: the least that is legible, and the most.
const CELL: f64 = 56.0;
const MOST_CELL: f64 = 118.0;
/// From this on there is room for the probability beside the token.
const ROOMY: f64 = 92.0;
/// Room of a row: the least, the usual, and the most.
const LEAST_ROW: f64 = 13.0;
const ROW: f64 = 17.0;
const MOST_ROW: f64 = 26.0;
/// The most that a picture has of its own accord.
const MOST_WIDTH: f64 = 1.5 * WIDTH;
const MOST_ROWS: f64 = 80.0;
/// Two lines of labels above.
const ABOVE: f64 = 32.0;
/// What is above and below the table.
const AROUND: f64 = 208.0;
/// What lifts the last row off the others.
const LIFT: f64 = 5.0;

/// The places with their cells, in the order of the pass.
type Places = [(Place, Vec<LensCell>)];

pub fn scene(text: &Text, size: Option<Size>) -> Result<Scene, String> {
    let lens = text.lens.as_ref().filter(|lens| !lens.places.is_empty()).ok_or("the lens was not looked through")?;
    let positions = lens.places.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    if positions == 0 {
        return Err("the lens was looked through at no position".into());
    }
    let names = names(&lens.places) + 10.0;
    let width = (2.0 * MARGIN + names + positions as f64 * CELL).clamp(WIDTH, MOST_WIDTH);
    let height = AROUND + ABOVE + LIFT + (lens.places.len() as f64).min(MOST_ROWS) * ROW;
    let extent = extent(size, Extent { width, height });
    let mut scene = Scene::new(extent.width, extent.height);
    // How many there is room for follows from the size alone, so that the caption can say it.
    let shown = positions.min(((extent.width - 2.0 * MARGIN - names) / CELL) as usize);
    let every =
        (lens.places.len() as f64 * LEAST_ROW / (extent.height - AROUND - ABOVE - LIFT)).ceil().max(1.0) as usize;
    // After an attention and after an MLP is not the same: of several always the same stage.
    let every = if every > 1 { every.next_multiple_of(2) } else { every };
    let field = heading(&mut scene, &told(text, lens, shown, positions, every));
    let band = keys(&mut scene, text, field);
    let rows = lens.places.len().div_ceil(every);
    let body = Area {
        left: (field.left + names).round(),
        top: (field.top + band + ABOVE).round(),
        width: field.width - names,
        height: field.height - band - ABOVE - LIFT,
    };
    let row = (body.height / rows as f64).min(MOST_ROW);
    let cell = (body.width / shown as f64).min(MOST_CELL);
    let first = positions - shown;
    above(&mut scene, text, lens.first.saturating_add(first)..lens.first.saturating_add(positions), body, cell);
    // Counted from the last: the model's own row is always there.
    let skipped = (lens.places.len() - 1) % every;
    for (index, (place, cells)) in lens.places.iter().skip(skipped).step_by(every).enumerate() {
        let is_last = index + 1 == rows;
        let top = body.top + index as f64 * row + if is_last { LIFT } else { 0.0 };
        let line = Area { top, height: row, ..body };
        let name = if is_last { format!("{place} = model") } else { place.to_string() };
        let label = Label::new((body.left - 8.0, top + row / 2.0), name).size(size_in(row)).side(Side::Left);
        scene.label(if is_last { label.bold() } else { label.colour(DIM) }.fit(names));
        for (column, likeliest) in cells.iter().skip(first).enumerate() {
            let place = Area { left: line.left + column as f64 * cell, width: cell, ..line };
            draw(&mut scene, text, likeliest, place);
        }
    }
    Ok(scene)
}

/// Letters in a row.
fn size_in(row: f64) -> f64 {
    (row * 0.72).clamp(LEAST, SMALL)
}

/// How wide the names of places are.
fn names(places: &Places) -> f64 {
    let label = |text: String| Label::new((0.0, 0.0), text).size(SMALL);
    let last = places.last().map(|(place, _)| label(format!("{place} = model")).bold());
    let all = places.iter().map(|(place, _)| label(place.to_string())).chain(last);
    all.map(|label| label.width()).fold(0.0, f64::max)
}

fn told(text: &Text, lens: &LensTable, shown: usize, positions: usize, every: usize) -> Heading {
    let mut less = String::new();
    if shown < positions {
        less.push_str(&format!(" Of {positions} positions the last {shown} are shown."));
    }
    if every > 1 {
        less.push_str(&format!(" Of {} places one in {every} is shown.", lens.places.len()));
    }
    let basis = format!(
        "Measured: the residual stream after each stage, read as the model reads its last one (logit lens): final norm, then \
         LM head. A cell has the likeliest token; the last row is what the model says.{less}"
    );
    Heading::of_text(text, "What each place says comes next", "", &basis)
}

/// What colours and bold letters mean. How high it is.
fn keys(scene: &mut Scene, text: &Text, field: Area) -> f64 {
    let width = 240.0;
    let left = field.right() - width;
    let height = heat::legend(scene, (left, field.top), width, "probability of the likeliest token", text.scale);
    let label = Label::new((field.left, field.top + SMALL * 0.7), "bold: the token that does come next").size(SMALL);
    scene.label(label.bold());
    let down =
        Label::new((field.left, field.top + SMALL * 2.2), "places in the order of the pass down, positions across");
    scene.label(down.size(SMALL).colour(DIM));
    height + 4.0
}

/// The positions with their tokens.
fn above(scene: &mut Scene, text: &Text, positions: Range<usize>, body: Area, cell: f64) {
    for (column, position) in positions.enumerate() {
        let x = body.left + (column as f64 + 0.5) * cell;
        let label = |y, text: &str| Label::new((x, y), text).size(SMALL).side(Side::Middle).fit(cell - 4.0);
        scene.label(label(body.top - ABOVE + SMALL * 0.6, &format!("({position})")).colour(DIM));
        scene.label(label(body.top - SMALL * 0.8, text.tokens.get(position).map_or("", String::as_str)));
    }
}

/// The likeliest token on the colour of its probability.
fn draw(scene: &mut Scene, text: &Text, cell: &LensCell, place: Area) {
    let Some(likeliest) = cell.top.first() else { return };
    let ground = heat::colour(text.scale.of(likeliest.probability));
    let ink = heat::ink(ground);
    scene.rect(Area { width: place.width - 1.0, height: place.height - 1.0, ..place }, ground);
    let y = place.top + (place.height - 1.0) / 2.0;
    let size = size_in(place.height);
    let percent = (place.width >= ROOMY).then(|| {
        let percent = format!("{:.0}%", 100.0 * likeliest.probability.clamp(0.0, 1.0));
        Label::new((place.right() - 6.0, y), percent).size(size - 1.0).side(Side::Left).colour(ink)
    });
    let taken = percent.as_ref().map_or(0.0, |label| label.width() + 5.0);
    let label = Label::new((place.left + 4.0, y), text.name(likeliest.id)).size(size).colour(ink);
    let is_next = cell.rank == Some(0);
    let label = if is_next { label.bold() } else { label };
    scene.label(label.fit(place.width - 8.0 - taken));
    if let Some(percent) = percent {
        scene.label(percent);
    }
}
