//! What is swept over: `prompt_tokens=64..2048`, `attention=eager,fused`.

use crate::arch::{Toggle, Toggles};
use crate::cli::failure::{Failure, Result};
use crate::measure::PlannedArm;

/// More values of one setting than this are not measured.
const MOST_VALUES: usize = 64;
/// More arms than this are not measured.
const MOST_ARMS: usize = 512;

/// A setting and the values that it is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    setting: Setting,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    PromptTokens,
    NewTokens,
    Toggle(Toggle),
}

impl Setting {
    fn named(name: &str) -> Option<Self> {
        match name {
            // How deep a sequence is when a token is decoded is how long its prompt was.
            "prompt_tokens" | "context" => Some(Setting::PromptTokens),
            "new_tokens" => Some(Setting::NewTokens),
            _ => Toggle::ALL.into_iter().find(|toggle| toggle.name() == name).map(Setting::Toggle),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Setting::PromptTokens => "prompt_tokens",
            Setting::NewTokens => "new_tokens",
            Setting::Toggle(toggle) => toggle.name(),
        }
    }

    /// Gives it a value in an arm.
    fn set(self, arm: &mut PlannedArm, value: &str) -> std::result::Result<(), String> {
        let number = || match value.parse::<u32>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{}='{value}' is no number from 1 up", self.name())),
        };
        match self {
            Setting::PromptTokens => arm.prompt_tokens = number()?,
            Setting::NewTokens => arm.new_tokens = number()?,
            Setting::Toggle(toggle) => arm.toggles.set(toggle, value).map_err(|error| error.to_string())?,
        }
        Ok(())
    }
}

impl Over {
    /// Reads `prompt_tokens=64..2048` (doubling), `64..2048*1.5`, or a list of values.
    ///
    /// # Errors
    /// What is wrong with it, and what is right.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let (name, list) = text
            .split_once('=')
            .ok_or_else(|| format!("'{text}' is not of the form name=values, such as prompt_tokens=64..2048"))?;
        let name = name.trim();
        let setting = Setting::named(name).ok_or_else(|| {
            let toggles: Vec<&str> = Toggle::ALL.iter().map(|toggle| toggle.name()).collect();
            format!(
                "there is no setting '{name}'; there are prompt_tokens, new_tokens, context, {}",
                toggles.join(", ")
            )
        })?;
        let values = match list.split_once("..") {
            Some((from, to)) if !list.contains(',') => {
                steps(from, to).map_err(|problem| format!("'{text}': {problem}"))?
            }
            _ => list.split(',').map(|value| value.trim().to_owned()).collect(),
        };
        if values.len() > MOST_VALUES {
            return Err(format!("'{text}': {} values; at most {MOST_VALUES} are measured", values.len()));
        }
        let mut seen: Vec<&String> = Vec::new();
        let mut arm = PlannedArm { name: String::new(), toggles: Toggles::default(), prompt_tokens: 1, new_tokens: 1 };
        for value in &values {
            setting.set(&mut arm, value)?;
            if seen.contains(&value) {
                return Err(format!("'{text}': {value} is there twice"));
            }
            seen.push(value);
        }
        Ok(Self { setting, values })
    }

    /// Its name, as arms have it.
    pub fn name(&self) -> &'static str {
        self.setting.name()
    }

    /// Whether all its values are numbers: then it can be an axis.
    pub fn is_numeric(&self) -> bool {
        self.values.iter().all(|value| value.parse::<u32>().is_ok())
    }
}

/// From one number to another, each so many times the one before it; the last is always there.
fn steps(from: &str, to: &str) -> std::result::Result<Vec<String>, String> {
    let number = |text: &str| match text.trim().parse::<u32>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("'{}' is no number from 1 up; a range is 64..2048, or 64..2048*1.5", text.trim())),
    };
    let (to, factor) = to.split_once('*').unwrap_or((to, "2"));
    let (from, to) = (number(from)?, number(to)?);
    let factor: f64 = factor
        .trim()
        .parse()
        .ok()
        .filter(|factor: &f64| factor.is_finite() && *factor > 1.0)
        .ok_or_else(|| format!("'{}' is no number above 1: a range is 64..2048*1.5", factor.trim()))?;
    if from >= to {
        return Err(format!("{from} is not below {to}"));
    }
    let mut steps = vec![from];
    let mut exact = f64::from(from);
    while steps.len() <= MOST_VALUES {
        exact *= factor;
        if exact.round() >= f64::from(to) {
            break;
        }
        // A small factor from a small number may round to the same one.
        let next = exact.round() as u32;
        if steps.last().is_none_or(|last| next > *last) {
            steps.push(next);
        }
    }
    steps.push(to);
    Ok(steps.iter().map(u32::to_string).collect())
}

