//! Shares from 0 to 1 as cells of colour. What is absent is not drawn.

use super::frame::wrapped;
use super::scene::{Area, At, Label, Scene, Side};
use super::style::{Colour, DIM, GROUND, HEAT, INK, RULE, SMALL, number};
use crate::record::explored::{Pattern, Scale, Thumbnail};

/// Shades that are told apart, in large cells and in small ones: neighbours of one shade are one box, and a large map
/// stays a small file.
const SHADES: (f32, f32) = (96.0, 24.0);
const SMALL_CELL: f64 = 4.0;
/// The contrast from which on light ink is read on a colour: on the blues in the middle more easily than dark ink.
const LEGIBLE: f64 = 3.2;
/// Between two boxes that meet a drawing that is scaled has a seam: one lies so far under its neighbour.
const UNDER: f64 = 1.0;
/// The height of the bar in a legend.
const BAR: f64 = 12.0;

/// A rectangle of shares, row by row; NaN is absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    pub rows: usize,
    pub columns: usize,
    shares: Vec<f32>,
}

impl Grid {
    /// # Errors
    /// There are no cells, or not as many as rows and columns make.
    pub fn new(rows: usize, columns: usize, shares: Vec<f32>) -> Result<Self, String> {
        if rows.checked_mul(columns).is_none_or(|cells| cells == 0 || cells != shares.len()) {
            return Err(format!("{} shares make no pattern of {rows} queries by {columns} keys", shares.len()));
        }
        Ok(Self { rows, columns, shares })
    }

    /// # Errors
    /// As [`Grid::new`].
    pub fn of_pattern(pattern: &Pattern) -> Result<Self, String> {
        let cells = |positions: usize| positions.div_ceil(pattern.bin.max(1));
        let (rows, columns) = (cells(pattern.area.queries.len()), cells(pattern.area.keys.len()));
        Self::new(rows, columns, pattern.cells.clone())
    }

    /// # Errors
    /// As [`Grid::new`].
    pub fn of_thumbnail(thumbnail: &Thumbnail) -> Result<Self, String> {
        let side = thumbnail.side as usize;
        Self::new(side, side, thumbnail.cells.clone())
    }

    /// Of every `bin` × `bin` cells the largest: a mean would rub out stripes.
    pub fn binned(&self, bin: usize) -> Self {
        let (rows, columns) = (self.rows.div_ceil(bin), self.columns.div_ceil(bin));
        let mut shares = vec![f32::NAN; rows * columns];
        for (cell, &share) in self.shares.iter().enumerate() {
            let largest = &mut shares[cell / self.columns / bin * columns + cell % self.columns / bin];
            *largest = largest.max(share);
        }
        Self { rows, columns, shares }
    }

    /// The share in a cell; `None` is absent.
    pub fn at(&self, row: usize, column: usize) -> Option<f32> {
        if row >= self.rows || column >= self.columns {
            return None;
        }
        Some(self.shares[row * self.columns + column]).filter(|share| !share.is_nan())
    }

    /// Draws it with its corner at a place, in cells of a size, the last `gap` of which is left free on both sides.
    pub fn draw(&self, scene: &mut Scene, (left, top): At, size: f64, gap: f64, scale: Scale) {
        let shades = if size < SMALL_CELL { SHADES.1 } else { SHADES.0 };
        let shade = |row, column| self.at(row, column).map(|share| (scale.of(share) * shades).round() as u32);
        let joined = gap == 0.0;
        for row in 0..self.rows {
            let mut column = 0;
            while column < self.columns {
                let (start, here) = (column, shade(row, column));
                column += 1;
                let Some(shade_here) = here else { continue };
                while joined && shade(row, column) == here && column < self.columns {
                    column += 1;
                }
                let has_below = (start..column).all(|column| self.at(row + 1, column).is_some());
                let under = |meets: bool| if joined && meets { UNDER.min(size) } else { 0.0 };
                let area = Area {
                    left: left + start as f64 * size,
                    top: top + row as f64 * size,
                    width: (column - start) as f64 * size - gap + under(self.at(row, column).is_some()),
                    height: size - gap + under(has_below),
                };
                scene.rect(area, colour(shade_here as f32 / shades));
            }
        }
    }
}

