//! `blockscope explore`: what heads look at and what the residual stream says, without a screen.

use super::args::{ModelArgs, PositionsArg, TextArgs};
use super::failure::{Failure, Result};
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use crate::analyse::worth::WorthTable;
use crate::engine;
use crate::interpret::Exploration;
use crate::measure::{Control, Session};
use crate::record::explored::HeadScores;
use crate::report::explored as report;
use serde_json::json;

/// Likeliest tokens of each cell of the lens.
const TOP: usize = 5;

/// Say what every head looks at, what the residual stream says on its way, and who wrote the next token
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    #[command(flatten)]
    prompt: TextArgs,

    /// Whose next token is looked at: a position of the prompt, from 0 [default: the last]
    #[arg(long, value_name = "POSITION", allow_hyphen_values = true)]
    at: Option<usize>,

    /// The token whose logit is taken apart, by its id [default: the likeliest]
    #[arg(long, value_name = "ID")]
    token: Option<u32>,

    /// Take apart by how much that logit is above the one of this token
    #[arg(long, value_name = "ID")]
    versus: Option<u32>,

    /// With --json: where the lens is read: all, none, a position, or 0..16 [default: that position]
    #[arg(long, value_name = "POSITIONS", value_parser = PositionsArg::parse, requires = "json")]
    lens: Option<PositionsArg>,

    /// Say too what each head matters (by switching it off) beside what it costs (by timing the text): takes some time
    #[arg(long)]
    importance: bool,

    /// Print one JSON object: scores of all heads, the lens at every place, the attribution
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let prompt = args.prompt.prompt()?;
    let interrupt = Interrupt::listen()?;
    let session = loading::open(&args.model, &interrupt, out)?;
    let ids = session.prompt_ids(&prompt)?;
    match explore(args, &session, &ids, &interrupt, out) {
        Err(engine::Error::Cancelled) => interrupt.check(),
        done => done?,
    }
}

/// The outer result is that of the model, the inner one that of printing.
fn explore(
    args: &Args,
    session: &Session,
    ids: &[u32],
    interrupt: &Interrupt,
    out: &mut Output,
) -> engine::Result<Result> {
    let (t, d_vocab, layers) = (ids.len(), session.card().model.d_vocab, session.card().model.n_layers());
    let at = args.at.unwrap_or(t - 1);
    if at >= t {
        return Ok(Err(Failure::Usage(format!("--at {at}: the prompt has positions 0 to {}", t - 1))));
    }
    if let Some(id) = [args.token, args.versus].into_iter().flatten().find(|&id| id as usize >= d_vocab) {
        return Ok(Err(Failure::Usage(format!("token {id} is outside the vocabulary of {d_vocab}"))));
    }
    let control = interrupt.control();
    let exploration =
        session.explore(ids, control, &mut |done| out.progress(&format!("running block {done}/{layers}")))?;
    let mut scores: Vec<HeadScores> = Vec::new();
    exploration.survey(1, None, control, &mut |block, ran| {
        out.progress(&format!("reading heads of block {}/{layers}", block + 1));
        scores.extend(ran.scores);
    })?;
    let decoder = session.decoder();
    let positions = match args.lens.as_ref().map_or(Ok(at..at + 1), |lens| lens.of(t)) {
        Ok(positions) => positions,
        Err(refused) => return Ok(Err(refused)),
    };
    let lens = exploration.lens_everywhere(decoder, positions.clone(), TOP, |position| {
        out.progress(&format!("reading the lens at position {position}/{t}"));
        !control.is_cancelled()
    })?;
    let worth = args.importance.then(|| worth(session, &exploration, control, out)).transpose()?;
    out.progress("");
    let token = args.token.unwrap_or_else(|| exploration.likeliest(decoder, at));
    let attribution = exploration.attribution(decoder, at, token, args.versus);
    Ok(if args.json {
        let text = |id| session.token_text(id);
        let tokens: Vec<_> = ids.iter().map(|&id| json!({ "id": id, "text": text(id) })).collect();
        let mut said = json!({
            "model": session.card().info.name, "tokens": tokens,
            "heads": report::json::heads(&scores), "lens": report::json::lens(&lens, &text),
            "attribution": report::json::attribution(&attribution, &text),
        });
        if let Some(worth) = &worth {
            said["importance"] = report::json::worth(worth);
        }
        out.json(said)
    } else {
        let label = |id| session.token_label(id);
        let mut pieces = report::heads(&scores);
        let parallel = session.card().model.stack.blocks.iter().any(|block| block.order.is_parallel());
        pieces.extend(report::lens(&lens, at, parallel, &label));
        pieces.extend(report::attribution(&attribution, &label));
        pieces.extend(worth.iter().flat_map(report::worth));
        out.report(&pieces)
    })
}

/// Goes through all blocks, then times the text.
fn worth(
    session: &Session,
    exploration: &Exploration,
    control: &Control,
    out: &mut Output,
) -> engine::Result<WorthTable> {
    let layers = exploration.n_layers();
    let mut found = Vec::new();
    for block in 0..layers {
        out.progress(&format!("switching off parts of block {}/{layers}", block + 1));
        found.extend(session.importance_of(exploration, block, control)?);
    }
    session.worth(&exploration.ids, &found, control, &mut |pass, of| {
        out.progress(&format!("timing the text: pass {pass}/{of}"));
    })
}
