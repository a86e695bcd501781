//! Which configurations are worth a look: those that no other beats in both time and quality.

use crate::record::quartiles::Quartiles;
use crate::record::study::{Arm, Study};
use crate::record::{Phase, Watched};

/// How a configuration stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No other is clearly better in one and at least as good in the other.
    Best,
    /// This one is.
    Dominated { by: usize },
    /// Its time or its quality is not known.
    Unknown,
}

/// What is judged of a configuration: both are better when smaller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub time: f64,
    /// Of quality.
    pub loss: f64,
}

/// Judges configurations. Equal points do not dominate one another. Of several that dominate one, the fastest is named.
pub fn pareto(points: &[Option<Point>]) -> Vec<Standing> {
    let known = |point: &Option<Point>| point.filter(|point| !point.time.is_nan() && !point.loss.is_nan());
    // By time, then by loss: whoever dominates a point stands before it.
    let mut order: Vec<(usize, Point)> =
        points.iter().enumerate().filter_map(|(index, point)| Some((index, known(point)?))).collect();
    order.sort_by(|(_, a), (_, b)| a.time.total_cmp(&b.time).then(a.loss.total_cmp(&b.loss)));
    let mut standings = vec![Standing::Unknown; points.len()];
    // The points on the front so far: each is slower and better than the one before.
    let mut front: Vec<(usize, Point)> = Vec::new();
    for (index, point) in order {
        // The first, so the fastest, that is at least as good.
        let as_good = front.iter().find(|(_, other)| other.loss <= point.loss);
        standings[index] = match as_good {
            Some((_, other)) if !is_clear(*other, point) => Standing::Best,
            Some((by, _)) => Standing::Dominated { by: *by },
            None => {
                front.push((index, point));
                Standing::Best
            }
        };
    }
    standings
}

/// Less than this in time, as a share, or in KL, as a share and in nats, is nothing to choose by.
const NO_MATTER: f64 = 0.02;
const NO_NATS: f64 = 1e-6;

/// Whether one that is as good in both is clearly better in one.
fn is_clear(better: Point, worse: Point) -> bool {
    worse.time > better.time * (1.0 + NO_MATTER) || worse.loss > better.loss * (1.0 + NO_MATTER) + NO_NATS
}

/// The same for the arms of a study, by the median time of a phase and KL.
pub fn of_study(study: &Study, phase: Phase) -> Vec<Standing> {
    let point = |(number, arm): (u32, &Arm)| {
        let kl = arm.quality?.kl_mean;
        let samples = study.samples.iter().filter(|s| s.arm == number && !s.again && s.watched == Watched::Plain);
        let times: Vec<_> = match phase {
            Phase::Prefill => samples.map(|sample| sample.ttft).collect(),
            Phase::Decode => samples.filter_map(|sample| sample.tpot()).collect(),
        };
        Some(Point { time: Quartiles::of(&times)?.median.seconds(), loss: kl })
    };
    pareto(&(0..).zip(&study.arms).map(point).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Standing::{Best, Dominated, Unknown};

    fn at(time: f64, loss: f64) -> Option<Point> {
        Some(Point { time, loss })
    }

    #[test]
    fn slower_and_worse_is_dominated() {
        let points = [at(4.0, 0.0), at(2.0, 0.1), at(3.0, 0.2), at(1.0, 0.3), at(5.0, 0.3)];
        assert_eq!(pareto(&points), [Best, Best, Dominated { by: 1 }, Best, Dominated { by: 3 }]);
    }

    #[test]
    fn equals_stay_and_the_unknown_is_not_judged() {
        let points = [at(1.0, 0.1), None, at(1.0, 0.1), at(1.0, 0.2), at(2.0, 0.1), at(f64::NAN, 0.0)];
        assert_eq!(pareto(&points), [Best, Unknown, Best, Dominated { by: 0 }, Dominated { by: 0 }, Unknown]);
        assert_eq!(pareto(&[]), []);
        assert_eq!(pareto(&[at(1.0, f64::NAN)]), [Unknown]);
    }

    #[test]
    fn what_nobody_could_tell_apart_does_not_dominate() {
        // A hundredth slower, and closer by what rounding makes.
        assert_eq!(pareto(&[at(1.0, 5e-12), at(1.01, 7e-12)]), [Best, Best]);
        assert_eq!(pareto(&[at(1.0, 5e-12), at(1.05, 7e-12)]), [Best, Dominated { by: 0 }]);
    }

    #[test]
    fn the_fastest_of_those_that_dominate_is_named() {
        let points = [at(3.0, 0.0), at(1.0, 0.2), at(2.0, 0.1), at(4.0, 0.2)];
        assert_eq!(pareto(&points)[3], Dominated { by: 1 });
    }
}
