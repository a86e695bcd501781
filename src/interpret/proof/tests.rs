//! Every experiment on a real model and on tiny ones of other shapes; a broken model is noticed.

use super::{Bound, ClaimKind, Outcome, PROOFS, Proof, Subject, attention, cost, measured, numbers, stack, text};
use crate::arch::Toggles;
use crate::arch::hook::Hook;
use crate::arch::path::Place;
use crate::arch::weight::Slot;
use crate::engine::Error;
use crate::learn::{Form, Lesson, Measured, Quantity, lessons};
use crate::measure::{Control, Prompt, Session};
use std::time::Instant;
use tch::{Kind, Tensor};

const TEXT: &str = "The mayor of the town opened the old library again. The people of the town had waited for the \
                    library for years, and the mayor was happy.";

/// On one thread: other tests need the other cores, and waiting for each other takes long.
fn open(named: &str, toggles: &str) -> Session {
    let toggles = Toggles::default().with("threads=1").unwrap().with(toggles).unwrap();
    Session::open(named, &toggles, &mut |_, _, _| true).unwrap_or_else(|error| panic!("{error}"))
}

/// A model of two blocks and random weights.
fn tiny(family: &str, toggles: &str) -> Session {
    open(&format!("{}/tests/fixtures/golden/{family}", env!("CARGO_MANIFEST_DIR")), toggles)
}

fn subject<'a>(session: &'a Session, prompt: Prompt, control: &'a Control) -> Subject<'a> {
    Subject::new(session, session.prompt_ids(&prompt).unwrap(), control).unwrap()
}

/// What one came to, printed beside how long it took.
fn found(proof: &Proof, subject: &Subject) -> Result<Outcome, Error> {
    let start = Instant::now();
    let found = proof.run(subject);
    let came_to = match &found {
        Ok(found) => format!("{found} [{}]", found.said),
        Err(error) => error.to_string(),
    };
    println!("{:.2} s  {}: {}: {came_to}", start.elapsed().as_secs_f64(), proof.claim, proof.measure);
    found
}

