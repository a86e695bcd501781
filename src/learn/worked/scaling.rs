//! How large a product of two random columns is, and what softmax makes of such scores.
//!
//! Source: Vaswani et al. 2017, footnote 4: with independent entries of mean 0 and variance 1, var(k·q) = d.

use super::Step;
use super::matrix::number;
use super::online_softmax::softmax;

/// Where the random numbers start: the same numbers each time.
const SEED: u64 = 2017;

/// Lengths of columns that are compared.
const LENGTHS: [usize; 4] = [4, 16, 64, 256];

/// How many keys the last step has.
const KEYS: usize = 5;

/// The standard deviation of k·q, both of `d` independent standard normal entries: sampled, within 3% of √d.
pub fn spread(d: usize) -> f64 {
    // The more entries, the fewer samples: about a million numbers, which stay within the 3%.
    let samples = (500_000 / d.max(1)).clamp(1_500, 20_000);
    let mut random = Random::new(SEED ^ d as u64);
    let squares: f64 = (0..samples).map(|_| random.product(d).powi(2)).sum();
    (squares / samples as f64).sqrt() // the mean is 0
}

/// Scores of one random query for `keys` random keys.
fn sampled(d: usize, keys: usize) -> Vec<f64> {
    let mut random = Random::new(SEED);
    let query: Vec<f64> = (0..d).map(|_| random.normal()).collect();
    (0..keys).map(|_| query.iter().map(|entry| entry * random.normal()).sum()).collect()
}

/// Standard normal numbers: SplitMix64 (Steele, Lea and Flood 2014), made normal by Box and Muller (1958).
struct Random {
    state: u64,
    /// Box and Muller make two at a time.
    spare: Option<f64>,
}

impl Random {
    fn new(seed: u64) -> Self {
        Self { state: seed, spare: None }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly from 0 to 1, 0 left out.
    fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// k·q of two fresh columns of `d` entries.
    fn product(&mut self, d: usize) -> f64 {
        (0..d).map(|_| self.normal() * self.normal()).sum()
    }
}

pub(super) fn steps() -> Vec<Step> {
    let mut random = Random::new(SEED);
    let few: [f64; 6] = std::array::from_fn(|_| random.product(LENGTHS[0]));
    let spreads = LENGTHS.map(spread);
    let row = |(&d, &spread): (&usize, &f64)| {
        let root = (d as f64).sqrt();
        format!("{d:>5}{spread:>11.2}{root:>8.0}{:>14.2}", spread / root)
    };
    let bar = |(&d, &spread): (&usize, &f64)| format!("{d:>5}  {}", "█".repeat((spread * 2.0).round() as usize));
    let d = LENGTHS[LENGTHS.len() - 1];
    let scores = sampled(d, KEYS);
    let divided: Vec<f64> = scores.iter().map(|score| score / (d as f64).sqrt()).collect();
    let (sharp, soft) = (softmax(&scores), softmax(&divided));
    let cells = |name: &str, numbers: &[f64], decimals: usize| {
        let cells: Vec<String> = numbers.iter().map(|&value| format!("{:>7}", number(value, decimals))).collect();
        format!("{name:<6}{}", cells.concat())
    };
    let most = |weights: &[f64]| 100.0 * weights.iter().copied().fold(0.0, f64::max);
    vec![
        Step::new("A score is a sum of d products")
            .line("  k·q = k₁q₁ + k₂q₂ + … + k_d q_d")
            .gap()
            .line(format!("Some, for random columns with d = {}:", LENGTHS[0]))
            .line(few.iter().map(|&score| format!("{:>7}", number(score, 2))).collect::<String>())
            .gap()
            .say(
                "Each term has mean 0 and variance 1, and the terms are independent. So the variance of the sum is d, \
                 its size about √d.",
            ),
        Step::new("How large, measured")
            .line("    d   measured      √d   measured/√d")
            .rows(LENGTHS.iter().zip(&spreads).map(row))
            .gap()
            .rows(LENGTHS.iter().zip(&spreads).map(bar))
            .gap()
            .say("Divided by √d, scores have size 1, however long the columns are."),
        Step::new(format!("Both softmaxes for d = {d}"))
            .line(cells("S", &scores, 1))
            .line(cells("A", &sharp, 3))
            .say(&format!("Not divided: {:.3}% on one key.", most(&sharp)))
            .gap()
            .line(cells("S/√d", &divided, 2))
            .line(cells("A", &soft, 3))
            .say(&format!("Divided by {:.0}: at most {:.1}% on one key.", (d as f64).sqrt(), most(&soft)))
            .gap()
            .say("Where one key has all, small changes of a score change nothing, and little is learned."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_the_root_of_the_length() {
        for d in [1, 4, 16, 64, 128, 256] {
            let ratio = spread(d) / (d as f64).sqrt();
            assert!((ratio - 1.0).abs() < 0.03, "d = {d}: {ratio}");
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut random = Random::new(SEED);
        let numbers: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let mean = |power: i32| numbers.iter().map(|number| number.powi(power)).sum::<f64>() / numbers.len() as f64;
        assert!(mean(1).abs() < 0.02 && (mean(2) - 1.0).abs() < 0.02 && (mean(4) - 3.0).abs() < 0.15);
    }

    #[test]
    fn the_generator_is_splitmix() {
        let mut random = Random::new(1_234_567);
        assert_eq!([random.bits(), random.bits()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    /// The last step says: nearly all on one key without division, spread with it.
    #[test]
    fn dividing_spreads_the_weights() {
        let scores = sampled(256, KEYS);
        let divided: Vec<f64> = scores.iter().map(|score| score / 16.0).collect();
        let most = |scores: &[f64]| softmax(scores).into_iter().fold(0.0, f64::max);
        assert!(most(&scores) > 0.95 && most(&divided) < 0.7, "{} and {}", most(&scores), most(&divided));
    }
}
