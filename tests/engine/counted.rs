//! What was counted from the shapes that ran is exactly what the formulas say, and what they say is what the
//! closed formulas of a transformer say.

use crate::common::{golden, open, request, run, tiny_models, traced};
use blockscope::analyse::{Account, Overhead};
use blockscope::arch::Model;
use blockscope::arch::formats::Precision;
use blockscope::arch::parts::mlp::MlpKind;
use blockscope::engine::native;
use blockscope::measure::Session;
use blockscope::record::operator::self_times;
use blockscope::record::{Pass, Phase, Run};
use blockscope::units::{Flops, Nanos};

/// One block on so many new positions after so many past ones: projections, attention over all keys that there are, MLP.
fn block(model: &Model, number: usize, new: u64, past: u64) -> u64 {
    let block = &model.stack.blocks[number];
    let (attn, mlp) = (&block.attn, &block.mlp);
    let [d, heads, kv_heads, head] =
        [model.stack.d_model, attn.n_heads, attn.n_kv_heads, attn.d_head].map(|n| n as u64);
    let qkv = 2 * new * d * (heads + 2 * kv_heads) * head;
    let out = 2 * new * heads * head * d;
    let keys = attn.mask.keys(past as usize, new as usize) as u64;
    let attention = 4 * heads * head * new * keys;
    let matrices = match mlp.kind {
        MlpKind::Gated => 3,
        MlpKind::Plain => 2,
    };
    qkv + out + attention + 2 * matrices * new * d * mlp.d_mlp as u64
}

/// What attention computes beyond the visible keys, in one block.
fn hidden(model: &Model, number: usize, new: u64, past: u64) -> u64 {
    let attn = &model.stack.blocks[number].attn;
    let visible: u64 =
        (past..past + new).map(|query| attn.mask.seen_from(query as usize, (past + new) as usize) as u64).sum();
    let keys = attn.mask.keys(past as usize, new as usize) as u64;
    4 * (attn.n_heads * attn.d_head) as u64 * (new * keys - visible)
}

/// Holds every part of a phase against its formula, and blocks and LM head against the closed ones.
fn check(session: &Session, run: &Run, phase: Phase, what: &str) {
    let model = &session.card().model;
    let account = Account::of(run, phase).unwrap();
    assert_eq!((account.cut, account.unknown()), (None, vec![]), "{what}");
    for (part, row) in (0..).zip(&account.parts).filter_map(|(part, row): (usize, _)| Some((part, row.as_ref()?))) {
        let path = &run.parts[part].path;
        assert_eq!((row.flops, row.unknown), (row.flops_modelled, 0), "{what}: {path}");
        assert_eq!(row.products.flops(), row.flops, "{what}: {path}");
        // What must be moved is moved; a product and a sum move nothing beside it.
        assert!(row.moved >= row.bytes, "{what}: {path} moved {}, {} at least", row.moved, row.bytes);
        let one_operator = ["lm_head", "mlp.gate", "mlp.up", "mlp.down", "_residual"];
        // What is multiplied or capped afterwards is read and written once more.
        let is_plain = model.head.multiplier == 1.0
            && model.head.softcap.is_none()
            && model.stack.blocks.iter().all(|block| block.multiplier == 1.0);
        let is_f32 = session.card().toggles.weights == Precision::F32;
        if is_f32 && is_plain && one_operator.iter().any(|name| path.ends_with(name)) {
            assert_eq!(row.moved, row.bytes, "{what}: {path}");
        }
    }
    assert_eq!(account.flops, account.flops_modelled, "{what}");

    let shapes: Vec<(u64, u64)> = traced(run)
        .iter()
        .map(|pass| pass.start)
        .filter(|start| start.phase == phase)
        .map(|start| (u64::from(start.n_new), u64::from(start.n_past)))
        .collect();
    let sum = |of: &dyn Fn(&Model, usize, u64, u64) -> u64, number: usize| {
        shapes.iter().map(|&(new, past)| of(model, number, new, past)).sum::<u64>()
    };
    let row = |name: &str| {
        let part = run.parts.iter().position(|part| part.path == name).unwrap();
        account.part(part as u32).unwrap()
    };
    for number in 0..model.n_layers() {
        let block_row = row(&format!("blocks.{number}"));
        assert_eq!(block_row.flops, Flops(sum(&block, number)), "{what}: block {number} of {shapes:?}");
        assert_eq!(block_row.flops_causal, Flops(sum(&block, number) - sum(&hidden, number)), "{what}: block {number}");
    }
    // Only the last position's logits are computed.
    let head = (2 * model.stack.d_model * model.d_vocab) as u64 * shapes.len() as u64;
    assert_eq!(row("lm_head").flops, Flops(head), "{what}");
    assert_eq!(
        account.flops,
        Flops((0..model.n_layers()).map(|number| sum(&block, number)).sum::<u64>() + head),
        "{what}"
    );
}