#[test]
fn the_default_model_keeps_to_every_claim() {
    let (session, control) = (open("smollm2", ""), Control::default());
    let subject = subject(&session, Prompt::Text(TEXT.into()), &control);
    let fails = |proof: &&Proof| !found(proof, &subject).unwrap().passes();
    let failed: Vec<&str> = PROOFS.iter().filter(fails).map(|proof| proof.claim).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn laws_hold_whatever_the_shape_the_toggles_and_the_text() {
    let models = [
        ("llama", "", 40),
        ("llama", "", 4),
        ("gpt2", "", 64),
        ("gpt2", "attention=eager,kernels=libtorch", 5),
        ("llama3-rope", "fuse=joined", 40),
        ("llama", "attention=window:5,kv_cache=off", 40),
        ("gpt2", "weights=bf16,compute=bf16", 40),
        ("llama", "weights=f16", 40),
        ("llama", "weights=int8,kv_dtype=int8", 40),
        ("llama", "weights=int4", 40),
    ];
    for (family, toggles, n) in models {
        let (session, control) = (tiny(family, toggles), Control::default());
        let subject = subject(&session, Prompt::Synthetic(n), &control);
        for proof in PROOFS.iter().filter(|proof| proof.kind == ClaimKind::Law) {
            match found(proof, &subject) {
                Ok(found) => assert!(found.passes(), "{family} {toggles} {n}: {}: {found}", proof.claim),
                Err(Error::Request(_)) => (),
                Err(error) => panic!("{family} {toggles} {n}: {}: {error}", proof.claim),
            }
        }
    }
}

#[test]
fn what_cannot_be_tried_says_why() {
    let (session, control) = (open("random:smollm2-135m", "weights=int4"), Control::default());
    let subject = subject(&session, Prompt::Synthetic(8), &control);
    let refused = |proof: &Proof| match proof.run(&subject) {
        Err(Error::Request(why)) => why,
        other => panic!("{}: {other:?}", proof.claim),
    };
    assert!(refused(&text::MERGES).contains("no tokenizer"));
    assert!(refused(&cost::FLOPS).contains("weights=int4"));
    assert!(refused(&numbers::FORMATS).contains("eight bits already"));
    let (narrow, whole) = (tiny("llama", "attention=window:1"), Control::default());
    let narrow = self::subject(&narrow, Prompt::Synthetic(8), &whole);
    for proof in [&stack::INDUCTION, &numbers::SPECULATION] {
        assert!(matches!(proof.run(&narrow), Err(Error::Request(_))), "{}", proof.claim);
    }
    assert!(
        Subject::new(&session, vec![1, 2, 3], &control).is_err_and(|error| error.to_string().contains("too short"))
    );
    control.cancel();
    assert!(matches!(stack::RESIDUAL.run(&subject), Err(Error::Cancelled)));
}

#[test]
fn a_law_that_is_broken_is_noticed() {
    type Break = fn(Place<Hook>, Tensor) -> Tensor;
    let cases: [(Proof, Break); 15] = [
        (text::IN_AND_OUT, |at, x| if at.name == Hook::Logits { x.narrow(-1, 0, x.size()[2] - 1) } else { x }),
        (text::IN_AND_OUT, |at, x| if at.name == Hook::Logits { x * f64::NAN } else { x }),
        (attention::AVERAGE, |at, x| if at.name == Hook::Pattern { x * 1.01 } else { x }),
        (attention::QUERIES_AND_KEYS, |at, x| if at.name == Hook::Scores { x * 1.01 } else { x }),
        (attention::HEADS, |at, x| if at.name == Hook::AttnOut { x * 1.01 } else { x }),
        (attention::MASK, unmasked),
        // Every column gets a little of all.
        (stack::MLP, |at, x| if at.name == Hook::MlpOut { &x + x.mean_dim([1].as_slice(), true, None) } else { x }),
        // Nothing comes out, so nothing was tried.
        (stack::MLP, |at, x| if at.name == Hook::MlpOut { x.zeros_like() } else { x }),
        (stack::RESIDUAL, |at, x| if at.name == Hook::ResidPost { x * 1.01 } else { x }),
        (stack::LENS, |at, x| if at.name == Hook::Logits { x * 1.01 } else { x }),
        // Only a pass of one token goes wrong.
        (cost::CACHE, |at, x| if at.name == Hook::Z && x.size()[1] == 1 { x * 1.01 } else { x }),
        (cost::GROUPS, |at, x| if at.name == Hook::Z { x.flip([2]) } else { x }),
        (cost::FUSED, |at, x| if at.name == Hook::Scores { x * 1.01 } else { x }),
        (cost::WINDOWS, |at, x| if at.name == Hook::Z { x.flip([2]) } else { x }),
        (cost::WINDOWS, |at, x| if at.name == Hook::Pattern { x + 1e-6 } else { x }),
    ];
    let (session, control) = (tiny("llama", "attention=eager,kernels=libtorch"), Control::default());
    let mut subject = subject(&session, Prompt::Synthetic(24), &control);
    for (proof, by) in cases {
        subject.broken = None;
        assert!(found(&proof, &subject).unwrap().passes(), "{}", proof.claim);
        subject.broken = Some(by);
        assert!(!found(&proof, &subject).unwrap().passes(), "{}", proof.claim);
    }
}

/// What comes later is no longer hidden.
fn unmasked(at: Place<Hook>, x: Tensor) -> Tensor {
    if at.name == Hook::Scores { x.masked_fill(&x.isinf(), 0.0) } else { x }
}

#[test]
fn one_weight_upside_down_ends_what_training_made_and_no_law() {
    let (session, control) = (open("smollm2", ""), Control::default());
    let subject = subject(&session, Prompt::Text(TEXT.into()), &control);
    let parameters = session.parameters();
    let down = parameters.linear(&[Slot::Down], Some(1));
    let mut weight = down.tensors().next().unwrap().shallow_clone(); // of which the decoder has the memory, too
    tch::no_grad(|| weight.copy_(&weight.flip([0])));
    let ended = [stack::PREDICTING, stack::INDUCTION].map(|proof| proof.claim);
    for proof in &PROOFS {
        let found = found(proof, &subject).unwrap();
        assert_eq!(found.passes(), !ended.contains(&proof.claim), "{}: {found}", proof.claim);
        assert!(found.passes() || proof.kind == ClaimKind::Observation);
    }
}

/// The number of a quantity.
fn number(quantity: Quantity, subject: &Subject) -> f64 {
    match measured(quantity, subject) {
        Ok(Measured::Number(value)) => value,
        other => panic!("{}: {other:?}", quantity.name()),
    }
}

#[test]
fn every_prediction_has_an_answer() {
    let (session, control) = (tiny("llama", ""), Control::default());
    let subject = subject(&session, Prompt::Text(TEXT.into()), &control);
    for prediction in lessons().iter().filter_map(Lesson::prediction) {
        let name = prediction.quantity.name();
        let found = measured(prediction.quantity, &subject).unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name}: {found:?}");
        assert!(found.is_finite(), "{name}");
        match (&prediction.form, &found) {
            (Form::Number { unit, .. }, Measured::Number(value)) => {
                assert!(unit != "%" || (0.0..=100.0).contains(value), "{name}: {value} %");
            }
            (Form::Order(items), Measured::Order(values)) => assert_eq!(items.len(), values.len(), "{name}"),
            _ => panic!("{name}: {found:?} is no answer to {:?}", prediction.form),
        }
    }
}

