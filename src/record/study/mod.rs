//! A study: several configurations of one model, measured side by side in one process.
//!
//! A comparison of two toggles, a table of many and a sweep over prompt lengths are the same thing, seen three
//! ways: **arms** (configurations) that are executed in **rounds**. In a round every arm runs once, in random
//! order, and the baseline twice: how far it differs from itself is the noise floor. A [`Study`] is built by
//! applying [`Event`]s in order, streams as such, and is kept as such in a file that can be gone on with.
//!
//! ```text
//! Header · Arm+ · Part* · ( Resources | Quality | Part | Sample )* · End
//! ```

pub mod file;
#[cfg(test)]
pub mod fixture;
mod wire;

use super::event::{Phase, Status, Watched};
use super::header::ModelInfo;
use super::memory::{ByCategory, Category};
use crate::units::{Bytes, Flops, Nanos};

/// A study as far as it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    pub header: Header,
    /// The configurations; the first is the baseline.
    pub arms: Vec<Arm>,
    /// Paths of all parts that ran in any arm, in the order in which they were seen.
    pub parts: Vec<String>,
    pub samples: Vec<Sample>,
    /// `None` while it goes on, or where it was killed.
    pub status: Option<Status>,
    /// Lines of a newer version, written back as they are.
    pub unknown: Vec<serde_json::Value>,
}

/// What is studied, on what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    pub kind: StudyKind,
    /// Version of Blockscope that measured.
    pub blockscope: String,
    /// Version of LibTorch that computed.
    pub libtorch: String,
    /// Seconds since 1970 (UTC) at the start.
    pub created: u64,
    /// The model, with the weights of the baseline.
    pub model: ModelInfo,
    pub device: String,
    /// The processor's own name.
    pub machine: String,
    /// Processors that the process could use; 0 where it is not known.
    pub processors: u32,
    /// Of the order of the arms in each round.
    pub seed: u64,
    /// How the samples of a round belong together.
    pub pairing: Pairing,
    /// On what text the quality is measured, if it is.
    pub text: Option<Text>,
}

/// How a study is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StudyKind {
    /// The second arm against the first.
    #[default]
    Compare,
    /// Every arm against the first.
    Matrix,
    /// Arms along a setting that is a number, in series that differ in other settings. There is no baseline.
    Sweep { over: String },
}

/// What one sample of a round has to do with another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pairing {
    /// They were made one right after the other: what the machine did then is in both.
    #[default]
    Interleaved,
    /// The arms are runs from different times; what the machine did between them is in the difference.
    Separate,
}

/// The text on which quality is measured.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// `the text that comes with Blockscope`, or the name of a file.
    pub name: String,
    pub tokens: u32,
}

/// A configuration.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Arm {
    /// What tells it apart, as the user would write it: `kv_cache=off`, `prompt_tokens=256,attention=eager`.
    pub name: String,
    /// All toggles, resolved, in their canonical order.
    pub toggles: Vec<(String, String)>,
    pub prompt_tokens: u32,
    pub new_tokens: u32,
    /// Why it was not measured (it would not fit in memory), where it was not.
    pub refused: Option<String>,
    /// What one execution takes beside time; from a traced pass, when that has been made.
    pub resources: Option<Box<Resources>>,
    /// How far its predictions are from the reference's, when that has been measured.
    pub quality: Option<Quality>,
}

/// Work, traffic and memory of one execution of an arm, from a traced pass of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Resources {
    pub prefill: PhaseResources,
    /// Of all decode steps together.
    pub decode: PhaseResources,
    /// Memory at the moment when most of it was in use; weights are those of this arm alone.
    pub peak: ByCategory,
    /// What the keys and values of all positions should take by formula.
    pub kv_formula: Bytes,
}

