//! Gates: what a comparison must reach, for a script that asks: `decode.tpot_ratio<=1.05,quality.kl_mean<=0.01`.

mod figures;
mod hold;
mod outcome;

pub use figures::{Estimate, FIGURES, Unit};
pub use hold::hold;
pub use outcome::{Outcome, all_reached};

use super::comparison::Comparison;
use std::fmt;

/// A figure and where it has to lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Index into [`FIGURES`].
    figure: usize,
    low: Option<Bound>,
    high: Option<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Bound {
    value: f64,
    /// Whether the figure may be just this.
    included: bool,
}

/// Why a gate cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(
        "gate '{text}': expected a figure, <, <=, > or >=, and a number, as in decode.tpot_ratio<=1.05; \
         or a range, as in 0.9<=prefill.ttft_ratio<=1.1"
    )]
    Form { text: String },
    #[error("gate '{text}': there is no figure '{name}'; there are {}", names())]
    Unknown { text: String, name: String },
    #[error("gate '{text}': '{number}' is no number")]
    Number { text: String, number: String },
    #[error("gate '{text}': no figure can lie there")]
    Empty { text: String },
}

impl Gate {
    /// Reads several, separated by commas.
    ///
    /// # Errors
    /// The first that makes no sense.
    pub fn list(text: &str) -> Result<Vec<Self>, Error> {
        text.split(',').map(|gate| Self::parse(gate.trim())).collect()
    }

    /// Reads one: `figure<=number`, `number<=figure`, `number<=figure<=number`.
    fn parse(text: &str) -> Result<Self, Error> {
        let form = || Error::Form { text: text.to_owned() };
        let (first, rest) = operand(text);
        let (one, rest) = comparison(rest).ok_or_else(form)?;
        let (second, rest) = operand(rest);
        let mut gate = match rest {
            // Whichever side is not a number names the figure.
            "" if first.parse::<f64>().is_ok() => Self::named(text, second)?.bounded(text, one.turned(), first)?,
            "" => Self::named(text, first)?.bounded(text, one, second)?,
            _ => {
                let (other, third) = comparison(rest).ok_or_else(form)?;
                if one.below != other.below {
                    return Err(form());
                }
                Self::named(text, second)?.bounded(text, one.turned(), first)?.bounded(text, other, third)?
            }
        };
        if let (Some(low), Some(high)) = (gate.low.as_mut(), gate.high.as_mut())
            && (low.value > high.value || low.value == high.value && !(low.included && high.included))
        {
            return Err(Error::Empty { text: text.to_owned() });
        }
        Ok(gate)
    }

    fn named(text: &str, name: &str) -> Result<Self, Error> {
        let unknown = || Error::Unknown { text: text.to_owned(), name: name.to_owned() };
        let figure = FIGURES.iter().position(|figure| figure.name == name).ok_or_else(unknown)?;
        Ok(Self { figure, low: None, high: None })
    }

    fn bounded(mut self, text: &str, sign: Sign, number: &str) -> Result<Self, Error> {
        let refused = || Error::Number { text: text.to_owned(), number: number.to_owned() };
        let value = number.trim().parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(refused)?;
        let bound = Some(Bound { value, included: sign.included });
        *(if sign.below { &mut self.high } else { &mut self.low }) = bound;
        Ok(self)
    }

    /// Whether the comparison reaches it, with what was found, or why there is no such figure, which fails.
    pub fn check(&self, comparison: &Comparison) -> Outcome {
        let figure = &FIGURES[self.figure];
        let found = (figure.of)(comparison);
        let (passed, why) = match found {
            None => (false, figure.missing.to_owned()),
            Some(found) if found.value.is_nan() => {
                (false, "it is not a number, as of a model with broken weights".to_owned())
            }
            Some(found) => (self.holds(found.value), format!("it is {}", found.shown(figure.unit))),
        };
        Outcome {
            candidate: comparison.names.candidate.clone(),
            gate: self.to_string(),
            passed: Some(passed),
            found,
            said: format!("{self} {}: {why}", if passed { "passed" } else { "failed" }),
        }
    }

    /// Whether a number lies within the limits.
    fn holds(&self, value: f64) -> bool {
        let reaches = |low: f64, high: f64, included: bool| low < high || included && low == high;
        self.low.is_none_or(|low| reaches(low.value, value, low.included))
            && self.high.is_none_or(|high| reaches(value, high.value, high.included))
    }
}

impl fmt::Display for Gate {
    /// As it is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FIGURES[self.figure].name;
        let sign = |bound: Bound, sign: &str| format!("{sign}{}", if bound.included { "=" } else { "" });
        match (self.low, self.high) {
            (Some(low), Some(high)) => {
                write!(f, "{}{}{name}{}{}", low.value, sign(low, "<"), sign(high, "<"), high.value)
            }
            (Some(low), None) => write!(f, "{name}{}{}", sign(low, ">"), low.value),
            (None, Some(high)) => write!(f, "{name}{}{}", sign(high, "<"), high.value),
            (None, None) => write!(f, "{name}"),
        }
    }
}

/// A sign between what stands before and after it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sign {
    /// Whether what stands before it is the smaller one.
    below: bool,
    included: bool,
}

impl Sign {
    /// Seen from the other side.
    fn turned(self) -> Self {
        Self { below: !self.below, ..self }
    }
}

