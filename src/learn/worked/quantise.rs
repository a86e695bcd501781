//! Weights as small integers and one scale: eight of a row, in 8 bits and in 4.
//!
//! Source: Dettmers et al. 2022, 'LLM.int8()', section 2, absmax quantisation. The 4 bits of the program itself, with
//! a least value for 32 neighbours, are not shown: here both have the same formula, so that their steps compare.

use super::Step;
use super::matrix::number;

/// A row of weights.
const ROW: [f64; 8] = [0.831, -0.424, 0.057, -1.312, 0.334, 0.648, -0.091, 0.176];

/// What is stored, and what is used in place of the weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantised {
    /// s, the size of one step; 0 if all weights are.
    pub scale: f64,
    /// q, from −(2^(bits−1) − 1) to the same above 0.
    pub codes: Vec<i32>,
    /// ŵ = q·s.
    pub restored: Vec<f64>,
}

impl Quantised {
    /// The largest |w − ŵ|.
    pub fn error(&self, w: &[f64]) -> f64 {
        w.iter().zip(&self.restored).map(|(w, restored)| (w - restored).abs()).fold(0.0, f64::max)
    }
}

/// Symmetric, from the largest weight: s = max|w| / (2^(bits−1) − 1), q = round(w / s). From 2 to 31 bits.
pub fn quantise(w: &[f64], bits: u32) -> Quantised {
    let scale = largest(w) / f64::from(most(bits));
    let code = |w: &f64| if scale == 0.0 { 0 } else { (w / scale).round() as i32 };
    let codes: Vec<i32> = w.iter().map(code).collect();
    let restored = codes.iter().map(|&code| f64::from(code) * scale).collect();
    Quantised { scale, codes, restored }
}

/// The largest code of so many bits: 127, 7.
fn most(bits: u32) -> i32 {
    (1 << (bits - 1)) - 1
}

fn largest(w: &[f64]) -> f64 {
    w.iter().map(|w| w.abs()).fold(0.0, f64::max)
}

/// One line a weight: w, q, ŵ and the error.
fn table(w: &[f64], quantised: &Quantised) -> Vec<String> {
    let row = |at: usize| {
        let (w, restored) = (w[at], quantised.restored[at]);
        let code = number(f64::from(quantised.codes[at]), 0);
        format!("{:>8}{code:>7}{:>10}{:>10}", number(w, 3), number(restored, 4), number(restored - w, 4))
    };
    [format!("{:>8}{:>7}{:>10}{:>10}", "w", "q", "ŵ", "ŵ − w")].into_iter().chain((0..w.len()).map(row)).collect()
}

pub(super) fn steps() -> Vec<Step> {
    let [eight, four] = [8, 4].map(|bits| quantise(&ROW, bits));
    let scale = |bits: u32, quantised: &Quantised| {
        format!("  s = {} / {} = {}", number(largest(&ROW), 3), most(bits), number(quantised.scale, 5))
    };
    let cells = |part: &[f64]| part.iter().map(|&w| format!("{:>9}", number(w, 3))).collect::<String>();
    // Errors as bars: the whole width is s/2, which none may exceed.
    let bars = |quantised: &Quantised| {
        let share = |at: usize| (ROW[at] - quantised.restored[at]).abs() / (quantised.scale / 2.0);
        (0..ROW.len()).map(|at| format!("{:>4.0}%", 100.0 * share(at))).collect::<String>()
    };
    let summary = |bits: u32, quantised: &Quantised| {
        format!("{bits} bits{:>13}{:>12}", number(quantised.error(&ROW), 5), number(quantised.scale / 2.0, 5))
    };
    vec![
        Step::new("A row of eight weights").line(cells(&ROW[..4])).line(cells(&ROW[4..])).gap().say(&format!(
            "In f32 they take {} bytes. In 8 bits: {} bytes and a scale.",
            4 * ROW.len(),
            ROW.len()
        )),
        Step::new("The scale of a row")
            .line(format!("  max|w| = {}", number(largest(&ROW), 3)))
            .line(scale(8, &eight))
            .gap()
            .line(format!("  s is one step: {} go up, {} down.", most(8), most(8)))
            .gap()
            .say("The largest weight sets it: it gets the last code, and all others share its steps."),
        Step::new("8 bits: q = round(w / s), ŵ = q·s").rows(table(&ROW, &eight)).gap().line(scale(8, &eight)),
        Step::new("4 bits: the same, with coarse steps")
            .rows(table(&ROW, &four))
            .gap()
            .line(scale(4, &four))
            .say("The program's int4 does it another way: 32 weights share a scale and a least value."),
        Step::new("Errors against s/2")
            .line("       largest |ŵ−w|         s/2")
            .line(summary(8, &eight))
            .line(summary(4, &four))
            .gap()
            .line("Each error as a share of s/2:")
            .line(format!("8:{}", bars(&eight)))
            .line(format!("4:{}", bars(&four)))
            .gap()
            .say(&format!(
                "None is above 100%: rounding moves by half a step at most. A step of 4 bits is {:.1} times as large.",
                four.scale / eight.scale
            )),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_exceeds_half_a_step() {
        for bits in 2..=16 {
            let quantised = quantise(&ROW, bits);
            assert!(quantised.error(&ROW) <= quantised.scale / 2.0 + 1e-12, "{bits} bits");
            assert!(quantised.codes.iter().all(|code| code.abs() <= most(bits)));
        }
    }

    #[test]
    fn the_largest_weight_gets_the_last_code_and_comes_back() {
        let quantised = quantise(&ROW, 8);
        assert_eq!(quantised.codes[3], -127);
        assert!((quantised.restored[3] - ROW[3]).abs() < 1e-12);
        assert_eq!(quantise(&[1.27, -0.5, 0.014], 8).codes, [127, -50, 1]);
    }

    /// The quiz of lesson 23.
    #[test]
    fn an_outlier_of_ten_times_makes_steps_ten_times_as_large() {
        let mut row = ROW;
        row[3] *= 10.0;
        let ratio = quantise(&row, 8).scale / quantise(&ROW, 8).scale;
        assert!((ratio - 10.0).abs() < 1e-9);
    }

    #[test]
    fn a_row_of_zeros_stays_so() {
        assert_eq!(quantise(&[0.0; 3], 8), Quantised { scale: 0.0, codes: vec![0; 3], restored: vec![0.0; 3] });
    }
}
