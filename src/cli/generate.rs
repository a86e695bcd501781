//! `blockscope generate`: continues a text, streams it, and says how fast that was.

use super::args::{ModelArgs, OutArgs, TurnArgs};
use super::failure::Result;
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use super::recording::{self, Recorded};
use crate::measure::{Request, Sampling, Session};
use crate::record::{Event, Run, Watched};
use crate::report::json;
use crate::text::Specials;
use crate::units::{digits, many};
use serde_json::{Value, json};

/// Continue a text; print it as it comes, with TTFT, TPOT and tokens per second
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,

    #[command(flatten)]
    prompt: TurnArgs,

    /// Most tokens to generate
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    max_new: u32,

    /// Always the likeliest token (the default, unless a temperature is given)
    #[arg(long, conflicts_with_all = ["temperature", "top_k", "top_p", "seed"])]
    greedy: bool,

    /// Sample: 1 as the model says, less for the likelier; 0 is greedy
    #[arg(long, value_name = "T", value_parser = temperature, allow_negative_numbers = true)]
    temperature: Option<f32>,

    /// Sample among the K likeliest tokens only
    #[arg(long, value_name = "K", requires = "temperature")]
    top_k: Option<usize>,

    /// Sample among the likeliest tokens that have this probability together
    #[arg(long, value_name = "P", requires = "temperature", value_parser = top_p)]
    top_p: Option<f32>,

    /// Seed of the sampling: the same seed gives the same text
    #[arg(long, value_name = "N", requires = "temperature")]
    seed: Option<u64>,

    /// Go on past tokens that end a text or a turn
    #[arg(long)]
    ignore_stop: bool,

    /// Print one JSON object when done, in place of the text
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    out: OutArgs,
}

pub fn run(args: &Args, out: &mut Output) -> Result {
    let request = args.request()?;
    recording::check_out(&args.out)?;
    let interrupt = Interrupt::listen()?;
    let session = loading::open(&args.model, &interrupt, out)?;
    let prompt_ids = session.prompt_ids(&request.prompt)?;

    let mut stream = |_: &Run, event: &Event| match event {
        Event::Token(token) if !args.json => out.stream(&token.text),
        _ => Ok(()),
    };
    let Recorded { run, ending } = recording::record(&session, &request, &args.out, &interrupt, &mut stream)?;

    if args.json {
        out.json(result(&session, &request, &prompt_ids, &run))?;
    } else {
        out.line("")?;
        out.note(&summary(&run));
        let (context, positions) = (session.card().model.stack.n_ctx, prompt_ids.len() + run.tokens.len());
        if run.tokens.len() < request.new_tokens as usize && positions > context {
            out.note(&format!("the context of {context} tokens is full: nothing more can be written"));
        }
    }
    ending
}

impl Args {
    fn request(&self) -> Result<Request> {
        let greedy = Sampling::default();
        Ok(Request {
            prompt: self.prompt.prompt()?,
            new_tokens: self.max_new,
            sampling: Sampling {
                temperature: self.temperature.unwrap_or(greedy.temperature),
                top_k: self.top_k.unwrap_or(greedy.top_k),
                top_p: self.top_p.unwrap_or(greedy.top_p),
                seed: self.seed.unwrap_or(greedy.seed),
            },
            stop: !self.ignore_stop,
            // A run file is worth little without its parts; the numbers alone are truer without a recorder.
            watched: if self.out.out.is_some() { Watched::Parts } else { Watched::Plain },
            ..Request::default()
        })
    }
}

/// What `--json` prints.
fn result(session: &Session, request: &Request, prompt_ids: &[u32], run: &Run) -> Value {
    let new_ids: Vec<u32> = run.tokens.iter().map(|token| token.id).collect();
    // Without a tokenizer there is no text; that is not the same as an empty one.
    let text = session.tokenizer().and_then(|tokenizer| tokenizer.decode(&new_ids, Specials::Hide).ok());
    let mut config = json::object(json::header(&run.header));
    config.extend(json::object(json!({
        "max_new": request.new_tokens,
        "stop": request.stop,
        "sampling": {
            "temperature": request.sampling.temperature,
            "top_k": request.sampling.top_k,
            "top_p": request.sampling.top_p,
            "seed": request.sampling.seed,
        },
    })));
    let mut object = json::object(json!({ "prompt_ids": prompt_ids, "new_ids": new_ids, "text": text }));
    object.extend(json::object(json::headline(run)));
    object.insert("basis".into(), json::headline_basis(run).into());
    object.insert("config".into(), Value::Object(config));
    object.insert("status".into(), json::status(run).into());
    Value::Object(object)
}

/// `10 prompt tokens, 32 new · TTFT 212 ms · median TPOT 63.9 ms · prefill 47.2 tok/s · decode 15.6 tok/s`
fn summary(run: &Run) -> String {
    let mut text = format!("{}, {} new", many(run.header.prompt_tokens, "prompt token"), run.tokens.len());
    let mut add = |name: &str, value: Option<String>| {
        text.extend(value.map(|value| format!(" · {name} {value}")));
    };
    add("TTFT", run.ttft().map(|q| q.median.to_string()));
    add("median TPOT", run.tpot().map(|q| q.median.to_string()));
    add("prefill", run.prefill_tokens_per_s().map(|rate| format!("{} tok/s", digits(rate))));
    add("decode", run.decode_tokens_per_s().map(|rate| format!("{} tok/s", digits(rate))));
    text
}

fn temperature(text: &str) -> std::result::Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "expected a number, such as 0.8".to_owned())?;
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err("expected a number from 0 up".to_owned()) }
}

fn top_p(text: &str) -> std::result::Result<f32, String> {
    let value: f32 = text.parse().map_err(|_| "expected a number, such as 0.9".to_owned())?;
    if value > 0.0 && value <= 1.0 { Ok(value) } else { Err("expected a number above 0 and up to 1".to_owned()) }
}
