//! Studies of a real model: what is told, what is shared, how good the arms are.

use crate::common::{golden, open};
use blockscope::arch::Toggles;
use blockscope::measure::{Control, Plan, PlannedArm, Progress, QualityText, Rounds, Session, WatchStudy};
use blockscope::record::study::{Event, Study, StudyKind};
use blockscope::record::{Category, Phase, Status, Watched};
use blockscope::units::Bytes;

/// Arms of a tiny model by their toggles.
fn plan(kind: StudyKind, arms: &[&str]) -> Plan {
    let toggles = |list: &str| Toggles::default().with("threads=1").unwrap().with(list).unwrap();
    let arm =
        |list: &&str| PlannedArm { name: (*list).to_owned(), toggles: toggles(list), prompt_tokens: 12, new_tokens: 4 };
    Plan {
        kind,
        arms: arms.iter().map(arm).collect(),
        rounds: Rounds { least: 2, most: 2, width: 0.05 },
        parts: true,
        quality: None,
        seed: 1,
    }
}

fn model() -> Session {
    open(golden("llama").to_str().unwrap(), "")
}

fn study(session: &Session, plan: &Plan) -> (Study, Status) {
    let mut study = Study::default();
    let status = session.study(plan, None, &Control::default(), &mut |event| study.apply(event));
    assert_eq!(study.status.as_ref(), Some(&status));
    (study, status)
}

#[test]
fn arms_are_executed_side_by_side_and_each_has_what_it_takes() {
    let session = model();
    let (study, status) = study(&session, &plan(StudyKind::Compare, &["kv_cache=off", "attention=eager"]));
    assert_eq!(status, Status::Done);
    assert_eq!(study.rounds(), 2);
    assert_eq!(study.samples.len(), 2 * 5);
    assert!(study.samples.iter().all(|sample| sample.ttft.0 > 0 && sample.steps.len() == 3));
    let of_parts: Vec<_> = study.samples.iter().filter(|sample| sample.watched == Watched::Parts).collect();
    let paths = |arm: u32, phase: Phase| -> Vec<&str> {
        let sample = of_parts.iter().find(|sample| sample.arm == arm).unwrap();
        let parts = sample.parts.iter().filter(|part| part.phase == phase);
        parts.map(|part| study.parts[part.part as usize].as_str()).collect()
    };
    assert!(paths(0, Phase::Prefill).contains(&"blocks.1.attn.fused"));
    assert!(paths(1, Phase::Decode).contains(&"blocks.1.attn.softmax"));
    let [uncached, cached] = [0, 1].map(|arm: usize| study.arms[arm].resources.as_deref().copied().unwrap());
    // Every step computes all positions again: 13 + 14 + 15 of them, not three.
    assert!(uncached.decode.flops.0 > 10 * cached.decode.flops.0);
    // Attention apart, the prefill is the same work; both count the full square.
    assert_eq!(uncached.prefill.flops, cached.prefill.flops);
    assert_eq!(uncached.kv_formula, Bytes(0));
    // 2 · 2 blocks · 15 positions · 2 heads · 16 features · 4 bytes.
    assert_eq!(cached.kv_formula, Bytes(7_680));
    assert!(cached.peak.of(Category::KvCache) >= cached.kv_formula);
    assert!(cached.prefill.bytes.0 > 0 && cached.prefill.moved.0 > 0);
}

#[test]
fn the_reference_is_as_good_as_itself_and_what_rounds_is_not() {
    let session = model();
    let arms = ["attention=eager,kv_cache=off", "kv_cache=on", "weights=bf16", "weights=bf16,compute=bf16"];
    let plan = Plan { quality: Some(QualityText::Shipped), ..plan(StudyKind::Matrix, &arms) };
    let (study, status) = study(&session, &plan);
    assert_eq!(status, Status::Done);
    let text = study.header.text.clone().unwrap();
    let quality: Vec<_> = study.arms.iter().map(|arm| arm.quality.unwrap()).collect();
    assert!(quality.iter().all(|quality| quality.positions == text.tokens - 1));
    assert_eq!((quality[0].kl_mean, quality[0].max_logit, quality[0].top1), (0.0, 0.0, 1.0));
    // Read through the cache in pieces, it is the same but for rounding.
    assert!(quality[1].kl_mean < 1e-9 && quality[1].max_logit < 1e-3 && quality[1].top1 > 0.999, "{:?}", quality[1]);
    assert!(quality[2].kl_mean > quality[1].kl_mean);
    assert!(quality[3].kl_mean > quality[2].kl_mean);
    let reference = quality[0].nll;
    assert!(quality.iter().all(|quality| quality.nll_reference == reference));
}

