//! Four ways to tell a transformer where a token stands, each with numbers.
//!
//! Sources: sinusoids, Vaswani et al. 2017, section 3.5; learned columns, Devlin et al. 2018 and Radford et al. 2019;
//! RoPE, Su et al. 2021, section 3.2; ALiBi, Press et al. 2022, section 3.

use super::matrix::{Matrix, number};
use super::online_softmax::softmax;
use super::{Step, grouped};

/// Sines and cosines of a position, `[features]`: feature 2i is sin(n / 10000^(2i/D)), feature 2i + 1 the cosine.
pub fn sinusoid(position: usize, features: usize) -> Vec<f64> {
    (0..features)
        .map(|feature| {
            let pair = (feature - feature % 2) as f64;
            let angle = position as f64 / 10_000f64.powf(pair / features as f64);
            if feature.is_multiple_of(2) { angle.sin() } else { angle.cos() }
        })
        .collect()
}

/// A pair of features turned by the angle `position · theta`, in radians.
pub fn rotate(pair: [f64; 2], position: f64, theta: f64) -> [f64; 2] {
    let (sin, cos) = (position * theta).sin_cos();
    [pair[0] * cos - pair[1] * sin, pair[0] * sin + pair[1] * cos]
}

/// ALiBi's slopes, `[heads]`: head i of h, counted from 1, has 2^(−8i/h). This is for powers of two; how the paper's
/// code fills in for other numbers of heads is left out.
pub fn slopes(heads: usize) -> Vec<f64> {
    (1..=heads).map(|head| 2f64.powf(-8.0 * head as f64 / heads as f64)).collect()
}

/// Columns of three words, without any position.
const WORDS: [(&str, [f64; 2]); 3] = [("dog", [1.0, 0.0]), ("bites", [0.0, 2.0]), ("man", [2.0, 1.0])];

/// What the example of RoPE compares, and its speed θ in radians a place.
const QUERY: [f64; 2] = [1.0, 0.5];
const KEY: [f64; 2] = [0.8, -0.6];
const THETA: f64 = 0.3;

/// What a query gets from columns in some order: the average with weights softmax(x·q).
fn average(columns: &[[f64; 2]], query: [f64; 2]) -> [f64; 2] {
    let weights = softmax(&columns.iter().map(|&column| product(column, query)).collect::<Vec<_>>());
    [0, 1].map(|feature| columns.iter().zip(&weights).map(|(column, weight)| column[feature] * weight).sum())
}

