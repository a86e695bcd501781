//! What can be said of a difference, in words.

use super::ratio::Ratio;
use std::fmt;

/// Differences below this are not looked for: 'no difference seen' says that there is none larger than this.
pub const RESOLUTION: f64 = 0.05;

/// More pairs than this nobody makes.
const HOPELESS: u32 = 1000;

/// What can be said of a ratio of times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    Faster,
    Slower,
    /// None, or one smaller than `within`, as a factor less one.
    NoDifference {
        within: f64,
    },
    /// So many pairs would tell, if they are as noisy as these.
    TooNoisy {
        pairs: u32,
    },
}

impl Verdict {
    /// Judges a ratio of times by the noise floor of the machine, where that is known.
    ///
    /// *Changed* needs all three: the interval excludes 1, chance is ruled out at the same level (what few pairs
    /// cannot, however they come out), and the effect exceeds what the baseline differs from itself. Without these,
    /// *no difference seen* needs an interval that is narrow enough to say so: within [`RESOLUTION`] of 1.
    pub fn of(ratio: &Ratio, floor: Option<f64>) -> Self {
        let floor = floor.unwrap_or(0.0).max(0.0);
        let effect = ratio.ratio.max(1.0 / ratio.ratio) - 1.0;
        // A little more than the level leaves, for rounding: 1 − 0.95 is not 0.05.
        let by_chance = ratio.p > (1.0 - ratio.level) * (1.0 + 1e-9);
        if ratio.excludes_one() && !by_chance && effect > floor {
            return if ratio.ratio < 1.0 { Verdict::Faster } else { Verdict::Slower };
        }
        let enough = ratio.n >= fewest(ratio.level, ratio.paired);
        match ratio.within().max(floor) {
            within if enough && within <= RESOLUTION => Verdict::NoDifference { within },
            _ => Verdict::TooNoisy { pairs: pairs_needed(ratio, floor) },
        }
    }

    /// `faster`, `no difference seen`, as on the screen.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Faster => "faster",
            Verdict::Slower => "slower",
            Verdict::NoDifference { .. } => "no difference seen",
            Verdict::TooNoisy { .. } => "too noisy to say",
        }
    }

    /// The same with what belongs to it: `faster (95%: 0.39 – 0.41)`, `no difference seen (within ±2.1%)`,
    /// `too noisy to say (about 40 pairs would tell)`.
    pub fn words(&self, ratio: &Ratio) -> String {
        let detail = match self {
            Verdict::Faster | Verdict::Slower => ratio.interval(),
            Verdict::NoDifference { within } => format!("within ±{:.1}%", within * 100.0),
            Verdict::TooNoisy { pairs } => {
                let what = if ratio.paired { "pairs" } else { "repeats" };
                // The interval is clear of 1: what lacks is only the number that rules chance out.
                let few = ratio.excludes_one() && ratio.n < fewest(ratio.level, ratio.paired);
                if few {
                    let fewest = fewest(ratio.level, ratio.paired);
                    return format!(
                        "too few {what} to say ({} – {}; {fewest} could tell)",
                        times(ratio.low),
                        times(ratio.high)
                    );
                }
                if *pairs > HOPELESS {
                    return format!("{} (not to be told on this machine)", self.name());
                }
                format!("about {pairs} {what} would tell")
            }
        };
        format!("{} ({detail})", self.name())
    }

    /// Whether a difference was found.
    pub fn is_change(&self) -> bool {
        matches!(self, Verdict::Faster | Verdict::Slower)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Ratio {
    /// `0.40×`, with three digits.
    pub fn times(&self) -> String {
        times(self.ratio)
    }

    /// `95%: 0.39 – 0.41`
    pub fn interval(&self) -> String {
        let level = format!("{:.2}", self.level * 100.0);
        let level = level.trim_end_matches('0').trim_end_matches('.');
        let bound = |bound: f64| times(bound).trim_end_matches('×').to_owned();
        format!("{level}%: {} – {}", bound(self.low), bound(self.high))
    }
}

/// `0.397×`, `12.3×`, `∞×`
fn times(ratio: f64) -> String {
    let decimals = match ratio {
        ratio if ratio < 0.995 => 3,
        ratio if ratio < 9.95 => 2,
        ratio if ratio < 99.5 => 1,
        _ => 0,
    };
    if ratio.is_finite() { format!("{ratio:.decimals$}×") } else { "∞×".to_owned() }
}

/// How many pairs would tell: an interval narrows as 1 ÷ √n, and it has to become narrower than the way to the nearest
/// verdict, be that the effect away from 1, or what is left to the resolution.
fn pairs_needed(ratio: &Ratio, floor: f64) -> u32 {
    let fewest = fewest(ratio.level, ratio.paired);
    let half = ratio.half_width().max(floor).ln_1p();
    let effect = ratio.ratio.ln().abs();
    let target = effect.max(RESOLUTION.ln_1p() - effect);
    let needed = ratio.n as f64 * (half / target).powi(2);
    match needed.is_finite() {
        true => (needed.ceil() as u32).max(ratio.n as u32 + 1).max(fewest as u32),
        false => (fewest as u32).max(ratio.n as u32 + 1),
    }
}

/// The fewest pairs with which chance can be ruled out at this level: if all agree, that happens by chance in 2 of 2ⁿ
/// cases. Samples that do not pair agree in 2 of C(2n, n).
pub fn fewest(level: f64, paired: bool) -> usize {
    let chance = (1.0 - level).max(f64::EPSILON);
    let mut by_chance = 1.0;
    let mut n = 1;
    while by_chance > chance * (1.0 + 1e-9) {
        n += 1;
        by_chance *= if paired { 0.5 } else { n as f64 / (4.0 * n as f64 - 2.0) };
    }
    n
}

/// Whether there are enough pairs: the interval is no wider than the resolution, and so is the noise floor where
/// there is one. It asks for the **width** alone, never for significance: whoever measures until a difference is
/// significant finds one sooner or later, also where there is none. The width does not know which way the
/// difference goes.
///
/// An interval that is narrow enough here and contains 1 lies within the resolution of it: the verdict is then
/// *no difference seen*.
pub fn precise_enough(ratio: &Ratio, floor: Option<f64>, resolution: f64) -> bool {
    let width = (ratio.high / ratio.low).ln();
    ratio.n >= fewest(ratio.level, ratio.paired)
        && width <= resolution.ln_1p()
        && floor.is_none_or(|floor| floor <= resolution)
}
