//! Rotary positions: each pair of features of a query or key is turned by an angle that grows with its position
//! (Su et al., arXiv:2104.09864), and the ways in which the angles are stretched to more positions than a model was
//! trained on.

use serde::{Deserialize, Serialize};
use std::f64::consts::{PI, TAU};

/// How an attention turns its queries and keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    /// How many features of each head are turned, from the first on.
    pub dims: usize,
    pub pairing: Pairing,
    /// θ, the base of the geometric series of frequencies.
    pub base: f64,
    pub scaling: Scaling,
}

/// Which two features turn together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// i and i + dims / 2.
    Halves,
    /// 2i and 2i + 1.
    Interleaved,
}

/// How the frequencies are stretched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    None,
    /// Every frequency divided by `factor` (Chen et al., arXiv:2306.15595).
    Linear {
        factor: f64,
    },
    /// The base grows with the length of the text, once that is more than `original` positions ("NTK-aware").
    Dynamic {
        factor: f64,
        original: f64,
    },
    /// Low frequencies divided, high ones kept, a ramp between (Llama 3.1).
    Llama3 {
        factor: f64,
        low_freq_factor: f64,
        high_freq_factor: f64,
        original: f64,
    },
    Yarn(Yarn),
    /// Each frequency divided by a factor of its own; by other ones for texts of more than `original` positions
    /// (Ding et al., arXiv:2402.13753).
    LongRope {
        short: Vec<f64>,
        long: Vec<f64>,
        original: f64,
        attention_factor: f64,
    },
    /// Each frequency divided by a factor of its own (GGUF's `rope_freqs`). [dims / 2]
    PerFrequency(Vec<f32>),
}

/// Low frequencies are divided, high ones kept, with a ramp between, and scores sharpened (Peng et al.,
/// arXiv:2309.00071).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Yarn {
    pub factor: f64,
    /// Positions that the model was trained on.
    pub original: f64,
    /// Turns within those positions from which on a frequency is kept.
    pub beta_fast: f64,
    /// Turns up to which it is divided.
    pub beta_slow: f64,
    /// What cosines and sines are multiplied by.
    pub attention_factor: f64,
    /// Whether the ramp begins and ends at whole pairs.
    pub truncate: bool,
}

impl Yarn {
    /// 0.1 · m · ln(factor) + 1: what the paper multiplies cosines and sines by.
    pub fn sharpening(factor: f64, m: f64) -> f64 {
        if factor <= 1.0 { 1.0 } else { 0.1 * m * factor.ln() + 1.0 }
    }
}

impl Rotation {
    /// Of whole heads, with halves turning together, unscaled.
    pub fn plain(d_head: usize, base: f64) -> Self {
        Self { dims: d_head, pairing: Pairing::Halves, base, scaling: Scaling::None }
    }

    /// Radians per position of each pair, in a text of `length` positions. [dims / 2]
    pub fn frequencies(&self, length: usize) -> Vec<f32> {
        let (pairs, length) = (self.dims / 2, length as f64);
        let base = match self.scaling {
            Scaling::Dynamic { factor, original } if length > original => {
                let stretched = factor * length / original - (factor - 1.0);
                self.base * stretched.powf(self.dims as f64 / (self.dims as f64 - 2.0))
            }
            _ => self.base,
        };
        let plain = |pair: usize| base.powf(-2.0 * pair as f64 / self.dims as f64);
        let stretched = |pair: usize| {
            let frequency = plain(pair);
            match &self.scaling {
                Scaling::None | Scaling::Dynamic { .. } => frequency,
                Scaling::Linear { factor } => frequency / factor,
                Scaling::PerFrequency(divisors) => frequency / f64::from(divisors[pair]),
                Scaling::LongRope { short, long, original, .. } => {
                    frequency / if length > *original { long[pair] } else { short[pair] }
                }
                Scaling::Llama3 { factor, low_freq_factor, high_freq_factor, original } => {
                    // Waves that fit often into the original context stay; those that barely fit are stretched.
                    let turns = original * frequency / TAU;
                    let kept = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
                    frequency * kept + frequency / factor * (1.0 - kept)
                }
                Scaling::Yarn(yarn) => {
                    let kept = 1.0 - self.ramp(yarn, pair);
                    frequency * kept + frequency / yarn.factor * (1.0 - kept)
                }
            }
        };
        (0..pairs).map(|pair| stretched(pair) as f32).collect()
    }

