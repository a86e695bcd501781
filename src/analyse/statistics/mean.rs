//! Mean and standard deviation, for tables that people hold against those of other tools.

/// The mean of some numbers, and how far they scatter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    pub mean: f64,
    /// The standard deviation of the sample: squares are divided by n − 1. `None` of a single number.
    pub deviation: Option<f64>,
    pub n: usize,
}

impl Mean {
    /// `None` where there are no numbers.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let n = numbers.len();
        let mean = numbers.iter().sum::<f64>() / n as f64;
        let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
        let deviation = (n > 1).then(|| (squares / (n - 1) as f64).sqrt());
        (n > 0).then_some(Self { mean, deviation, n })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_those_of_a_sample() {
        assert_eq!(Mean::of(&[]), None);
        assert_eq!(Mean::of(&[3.0]), Some(Mean { mean: 3.0, deviation: None, n: 1 }));
        // Squares of 2, 0 and 2 over 2.
        assert_eq!(Mean::of(&[2.0, 4.0, 6.0]), Some(Mean { mean: 4.0, deviation: Some(2.0), n: 3 }));
    }
}
