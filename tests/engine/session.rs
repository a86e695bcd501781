//! A session runs a model: what it reports, what it refuses, and that it can be ended.

use crate::common::{difference, golden, tensors};
use blockscope::arch::Toggles;

use blockscope::interpret::Hooks;
use blockscope::measure::{Control, Halt, Prompt, Request, Sampling, Session, Step, Watch};
use blockscope::record::peaks::{Peaks, Rate, Times};
use blockscope::record::{Event, Phase, Run, Status, Watched};
use blockscope::units::Nanos;

fn open(named: &str, toggles: &str) -> Session {
    let toggles = Toggles::default().with(toggles).unwrap();
    Session::open(named, &toggles, &mut |_, _, _| true).unwrap_or_else(|error| panic!("{error}"))
}

fn tiny(family: &str) -> Session {
    open(golden(family).to_str().unwrap(), "")
}

fn run(session: &Session, request: &Request) -> Run {
    let mut run = Run::default();
    session.run(request, &Control::default(), &mut |event: Event| run.apply(event));
    run
}

fn ids(prompt: &[u32], new_tokens: u32) -> Request {
    Request { prompt: Prompt::Ids(prompt.to_vec()), new_tokens, stop: false, ..Request::default() }
}

#[test]
fn prefill_and_every_decode_step_are_recorded_apart_and_rows_add_up() {
    let run = run(&tiny("llama"), &ids(&[5, 6, 7, 8], 3));
    assert_eq!(run.status, Some(Status::Done));
    let shapes: Vec<_> =
        run.passes.iter().map(|pass| (pass.start.phase, pass.start.n_new, pass.start.n_past)).collect();
    assert_eq!(shapes, [(Phase::Prefill, 4, 0), (Phase::Decode, 1, 4), (Phase::Decode, 1, 5)]);
    assert_eq!(run.tokens.len(), 3);
    for part in &run.parts {
        let parent = part.parent.map(|parent| run.parts[parent as usize].path.as_str());
        let prefix = part.path.rsplit_once('.').map(|(prefix, _)| prefix).filter(|prefix| *prefix != "blocks");
        assert_eq!(parent, prefix, "a path says what its part lies in");
    }
    for pass in &run.passes {
        let top: Nanos =
            pass.spans.iter().filter(|span| run.parts[span.part as usize].parent.is_none()).map(|span| span.time).sum();
        assert!(top <= pass.time.unwrap());
        for (number, part) in run.parts.iter().enumerate() {
            let inside = run.children(Some(number as u32)).collect::<Vec<_>>();
            let time_of = |part: u32| pass.spans.iter().find(|span| span.part == part);
            let (Some(whole), false) = (time_of(number as u32), inside.is_empty()) else { continue };
            let parts = inside.iter().filter_map(|&part| time_of(part));
            assert!(parts.clone().map(|span| span.time).sum::<Nanos>() <= whole.time, "{}", part.path);
            assert_eq!(parts.clone().map(|span| span.flops).sum::<blockscope::units::Flops>(), whole.flops);
            assert_eq!(parts.map(|span| span.bytes).sum::<blockscope::units::Bytes>(), whole.bytes);
        }
    }
}

#[test]
fn without_a_cache_every_step_computes_everything_again_and_the_text_is_the_same() {
    let cached = run(&tiny("llama"), &ids(&[5, 6, 7, 8], 6));
    let session = open(golden("llama").to_str().unwrap(), "kv_cache=off");
    let uncached = run(&session, &ids(&[5, 6, 7, 8], 6));
    let text = |run: &Run| run.tokens.iter().map(|token| token.id).collect::<Vec<_>>();
    assert_eq!(text(&cached), text(&uncached));
    assert_eq!(uncached.passes.last().unwrap().start.n_new, 9);
    assert_eq!(uncached.passes.last().unwrap().start.n_past, 0);
}

#[test]
fn repeats_alternate_plain_and_recorded_passes() {
    let run = run(&tiny("gpt2"), &Request { repeats: 2, ..ids(&[1, 2, 3], 2) });
    let recorded: Vec<_> = run.passes.iter().map(|pass| (pass.start.repeat, pass.start.watched.has_parts())).collect();
    assert_eq!(recorded, [(0, false), (0, false), (1, true), (1, true), (2, false), (2, false), (3, true), (3, true)]);
    assert_eq!(run.ttft().unwrap().n, 2);
    assert!(run.passes.iter().all(|pass| pass.start.watched.has_parts() != pass.spans.is_empty()));
}

