//! An image cut into patches and turned into columns; the same by a convolution.
//!
//! Source: Dosovitskiy et al. 2020, 'An image is worth 16x16 words', equation 1.

use super::Step;
use super::matrix::{Block, Matrix, number, side_by_side, tiny};

/// A grey image of 4 × 4 pixels, from 0, black, to 9, white.
const IMAGE: [[f64; 4]; 4] = [[0.0, 1.0, 7.0, 8.0], [0.0, 2.0, 9.0, 7.0], [5.0, 5.0, 3.0, 0.0], [6.0, 4.0, 1.0, 2.0]];

/// Side of a patch, in pixels.
const SIDE: usize = 2;

/// W, `[feature, pixel]`: each row a filter. They answer to brightness, to a right edge and to a lower edge.
const FILTERS: [[f64; 4]; 3] = [[1.0, 1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0], [-1.0, -1.0, 1.0, 1.0]];

/// The columns of an image, one a patch: its rows written one after another, patches from the left and downward.
/// What does not fill a patch at the right and the lower edge is left out.
pub fn patchify(image: &[Vec<f64>], side: usize) -> Vec<Vec<f64>> {
    let cut = |(top, left): (usize, usize)| {
        image[top..top + side].iter().flat_map(|row| row[left..left + side].to_vec()).collect()
    };
    corners(image, side).map(cut).collect()
}

/// For each place of the filters their outputs, one a filter: Σ pixel · filter under it. The stride is `side`.
pub fn convolve(image: &[Vec<f64>], filters: &[Vec<f64>], side: usize) -> Vec<Vec<f64>> {
    let output = |top: usize, left: usize, filter: &[f64]| {
        let mut sum = 0.0;
        for down in 0..side {
            for right in 0..side {
                sum += image[top + down][left + right] * filter[down * side + right];
            }
        }
        sum
    };
    corners(image, side).map(|(top, left)| filters.iter().map(|filter| output(top, left, filter)).collect()).collect()
}

/// The upper left corner of each patch: row and column of the image.
fn corners(image: &[Vec<f64>], side: usize) -> impl Iterator<Item = (usize, usize)> {
    let (down, across) = (image.len() / side, image.first().map_or(0, Vec::len) / side);
    (0..down * across).map(move |patch| (patch / across * side, patch % across * side))
}

/// Pixels with their numbers and greys; with lines between patches if they are cut.
fn drawn(image: &[Vec<f64>], cut: bool) -> Vec<String> {
    const GREYS: [char; 5] = [' ', '░', '▒', '▓', '█'];
    let grey = |pixel: f64| GREYS[(pixel / 9.0 * 4.0).round() as usize].to_string().repeat(2);
    let row = |pixels: &[f64], shown: &dyn Fn(f64) -> String| {
        let patches: Vec<String> =
            pixels.chunks(SIDE).map(|part| part.iter().map(|&pixel| shown(pixel)).collect()).collect();
        patches.join(if cut { " │" } else { "" })
    };
    let mut lines = Vec::new();
    for (number, pixels) in image.iter().enumerate() {
        if cut && number > 0 && number.is_multiple_of(SIDE) {
            lines.push("  ─────┼─────    ─────┼─────".to_owned());
        }
        lines.push(format!("  {}    {}", row(pixels, &|pixel| format!("{pixel:>2.0}")), row(pixels, &grey)));
    }
    lines
}