/// Work and traffic of the passes of one phase.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PhaseResources {
    /// Counted from the shapes that ran.
    pub flops: Flops,
    /// Compulsory traffic, by formula.
    pub bytes: Bytes,
    /// What the operators read and wrote. Counted.
    pub moved: Bytes,
    /// The least time that the measured limits of the machine allow, where they are known. Modelled.
    pub floor: Option<Nanos>,
}

impl Resources {
    /// What keys and values took at the peak ÷ what they should by formula. Counted ÷ modelled.
    pub fn kv_over_formula(&self) -> Option<f64> {
        let cache = self.peak.of(Category::KvCache);
        (self.kv_formula.0 > 0 && cache.0 > 0).then(|| cache.0 as f64 / self.kv_formula.0 as f64)
    }
}

impl PhaseResources {
    /// What one of so many equal steps has of it.
    pub fn per(self, steps: u32) -> Self {
        let steps = u64::from(steps.max(1));
        Self {
            flops: Flops(self.flops.0 / steps),
            bytes: Bytes(self.bytes.0 / steps),
            moved: Bytes(self.moved.0 / steps),
            floor: self.floor.map(|floor| Nanos(floor.0 / steps)),
        }
    }
}

/// How far the predictions of an arm are from those of the f32, eager, uncached model on the same text.
/// Accumulated in f64.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Quality {
    /// Positions compared.
    pub positions: u32,
    /// KL(reference ‖ arm) over the whole vocabulary, in nats: the mean over positions.
    pub kl_mean: f64,
    /// And its 99th percentile.
    pub kl_p99: f64,
    /// Share of positions at which both find the same token likeliest.
    pub top1: f64,
    /// Mean negative log-likelihood of the text, in nats a token.
    pub nll: f64,
    /// The same under the reference.
    pub nll_reference: f64,
    /// The largest difference of a logit anywhere.
    pub max_logit: f64,
}

/// One execution of one arm: a prefill and its decode steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub arm: u32,
    /// Samples of one round were made one right after the other.
    pub round: u32,
    /// Whether this is the second execution of the baseline in its round, which shows the noise.
    pub again: bool,
    /// [`Watched::Plain`] for headline numbers, [`Watched::Parts`] for the times of parts.
    pub watched: Watched,
    /// Time to the first token.
    pub ttft: Nanos,
    /// Time of each further token.
    pub steps: Vec<Nanos>,
    /// Times of the parts, where they were taken.
    pub parts: Vec<PartTime>,
}

/// The time of a part in one phase of one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartTime {
    /// Index into [`Study::parts`].
    pub part: u32,
    pub phase: Phase,
    /// All its calls, parts inside included.
    pub time: Nanos,
}

/// One thing that happened in a study.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Always first, once.
    Header(Box<Header>),
    /// A configuration; its number is the number of arms before it.
    Arm(Box<Arm>),
    /// A part was seen for the first time; its number is the number of parts before it.
    Part(String),
    Resources {
        arm: u32,
        resources: Box<Resources>,
    },
    Quality {
        arm: u32,
        quality: Quality,
    },
    Sample(Sample),
    End(Status),
    /// A line that this version does not know; kept as it was read.
    Unknown(serde_json::Value),
}

impl Study {
    /// The names of the arms without what all of them say: what tells them apart, for where there is little room.
    pub fn short_names(&self) -> Vec<String> {
        let pieces = |arm: &Arm| arm.name.split(',').map(str::to_owned).collect::<Vec<_>>();
        let is_common = |piece: &String| self.arms.iter().all(|arm| pieces(arm).contains(piece));
        let short = |arm: &Arm| {
            let own: Vec<String> = pieces(arm).into_iter().filter(|piece| !is_common(piece)).collect();
            if own.is_empty() { arm.name.clone() } else { own.join(",") }
        };
        self.arms.iter().map(short).collect()
    }