/// Every combination of the values of these settings, on top of `base`. The first setting that is a number is the axis;
/// its name comes first in those of the arms, and with its name.
///
/// # Errors
/// None of them is a number, one is there twice, or there are too many arms.
pub fn arms(overs: &[Over], base: &PlannedArm) -> Result<(String, Vec<PlannedArm>)> {
    let axis = overs.iter().position(Over::is_numeric).ok_or_else(|| {
        let name = overs.first().map_or("attention", Over::name);
        Failure::Usage(format!(
            "a sweep needs a setting that is a number, such as --over prompt_tokens=64..2048; the values of a toggle are \
             compared by `compare --all {name}`"
        ))
    })?;
    let mut order: Vec<&Over> = vec![&overs[axis]];
    order.extend(overs.iter().enumerate().filter(|(index, _)| *index != axis).map(|(_, over)| over));
    let twice =
        order.iter().enumerate().find(|(index, over)| order[..*index].iter().any(|o| o.setting == over.setting));
    if let Some((_, over)) = twice {
        return Err(Failure::Usage(format!("--over {} is there twice", over.name())));
    }
    let n = order.iter().fold(1usize, |n, over| n.saturating_mul(over.values.len()));
    if n > MOST_ARMS {
        return Err(Failure::Usage(format!("these are {n} arms; at most {MOST_ARMS} are measured")));
    }
    // Series after series, each along the axis.
    let mut arms = vec![base.clone()];
    for over in order.iter().rev() {
        let with = |arm: &PlannedArm, value: &String| -> Result<PlannedArm> {
            let mut arm = arm.clone();
            over.setting.set(&mut arm, value).map_err(Failure::Usage)?;
            let rest = if arm.name.is_empty() { String::new() } else { format!(",{}", arm.name) };
            arm.name = format!("{}={value}{rest}", over.name());
            Ok(arm)
        };
        let all = arms.iter().flat_map(|arm| over.values.iter().map(move |value| with(arm, value)));
        arms = all.collect::<Result<_>>()?;
    }
    Ok((overs[axis].name().to_owned(), arms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Over::parse(text).unwrap().values
    }

    #[test]
    fn a_range_doubles_or_grows_by_its_factor_and_ends_with_its_end() {
        assert_eq!(values("prompt_tokens=64..512"), ["64", "128", "256", "512"]);
        assert_eq!(values("context=64..300"), ["64", "128", "256", "300"]);
        assert_eq!(values("new_tokens=4..16*1.5"), ["4", "6", "9", "14", "16"]);
        assert_eq!(values("prompt_tokens=1..4*1.2"), ["1", "2", "3", "4"]);
        assert_eq!(values("prompt_tokens=8, 100"), ["8", "100"]);
        assert_eq!(values("attention=eager,fused"), ["eager", "fused"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        for (text, expected) in [
            ("prompt_tokens", "name=values"),
            ("depth=1..2", "context"),
            ("prompt_tokens=0..64", "from 1 up"),
            ("prompt_tokens=64..64", "not below"),
            ("prompt_tokens=1..64*1", "above 1"),
            ("prompt_tokens=1..64*NaN", "above 1"),
            ("prompt_tokens=1..4000000000*1.0001", "at most 64"),
            ("prompt_tokens=a,b", "'a' is no number"),
            ("prompt_tokens=99999999999", "is no number"),
            ("attention=eager,quick", "eager, fused"),
            ("attention=eager,eager", "twice"),
            ("attention=1..4", "unknown"),
        ] {
            let refusal = Over::parse(text).unwrap_err();
            assert!(refusal.contains(expected), "{text}: {refusal}");
        }
    }

    #[test]
    fn arms_are_all_combinations_along_the_first_number() {
        let over = |texts: &[&str]| texts.iter().map(|text| Over::parse(text).unwrap()).collect::<Vec<_>>();
        let base = PlannedArm { name: String::new(), toggles: Toggles::default(), prompt_tokens: 128, new_tokens: 5 };
        let (axis, all) = arms(&over(&["attention=eager,fused", "context=8,16"]), &base).unwrap();
        assert_eq!(axis, "prompt_tokens");
        let names: Vec<&str> = all.iter().map(|arm| arm.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "prompt_tokens=8,attention=eager",
                "prompt_tokens=16,attention=eager",
                "prompt_tokens=8,attention=fused",
                "prompt_tokens=16,attention=fused"
            ]
        );
        assert_eq!((all[1].prompt_tokens, all[1].new_tokens), (16, 5));
        let refused = |texts: &[&str]| match arms(&over(texts), &base) {
            Err(Failure::Usage(problem)) => problem,
            other => panic!("{other:?}"),
        };
        assert!(refused(&["attention=eager,fused"]).contains("compare --all attention"));
        assert!(refused(&["context=8,16", "prompt_tokens=8"]).contains("twice"));
        let many = "new_tokens=1..60*1.01";
        assert!(refused(&[many, "prompt_tokens=1..60*1.01"]).contains("arms; at most"));
    }
}