pub(super) fn steps() -> Vec<Step> {
    let image = IMAGE.map(|row| row.to_vec());
    let filters = FILTERS.map(|row| row.to_vec());
    let columns = patchify(&image, SIDE);
    let names: Vec<String> = (1..=columns.len()).map(|patch| patch.to_string()).collect();
    let labels: Vec<&str> = names.iter().map(String::as_str).collect();
    let patches = Matrix::from_columns(&columns).labelled(&labels); // [pixel, patch]
    let w = Matrix::new(FILTERS); // [feature, pixel]
    let x = w.times(&patches); // [feature, patch]
    let convolved = Matrix::from_columns(&convolve(&image, &filters, SIDE)).labelled(&labels);

    let laid = |patch: usize, filter: usize| {
        let terms: Vec<String> = columns[patch]
            .iter()
            .zip(&filters[filter])
            .map(|(pixel, &weight)| match weight < 0.0 {
                true => format!("{pixel:.0}·({})", number(weight, 0)),
                false => format!("{pixel:.0}·{weight:.0}"),
            })
            .collect();
        format!("  {}", terms.join(" + "))
    };
    let square = |numbers: &[f64]| Matrix::from_fn(SIDE, SIDE, |row, column| numbers[row * SIDE + column]).shown(0);
    vec![
        Step::new(format!("An image of {0} × {0} pixels", image.len())).rows(drawn(&image, false)).gap().say(&format!(
            "One number a pixel, its grey: {} pixels. One token a pixel would be many.",
            image.len() * image[0].len()
        )),
        Step::new(format!("It is cut: {} patches of {SIDE} × {SIDE}", columns.len()))
            .rows(drawn(&image, true))
            .gap()
            .say(&format!("Each patch becomes one token: N = {}, counted from the left and downward.", columns.len())),
        Step::new("Flattened, and times W")
            .rows(side_by_side(&[w.shown(0), Block::sign("·"), patches.shown(0), Block::sign("="), x.shown(0)]))
            .gap()
            .say(&format!(
                "A patch's rows, one after another, are a column of {} numbers. W turns it into D = {} features: X⁽⁰⁾.",
                patches.rows(),
                x.rows()
            )),
        Step::new("Or: a filter is laid on the image")
            .rows(side_by_side(&[
                Block::sign("row 2 of W"),
                square(&filters[1]),
                Block::sign("on patch 1"),
                square(&columns[0]),
            ]))
            .gap()
            .line(laid(0, 1))
            .line(format!("  = {}", number(convolved.at(1, 0), 0)))
            .gap()
            .say(&format!("Then on patch 2, {SIDE} pixels on: the stride is a whole patch. That is a convolution.")),
        Step::new("Both ways agree")
            .rows(side_by_side(&[Block::sign("product"), x.shown(0)]))
            .gap()
            .rows(side_by_side(&[Block::sign("filters"), convolved.shown(0)]))
            .gap()
            .line(format!("Largest difference: {}", tiny(x.apart(&convolved))))
            .say(&format!("A column for each patch, 1 to {}: X⁽⁰⁾.", columns.len())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(rows: usize, columns: usize) -> Vec<Vec<f64>> {
        (0..rows).map(|row| (0..columns).map(|column| ((row * 7 + column * 3) % 11) as f64 - 4.0).collect()).collect()
    }

    #[test]
    fn a_convolution_by_full_patches_is_a_product() {
        let (image, side) = (image(6, 9), 3);
        let filters: Vec<Vec<f64>> =
            (0..4).map(|f| (0..9).map(|pixel| (pixel * f) as f64 * 0.3 - 1.0).collect()).collect();
        let w = Matrix::from_fn(4, 9, |row, column| filters[row][column]);
        let product = w.times(&Matrix::from_columns(&patchify(&image, side)));
        assert!(product.apart(&Matrix::from_columns(&convolve(&image, &filters, side))) < 1e-12);
    }

    #[test]
    fn patches_go_from_the_left_and_downward() {
        let columns = patchify(&IMAGE.map(|row| row.to_vec()), 2);
        assert_eq!(columns[1], [7.0, 8.0, 9.0, 7.0]);
        assert_eq!(columns[2], [5.0, 5.0, 6.0, 4.0]);
    }

    #[test]
    fn each_pixel_is_in_one_patch() {
        let image = image(4, 6);
        let mut pixels: Vec<f64> = image.concat();
        let mut cut: Vec<f64> = patchify(&image, 2).concat();
        pixels.sort_by(f64::total_cmp);
        cut.sort_by(f64::total_cmp);
        assert_eq!(cut, pixels);
    }

    /// The quiz of lesson 18.
    #[test]
    fn half_the_side_gives_four_times_the_patches() {
        let image = image(8, 8);
        assert_eq!(patchify(&image, 2).len(), 4 * patchify(&image, 4).len());
    }
}
