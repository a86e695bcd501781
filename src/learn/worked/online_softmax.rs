//! Softmax of all scores at once, and the same from pieces, with what was summed repaired when a larger score comes.
//!
//! Source: Milakov and Gimelshein 2018, 'Online normalizer calculation for softmax', algorithm 3; with the sum of
//! values beside it as in FlashAttention (Dao et al. 2022).

use super::Step;
use super::matrix::{number, tiny};

/// Scores of one query for six keys, and one feature of their values.
const SCORES: [f64; 6] = [1.0, 2.0, 0.5, 3.0, 4.0, 1.5];
const VALUES: [f64; 6] = [2.0, -1.0, 4.0, 0.5, 3.0, -2.0];

/// Keys in a piece.
const BLOCK: usize = 3;

/// What is kept for a query between pieces. At the end y = out / sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// m, the largest score so far.
    pub max: f64,
    /// l, the sum of e^(s−m).
    pub sum: f64,
    /// o, the sum of e^(s−m)·v.
    pub out: f64,
}

impl State {
    const EMPTY: Self = Self { max: f64::NEG_INFINITY, sum: 0.0, out: 0.0 };

    /// The state after one more piece.
    fn with(self, scores: &[f64], values: &[f64]) -> Self {
        let max = scores.iter().copied().fold(self.max, f64::max);
        let repair = self.repair(max);
        let weights = scores.iter().map(|score| (score - max).exp());
        let out = weights.clone().zip(values).map(|(weight, value)| weight * value);
        Self { max, sum: self.sum * repair + weights.sum::<f64>(), out: self.out * repair + out.sum::<f64>() }
    }

    /// The factor e^(m−m₂) for what was summed under the old maximum; 0 if nothing was.
    fn repair(self, max: f64) -> f64 {
        if self.sum == 0.0 { 0.0 } else { (self.max - max).exp() }
    }

    fn lines(self) -> [String; 3] {
        [("m", self.max), ("l", self.sum), ("o", self.out)]
            .map(|(name, value)| format!("  {name} = {}", number(value, 4)))
    }
}

/// e^s / Σ e^s, with the largest score taken off first. One that is −∞ gets 0; not all may be.
pub fn softmax(scores: &[f64]) -> Vec<f64> {
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = scores.iter().map(|score| (score - max).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// The state after each piece of `block` keys; the last may be shorter.
pub fn online(scores: &[f64], values: &[f64], block: usize) -> Vec<State> {
    let pieces = scores.chunks(block).zip(values.chunks(block));
    pieces
        .scan(State::EMPTY, |state, (scores, values)| {
            *state = state.with(scores, values);
            Some(*state)
        })
        .collect()
}

fn row(name: &str, numbers: &[f64], decimals: usize) -> String {
    format!("{name:<4}{}", cells(numbers, decimals))
}

fn cells(numbers: &[f64], decimals: usize) -> String {
    numbers.iter().map(|&value| format!("{:>6}", number(value, decimals))).collect()
}

pub(super) fn steps() -> Vec<Step> {
    let states = online(&SCORES, &VALUES, BLOCK);
    let mut steps = vec![
        Step::new("One query, six keys, in two pieces")
            .line(row("s", &SCORES[..BLOCK], 1) + " │" + &cells(&SCORES[BLOCK..], 1))
            .line(row("v", &VALUES[..BLOCK], 1) + " │" + &cells(&VALUES[BLOCK..], 1))
            .gap()
            .say("s are scores, v one feature of the values. Three numbers are kept:")
            .gap()
            .line("  m  the largest score so far")
            .line("  l  the sum of e^(s−m)")
            .line("  o  the sum of e^(s−m)·v"),
    ];
    let mut before = State::EMPTY;
    let pieces = SCORES.chunks(BLOCK).zip(VALUES.chunks(BLOCK));
    for (piece, (&state, (scores, values))) in states.iter().zip(pieces).enumerate() {
        let powers: Vec<f64> = scores.iter().map(|score| (score - state.max).exp()).collect();
        let repair = match before.sum == 0.0 {
            true => "Nothing is to be repaired yet.".to_owned(),
            false => format!(
                "m grew from {} to {}. The old l and o are multiplied by e^({} − {}) = {}.",
                number(before.max, 1),
                number(state.max, 1),
                number(before.max, 1),
                number(state.max, 1),
                number(before.repair(state.max), 4)
            ),
        };
        let y = number(state.out / state.sum, 4);
        steps.push(
            Step::new(format!("Piece {}", piece + 1))
                .line(row("s", scores, 1))
                .line(row("v", values, 1))
                .line(row("e^", &powers, 3) + "   (of s − m)")
                .gap()
                .say(&repair)
                .gap()
                .rows(state.lines())
                .line(format!("  o / l = {y}{}", if piece + 1 < states.len() { ", so far" } else { "" })),
        );
        before = state;
    }
    let weights = softmax(&SCORES);
    let whole: f64 = weights.iter().zip(&VALUES).map(|(weight, value)| weight * value).sum();
    let pieced = before.out / before.sum;
    steps.push(
        Step::new("Two pieces, one softmax")
            .line("All at once:")
            .line(row("A", &weights, 3))
            .line(row("v", &VALUES, 1))
            .gap()
            .line(format!("  Σ A·v           = {}", number(whole, 10)))
            .line(format!("  o / l in pieces = {}", number(pieced, 10)))
            .line(format!("  difference      = {}", tiny((whole - pieced).abs())))
            .gap()
            .say("The same but for rounding, and the six weights were never held together."),
    );
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_same_softmax() {
        let weights = softmax(&SCORES);
        let whole: f64 = weights.iter().zip(&VALUES).map(|(weight, value)| weight * value).sum();
        for block in 1..=SCORES.len() {
            let states = online(&SCORES, &VALUES, block);
            let last = states[states.len() - 1];
            assert_eq!(states.len(), SCORES.len().div_ceil(block));
            assert!((last.out / last.sum - whole).abs() < 1e-12, "in pieces of {block}");
        }
    }

    #[test]
    fn weights_sum_to_one_and_only_differences_count() {
        let (weights, shifted) = (softmax(&SCORES), softmax(&SCORES.map(|score| score + 1000.0)));
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(weights.iter().zip(&shifted).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    /// Lesson 7: a lead of 1 means a weight e times as large.
    #[test]
    fn a_lead_of_one_is_a_factor_of_e() {
        let weights = softmax(&[0.0, 1.0]);
        assert!((weights[1] / weights[0] - std::f64::consts::E).abs() < 1e-12);
        assert_eq!(softmax(&[2.0, f64::NEG_INFINITY]), [1.0, 0.0]);
    }

    /// A second piece with a larger score shrinks what stood; a masked first piece leaves nothing to shrink.
    #[test]
    fn a_new_maximum_repairs_the_sums() {
        let states = online(&[0.0, 2.0f64.ln()], &[1.0, 1.0], 1);
        assert_eq!(states[0], State { max: 0.0, sum: 1.0, out: 1.0 });
        assert!((states[1].sum - 1.5).abs() < 1e-12);
        assert!(steps()[2].lines.iter().any(|line| line.contains("m grew")), "the example shows a repair");
    }
}