#[test]
fn a_single_run_can_be_left_unrecorded() {
    let run = run(&tiny("gpt2"), &Request { watched: Watched::Plain, ..ids(&[1, 2, 3], 2) });
    assert!(
        run.parts.is_empty() && run.passes.iter().all(|pass| pass.spans.is_empty() && !pass.start.watched.has_parts())
    );
    assert!(run.ttft().is_some() && run.tpot().is_some() && run.prefill_tokens_per_s().is_some());
}

#[test]
fn what_cannot_be_run_fails_in_words() {
    let session = tiny("llama");
    let failure = |prompt: Prompt| match run(&session, &Request { prompt, ..Request::default() }).status {
        Some(Status::Failed(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(failure(Prompt::Ids(vec![])).contains("empty"));
    assert!(failure(Prompt::Text(String::new())).contains("empty"));
    assert!(failure(Prompt::Ids(vec![3, 384])).contains("token 384 is outside the vocabulary"));
    assert!(failure(Prompt::Ids(vec![1; 257])).contains("257 tokens, but the model's context holds 256"));
    assert!(failure(Prompt::Chat("hello".into())).contains("no chat template"));
    let shapes_only = open("random:gpt2-124m", "");
    let text = Request { prompt: Prompt::Text("hello".into()), ..Request::default() };
    assert!(matches!(run(&shapes_only, &text).status, Some(Status::Failed(error)) if error.contains("no tokenizer")));
}

#[test]
fn generation_ends_where_the_context_does() {
    let run = run(&tiny("llama"), &ids(&[7; 250], 100));
    assert_eq!(run.status, Some(Status::Done));
    // The last token is chosen from a full context and needs no further pass.
    assert_eq!(run.tokens.len(), 7);
}

#[test]
fn a_seed_gives_the_same_text_again() {
    let sampling = Sampling { temperature: 1.0, seed: 7, ..Sampling::default() };
    let text = |sampling| {
        let run = run(&tiny("llama"), &Request { sampling, ..ids(&[5, 6, 7], 20) });
        run.tokens.iter().map(|token| token.id).collect::<Vec<_>>()
    };
    assert_eq!(text(sampling), text(sampling));
    assert_ne!(text(sampling), text(Sampling { seed: 8, ..sampling }));
}

/// Cancels, or steps on, at each halt.
struct Stepper<'a> {
    control: &'a Control,
    run: Run,
    halts: Vec<Halt>,
    steps: Vec<Step>,
}

impl Watch for Stepper<'_> {
    fn event(&mut self, event: Event) {
        self.run.apply(event);
    }

    fn halted(&mut self, halt: Halt) {
        self.halts.push(halt);
        match self.steps.pop() {
            Some(step) => self.control.step(step),
            None => self.control.cancel(),
        }
    }
}

fn stepped(mut steps: Vec<Step>) -> Stepper<'static> {
    steps.reverse();
    let control: &'static Control = Box::leak(Box::default());
    let mut stepper = Stepper { control, run: Run::default(), halts: Vec::new(), steps };
    tiny("llama").run(&Request { step: true, ..ids(&[5, 6, 7, 8], 2) }, control, &mut stepper);
    stepper
}

#[test]
fn single_steps_halt_after_each_part_and_show_what_it_made() {
    let seen = stepped(vec![Step::Part, Step::Part, Step::Block, Step::Pass, Step::Run]);
    let paths: Vec<_> = seen.halts.iter().map(|halt| halt.path.as_str()).collect();
    assert_eq!(paths, ["embed", "blocks.0.attn.norm", "blocks.0.attn.qkv", "blocks.0.mlp_residual", "lm_head"]);
    let qkv = &seen.halts[2].made;
    assert_eq!(qkv.iter().map(|made| made.name.as_str()).collect::<Vec<_>>(), ["q", "k", "v"]);
    assert_eq!(qkv[1].shape, [1, 2, 4, 16]);
    assert!(qkv[0].std > 0.0 && qkv[0].min < qkv[0].mean && qkv[0].mean < qkv[0].max);
    assert_eq!(qkv[0].values.len(), 8);
    assert_eq!(seen.run.status, Some(Status::Done));
}

#[test]
fn a_cancelled_halt_ends_the_run_and_keeps_what_was_measured() {
    let seen = stepped(vec![Step::Part]);
    assert_eq!(seen.run.status, Some(Status::Cancelled));
    assert_eq!(seen.run.passes[0].spans.len(), 2);
}

