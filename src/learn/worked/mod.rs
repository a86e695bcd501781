//! Small things computed by hand: the exhibits of lessons. Each is a list of steps, one step a key press, and every
//! number that a step shows comes from the public functions of its file.
//!
//! The module needs the standard library only, no model. As in the lessons tokens are columns; numbers that were
//! chosen for an example stand as constants at the top of its file.
//!
//! Deliberately absent: colours, keys and the layout of the screen. A step is a title and plain lines that fit
//! [`COLUMNS`] × [`LINES`].

pub mod bpe;
pub mod cards;
pub mod gradient;
pub mod head;
pub mod matrix;
pub mod online_softmax;
pub mod patches;
pub mod positions;
pub mod quantise;
pub mod scaling;
mod step;
pub mod unigram;
pub mod wordpiece;

use step::grouped;
pub use step::{COLUMNS, LINES, Step};

/// What can be computed by hand, in the order of the lessons that first use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worked {
    Bpe,
    WordPiece,
    Unigram,
    Positions,
    Head,
    Scaling,
    Patches,
    OnlineSoftmax,
    Quantise,
    Cards,
    Gradient,
}

impl Worked {
    pub const ALL: [Self; 11] = [
        Self::Bpe,
        Self::WordPiece,
        Self::Unigram,
        Self::Positions,
        Self::Head,
        Self::Scaling,
        Self::Patches,
        Self::OnlineSoftmax,
        Self::Quantise,
        Self::Cards,
        Self::Gradient,
    ];

    /// What a lesson writes after `stage: worked`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bpe => "bpe",
            Self::WordPiece => "wordpiece",
            Self::Unigram => "unigram",
            Self::Positions => "positions",
            Self::Head => "head",
            Self::Scaling => "scaling",
            Self::Patches => "patches",
            Self::OnlineSoftmax => "online-softmax",
            Self::Quantise => "quantise",
            Self::Cards => "cards",
            Self::Gradient => "gradient",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|worked| worked.name() == name)
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Bpe => "BPE on four words",
            Self::WordPiece => "WordPiece, and six scripts",
            Self::Unigram => "The likeliest cut of 'hugs'",
            Self::Positions => "Four ways to tell positions",
            Self::Head => "One head, three tokens",
            Self::Scaling => "Why √d",
            Self::Patches => "An image in patches",
            Self::OnlineSoftmax => "Softmax piece by piece",
            Self::Quantise => "Eight weights in 8 and 4 bits",
            Self::Cards => "Four ideas on cards",
            Self::Gradient => "Backward through one layer",
        }
    }

    /// All steps, computed anew (tens of milliseconds for [`Worked::Scaling`], at once for the others): to be kept,
    /// not asked for in every frame.
    pub fn steps(self) -> Vec<Step> {
        match self {
            Self::Bpe => bpe::steps(),
            Self::WordPiece => wordpiece::steps(),
            Self::Unigram => unigram::steps(),
            Self::Positions => positions::steps(),
            Self::Head => head::steps(),
            Self::Scaling => scaling::steps(),
            Self::Patches => patches::steps(),
            Self::OnlineSoftmax => online_softmax::steps(),
            Self::Quantise => quantise::steps(),
            Self::Cards => cards::steps(),
            Self::Gradient => gradient::steps(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::step::columns;
    use super::*;

    #[test]
    fn every_step_fits() {
        let mut misfits = Vec::new();
        for worked in Worked::ALL {
            let steps = worked.steps();
            assert!(steps.len() >= 2, "{} has {} steps", worked.name(), steps.len());
            for (number, Step { title, lines }) in steps.iter().enumerate() {
                assert!(!title.is_empty() && !lines.is_empty(), "{} step {}", worked.name(), number + 1);
                let too_wide = lines.iter().chain([title]).filter(|line| columns(line) > COLUMNS);
                misfits.extend(too_wide.map(|line| format!("{} {}: {line}", worked.name(), number + 1)));
                if lines.len() > LINES {
                    misfits.push(format!("{} {}: {} lines", worked.name(), number + 1, lines.len()));
                }
                assert!(!lines.iter().any(|line| line.chars().any(char::is_control)), "{title}");
            }
        }
        assert!(misfits.is_empty(), "{misfits:#?}");
    }

    /// What lessons ask for after `> step N:` is on that step; 0 is the last.
    #[test]
    fn steps_show_what_lessons_ask_for() {
        for (worked, number, shown) in [
            (Worked::Bpe, 0, "4 pieces: low | e | r | _"),
            (Worked::WordPiece, 3, "← taken"),
            (Worked::WordPiece, 0, "Devanagari"),
            (Worked::Unigram, 0, "best: hug | s"),
            (Worked::Positions, 2, "▁"),
            (Worked::Positions, 0, "1/256"),
            (Worked::Head, 2, "the cat sat"),
            (Worked::Head, 0, "1.000, 1.000, 1.000"),
            (Worked::Scaling, 2, "measured/√d"),
            (Worked::Scaling, 0, "S/√d"),
            (Worked::Patches, 2, "┼"),
            (Worked::Patches, 0, "Largest difference: 0"),
            (Worked::OnlineSoftmax, 0, "o / l in pieces"),
            (Worked::Quantise, 2, "s = 1.312 / 127"),
            (Worked::Quantise, 0, "share of s/2"),
            (Worked::Cards, 2, "softmax   weight"),
            (Worked::Cards, 0, "every …"),
            (Worked::Gradient, 2, "∂L/∂W = g xᵀ"),
            (Worked::Gradient, 0, "16 bytes a weight"),
        ] {
            let steps = worked.steps();
            let step = &steps[if number == 0 { steps.len() } else { number } - 1];
            assert!(step.lines.iter().any(|line| line.contains(shown)), "{}: {shown}\n{step:#?}", worked.name());
        }
    }

    /// No step may show a number that came to nothing.
    #[test]
    fn every_number_is_one() {
        for worked in Worked::ALL {
            for step in worked.steps() {
                assert!(!step.lines.iter().any(|line| line.contains("NaN")), "{}: {}", worked.name(), step.title);
            }
        }
    }

    #[test]
    fn a_name_leads_back_to_its_example() {
        for worked in Worked::ALL {
            assert_eq!(Worked::parse(worked.name()), Some(worked));
        }
        assert_eq!(Worked::parse("Bpe"), None);
    }
}
