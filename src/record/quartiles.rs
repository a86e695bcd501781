//! Several times in five numbers.

use crate::units::Nanos;

/// The five-number summary of a sample, by linear interpolation between order statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quartiles {
    pub n: usize,
    pub min: Nanos,
    pub q1: Nanos,
    pub median: Nanos,
    pub q3: Nanos,
    pub max: Nanos,
}

impl Quartiles {
    /// The summary of `sample`; `None` if it is empty.
    pub fn of(sample: &[Nanos]) -> Option<Self> {
        let mut sorted: Vec<u64> = sample.iter().map(|nanos| nanos.0).collect();
        sorted.sort_unstable();
        let at = |share: f64| Nanos(quantile(&sorted, share));
        (!sorted.is_empty()).then(|| Self {
            n: sorted.len(),
            min: at(0.0),
            q1: at(0.25),
            median: at(0.5),
            q3: at(0.75),
            max: at(1.0),
        })
    }
}

/// Quantile `share` of sorted values: type 7 of Hyndman and Fan (1996), as in R and NumPy.
fn quantile(sorted: &[u64], share: f64) -> u64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0 };
    let position = share * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let (low, high) = (sorted[below] as f64, sorted[above] as f64);
    (low + (position - below as f64) * (high - low)).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_interpolate_as_numpy_does() {
        let sample = [40, 10, 20, 30].map(Nanos);
        let q = Quartiles::of(&sample).unwrap();
        assert_eq!(
            (q.n, q.min, q.q1, q.median, q.q3, q.max),
            (4, Nanos(10), Nanos(18), Nanos(25), Nanos(33), Nanos(40))
        );
        assert_eq!(Quartiles::of(&[]), None);
        assert_eq!(Quartiles::of(&[Nanos(7)]).unwrap().median, Nanos(7));
    }
}