fn product(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

fn pair([a, b]: [f64; 2]) -> String {
    format!("({:>5}, {:>5})", number(a, 2), number(b, 2))
}

pub(super) fn steps() -> Vec<Step> {
    vec![blind(), waves(), learned(), turned(), penalties()]
}

fn blind() -> Step {
    let [dog, bites, man] = WORDS;
    let read = |order: [(&str, [f64; 2]); 3]| {
        let found = average(&order.map(|(_, column)| column), bites.1);
        format!("  {:<16}  {}", order.map(|(word, _)| word).join(" "), pair(found))
    };
    Step::new("Attention is blind to order")
        .line(format!("What '{}' gets as its average:", bites.0))
        .gap()
        .line(read([dog, bites, man]))
        .line(read([man, bites, dog]))
        .gap()
        .say(
            "The same columns, the same weights, the same sum. Who bites whom is lost. \
             So each column must be told where it stands.",
        )
}

fn waves() -> Step {
    const FEATURES: usize = 8;
    const PLACES: usize = 30;
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let table = Matrix::from_columns(&(0..PLACES).map(|place| sinusoid(place, FEATURES)).collect::<Vec<_>>());
    let bar = |value: f64| BARS[((value + 1.0) / 2.0 * 7.0).round() as usize];
    let row = |feature: usize| {
        let kind = if feature.is_multiple_of(2) { "sin" } else { "cos" };
        let wave: String = (0..PLACES).map(|place| bar(table.at(feature, place))).collect();
        format!("{feature} {kind}  {wave}")
    };
    Step::new("Sinusoidal: waves for places")
        .line(format!("feature, and places 0 … {} from left", PLACES - 1))
        .rows((0..FEATURES).map(row))
        .gap()
        .say("Quick waves first, slow ones last. A column of these is added to each token's column.")
}

fn learned() -> Step {
    // Features and places of BERT base and of GPT-2 small.
    let models = [("BERT", 768, 512), ("GPT-2", 768, 1024)];
    let row = |(name, features, places): (&str, usize, usize)| {
        format!("{name:<8}{features:>8} ×{:>6} ={:>9}", grouped(places), grouped(features * places))
    };
    let (name, _, places) = models[1];
    Step::new("Learned: one column for each place")
        .line("  x = E[t] + P[n]")
        .gap()
        .line("        features  places   numbers")
        .rows(models.map(row))
        .gap()
        .say(&format!(
            "P is trained like all else. {name} has places 0 to {}: a text that is longer it cannot read.",
            grouped(places - 1)
        ))
}

fn turned() -> Step {
    let arrow = |[a, b]: [f64; 2]| format!("{:>5}, {:>5}", number(a, 2), number(b, 2));
    let row = |n: usize, before: usize| {
        let (query, key) = (rotate(QUERY, n as f64, THETA), rotate(KEY, before as f64, THETA));
        format!("{n:>3}{before:>4}  {}  {}{:>7}", arrow(query), arrow(key), number(product(query, key), 3))
    };
    Step::new("RoPE: both are turned, by their places")
        .line(format!("  q = {}   k = {}", pair(QUERY), pair(KEY)))
        .line(format!("  turned by θ = {THETA} radians a place"))
        .gap()
        .line("  n  n′  q, turned     k, turned    score")
        .line(row(12, 10))
        .line(row(112, 110))
        .line(row(12, 11))
        .gap()
        .say("Places 12, 10 and 112, 110: other angles, the same score. With another distance it is another.")
}

fn penalties() -> Step {
    const HEADS: usize = 8;
    const DISTANCES: [usize; 5] = [0, 1, 4, 16, 64];
    let slopes = slopes(HEADS);
    let row = |head: usize| {
        let slope = slopes[head - 1];
        let penalties = DISTANCES.map(|distance| format!("{:>7}", number(-slope * distance as f64, 2)));
        format!("{head} {:<5}{}", format!("1/{:.0}", slope.recip()), penalties.concat())
    };
    Step::new("ALiBi: a penalty for distance")
        .line(format!("n − n′ {}", DISTANCES.map(|distance| format!("{distance:>7}")).concat()))
        .gap()
        .line("Head, its slope, what a score gets:")
        .rows([1, 2, 4, 6, 8].map(row))
        .gap()
        .say(&format!(
            "Head 1 of {HEADS} looks near, head {HEADS} far. \
             Nothing is learned, nothing is added to columns, and no place is too far."
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_keeps_the_length() {
        for position in [0.0, 1.0, 12.0, 1e4] {
            let turned = rotate([3.0, -4.0], position, 0.7);
            assert!((product(turned, turned) - 25.0).abs() < 1e-9);
        }
        let [x, y] = rotate([1.0, 0.0], 1.0, std::f64::consts::FRAC_PI_2);
        assert!(x.abs() < 1e-12 && (y - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_score_depends_on_the_distance_only() {
        let score = |n: f64, before: f64| product(rotate(QUERY, n, THETA), rotate(KEY, before, THETA));
        assert!((score(12.0, 10.0) - score(112.0, 110.0)).abs() < 1e-12);
        assert!((score(12.0, 10.0) - score(12.0, 11.0)).abs() > 0.01);
        // Lesson 6: (R(nθ)q)·(R(n′θ)k) = q·(R((n′−n)θ)k)
        assert!((score(12.0, 10.0) - product(QUERY, rotate(KEY, -2.0, THETA))).abs() < 1e-12);
    }

    #[test]
    fn the_waves_begin_at_nought_and_get_slower() {
        assert_eq!(sinusoid(0, 6), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
        let first = sinusoid(1, 8);
        assert!((first[0] - 1f64.sin()).abs() < 1e-12 && (first[2] - 0.1f64.sin()).abs() < 1e-12);
        assert!(first.chunks(2).all(|pair| (pair[0].powi(2) + pair[1].powi(2) - 1.0).abs() < 1e-12));
    }

    #[test]
    fn slopes_halve_from_head_to_head_of_eight() {
        assert_eq!(slopes(8), [1, 2, 3, 4, 5, 6, 7, 8].map(|head| 0.5f64.powi(head)));
        assert!((slopes(16)[0] - 0.5f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn without_positions_order_is_lost() {
        let [a, b, c] = WORDS.map(|(_, column)| column);
        let (one, other) = (average(&[a, b, c], b), average(&[c, b, a], b));
        assert!((0..2).all(|feature| (one[feature] - other[feature]).abs() < 1e-12));
    }
}
