//! A prediction: what a learner says before it is measured, and how far off that was.
//!
//! ```text
//! ~ How much of its weight does a query give to one key?
//! of: largest-weight
//! number: % from 0 to 100            or: times from 1 to 100 by factor
//! = Why it is so.                    or: order: one thing | another | a third
//! ```

use super::form::{Form, Guess};
use super::quantity::Quantity;

/// A question whose answer is measured on the loaded model.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    pub asked: String,
    pub quantity: Quantity,
    pub form: Form,
    /// What to think of, once the answer is there.
    pub why: String,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// In the unit of the prediction.
    Number(f64),
    /// A value for each of the things, in their order in the question.
    Order(Vec<f64>),
}

/// How far off a guess was.
#[derive(Debug, Clone, PartialEq)]
pub enum Miss {
    Number {
        /// Guess less measured value.
        difference: f64,
        /// The larger of both divided by the smaller, where both have one sign.
        factor: Option<f64>,
        /// As a share of the plausible range, linear or logarithmic: 0 is exact; at most 1.
        share: f64,
    },
    /// So many of the pairs stand the wrong way round.
    Order { wrong: usize, pairs: usize },
}

impl Prediction {
    /// Reads a page that begins with `~ `.
    ///
    /// # Errors
    /// What is missing, or cannot be read.
    pub(super) fn read(lines: &[&str]) -> Result<Self, String> {
        let part = |sign: &str| lines.iter().find_map(|line| line.strip_prefix(sign)).map(str::to_owned);
        let needed = |sign: &str| part(sign).ok_or(format!("a prediction without {sign:?}: {lines:?}"));
        let of = needed("of: ")?;
        let form = match (part("number: "), part("order: ")) {
            (Some(number), None) => Form::number(&number).ok_or(format!("no unit and range: {number:?}"))?,
            (None, Some(order)) => Form::Order(order.split(" | ").map(str::to_owned).collect()),
            _ => return Err(format!("expected a number or an order: {lines:?}")),
        };
        let quantity = Quantity::parse(&of).ok_or(format!("no quantity: {of:?}"))?;
        Ok(Self { asked: needed("~ ")?, quantity, form, why: needed("= ")? })
    }

    /// How far off a guess was; `None` where the two do not belong together, or nothing comparable was measured.
    pub fn miss(&self, guess: &Guess, measured: &Measured) -> Option<Miss> {
        match (&self.form, guess, measured) {
            (Form::Number { least, most, by_factor, .. }, &Guess::Number(guess), &Measured::Number(value)) => {
                let factor = (guess * value > 0.0).then(|| (guess / value).max(value / guess));
                let share = match (by_factor, factor) {
                    (false, _) => (guess - value).abs() / (most - least),
                    (true, Some(factor)) => factor.ln() / (most / least).ln(),
                    (true, None) => 1.0,
                };
                let share = if share.is_nan() { return None } else { share.min(1.0) };
                Some(Miss::Number { difference: guess - value, factor, share })
            }
            (Form::Order(items), Guess::Order(guess), Measured::Order(values)) => {
                let is_whole = guess.len() == items.len() && values.len() == items.len();
                if !is_whole || values.iter().any(|value| value.is_nan()) {
                    return None;
                }
                let n = guess.len();
                let pairs = (0..n).flat_map(|first| (first + 1..n).map(move |second| (first, second)));
                let is_wrong = |&(first, second): &(usize, usize)| {
                    values.get(guess[first]).zip(values.get(guess[second])).is_none_or(|(first, second)| first < second)
                };
                Some(Miss::Order { wrong: pairs.filter(is_wrong).count(), pairs: n * (n - 1) / 2 })
            }
            _ => None,
        }
    }
}

impl Measured {
    /// Of ordered things, their numbers: the largest first, equal ones as they stand in the question.
    pub fn ranking(values: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        order
    }

    /// Whether every number of it is one.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Number(value) => value.is_finite(),
            Self::Order(values) => values.iter().all(|value| value.is_finite()),
        }
    }
}

