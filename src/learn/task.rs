//! What a lesson asks for, one thing at a time.

/// Something to be done, or a state to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Go to the screen of this name.
    Screen(String),
    /// Run the model.
    Run,
    /// The same with tokens drawn at random.
    Sampled,
    /// The same with every operator recorded.
    Traced,
    /// Let the model read the text for the screens that look inside.
    Read,
    /// Write another text than there was.
    OwnText,
    /// Open the pattern of any head.
    OneHead,
    /// Select this head, by block and number.
    Head(u32, u32),
    /// Open the pattern of this head.
    OpenHead(u32, u32),
    /// Select this query in an open head.
    Query(usize),
    /// Put queries across and keys down.
    Transposed,
    /// Open one cell of the lens.
    Cell,
    /// Let the cells of the lens say the size of the stream.
    Norms,
    /// See how the text is cut.
    Tokens,
    /// Change something in the model or the text.
    Changed,
    /// Let random tokens be read twice.
    Probe,
    /// Colour the new tokens by their probability.
    Coloured,
    /// Look at the other phase: prefill or decode.
    Phase,
    /// Load the model with this value of a toggle.
    Toggle(String, String),
    /// Step through the example.
    Step(At),
}

/// How far to go in an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// To this step, from 1.
    Step(usize),
    Last,
}

impl Task {
    /// Whether it is a toggle that is to be had.
    pub fn is_toggle(&self) -> bool {
        matches!(self, Self::Toggle(..))
    }

    /// Reads `head 8.1`, `open head 8.1`, `toggle kv_cache=off`, `step last`.
    pub(super) fn parse(words: &str) -> Option<Self> {
        let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
        Some(match (first, rest) {
            ("screen", name) if !name.is_empty() => Self::Screen(name.to_owned()),
            ("run", "") => Self::Run,
            ("sampled", "") => Self::Sampled,
            ("traced", "") => Self::Traced,
            ("read", "") => Self::Read,
            ("own", "text") => Self::OwnText,
            ("one", "head") => Self::OneHead,
            ("head", at) => head(at).map(|(block, head)| Self::Head(block, head))?,
            ("open", at) => head(at.strip_prefix("head ")?).map(|(block, head)| Self::OpenHead(block, head))?,
            ("query", at) => Self::Query(at.parse().ok()?),
            ("transposed", "") => Self::Transposed,
            ("cell", "") => Self::Cell,
            ("norms", "") => Self::Norms,
            ("tokens", "") => Self::Tokens,
            ("changed", "") => Self::Changed,
            ("probe", "") => Self::Probe,
            ("coloured", "") => Self::Coloured,
            ("phase", "") => Self::Phase,
            ("toggle", pair) => {
                let (name, value) = pair.split_once('=')?;
                Self::Toggle(name.to_owned(), value.to_owned())
            }
            ("step", "last") => Self::Step(At::Last),
            ("step", at) => Self::Step(At::Step(at.parse().ok()?)),
            _ => return None,
        })
    }
}

/// Reads `8.1`.
fn head(at: &str) -> Option<(u32, u32)> {
    let (block, head) = at.split_once('.')?;
    Some((block.parse().ok()?, head.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_read() {
        assert_eq!(Task::parse("head 18.6"), Some(Task::Head(18, 6)));
        assert_eq!(Task::parse("open head 18.6"), Some(Task::OpenHead(18, 6)));
        let window = Task::Toggle("attention".into(), "window:256".into());
        assert_eq!(Task::parse("toggle attention=window:256"), Some(window));
        assert_eq!(Task::parse("step last"), Some(Task::Step(At::Last)));
        assert_eq!(Task::parse("step 2"), Some(Task::Step(At::Step(2))));
        for wrong in ["", "head", "head x.y", "open 18.6", "query", "step", "fly", "run away"] {
            assert_eq!(Task::parse(wrong), None, "{wrong}");
        }
    }
}