    /// Takes in what happened next. What makes no sense at this point is ignored: a file may have been cut
    /// or written by hand.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Header(header) => self.header = *header,
            Event::Arm(arm) => self.arms.push(*arm),
            Event::Part(path) => self.parts.push(path),
            Event::Resources { arm, resources } => {
                if let Some(arm) = self.arms.get_mut(arm as usize) {
                    arm.resources = Some(resources);
                }
            }
            Event::Quality { arm, quality } => {
                if let Some(arm) = self.arms.get_mut(arm as usize) {
                    arm.quality = Some(quality);
                }
            }
            Event::Sample(mut sample) => {
                let parts = self.parts.len();
                sample.parts.retain(|time| (time.part as usize) < parts);
                if (sample.arm as usize) < self.arms.len() {
                    self.samples.push(sample);
                }
            }
            // One that was gone on with has ended again.
            Event::End(status) => self.status = Some(status),
            Event::Unknown(line) => self.unknown.push(line),
        }
    }

    /// The events that rebuild this study when they are applied in order.
    pub fn events(&self) -> Vec<Event> {
        let mut events = vec![Event::Header(Box::new(self.header.clone()))];
        events.extend(self.arms.iter().cloned().map(Box::new).map(Event::Arm));
        events.extend(self.parts.iter().cloned().map(Event::Part));
        events.extend(self.samples.iter().cloned().map(Event::Sample));
        events.extend(self.unknown.iter().cloned().map(Event::Unknown));
        events.extend(self.status.clone().map(Event::End));
        events
    }

    /// Rounds that are complete: every arm that was not refused has its plain sample.
    pub fn rounds(&self) -> u32 {
        let of = |arm: u32| {
            self.samples.iter().filter(|s| s.arm == arm && s.watched == Watched::Plain && !s.again).count() as u32
        };
        let measured = self.arms.iter().zip(0..).filter(|(arm, _)| arm.refused.is_none());
        measured.map(|(_, arm)| of(arm)).min().unwrap_or(0)
    }
}

impl StudyKind {
    /// `a comparison`, `a sweep over prompt_tokens`.
    pub fn words(&self) -> String {
        match self {
            StudyKind::Compare => "a comparison".to_owned(),
            StudyKind::Matrix => "a matrix".to_owned(),
            StudyKind::Sweep { over } => format!("a sweep over {over}"),
        }
    }
}

impl Arm {
    /// The value of a toggle, or of `prompt_tokens` or `new_tokens`.
    pub fn setting(&self, name: &str) -> Option<String> {
        match name {
            "prompt_tokens" => Some(self.prompt_tokens.to_string()),
            "new_tokens" => Some(self.new_tokens.to_string()),
            _ => self.toggles.iter().find(|(toggle, _)| toggle == name).map(|(_, value)| value.clone()),
        }
    }
}

impl Sample {
    /// The typical time of a further token: the median of the steps, of an even number the mean of the middle two.
    pub fn tpot(&self) -> Option<Nanos> {
        super::Quartiles::of(&self.steps).map(|steps| steps.median)
    }

    /// All steps together.
    pub fn decode(&self) -> Nanos {
        self.steps.iter().copied().sum()
    }
}

impl Quality {
    /// exp(NLL): among how many equally likely tokens the model is torn, on average.
    pub fn perplexity(&self) -> f64 {
        self.nll.exp()
    }

    /// NLL beyond the reference's, in nats a token.
    pub fn delta_nll(&self) -> f64 {
        self.nll - self.nll_reference
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_leave_out_what_all_arms_say() {
        let study = |names: &[&str]| Study {
            arms: names.iter().map(|&name| Arm { name: name.into(), ..Arm::default() }).collect(),
            ..Study::default()
        };
        let short = study(&["weights=f32,compute=bf16", "weights=int8,lm_head=f16,compute=bf16"]).short_names();
        assert_eq!(short, ["weights=f32", "weights=int8,lm_head=f16"]);
        assert_eq!(study(&["fuse=joined", "fuse=joined"]).short_names(), ["fuse=joined", "fuse=joined"]);
    }
}