/// The colour of a shade from 0 to 1.
pub fn colour(shade: f32) -> Colour {
    let at = shade.clamp(0.0, 1.0) * (HEAT.len() - 1) as f32;
    let low = (at as usize).min(HEAT.len() - 2);
    let part = at - low as f32;
    let mixed = |of: fn(Colour) -> u8| {
        (f32::from(of(HEAT[low])) * (1.0 - part) + f32::from(of(HEAT[low + 1])) * part).round() as u8
    };
    Colour(mixed(|colour| colour.0), mixed(|colour| colour.1), mixed(|colour| colour.2))
}

/// What is read on a ground: dark ink or light.
pub fn ink(ground: Colour) -> Colour {
    if contrast(GROUND, ground) >= LEGIBLE { GROUND } else { INK }
}

/// The contrast of two colours, from 1 to 21 (WCAG 2).
fn contrast(one: Colour, other: Colour) -> f64 {
    let luminance = |Colour(red, green, blue): Colour| {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

/// What the colours of a scale mean: a bar from 0 to 1 with some shares beside it. How high it is.
pub fn legend(scene: &mut Scene, (left, top): At, width: f64, name: &str, scale: Scale) -> f64 {
    let mut y = top + SMALL * 0.7;
    for line in wrapped(&format!("{name}, {} scale", scale.name()), SMALL, width) {
        scene.label(Label::new((left, y), line).size(SMALL));
        y += SMALL * 1.35;
    }
    let size = 1.25;
    let steps = (width / size) as usize;
    let bar = Area { left, top: y - SMALL * 0.35, width: steps as f64 * size, height: BAR };
    for step in 0..steps {
        // Each goes on to the end, under all that follow.
        let left = left + step as f64 * size;
        let rest = Area { left, width: bar.right() - left, ..bar };
        scene.rect(rest, colour(step as f32 / (steps - 1).max(1) as f32));
    }
    let below = bar.bottom() + 4.0;
    for &share in named(scale) {
        let x = left + bar.width * f64::from(scale.of(share));
        scene.line([(x, bar.bottom()), (x, below)], 1.0, RULE);
        let side = match scale.of(share) {
            0.0 => Side::Right,
            1.0 => Side::Left,
            _ => Side::Middle,
        };
        // The first and the last stay inside.
        let label = Label::new((x, below + SMALL * 0.6), number(f64::from(share))).size(SMALL - 1.0);
        scene.label(label.colour(DIM).side(side));
    }
    below + SMALL * 1.3 - top
}

/// The shares that are named beside a bar.
fn named(scale: Scale) -> &'static [f32] {
    match scale {
        Scale::Linear | Scale::Row => &[0.0, 0.25, 0.5, 0.75, 1.0],
        Scale::Root => &[0.0, 0.02, 0.1, 0.25, 0.5, 1.0],
        Scale::Log => &[0.001, 0.01, 0.1, 1.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_survives_binning_and_what_is_absent_stays_so() {
        let nan = f32::NAN;
        let grid = Grid::new(3, 3, vec![0.1, nan, nan, 0.9, 0.2, nan, 0.3, 0.0, 0.7]).unwrap();
        let binned = grid.binned(2);
        assert_eq!((binned.rows, binned.columns), (2, 2));
        assert_eq!(
            [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(row, column)| binned.at(row, column)),
            [Some(0.9), None, Some(0.3), Some(0.7)]
        );
        assert!(Grid::new(2, 2, vec![0.0; 3]).is_err() && Grid::new(0, 0, Vec::new()).is_err());
    }

    #[test]
    fn absent_cells_are_not_drawn_and_neighbours_of_one_shade_are_one_box() {
        let nan = f32::NAN;
        let grid = Grid::new(2, 3, vec![0.0, nan, nan, 0.5, 0.5, nan]).unwrap();
        let boxes = |gap: f64| {
            let mut scene = Scene::new(100.0, 100.0);
            grid.draw(&mut scene, (10.0, 10.0), 8.0, gap, Scale::Linear);
            scene.shapes.len()
        };
        assert_eq!((boxes(0.0), boxes(1.0)), (2, 3));
    }

    #[test]
    fn shades_grow_darker_evenly_and_ink_is_read_on_each() {
        let shades: Vec<Colour> = (0..=20).map(|step| colour(step as f32 / 20.0)).collect();
        let dark: Vec<f64> = shades.iter().map(|&shade| contrast(shade, GROUND)).collect();
        assert!(dark.is_sorted() && dark[0] > 1.1 && dark[20] > 12.0, "{dark:?}");
        assert!(shades.iter().all(|&shade| contrast(ink(shade), shade) >= LEGIBLE));
    }
}
