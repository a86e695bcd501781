//! `blockscope ablate`: what becomes of a text when parts of the model are switched off.

use super::args::{ModelArgs, TextArgs};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use crate::engine;
use crate::interpret::{Change, Intervention, Interventions, Sources, Target};
use crate::measure::{Prompt, Session};
use crate::record::explored::{Head, Place};
use crate::report::explored as report;
use std::collections::HashSet;
use std::str::FromStr;

/// Switch off parts of the model and say what that does to a text
///
/// Parts are named by their block, heads by block.head, all from 0: --head 8.1. All that is named is off at once, or
/// scaled, or given what it was on another text; and tokens of the prompt can be swapped.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    #[command(flatten)]
    prompt: TextArgs,

    /// A head, such as 8.1; may be given again
    #[arg(long, value_name = "BLOCK.HEAD", allow_hyphen_values = true)]
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

    /// The residual stream after a block at one position, such as 8@5; may be given again
    #[arg(long, value_name = "BLOCK@POSITION", value_parser = at::<u32>)]
    resid: Vec<(u32, u32)>,

    /// Another token at a position of the prompt, such as '5= Rome'; may be given again
    #[arg(long, value_name = "POSITION=TOKEN", value_parser = swap)]
    swap: Vec<(u32, String)>,

    /// Put their mean over the positions of the prompt in their place, not zero
    #[arg(long, conflicts_with_all = ["scale", "patch"])]
    mean: bool,

    /// Put in their place what they were on this text, at the same positions
    #[arg(long, value_name = "TEXT", conflicts_with = "scale", allow_hyphen_values = true)]
    patch: Option<String>,

    /// Scale them by this, in place of switching them off
    #[arg(long, value_name = "FACTOR", allow_hyphen_values = true, value_parser = factor)]
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
    let mut wanted = wanted;
    for (position, text) in &args.swap {
        wanted.push(swapped(&session, *position, text)?);
    }
    let effect = || {
        let text = args.mean.then(|| session.explore(&ids, control, &mut |_| {})).transpose()?;
        let patch = args.patch.as_ref().map(|text| session.prompt_ids(&Prompt::Text(text.clone()))).transpose()?;
        let other = patch.map(|ids| session.explore(&ids, control, &mut |_| {})).transpose()?;
        let sources = Sources { text: text.as_ref(), other: other.as_ref() };
        let interventions = Interventions::new(&wanted, &session.card().model, sources)?;
        session.effect(&ids, &interventions, args.new_tokens as usize, control)
    };
    let effect = match effect() {
        Err(engine::Error::Cancelled) => return interrupt.check(),
        effect => effect?,
    };
    let (label, text) = (|id| session.token_label(id), |id| session.token_text(id));
    let named = |wanted: &Intervention| match (wanted.target, wanted.change) {
        (Target::Token { position }, Change::Swap(id)) => format!("token {position} swapped for {}", label(id)),
        _ => wanted.to_string(),
    };
    let what: Vec<String> = wanted.iter().map(named).collect();
    if args.json {
        return out.json(report::json::effect(&effect, &what, &text));
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
            .chain(
                self.resid
                    .iter()
                    .map(|&(block, position)| Target::Stream { place: Place::Post(block as usize), position }),
            )
            .collect();
        if targets.is_empty() && self.swap.is_empty() {
            let names = "--head 8.1, --group 8.0, --attn 8, --mlp 8, --block 8, --resid 8@5 or --swap '5= Rome'";
            return Err(Failure::Usage(format!("what is to be switched off? {names}")));
        }
        let change = match self.scale {
            _ if self.mean => Change::Mean,
            _ if self.patch.is_some() => Change::Patch,
            Some(by) => Change::Scale(by),
            None => Change::Zero,
        };
        let mut once = HashSet::new();
        let targets = targets.into_iter().filter(|target| once.insert(*target));
        Ok(targets.map(|target| Intervention { target, change }).collect())
    }
}

/// `8@5`
fn at<N: FromStr>(given: &str) -> std::result::Result<(N, N), String> {
    let parsed =
        given.split_once('@').and_then(|(block, position)| Some((block.parse().ok()?, position.parse().ok()?)));
    parsed.ok_or_else(|| "expected a block and a position, such as 8@5".into())
}

/// `5= Rome`
fn swap(given: &str) -> std::result::Result<(u32, String), String> {
    let parsed =
        given.split_once('=').and_then(|(position, token)| Some((position.trim().parse().ok()?, token.to_owned())));
    parsed.ok_or_else(|| "expected a position and a token, such as '5= Rome' with the token's space".into())
}

/// A token swapped for what a text is.
fn swapped(session: &Session, position: u32, text: &str) -> Result<Intervention> {
    match session.piece_ids(text)?[..] {
        [id] => Ok(Intervention { target: Target::Token { position }, change: Change::Swap(id) }),
        ref ids => {
            let problem = format!(
                "--swap: '{text}' is {} tokens, and one stands there; is the space before it missing?",
                ids.len()
            );
            Err(Failure::Usage(problem))
        }
    }
}

fn factor(given: &str) -> std::result::Result<f32, String> {
    let parsed = given.parse().ok().filter(|factor: &f32| factor.is_finite());
    parsed.ok_or_else(|| "expected a number, such as 0.5 or -1".into())
}
