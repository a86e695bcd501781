//! The schedule with arms that only say that they ran, and a clock that only they move.

use super::*;
use crate::arch::Toggles;
use crate::engine::Error;
use crate::measure::{PlannedArm, Rounds};
use crate::record::study::Arm;
use std::cell::Cell;

/// Arm `n` takes n + 1 seconds; the execution of this number, from 0, is cancelled.
struct Fake<'c> {
    clock: &'c Cell<u64>,
    ran: Vec<(u32, Watched)>,
    cancelled_at: usize,
}

impl Fake<'_> {
    fn run(&mut self, arm: u32, watched: Watched) -> Result<()> {
        if self.ran.len() == self.cancelled_at {
            return Err(Error::Cancelled);
        }
        self.ran.push((arm, watched));
        self.clock.set(self.clock.get() + u64::from(arm + 1) * 1_000_000_000);
        Ok(())
    }
}

impl Execute for Fake<'_> {
    fn execute(&mut self, arm: u32, watched: Watched) -> Result<Execution> {
        self.run(arm, watched)?;
        let parts = if watched.has_parts() { vec![("embed".to_owned(), Phase::Prefill, Nanos(7))] } else { vec![] };
        Ok(Execution { ttft: Nanos(u64::from(arm)), steps: vec![Nanos(1)], parts })
    }

    fn trace(&mut self, arm: u32) -> Result<Resources> {
        self.run(arm, Watched::Operators).map(|()| Resources::default())
    }
}

/// Keeps what it is told.
#[derive(Default)]
struct Listener {
    events: Vec<Event>,
    progress: Vec<Progress>,
}

impl WatchStudy for Listener {
    fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    fn progress(&mut self, progress: &Progress) {
        self.progress.push(progress.clone());
    }
}

fn plan(kind: StudyKind, arms: u32, rounds: u32, parts: bool) -> Plan {
    let arm = |number: u32| PlannedArm {
        name: number.to_string(),
        toggles: Toggles::default(),
        prompt_tokens: 1,
        new_tokens: 1,
    };
    let rounds = Rounds { least: 1, most: rounds, width: 0.1 };
    Plan { kind, arms: (0..arms).map(arm).collect(), rounds, parts, quality: None, seed: 3 }
}

fn begun(plan: &Plan) -> Study {
    let arm = |arm: &PlannedArm| Arm { name: arm.name.clone(), ..Arm::default() };
    Study { arms: plan.arms.iter().map(arm).collect(), ..Study::default() }
}

struct Ended {
    study: Study,
    told: Listener,
    ran: Vec<(u32, Watched)>,
    cancelled: bool,
}

/// Goes on with `study` until it ends, or until the execution of this number.
fn go_on(plan: &Plan, study: Study, cancelled_at: usize, enough: &dyn Fn(&Study) -> bool) -> Ended {
    let clock = Cell::new(0);
    let (mut told, mut fake) = (Listener::default(), Fake { clock: &clock, ran: Vec::new(), cancelled_at });
    let mut now = || Nanos(clock.get());
    let mut schedule = Schedule { plan, study, ledger: Ledger::default(), watch: &mut told, now: &mut now, enough };
    schedule.plan(|arm| f64::from(arm + 1));
    let cancelled = matches!(schedule.run(&mut fake), Err(Error::Cancelled));
    let (study, ran) = (schedule.study, fake.ran);
    Ended { study, told, ran, cancelled }
}

fn whole(plan: &Plan) -> Ended {
    go_on(plan, begun(plan), usize::MAX, &|_| false)
}

/// What a round consists of, in the order in which it was executed.
fn round(study: &Study, round: u32) -> Vec<(u32, bool, Watched)> {
    let of = study.samples.iter().filter(|sample| sample.round == round);
    of.map(|sample| (sample.arm, sample.again, sample.watched)).collect()
}

fn sorted(mut round: Vec<(u32, bool, Watched)>) -> Vec<(u32, bool, Watched)> {
    round.sort_unstable();
    round
}

#[test]
fn a_round_is_every_arm_and_the_baseline_twice_in_an_order_of_its_own() {
    let ended = whole(&plan(StudyKind::Compare, 3, 8, true));
    let (plain, parts) = (Watched::Plain, Watched::Parts);
    let everything = [
        (0, false, plain),
        (0, false, parts),
        (0, true, plain),
        (1, false, plain),
        (1, false, parts),
        (2, false, plain),
        (2, false, parts),
    ];
    let orders: Vec<_> = (0..8).map(|number| round(&ended.study, number)).collect();
    assert!(orders.iter().all(|order| sorted(order.clone()) == everything));
    assert!(orders.iter().any(|order| *order != orders[0]), "one order for all rounds");
    assert_eq!(ended.study.rounds(), 8);
    let again = whole(&plan(StudyKind::Compare, 3, 8, true));
    assert_eq!(again.study.samples, ended.study.samples, "the same seed, the same order");
    let other = Plan { seed: 4, ..plan(StudyKind::Compare, 3, 8, true) };
    assert_ne!(whole(&other).study.samples, ended.study.samples);
}

#[test]
fn every_arm_is_warmed_up_and_traced_before_the_first_round() {
    let ended = whole(&plan(StudyKind::Matrix, 2, 1, false));
    let (plain, operators) = (Watched::Plain, Watched::Operators);
    assert_eq!(ended.ran[..4], [(0, plain), (1, plain), (0, operators), (1, operators)]);
    assert!(ended.study.arms.iter().all(|arm| arm.resources.is_some()));
    assert_eq!(ended.ran.len(), 4 + 3);
}

