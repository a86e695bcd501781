//! What two arms have in common: the rounds in which both were executed.

use super::both::Both;
use super::figure::Figure;
use crate::analyse::statistics::{LEVEL, Samples, noise_floor};
use crate::record::event::Watched;
use crate::record::quartiles::Quartiles;
use crate::record::study::{Pairing, Sample, Study};
use crate::units::Nanos;
use std::collections::BTreeMap;

/// Something of every execution of two arms, by round: of the baseline, the candidate, and the baseline again.
pub(super) struct Rounds<T> {
    pub(super) pairing: Pairing,
    pub(super) rounds: BTreeMap<u32, [Option<T>; 3]>,
}

/// The place of an execution in its round.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Baseline,
    Candidate,
    Again,
}

impl Role {
    /// What a sample is for these arms; one arm may be compared with itself.
    pub(super) fn all(sample: &Sample, arms: Both<u32>) -> impl Iterator<Item = Role> {
        let is = |arm: u32, again: bool| sample.arm == arm && sample.again == again;
        let baseline = is(arms.baseline, false).then_some(Role::Baseline);
        let candidate = is(arms.candidate, false).then_some(Role::Candidate);
        let again = is(arms.baseline, true).then_some(Role::Again);
        [baseline, candidate, again].into_iter().flatten()
    }
}

impl<T: Copy> Rounds<T> {
    pub(super) fn new(pairing: Pairing) -> Self {
        Self { pairing, rounds: BTreeMap::new() }
    }

    pub(super) fn of_mut(&mut self, round: u32, role: Role) -> &mut Option<T> {
        &mut self.rounds.entry(round).or_insert([None; 3])[role as usize]
    }

    pub(super) fn map<U>(&self, of: impl Fn(Role, T) -> Option<U>) -> Rounds<U> {
        let one = |values: &[Option<T>; 3], role: Role| values[role as usize].and_then(|value| of(role, value));
        let all =
            |values: &[Option<T>; 3]| [Role::Baseline, Role::Candidate, Role::Again].map(|role| one(values, role));
        Rounds {
            pairing: self.pairing,
            rounds: self.rounds.iter().map(|(round, values)| (*round, all(values))).collect(),
        }
    }

    /// Of one arm: in the rounds that have both, where there are such, so that what stands beside a ratio is what it
    /// was made of.
    pub(super) fn side(&self, role: Role) -> impl Iterator<Item = T> {
        let paired = self.pairing == Pairing::Interleaved && self.pairs(Role::Candidate).next().is_some();
        let is_whole = |values: &&[Option<T>; 3]| {
            values[Role::Baseline as usize].is_some() && values[Role::Candidate as usize].is_some()
        };
        let rounds = self.rounds.values().filter(move |values| !paired || is_whole(values));
        rounds.filter_map(move |values| values[role as usize])
    }

    /// The baseline and another one in the same round.
    pub(super) fn pairs(&self, other: Role) -> impl Iterator<Item = (T, T)> {
        self.rounds.values().filter_map(move |values| Some((values[Role::Baseline as usize]?, values[other as usize]?)))
    }
}

impl<'s> Rounds<&'s Sample> {
    /// The samples that headline numbers come from: plain ones where both arms have some, else those whose parts were
    /// timed; and whether they are plain.
    pub(super) fn headline(study: &'s Study, arms: Both<u32>) -> (Self, bool) {
        let has_plain = |arm: u32| study.samples.iter().any(|s| s.arm == arm && s.watched == Watched::Plain);
        let plain = has_plain(arms.baseline) && has_plain(arms.candidate);
        let mut rounds = Self::new(study.header.pairing);
        for sample in study.samples.iter().filter(|sample| (sample.watched == Watched::Plain) == plain) {
            Role::all(sample, arms).for_each(|role| *rounds.of_mut(sample.round, role) = Some(sample));
        }
        (rounds, plain)
    }

    pub(super) fn times(&self, of: impl Fn(&Sample) -> Option<Nanos>) -> Rounds<Nanos> {
        self.map(|_, sample| of(sample))
    }
}

impl Rounds<f64> {
    pub(super) fn samples(&self) -> Samples {
        match self.pairing {
            Pairing::Interleaved => Samples::Paired(self.pairs(Role::Candidate).collect()),
            Pairing::Separate => Samples::Separate {
                baseline: self.side(Role::Baseline).collect(),
                candidate: self.side(Role::Candidate).collect(),
            },
        }
    }
}

impl Rounds<Nanos> {
    pub(super) fn samples(&self) -> Samples {
        self.map(|_, time| Some(time.seconds())).samples()
    }

    pub(super) fn sides(&self) -> Both<Option<Quartiles>> {
        Both { baseline: Role::Baseline, candidate: Role::Candidate }
            .map(|role| Quartiles::of(&self.side(role).collect::<Vec<_>>()))
    }

    /// How far the baseline is from itself.
    pub(super) fn floor(&self) -> Option<f64> {
        noise_floor(&Samples::paired(self.pairs(Role::Again)))
    }

    pub(super) fn figure(&self) -> Figure {
        Figure::of(&self.samples(), self.sides(), self.floor(), LEVEL)
    }
}