#[test]
fn a_cancel_from_outside_ends_a_run_at_the_next_operator() {
    let session = tiny("llama");
    let control = Control::default();
    let mut passes = 0;
    let status = session.run(&ids(&[5, 6], 200), &control, &mut |event: Event| {
        if let Event::PassStart(_) = event {
            passes += 1;
            if passes == 5 {
                control.cancel();
            }
        }
    });
    assert_eq!((status, passes), (Status::Cancelled, 5));
}

#[test]
fn a_capture_holds_the_reference_activations() {
    for family in ["llama", "gpt2"] {
        let reference = tensors(&golden(family).join("golden.safetensors"));
        let ids: Vec<i64> = Vec::try_from(reference["input_ids"].view([-1])).unwrap();
        let ids: Vec<u32> = ids.into_iter().map(|id| id as u32).collect();
        let hooks = Hooks::parse("blocks.*.attn.hook_pattern, logits").unwrap();
        let capture = tiny(family).capture(&ids, &hooks, &Control::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capture.safetensors");
        capture.write(&path).unwrap();
        let found = tensors(&path);
        assert_eq!(found.len(), 4, "two patterns, logits and ids");
        assert!(found["input_ids"].equal(&reference["input_ids"]));
        assert!(difference(&found["logits"], &reference["logits"]) < 1e-4);
        let pattern = &found["blocks.1.attn.hook_pattern"];
        assert!(difference(pattern, &reference["attentions.1"]) < 1e-4);
    }
}

#[test]
fn hooks_that_no_model_has_are_refused_with_those_that_it_has() {
    let refusal = |list: &str| {
        let hooks = Hooks::parse(list).and_then(|hooks| tiny("llama").capture(&[1], &hooks, &Control::default()));
        hooks.unwrap_err().to_string()
    };
    assert!(refusal("blocks.*.attn.hook_patern").contains("blocks.*.attn.hook_pattern"));
    assert!(refusal("logits,blocks.2.hook_resid_pre").contains("'blocks.2.hook_resid_pre'"), "there are two blocks");
    assert!(refusal("").contains("logits"));
}

#[test]
fn toggles_can_be_changed_and_a_refused_change_leaves_the_model_as_it_was() {
    let mut session = tiny("llama");
    let before = run(&session, &ids(&[5, 6, 7], 4));
    let toggles = |list: &str| Toggles::default().with(list).unwrap();
    assert!(session.rebuild(&toggles("compute=bf16"), &mut |_, _, _| true).is_err());
    assert!(session.rebuild(&toggles("weights=bf16"), &mut |_, _, _| false).is_err());
    assert_eq!(session.card().toggles, toggles(""));
    session.rebuild(&toggles("attention=eager,kv_cache=off"), &mut |_, _, _| true).unwrap();
    let after = run(&session, &ids(&[5, 6, 7], 4));
    assert_eq!(
        before.tokens.iter().map(|t| t.id).collect::<Vec<_>>(),
        after.tokens.iter().map(|t| t.id).collect::<Vec<_>>()
    );
    assert!(after.parts.iter().any(|part| part.path == "blocks.0.attn.softmax"));
}

#[test]
fn newly_measured_peaks_go_with_the_next_run_if_they_are_of_its_conditions() {
    let mut session = open(golden("llama").to_str().unwrap(), "threads=1");
    let rate = Rate { n: 1, q1: 1e9, median: 1e9, q3: 1e9, best: 1e9 };
    let peaks = Peaks {
        machine: blockscope::measure::machine::processor(),
        device: "cpu".into(),
        threads: 1,
        libtorch: blockscope::measure::machine::libtorch().into(),
        measured: 1,
        gemm: Vec::new(),
        cache_bytes: None,
        buffer_bytes: 1 << 28,
        reader: "sum f32".into(),
        bandwidth: rate,
        cache_bandwidth: None,
        dispatch: Times { n: 1, best: Nanos(1), q1: Nanos(1), median: Nanos(1), q3: Nanos(1) },
    };
    session.learn_peaks(&peaks);
    let mut events = Vec::new();
    session.run(&ids(&[5, 6], 1), &Control::default(), &mut |event: Event| events.push(event));
    assert!(
        matches!(&events[..2], [Event::Header(_), Event::Peaks(told)] if **told == peaks),
        "right after the header"
    );
    let other = Peaks { threads: 2, measured: 2, ..peaks.clone() };
    session.learn_peaks(&other);
    assert_eq!(session.peaks(), Some(&peaks));
}
