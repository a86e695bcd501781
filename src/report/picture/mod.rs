//! Pictures of a run, of a study, of what was seen of a text: each is one function from data to a [`Scene`], which any backend of plotters draws, so
//! that an SVG and a PNG are the same picture.

mod axis;
mod blocks;
mod compare;
mod font;
mod frame;
mod head;
mod heads;
mod heat;
mod lens;
mod memory;
mod names;
mod pareto;
mod render;
mod roofline;
pub mod scene;
mod size;
mod style;
mod sweep;
#[cfg(test)]
mod tests;

pub use render::{MOST_PIXELS, escaped, png, svg};
pub use scene::Scene;
pub use size::{Extent, Size};

use crate::record::explored::Text;
use crate::record::study::StudyKind;
use crate::record::{Run, Study};

/// A kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// The time of each block, split into its stages.
    Blocks,
    /// What each part reached under the limits of the machine.
    Roofline,
    /// What memory is for, over the time of a pass.
    Memory,
    /// The ratio of every part, with its interval.
    Compare,
    /// Time against a setting.
    Sweep,
    /// Speed against quality.
    Pareto,
    /// What every head looks at.
    Heads,
    /// The pattern of a head.
    Head,
    /// What the residual stream says on its way.
    Lens,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    Run(&'a Run),
    Study(&'a Study),
    Text(&'a Text),
}

impl Picture {
    pub const ALL: [Picture; 9] = [
        Picture::Blocks,
        Picture::Roofline,
        Picture::Memory,
        Picture::Compare,
        Picture::Sweep,
        Picture::Pareto,
        Picture::Heads,
        Picture::Head,
        Picture::Lens,
    ];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Picture::Blocks => "blocks",
            Picture::Roofline => "roofline",
            Picture::Memory => "memory",
            Picture::Compare => "compare",
            Picture::Sweep => "sweep",
            Picture::Pareto => "pareto",
            Picture::Heads => "heads",
            Picture::Head => "head",
            Picture::Lens => "lens",
        }
    }

    /// What it shows, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Picture::Blocks => "The time of each block, attention and MLP apart",
            Picture::Roofline => "What each part reached under the limits of the machine; of a traced run",
            Picture::Memory => "What memory is for, over a pass; of a traced run",
            Picture::Compare => "The ratio of every part's times, with intervals; of a comparison",
            Picture::Sweep => "Time against the setting, and the law that it follows; of a sweep",
            Picture::Pareto => "Speed against quality; of a comparison that measured quality",
            Picture::Heads => "What every head looks at, and which do something that has a name; of a captured text",
            Picture::Head => "The pattern of a head with its tokens, and what it does in numbers; of a captured text",
            Picture::Lens => "What the residual stream says comes next, place by place; of a captured text",
        }
    }

    /// The command that records what it shows.
    pub fn recorded_by(self) -> &'static str {
        match self {
            Picture::Blocks => "blockscope profile --out FILE",
            Picture::Roofline | Picture::Memory => "blockscope profile --trace --out FILE",
            Picture::Compare => "blockscope compare --a … --b … --out FILE",
            Picture::Sweep => "blockscope sweep … --out FILE",
            Picture::Pareto => "blockscope compare --all weights --out FILE",
            Picture::Heads | Picture::Head | Picture::Lens => "blockscope capture --out FILE",
        }
    }

    /// Draws it, of a size in pixels or of its own.
    ///
    /// # Errors
    /// Why there is none: the subject lacks what it shows.
    pub fn of(self, subject: Subject, size: Option<Size>) -> Result<Scene, String> {
        match (self, subject) {
            (Picture::Blocks, Subject::Run(run)) => blocks::scene(run, size),
            (Picture::Roofline, Subject::Run(run)) => roofline::scene(run, size),
            (Picture::Memory, Subject::Run(run)) => memory::scene(run, size),
            (Picture::Compare, Subject::Study(study)) => compare::scene(study, size),
            (Picture::Sweep, Subject::Study(study)) => sweep::scene(study, size),
            (Picture::Pareto, Subject::Study(study)) => pareto::scene(study, size),
            (Picture::Heads, Subject::Text(text)) => heads::scene(text, size),
            (Picture::Head, Subject::Text(text)) => head::scene(text, size),
            (Picture::Lens, Subject::Text(text)) => lens::scene(text, size),
            (Picture::Heads | Picture::Head | Picture::Lens, Subject::Run(_) | Subject::Study(_)) => {
                Err("this is what was timed, not what was seen of a text".into())
            }
            (_, Subject::Run(_)) => Err("this is one run, not a study of several".into()),
            (_, Subject::Study(_)) => Err("this is a study of several configurations, not one run".into()),
            (_, Subject::Text(_)) => Err("this is what was seen of a text, no run that was timed".into()),
        }
    }

    /// Every picture that tells something of a subject, the most telling one first.
    pub fn all_of(subject: Subject) -> Vec<(Self, Scene)> {
        let order: &[Picture] = match subject {
            Subject::Run(_) => &[Picture::Blocks, Picture::Roofline, Picture::Memory],
            Subject::Text(_) => &[Picture::Heads, Picture::Head, Picture::Lens],
            Subject::Study(study) => match study.header.kind {
                StudyKind::Compare => &[Picture::Compare],
                StudyKind::Matrix => &[Picture::Pareto, Picture::Compare],
                StudyKind::Sweep { .. } => &[Picture::Sweep],
            },
        };
        order.iter().filter_map(|&picture| Some((picture, picture.of(subject, None).ok()?))).collect()
    }
}