#[test]
fn counted_is_analytic_for_every_part_of_every_family_and_every_way_to_build_it() {
    for folder in tiny_models() {
        let family = folder.file_name().unwrap().to_str().unwrap();
        for attention in ["fused", "eager"] {
            for cache in ["on", "off"] {
                for format in ["f32", "bf16"] {
                    let toggles = format!("attention={attention},kv_cache={cache},weights={format},compute={format}");
                    let session = open(golden(family).to_str().unwrap(), &toggles);
                    for prompt in [1, 24.min(session.card().model.stack.n_ctx as u32 - 4)] {
                        let run = run(&session, &request(prompt, 4));
                        for phase in [Phase::Prefill, Phase::Decode] {
                            let what = format!("{family} {toggles}, {prompt} tokens, {}", phase.name());
                            check(&session, &run, phase, &what);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn counted_is_by_formula_for_every_part_of_every_optimisation() {
    for (family, toggles) in [
        ("llama", "attention=window:5"),
        ("llama", "attention=sinks:2+5,kv_cache=off"),
        ("gpt2", "attention=eager+window:5,kv_cache=off"),
        ("llama", "weights=int8,compute=bf16,kv_dtype=int8"),
        ("gpt2", "weights=f16,lm_head=bf16"),
        ("llama", "weights=int4,compute=bf16,fuse=joined"),
        ("llama", "fuse=joined,logits=all,batch=3"),
        ("gpt2", "kv_dtype=bf16,batch=2,fuse=joined"),
    ] {
        let session = open(golden(family).to_str().unwrap(), toggles);
        for (prompt, phase) in [(24, Phase::Prefill), (24, Phase::Decode), (1, Phase::Prefill)] {
            let run = run(&session, &request(prompt, 4));
            let account = Account::of(&run, phase).unwrap();
            let what = format!("{family} {toggles}, {prompt} tokens, {}", phase.name());
            assert_eq!((account.cut, account.unknown()), (None, vec![]), "{what}");
            assert!(account.flops_causal <= account.flops && account.flops.0 > 0, "{what}");
            for (part, row) in
                run.parts.iter().zip(&account.parts).filter_map(|(part, row)| Some((part, row.as_ref()?)))
            {
                assert_eq!((row.flops, row.unknown), (row.flops_modelled, 0), "{what}: {}", part.path);
                let (moved, least) = (row.moved, row.bytes);
                assert!(moved >= least, "{what}: {} moved {moved}, {least} at least", part.path);
            }
        }
    }
}

#[test]
fn only_what_a_window_shows_is_causal_work() {
    let session = open(golden("llama").to_str().unwrap(), "attention=sinks:2+5");
    let model = &session.card().model;
    let run = run(&session, &request(24, 4));
    for (phase, visible) in [(Phase::Prefill, (1..=24).map(|seen: u64| seen.min(7)).sum()), (Phase::Decode, 3 * 7)] {
        let account = Account::of(&run, phase).unwrap();
        let part = run.parts.iter().position(|part| part.path == "blocks.1.attn.fused").unwrap();
        let width = (model.n_heads() * model.d_head()) as u64;
        assert_eq!(account.part(part as u32).unwrap().flops_causal, Flops(4 * width * visible), "{}", phase.name());
    }
}

/// How much of the pass lies in no operator, of the wall time.
fn outside_operators(pass: &Pass) -> f64 {
    let inside: Nanos = self_times(&pass.operators).into_iter().sum();
    (pass.time.unwrap() - inside).share_of(pass.time.unwrap())
}

/// How much of it the rows leave unaccounted.
fn unaccounted(run: &Run, pass: &Pass) -> f64 {
    let top = pass.spans.iter().filter(|span| run.parts[span.part as usize].parent.is_none());
    (pass.time.unwrap() - top.map(|span| span.time).sum()).share_of(pass.time.unwrap())
}

#[test]
fn on_a_real_model_counted_is_analytic_and_rows_add_up_to_the_wall() {
    for toggles in ["", "weights=bf16,compute=bf16"] {
        // What lies between operators is nearly the same for any prompt, so of a long one it is little; how long that has to
        // be depends on how fast the machine multiplies: with matrix units for bf16, thousands of positions.
        let last = if native::has_bf16_tiles() { 4096 } else { 2048 };
        for prompt in [512, 1024, last] {
            let session = open("smollm2", toggles);
            let runs = [run(&session, &request(prompt, 17)), run(&session, &request(prompt, 2))];
            for phase in [Phase::Prefill, Phase::Decode] {
                check(&session, &runs[0], phase, toggles);
                assert_eq!(Overhead::of(&runs[0], phase).unwrap().pairs, 1);
            }
            let rest = Rest::of(&runs);
            println!("{toggles}, {prompt} positions: {rest:?}");
            if rest.is_little() {
                break;
            }
            assert!(prompt < last, "{toggles}: {rest:?} of a pass of {prompt} positions is in no operator or no part");
        }
    }
}

/// Shares of passes that lie outside of what was recorded.
#[derive(Debug)]
struct Rest {
    outside_operators: f64,
    outside_parts: f64,
    outside_parts_of_steps: f64,
}

impl Rest {
    /// The better of the prefills, the median of the steps: the system may take the processor away wherever it likes.
    fn of(runs: &[Run]) -> Self {
        let shares = |phase: Phase, share: &dyn Fn(&Run, &Pass) -> f64| -> Vec<f64> {
            let passes = runs.iter().flat_map(|run| traced(run).into_iter().map(move |pass| (run, pass)));
            let mut shares: Vec<f64> =
                passes.filter(|(_, pass)| pass.start.phase == phase).map(|(run, pass)| share(run, pass)).collect();
            shares.sort_by(f64::total_cmp);
            shares
        };
        let steps = shares(Phase::Decode, &unaccounted);
        Self {
            outside_operators: shares(Phase::Prefill, &|_, pass| outside_operators(pass))[0],
            outside_parts: shares(Phase::Prefill, &unaccounted)[0],
            outside_parts_of_steps: steps[steps.len() / 2],
        }
    }

    fn is_little(&self) -> bool {
        [self.outside_operators, self.outside_parts, self.outside_parts_of_steps].iter().all(|share| *share < 0.02)
    }
}