impl Miss {
    /// The verdict in a word or two.
    pub fn verdict(&self) -> &'static str {
        let share = match *self {
            Self::Number { share, .. } => share,
            Self::Order { pairs: 0, .. } => 0.0,
            Self::Order { wrong, pairs } => wrong as f64 / pairs as f64,
        };
        match share {
            ..=0.0 => "exact",
            ..=0.05 => "very close",
            ..=0.15 => "close",
            ..=0.35 => "some way off",
            _ => "far off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(by_factor: bool) -> Prediction {
        let form = if by_factor { "times from 1 to 10000 by factor" } else { "% from 0 to 100" };
        let form = format!("number: {form}");
        Prediction::read(&["~ How many?", "of: open-gates", &form, "= So."]).unwrap()
    }

    fn order() -> Prediction {
        Prediction::read(&["~ Which?", "of: writers", "order: one | two | three", "= So."]).unwrap()
    }

    #[test]
    fn the_error_of_a_number_is_a_difference_a_factor_and_a_share_of_the_range() {
        let miss =
            |by_factor, guess, value| number(by_factor).miss(&Guess::Number(guess), &Measured::Number(value)).unwrap();
        assert_eq!(miss(false, 40.0, 72.0), Miss::Number { difference: -32.0, factor: Some(1.8), share: 0.32 });
        assert_eq!(miss(false, 40.0, 40.0).verdict(), "exact");
        assert_eq!(miss(false, 40.0, 44.0).verdict(), "very close");
        assert_eq!(miss(false, 40.0, 72.0).verdict(), "some way off");
        assert_eq!(miss(false, 0.0, 5.0), Miss::Number { difference: -5.0, factor: None, share: 0.05 });
        // Ten times too much is a quarter of four orders of magnitude, whichever way.
        for (guess, value) in [(1000.0, 100.0), (100.0, 1000.0)] {
            let Miss::Number { share, factor, .. } = miss(true, guess, value) else { panic!() };
            assert!((share - 0.25).abs() < 1e-12 && factor == Some(10.0), "{guess} {value}: {share}");
        }
        assert_eq!(miss(true, 10.0, 0.0).verdict(), "far off");
        assert!(number(false).miss(&Guess::Number(1.0), &Measured::Number(f64::NAN)).is_none());
        assert!(number(false).miss(&Guess::Order(vec![0]), &Measured::Number(1.0)).is_none());
    }

    #[test]
    fn the_error_of_an_order_counts_pairs_and_equal_things_are_in_order_either_way() {
        let miss = |guess: &[usize], values: [f64; 3]| {
            order().miss(&Guess::Order(guess.to_vec()), &Measured::Order(values.to_vec())).unwrap()
        };
        let values = [5.0, 9.0, 1.0];
        assert_eq!(miss(&[1, 0, 2], values), Miss::Order { wrong: 0, pairs: 3 });
        assert_eq!(miss(&[0, 1, 2], values), Miss::Order { wrong: 1, pairs: 3 });
        assert_eq!(miss(&[2, 0, 1], values), Miss::Order { wrong: 3, pairs: 3 });
        assert_eq!(miss(&[2, 1, 0], [4.0, 4.0, 4.0]).verdict(), "exact");
        assert_eq!(Measured::ranking(&values), [1, 0, 2]);
        let part = Guess::Order(vec![0, 1]);
        assert!(order().miss(&part, &Measured::Order(values.to_vec())).is_none());
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (lines, said) in [
            (vec!["~ Q", "of: nothing", "order: a | b", "= S"], "no quantity"),
            (vec!["~ Q", "of: writers", "= S"], "a number or an order"),
            (vec!["~ Q", "of: writers", "number: % from 5 to 1", "= S"], "no unit and range"),
            (vec!["~ Q", "of: writers", "number: % from 0 to 1 by factor", "= S"], "no unit and range"),
            (vec!["~ Q", "of: writers", "order: a | b"], "without"),
        ] {
            let problem = Prediction::read(&lines).unwrap_err();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