/// Against what follows from the sizes of the model, or from a model that is made to look at nothing in particular.
#[test]
fn what_is_measured_is_what_it_says() {
    type Break = fn(Place<Hook>, Tensor) -> Tensor;
    let (session, control) = (tiny("llama", "attention=eager,kernels=libtorch"), Control::default());
    let mut subject = subject(&session, Prompt::Synthetic(20), &control);
    let near = |value: f64, expected: f64| assert!((value / expected - 1.0).abs() < 1e-5, "{value}, not {expected}");
    // 16 features a head, base 10,000.
    near(number(Quantity::SlowestTurn, &subject), std::f64::consts::TAU * 10_000f64.powf(14.0 / 16.0));
    assert!(number(Quantity::HalfWindow, &subject) >= 50.0, "the first half sees everything");
    let Ok(Measured::Order(work)) = measured(Quantity::Work, &subject) else { panic!() };
    // Two blocks: 4 heads and 2 key heads of 16 from 64 features, an MLP of 128; 384 tokens in the vocabulary.
    let products = 2.0 * 20.0 * 2.0 * (64.0 * 64.0 * 2.0 + 64.0 * 32.0 * 2.0);
    let mlp = 2.0 * 20.0 * 2.0 * 3.0 * 64.0 * 128.0;
    for (value, expected) in [(work[0], products), (work[2], mlp), (work[3], 2.0 * 64.0 * 384.0)] {
        assert!((1.0..1.2).contains(&(value / expected)), "{value}, not a little more than {expected}");
    }
    assert!(work[1] > 0.0 && work[1] < work[0]);
    // Scores of nothing but zeros: every weight is even.
    let even: Break = |at, x| if at.name == Hook::RotQ { x.zeros_like() } else { x };
    subject.broken = Some(even);
    near(number(Quantity::LargestWeight, &subject), 100.0 / 20.0);
    near(number(Quantity::FutureWeight, &subject), 50.0);
    near(number(Quantity::SharedPatterns, &subject), 100.0);
    assert_eq!(
        [Quantity::NegativeScores, Quantity::ScoreSpread, Quantity::Repairs].map(|it| number(it, &subject)),
        [0.0; 3]
    );
    let cases: [(Quantity, Break, f64); 5] = [
        (Quantity::OpenGates, |at, x| if at.name == Hook::MlpPre { x.ones_like() } else { x }, 100.0),
        (Quantity::OpenGates, |at, x| if at.name == Hook::MlpPre { -x.ones_like() } else { x }, 0.0),
        // All but the first head write nothing.
        (Quantity::StrongestHead, first_head_alone, 100.0),
        (Quantity::TopProbability, |at, x| if at.name == Hook::Logits { x.zeros_like() } else { x }, 100.0 / 384.0),
        // What depends on the logits alone is the same with and without the text before.
        (Quantity::Accepted, |at, x| if at.name == Hook::Logits { x.zeros_like() } else { x }, 100.0),
    ];
    for (quantity, by, expected) in cases {
        subject.broken = Some(by);
        let value = number(quantity, &subject);
        assert!((value - expected).abs() < 1e-9, "{}: {value}, not {expected}", quantity.name());
    }
}

