//! The laws that times are fitted to, by least squares, with intervals from drawing the samples again.

use crate::analyse::statistics::{LEVEL, bootstrap, fewest};

/// Draws for one fit. An exponent is read to two digits.
const RESAMPLES: usize = 1000;

/// A power law, t = c · xᵏ: a straight line of slope k in a log–log chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// k: 1 where twice as much takes twice as long.
    pub exponent: f64,
    /// Its 95% interval; `None` where a point has fewer samples than one takes.
    pub interval: Option<(f64, f64)>,
    /// c, in seconds.
    pub factor: f64,
    /// The range that was fitted, and how many points are in it.
    pub from: f64,
    pub to: f64,
    pub points: usize,
}

/// A straight line, t = a + b · x, in seconds: flat, plus a share that grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub a: f64,
    pub b: f64,
    /// The 95% interval of b; `None` where a point has fewer samples than one takes.
    pub interval: Option<(f64, f64)>,
    pub points: usize,
}

/// An x with all times that were measured there.
type At<'s> = (f64, &'s [f64]);

impl Power {
    /// Fits the upper part of the range: the points from the geometric middle on, where what does not grow with x
    /// counts least. They are the last three at least, or all where there are fewer. `None` below two points.
    pub fn fit(points: &[At]) -> Option<Self> {
        let known: Vec<At> =
            points.iter().copied().filter(|(x, times)| *x > 0.0 && times.iter().any(|time| *time > 0.0)).collect();
        let (first, last) = (known.first()?.0, known.last()?.0);
        let middle = (first * last).sqrt();
        let upper = known.iter().filter(|(x, _)| *x >= middle).count().max(3).min(known.len());
        let upper = &known[known.len() - upper..];
        let slope = |medians: &[f64]| {
            let logs = upper.iter().zip(medians).filter(|(_, time)| **time > 0.0);
            least_squares(logs.map(|((x, _), time)| (x.ln(), time.ln(), 1.0)))
        };
        let (intercept, exponent) = slope(&medians(upper))?;
        Some(Self {
            exponent,
            interval: interval(upper, |medians| Some(slope(medians)?.1)),
            factor: intercept.exp(),
            from: upper.first()?.0,
            to: last,
            points: upper.len(),
        })
    }

    /// The time at x, in seconds. Modelled.
    pub fn at(&self, x: f64) -> f64 {
        self.factor * x.powf(self.exponent)
    }
}

impl Line {
    /// Fits all points, each weighted by 1 ÷ t²: it is the relative error that is alike everywhere. `None` below
    /// three points, of which any two would lie on a line.
    pub fn fit(points: &[At]) -> Option<Self> {
        let known: Vec<At> = points.iter().copied().filter(|(_, times)| times.iter().any(|time| *time > 0.0)).collect();
        if known.len() < 3 {
            return None;
        }
        let line = |medians: &[f64]| {
            let weighted = known.iter().zip(medians).filter(|(_, time)| **time > 0.0);
            least_squares(weighted.map(|((x, _), time)| (*x, *time, 1.0 / (time * time))))
        };
        let (a, b) = line(&medians(&known))?;
        Some(Self { a, b, interval: interval(&known, |medians| Some(line(medians)?.1)), points: known.len() })
    }

    /// The time at x, in seconds. Modelled.
    pub fn at(&self, x: f64) -> f64 {
        self.a + self.b * x
    }
}

fn medians(points: &[At]) -> Vec<f64> {
    points.iter().map(|(_, times)| bootstrap::median(times).unwrap_or(0.0)).collect()
}

/// The interval of what `of` makes of the medians, when the samples of every point are drawn again.
fn interval(points: &[At], of: impl Fn(&[f64]) -> Option<f64>) -> Option<(f64, f64)> {
    if points.iter().any(|(_, times)| times.len() < fewest(LEVEL, true)) {
        return None;
    }
    let mut random = bootstrap::random();
    let sorted: Vec<_> = points.iter().map(|(_, times)| bootstrap::Sorted::of(times)).collect();
    let mut counts: Vec<Vec<u32>> = points.iter().map(|(_, times)| vec![0; times.len()]).collect();
    let most = points.iter().map(|(_, times)| times.len()).sum();
    let mut values: Vec<f64> = (0..bootstrap::resamples(most, LEVEL).min(RESAMPLES))
        .filter_map(|_| {
            counts.iter_mut().for_each(|counts| bootstrap::draw(&mut random, counts));
            let medians: Vec<f64> = sorted.iter().zip(&counts).map(|(sorted, counts)| sorted.median(counts)).collect();
            of(&medians)
        })
        .collect();
    bootstrap::middle(&mut values, LEVEL)
}

/// Intercept and slope of the straight line through weighted points (x, y, weight); `None` where they do not make one.
fn least_squares(points: impl Iterator<Item = (f64, f64, f64)> + Clone) -> Option<(f64, f64)> {
    let weight: f64 = points.clone().map(|(_, _, w)| w).sum();
    let mean = |of: fn((f64, f64, f64)) -> f64| points.clone().map(of).sum::<f64>() / weight;
    let (x, y) = (mean(|(x, _, w)| w * x), mean(|(_, y, w)| w * y));
    let spread: f64 = points.clone().map(|(at, _, w)| w * (at - x).powi(2)).sum();
    let together: f64 = points.map(|(at, value, w)| w * (at - x) * (value - y)).sum();
    let slope = together / spread;
    (spread > 0.0 && slope.is_finite()).then_some((y - slope * x, slope))
}