#[test]
fn a_text_of_ones_own_is_named_and_made_up_tokens_are_said_to_be() {
    let own = QualityText::Own { name: "poem.txt".into(), text: "The quick brown fox".into() };
    let with = |text: QualityText| Plan { quality: Some(text), ..plan(StudyKind::Compare, &["", "kv_cache=off"]) };
    let (header, _) = model().begin(&with(own)).unwrap();
    assert_eq!(header.text.unwrap().name, "poem.txt");
    let random = open(&format!("random:{}", golden("llama/config.json").display()), "");
    let (header, _) = random.begin(&with(QualityText::Shipped)).unwrap();
    assert!(header.text.unwrap().name.contains("no tokenizer"));
    let short = QualityText::Own { name: "empty.txt".into(), text: String::new() };
    assert!(model().begin(&with(short)).unwrap_err().to_string().contains("two tokens"));
}

#[test]
fn an_arm_that_cannot_be_is_refused_and_the_others_go_on_but_a_comparison_needs_both() {
    let session = model();
    let mut matrix = plan(StudyKind::Matrix, &["", "compute=bf16", "kv_cache=off"]);
    matrix.arms[2].prompt_tokens = 300;
    let (study_of_one, status) = study(&session, &matrix);
    assert_eq!(status, Status::Done);
    let refused: Vec<_> = study_of_one.arms.iter().map(|arm| arm.refused.clone().unwrap_or_default()).collect();
    assert!(refused[0].is_empty() && refused[1].contains("compute=bf16 needs") && refused[2].contains("context"));
    assert!(study_of_one.samples.iter().all(|sample| sample.arm == 0));
    matrix.kind = StudyKind::Compare;
    let (study, status) = study(&session, &matrix);
    assert!(matches!(status, Status::Failed(why) if why.starts_with("compute=bf16: ")));
    assert!(study.samples.is_empty());
}

/// Ends the study before the execution of this number.
struct Ending<'a> {
    study: Study,
    control: &'a Control,
    after: u32,
}

impl WatchStudy for Ending<'_> {
    fn event(&mut self, event: Event) {
        self.study.apply(event);
    }

    fn progress(&mut self, progress: &Progress) {
        if progress.done == self.after {
            self.control.cancel();
        }
    }
}

#[test]
fn a_study_that_was_cancelled_is_gone_on_with() {
    let session = model();
    let sweep = Plan { parts: false, ..plan(StudyKind::Sweep { over: "prompt_tokens".into() }, &["", "kv_cache=off"]) };
    let control = Control::default();
    // Two warm-ups, two traced, three of the four executions.
    let mut ending = Ending { study: Study::default(), control: &control, after: 7 };
    assert_eq!(session.study(&sweep, None, &control, &mut ending), Status::Cancelled);
    let mut study = ending.study;
    assert_eq!((study.samples.len(), &study.status), (3, &Some(Status::Cancelled)));
    let before = study.clone();
    let mut told = Vec::new();
    let status = session.study(&sweep, Some(&before), &Control::default(), &mut |event| told.push(event));
    assert_eq!(status, Status::Done);
    assert!(matches!(&told[..], [Event::Sample(_), Event::End(Status::Done)]), "{told:?}");
    told.into_iter().for_each(|event| study.apply(event));
    assert_eq!((study.rounds(), study.status), (2, Some(Status::Done)));
    // Another plan is another study.
    let mut other = sweep.clone();
    other.arms[0].prompt_tokens = 13;
    let status = session.study(&other, Some(&before), &Control::default(), &mut |_| {});
    assert!(matches!(status, Status::Failed(why) if why.contains("other arms")));
}