    /// What cosines and sines are multiplied by.
    pub fn attention_factor(&self) -> f64 {
        match &self.scaling {
            Scaling::Yarn(yarn) => yarn.attention_factor,
            Scaling::LongRope { attention_factor, .. } => *attention_factor,
            _ => 1.0,
        }
    }

    /// Whether angles depend on how long the text is: keys that are kept were turned for a shorter one.
    pub fn depends_on_length(&self) -> bool {
        matches!(self.scaling, Scaling::Dynamic { .. } | Scaling::LongRope { .. })
    }

    /// How far the frequency of a pair is divided: 0 not at all, 1 in full.
    fn ramp(&self, yarn: &Yarn, pair: usize) -> f64 {
        let dims = self.dims as f64;
        // The pair that turns so often within the positions that the model was trained on.
        let pair_of = |turns: f64| dims * (yarn.original / (turns * 2.0 * PI)).ln() / (2.0 * self.base.ln());
        let (low, high) = (pair_of(yarn.beta_fast), pair_of(yarn.beta_slow));
        let (low, high) = if yarn.truncate { (low.floor(), high.ceil()) } else { (low, high) };
        let (low, high) = (low.max(0.0), high.min(dims - 1.0));
        let high = if low == high { high + 0.001 } else { high };
        ((pair as f64 - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// Whether its numbers can be: a whole number of pairs within a head, and a factor for each.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn validate(&self, d_head: usize) -> Result<(), String> {
        if !self.dims.is_multiple_of(2) || self.dims == 0 || self.dims > d_head {
            return Err(format!(
                "rotary positions turn pairs of features: expected an even number of at most {d_head}, found {}",
                self.dims
            ));
        }
        if !(self.base.is_finite() && self.base > 1.0) {
            return Err(format!("the base of rotary positions is {}; expected a number above 1", self.base));
        }
        let numbers = match &self.scaling {
            Scaling::Linear { factor } => vec![*factor],
            Scaling::Dynamic { factor, original } => vec![*factor, *original],
            Scaling::Llama3 { factor, low_freq_factor, high_freq_factor, original } => {
                vec![*factor, *low_freq_factor, *high_freq_factor, *original]
            }
            Scaling::Yarn(yarn) => {
                vec![yarn.factor, yarn.original, yarn.beta_fast, yarn.beta_slow, yarn.attention_factor]
            }
            Scaling::LongRope { original, attention_factor, .. } => vec![*original, *attention_factor],
            Scaling::None | Scaling::PerFrequency(_) => Vec::new(),
        };
        if let Some(number) = numbers.into_iter().find(|number| !(number.is_finite() && *number > 0.0)) {
            return Err(format!("the scaling of rotary positions has a {number}; expected numbers above 0"));
        }
        let expected = self.dims / 2;
        let factors: Vec<(&str, usize, bool)> = match &self.scaling {
            Scaling::PerFrequency(divisors) => {
                vec![("rotary frequency divisors", divisors.len(), divisors.iter().all(|n| n.is_finite() && *n != 0.0))]
            }
            Scaling::LongRope { short, long, .. } => {
                let usable = |factors: &[f64]| factors.iter().all(|n| n.is_finite() && *n != 0.0);
                vec![("short factors", short.len(), usable(short)), ("long factors", long.len(), usable(long))]
            }
            _ => Vec::new(),
        };
        match factors.into_iter().find(|&(_, n, usable)| n != expected || !usable) {
            Some((what, n, _)) => Err(format!("{n} {what}; expected {expected} finite numbers other than 0")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(scaling: Scaling) -> Rotation {
        Rotation { scaling, ..Rotation::plain(64, 10_000.0) }
    }

    #[test]
    fn scaling_stretches_what_it_should() {
        let default = scaled(Scaling::None).frequencies(1);
        let linear = scaled(Scaling::Linear { factor: 4.0 }).frequencies(1);
        assert!(default.iter().zip(&linear).all(|(a, b)| (a / b - 4.0).abs() < 1e-5));
        let llama3 =
            scaled(Scaling::Llama3 { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original: 8192.0 });
        let llama3 = llama3.frequencies(1);
        assert_eq!(llama3[0], default[0], "the fastest wave is kept");
        assert!((default[31] / llama3[31] - 8.0).abs() < 1e-4, "the slowest is stretched in full");
    }

    #[test]
    fn a_dynamic_base_grows_only_past_the_original_length() {
        let rotation = scaled(Scaling::Dynamic { factor: 2.0, original: 128.0 });
        assert_eq!(rotation.frequencies(128), scaled(Scaling::None).frequencies(128));
        assert!(rotation.frequencies(256)[31] < rotation.frequencies(129)[31]);
    }
}
