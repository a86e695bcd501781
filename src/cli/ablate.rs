//! `blockscope ablate`: what becomes of a text when parts of the model are switched off.

use super::args::{ModelArgs, TurnArgs};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use crate::model;
use crate::profile::{Change, Intervention, Interventions, Sources, Target};
use crate::report::explored as report;
use crate::trace::explored::Head;

/// Switch off parts of the model and say what that does to a text
///
/// Parts are named by their block, heads by block.head, all from 0: --head 8.1. All that is named is off at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    #[command(flatten)]
    prompt: TurnArgs,

    /// A head, such as 8.1; may be given again
    #[arg(long, value_name = "BLOCK.HEAD")]
    head: Vec<Head>,

    /// All heads of a key/value head, such as 8.0; may be given again
    #[arg(long, value_name = "BLOCK.HEAD")]
    group: Vec<Head>,

    /// The attention of a block; may be given again
    #[arg(long, value_name = "BLOCK")]
    attn: Vec<u32>,

    /// The MLP of a block; may be given again
    #[arg(long, value_name = "BLOCK")]
    mlp: Vec<u32>,

    /// A whole block; may be given again
    #[arg(long, value_name = "BLOCK")]
    block: Vec<u32>,

    /// Put their mean over the positions of the prompt in their place, not zero
    #[arg(long, conflicts_with = "scale")]
    mean: bool,

    /// Scale them by this, in place of switching them off
    #[arg(long, value_name = "FACTOR", allow_hyphen_values = true)]
    scale: Option<f32>,

    /// Tokens to continue the text by, clean and changed
    #[arg(long, value_name = "N", default_value_t = 16)]
    new_tokens: u32,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let wanted = args.interventions()?;
    let prompt = args.prompt.prompt()?;
    let interrupt = Interrupt::listen()?;
    let session = loading::open(&args.model, &interrupt, out)?;
    let ids = session.prompt_ids(&prompt)?;
    let control = interrupt.control();
    let effect = || {
        let reference = args.mean.then(|| session.explore(&ids, control, &mut |_| {})).transpose()?;
        let interventions =
            Interventions::new(&wanted, &session.card().spec, Sources { text: reference.as_ref(), other: None })?;
        session.effect(&ids, &interventions, args.new_tokens as usize, control)
    };
    let effect = match effect() {
        Err(model::Error::Cancelled) => return interrupt.check(),
        effect => effect?,
    };
    let (label, text) = (|id| session.token_label(id), |id| session.token_text(id));
    let what: Vec<String> = wanted.iter().map(Intervention::to_string).collect();
    if args.json {
        return out.json(&report::json::effect(&effect, &what, &text));
    }
    out.report(&report::effect(&effect, &what.join(", "), &label, &text))
}

impl Args {
    fn interventions(&self) -> Result<Vec<Intervention>> {
        let groups = self.group.iter().map(|&Head { block, head }| Target::Group { block, group: head });
        let targets: Vec<Target> = self
            .head
            .iter()
            .map(|&head| Target::Head(head))
            .chain(groups)
            .chain(self.attn.iter().map(|&block| Target::Attn(block)))
            .chain(self.mlp.iter().map(|&block| Target::Mlp(block)))
            .chain(self.block.iter().map(|&block| Target::Block(block)))
            .collect();
        if targets.is_empty() {
            let names = "--head 8.1, --group 8.0, --attn 8, --mlp 8 or --block 8";
            return Err(Failure::Usage(format!("what is to be switched off? {names}")));
        }
        let change = match self.scale {
            _ if self.mean => Change::Mean,
            Some(by) => Change::Scale(by),
            None => Change::Zero,
        };
        Ok(targets.into_iter().map(|target| Intervention { target, change }).collect())
    }
}