/// What stands before the next sign, and the rest.
fn operand(text: &str) -> (&str, &str) {
    let end = text.find(['<', '>', '=']).unwrap_or(text.len());
    (text[..end].trim(), &text[end..])
}

/// The sign that a text begins with, and the rest.
fn comparison(text: &str) -> Option<(Sign, &str)> {
    let (below, rest) = match text.strip_prefix('<') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('>')?),
    };
    let included = rest.strip_prefix('=');
    Some((Sign { below, included: included.is_some() }, included.unwrap_or(rest)))
}

fn names() -> String {
    FIGURES.iter().map(|figure| figure.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::study::fixture;

    fn refused(text: &str) -> String {
        Gate::list(text).unwrap_err().to_string()
    }

    #[test]
    fn gates_are_printed_as_they_were_written() {
        for text in
            ["decode.tpot_ratio<=1.05", "quality.top1>0.9", "0.9<=prefill.ttft_ratio<1.1", "memory.weights_bytes>=5"]
        {
            assert_eq!(Gate::list(text).unwrap()[0].to_string(), text);
        }
        let list = Gate::list(" decode.tpot_ratio <= 1.05 , 1.1 >= prefill.ttft_ratio > 0.9,0.5<quality.top1").unwrap();
        let shown: Vec<String> = list.iter().map(Gate::to_string).collect();
        assert_eq!(shown, ["decode.tpot_ratio<=1.05", "0.9<prefill.ttft_ratio<=1.1", "quality.top1>0.5"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        let unknown = refused("decode.tpot_ratoi<=1");
        assert!(unknown.starts_with("gate 'decode.tpot_ratoi<=1': there is no figure 'decode.tpot_ratoi'; there are "));
        assert!(FIGURES.iter().all(|figure| unknown.contains(figure.name)));
        assert!(refused("decode.tpot_ratio<=fast").ends_with("'fast' is no number"));
        assert!(refused("decode.tpot_ratio<=inf").ends_with("'inf' is no number"));
        assert!(refused("1.1<=decode.tpot_ratio<=1").ends_with("no figure can lie there"));
        assert!(refused("1<decode.tpot_ratio<=1").ends_with("no figure can lie there"));
        for text in
            ["", "decode.tpot_ratio", "decode.tpot_ratio=1", "decode.tpot_ratio==1", "1<=decode.tpot_ratio>=0", ","]
        {
            assert!(refused(text).contains("expected a figure"), "{text}: {}", refused(text));
        }
        assert!(refused("1<=decode.tpot_ratio<=2<=3").contains("is no number"));
    }

    /// What is said of the gates that are not reached.
    fn failures(list: &str, comparison: &Comparison) -> Vec<String> {
        let outcomes = Gate::list(list).unwrap().into_iter().map(|gate| gate.check(comparison));
        outcomes.filter(|outcome| outcome.passed == Some(false)).map(|outcome| outcome.said).collect()
    }

    #[test]
    fn each_gate_that_fails_says_what_was_found() {
        let comparison = Comparison::of(&fixture::compare(), 0, 1).unwrap();
        let passing = "prefill.ttft_ratio<=0.85,0.95<=decode.tpot_ratio<=1.05,quality.kl_mean<=0.01,quality.top1>=1,\
                       memory.peak_ratio<1,memory.kv_over_formula<=1,decode.flops_ratio<=1";
        assert_eq!(failures(passing, &comparison), [] as [&str; 0]);
        let failing = failures("prefill.ttft_ratio<=0.5,memory.weights_bytes<1000", &comparison);
        assert_eq!(failing.len(), 2);
        let found = comparison.prefill.time.ratio.unwrap();
        let expected = format!(
            "prefill.ttft_ratio<=0.5 failed: it is {:.4} (95%: {:.4} – {:.4})",
            found.ratio, found.low, found.high
        );
        assert_eq!(failing[0], expected);
        assert_eq!(failing[1], "memory.weights_bytes<1000 failed: it is 538000000 (538 MB)");
    }

    #[test]
    fn a_missing_figure_fails() {
        let mut study = fixture::compare();
        study.arms[1].resources = None;
        study.arms[1].quality = None;
        study.samples.clear();
        let comparison = Comparison::of(&study, 0, 1).unwrap();
        for figure in FIGURES {
            let failing = failures(&format!("{}>=0", figure.name), &comparison);
            assert_eq!(failing, [format!("{}>=0 failed: {}", figure.name, figure.missing)]);
        }
    }

    #[test]
    fn every_figure_is_known_and_not_a_number_fails() {
        let mut study = fixture::compare();
        let comparison = Comparison::of(&study, 0, 1).unwrap();
        for figure in FIGURES {
            let found = (figure.of)(&comparison).unwrap_or_else(|| panic!("{} is missing", figure.name));
            assert!(found.value.is_finite(), "{}", figure.name);
            assert!(found.interval.is_none_or(|(low, high)| low <= found.value && found.value <= high));
        }
        study.arms[1].quality.as_mut().unwrap().nll = f64::NAN;
        let comparison = Comparison::headline(&study, 0, 1).unwrap();
        let failing = failures("quality.perplexity<=1e9", &comparison);
        assert!(failing[0].contains("not a number"), "{failing:?}");
    }
}