fn first_head_alone(at: Place<Hook>, x: Tensor) -> Tensor {
    if at.name != Hook::Z {
        return x;
    }
    let alone = x.zeros_like();
    alone.select(2, 0).copy_(&x.select(2, 0));
    alone
}

#[test]
fn what_cannot_be_measured_says_why() {
    let (session, control) = (tiny("gpt2", ""), Control::default());
    let subject = subject(&session, Prompt::Synthetic(20), &control);
    for (quantity, said) in [(Quantity::SlowestTurn, "turns no"), (Quantity::SharedPatterns, "keys of its own")] {
        match measured(quantity, &subject) {
            Err(Error::Request(why)) => assert!(why.contains(said), "{why}"),
            other => panic!("{}: {other:?}", quantity.name()),
        }
    }
    control.cancel();
    assert!(matches!(measured(Quantity::TopProbability, &subject), Err(Error::Cancelled)));
}

#[test]
fn a_number_keeps_to_its_bound_or_is_none() {
    let found = |value, bound| Outcome { value, bound, said: String::new() };
    let most = |value| found(value, Bound::AtMost(1e-5));
    assert!(most(1e-5).passes() && most(0.0).passes());
    assert!(!most(1.1e-5).passes() && !most(f64::NAN).passes() && !most(f64::INFINITY).passes());
    let least = |value| found(value, Bound::AtLeast(10.0));
    assert!(least(10.0).passes() && !least(9.9).passes() && !least(f64::NAN).passes());
    assert_eq!(most(2.4e-7).to_string(), "2.4e-7 ≤ 1e-5");
    assert_eq!(most(0.5).to_string(), "0.5 not ≤ 1e-5");
    assert_eq!(least(32.677).to_string(), "32.677 ≥ 10");
    assert_eq!(most(f64::NAN).to_string(), "NaN not ≤ 1e-5");
    assert_eq!(format!("{:>12}|{}", ClaimKind::Observation, ClaimKind::Law), " observation|law");
}

#[test]
fn no_number_hides_behind_another() {
    use super::subject::{apart, columns_apart, within, worst};
    assert_eq!(worst([1.0, 3.0, 2.0]), 3.0);
    assert!(worst([1.0, f64::NAN, 2.0]).is_nan() && worst([f64::NAN, 1.0]).is_nan() && worst([]).is_nan());
    assert!(within(1.0, 0.5).is_nan() && within(0.5, 0.5) == 0.5);
    let (a, b) = (Tensor::from_slice(&[1000.0, 1.0, 0.1, 0.1]), Tensor::from_slice(&[1000.0, 1.0, 0.1, 0.2]));
    assert!(apart(&a, &b) < 1e-3);
    assert!((columns_apart(&a.view([2, 2]), &b.view([2, 2])) - 0.5).abs() < 1e-12);
    assert!(apart(&a, &b.view([2, 2])).is_nan(), "another shape");
    let zeros = Tensor::zeros([2], (Kind::Double, tch::Device::Cpu));
    assert!(apart(&zeros, &zeros).is_nan(), "zeros prove nothing");
}
