//! What kind of answer a prediction expects: a number with its unit and range, or an order; and how one is typed.

use serde::{Deserialize, Serialize};

/// What kind of answer is expected.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    Number {
        /// Empty where it has none.
        unit: String,
        /// What is plausible.
        least: f64,
        most: f64,
        /// Whether guesses are judged by the factor that they are off, not by the difference: from 1 to a million.
        by_factor: bool,
    },
    /// Named things, to be put in order, the largest first.
    Order(Vec<String>),
}

/// What the learner says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guess {
    Number(f64),
    /// The things by their numbers, the largest first.
    Order(Vec<usize>),
}

impl Form {
    /// Reads `% from 0 to 100` and `times from 1 to 100 by factor`.
    pub(super) fn number(words: &str) -> Option<Self> {
        let (words, by_factor) = words.strip_suffix(" by factor").map_or((words, false), |words| (words, true));
        let (unit, range) = match words.strip_prefix("from ") {
            Some(range) => ("", range),
            None => words.split_once(" from ")?,
        };
        let (least, most) = range.split_once(" to ")?;
        let (least, most) = (least.parse::<f64>().ok()?, most.parse::<f64>().ok()?);
        let is_range = least < most && (!by_factor || least > 0.0);
        is_range.then(|| Self::Number { unit: unit.to_owned(), least, most, by_factor })
    }

    /// A number with its unit: `71.8 %`.
    pub fn with_unit(&self, number: f64) -> String {
        let unit = match self {
            Self::Number { unit, .. } => unit.as_str(),
            Self::Order(_) => "",
        };
        format!("{} {unit}", figure(number)).trim_end().to_owned()
    }

    /// The letter of a thing, from A.
    pub fn letter(item: usize) -> char {
        char::from(b'A' + item as u8)
    }

    /// What a typed character adds to an entry; `None` if it is not one that can stand there.
    pub fn typed(&self, entry: &str, character: char) -> Option<char> {
        /// More digits than this say nothing.
        const LONGEST: usize = 12;
        match self {
            Self::Number { .. } => {
                // A comma before decimals is a point here.
                let character = if character == ',' { '.' } else { character.to_ascii_lowercase() };
                let has_digit = entry.contains(|character: char| character.is_ascii_digit());
                let fits = match character {
                    '0'..='9' => true,
                    '.' => !entry.contains(['.', 'e']),
                    'e' => has_digit && !entry.contains('e'),
                    '-' => entry.is_empty() || entry.ends_with('e'),
                    _ => false,
                };
                (fits && entry.len() < LONGEST).then_some(character)
            }
            Self::Order(items) => {
                let letter = character.to_ascii_uppercase();
                let is_one = (0..items.len()).any(|item| Self::letter(item) == letter);
                (is_one && !entry.contains(letter)).then_some(letter)
            }
        }
    }

    /// Whether a character belongs to what is typed here, also where it cannot stand: it is then no key of the screen.
    pub fn takes(&self, entry: &str, character: char) -> bool {
        match self {
            Self::Number { .. } => {
                matches!(character, '0'..='9' | '.' | ',' | '-') || matches!(character, 'e' | 'E') && !entry.is_empty()
            }
            Self::Order(items) => (0..items.len()).any(|item| Self::letter(item) == character.to_ascii_uppercase()),
        }
    }

    /// What an entry says.
    ///
    /// # Errors
    /// In words, what is missing.
    pub fn guess(&self, entry: &str) -> Result<Guess, String> {
        match self {
            Self::Number { least, most, .. } => match entry.parse::<f64>() {
                Ok(number) if (*least..=*most).contains(&number) => Ok(Guess::Number(number)),
                _ => Err(format!("expected a number from {} to {}", figure(*least), self.with_unit(*most))),
            },
            Self::Order(items) => {
                let order: Vec<usize> = entry
                    .chars()
                    .filter_map(|letter| (0..items.len()).find(|&at| Self::letter(at) == letter))
                    .collect();
                if order.len() == items.len() {
                    return Ok(Guess::Order(order));
                }
                let last = Self::letter(items.len().saturating_sub(1));
                Err(format!("type all letters from A to {last} once, the largest first"))
            }
        }
    }
}

/// A number in at most three significant digits: `71.8`, `1200`, `4.4e5`.
pub fn figure(number: f64) -> String {
    let size = number.abs();
    let decimals = match size {
        0.0 => return "0".to_owned(),
        ..1e-3 | 1e6.. => return format!("{number:.1e}").replace(".0e", "e"),
        ..0.1 => 3,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let fixed = format!("{number:.decimals$}");
    match fixed.contains('.') {
        true => fixed.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => fixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_a_number_or_letters_in_either_case() {
        let typed = |form: &Form, text: &str| {
            text.chars().fold(String::new(), |mut entry, character| {
                entry.extend(form.typed(&entry, character));
                entry
            })
        };
        let number = Form::number("times from 1 to 10000 by factor").unwrap();
        let order = Form::Order(["one", "two", "three"].map(str::to_owned).to_vec());
        assert_eq!(typed(&number, "-1x.5.2E-3e"), "-1.52e-3");
        assert_eq!(typed(&number, "e5"), "5", "an exponent needs digits before it");
        assert_eq!((number.typed("4", ','), number.typed("4.", ',')), (Some('.'), None));
        assert!(number.takes("", '7') && number.takes("1", 'E') && number.takes("1.5", '.'));
        assert!(!number.takes("", 'e') && !number.takes("1", 'r'), "these are keys of the screen");
        assert!(order.takes("A", 'a') && order.takes("", 'C') && !order.takes("", 'd') && !order.takes("", '1'));
        assert_eq!(number.guess("1.5e2"), Ok(Guess::Number(150.0)));
        for wrong in ["", "-", "1e", "0.5", "2e9", "nan"] {
            assert!(number.guess(wrong).unwrap_err().contains("from 1 to 10000"), "{wrong}");
        }
        assert_eq!(typed(&order, "bBazd"), "BA");
        assert_eq!(order.guess("CAB"), Ok(Guess::Order(vec![2, 0, 1])));
        assert!(order.guess("CA").unwrap_err().contains("A to C"));
    }

    #[test]
    fn a_number_may_have_no_unit() {
        let form = Form::number("from -1 to 1").unwrap();
        assert_eq!((form.with_unit(0.5), form.guess("2").unwrap_err().contains("from -1 to 1")), ("0.5".into(), true));
        assert_eq!(Form::number("% from 0 to 100").unwrap().with_unit(71.84), "71.8 %");
    }

    #[test]
    fn figures_are_short() {
        let shown = [0.0, 71.84, 0.034, 1200.0, 437_000.0, 4.37e6, -3.0, 99.96, 1e-5].map(figure);
        assert_eq!(shown, ["0", "71.8", "0.034", "1200", "437000", "4.4e6", "-3", "100", "1e-5"]);
    }
}