#[test]
fn a_sweep_repeats_no_baseline_and_refused_arms_are_left_out() {
    let plan = plan(StudyKind::Sweep { over: "prompt_tokens".into() }, 3, 2, false);
    let mut study = begun(&plan);
    study.arms[1].refused = Some("too long".into());
    let ended = go_on(&plan, study, usize::MAX, &|_| false);
    assert_eq!(sorted(round(&ended.study, 1)), [(0, false, Watched::Plain), (2, false, Watched::Plain)]);
    assert!(ended.ran.iter().all(|(arm, _)| *arm != 1));
}

#[test]
fn parts_are_told_once_and_numbered_in_that_order() {
    let ended = whole(&plan(StudyKind::Compare, 2, 2, true));
    let parts: Vec<_> = ended.told.events.iter().filter(|event| matches!(event, Event::Part(_))).collect();
    assert_eq!(parts, [&Event::Part("embed".into())]);
    let of_parts = ended.study.samples.iter().filter(|sample| sample.watched == Watched::Parts);
    let part = PartTime { part: 0, phase: Phase::Prefill, time: Nanos(7) };
    assert!(of_parts.clone().all(|sample| sample.parts == [part]) && of_parts.count() == 4);
}

#[test]
fn rounds_end_when_enough_is_known_but_not_before_the_least() {
    let plan = Plan { rounds: Rounds { least: 7, most: 12, width: 0.1 }, ..plan(StudyKind::Compare, 2, 9, false) };
    let after = |rounds: u32| go_on(&plan, begun(&plan), usize::MAX, &move |study: &Study| study.rounds() >= rounds);
    assert_eq!(after(0).study.rounds(), 7);
    assert_eq!(after(9).study.rounds(), 9);
    assert_eq!(after(99).study.rounds(), 12);
    // Nothing is missing then: nothing is executed either.
    assert_eq!(go_on(&plan, after(9).study, usize::MAX, &|study| study.rounds() >= 9).ran, []);
}

#[test]
fn there_are_enough_rounds_to_tell_one_of_many_rows() {
    let rounds = |kind: StudyKind, arms: u32| {
        let plan = Plan { rounds: Rounds { least: 1, most: 20, width: 0.1 }, ..plan(kind, arms, 9, false) };
        go_on(&plan, begun(&plan), usize::MAX, &|_| true).study.rounds()
    };
    // 2 of 2⁶ is below 5%, 2 of 2⁸ below a sixth of that.
    assert_eq!((rounds(StudyKind::Compare, 2), rounds(StudyKind::Matrix, 7)), (6, 8));
    assert_eq!(rounds(StudyKind::Sweep { over: "prompt_tokens".into() }, 7), 1, "a sweep has no verdicts");
}

#[test]
fn what_a_cancel_left_is_whole_and_a_comparison_goes_on_with_a_new_round() {
    let plan = plan(StudyKind::Compare, 2, 3, false);
    // Two warm-ups, two traced, a round of three, and one execution of the second round.
    let first = go_on(&plan, begun(&plan), 8, &|_| false);
    assert!(first.cancelled && first.study.samples.len() == 4);
    let second = go_on(&plan, first.study, usize::MAX, &|_| false);
    assert!(!second.cancelled);
    // Both arms are warmed up again; nothing is traced again.
    assert_eq!(second.ran[..2], [(0, Watched::Plain), (1, Watched::Plain)]);
    assert_eq!(second.ran.len(), 2 + 2 * 3);
    let lengths: Vec<usize> = (0..5).map(|number| round(&second.study, number).len()).collect();
    assert_eq!(lengths, [3, 1, 3, 3, 0], "the interrupted round is left as it was");
}

#[test]
fn a_sweep_completes_the_round_that_was_interrupted() {
    let plan = plan(StudyKind::Sweep { over: "prompt_tokens".into() }, 3, 2, false);
    let first = go_on(&plan, begun(&plan), 8, &|_| false);
    assert!(first.cancelled && first.study.samples.len() == 2);
    let done: Vec<u32> = first.study.samples.iter().map(|sample| sample.arm).collect();
    let second = go_on(&plan, first.study, usize::MAX, &|_| false);
    assert_eq!(second.study.samples.len(), 6);
    assert_eq!(second.ran.len(), 3 + 4);
    assert!(!done.contains(&second.study.samples[2].arm), "only what was missing");
    assert_eq!(second.study.samples, whole(&plan).study.samples, "as if nothing had happened");
}

#[test]
fn what_is_left_is_told_before_every_execution() {
    let ended = whole(&plan(StudyKind::Compare, 2, 2, false));
    let told = &ended.told.progress;
    // Arm 0 takes one second and runs 1 + 1 + 2·2 times, arm 1 takes two and runs 1 + 1 + 2 times.
    assert_eq!((told[0].done, told[0].most, told[0].left), (0, 10, None));
    assert_eq!((told[1].done, told[1].left), (1, Some(Nanos(13_000_000_000))));
    assert_eq!(told[1].stage, "warm-up · 1");
    let last = told.last().unwrap();
    assert_eq!((last.done, last.most), (9, 10));
    assert_eq!(last.left, Some(Nanos(if last.stage == "round 2 · 1" { 2_000_000_000 } else { 1_000_000_000 })));
}
