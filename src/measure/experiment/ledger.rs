//! What there is to do, what is done, and how long the rest will take.

use crate::units::Nanos;
use std::collections::BTreeMap;

/// Work that takes about the same time whenever it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// One execution of an arm, however it is watched.
    Execution(u32),
    /// One chunk of a text, read by the decoder of this number.
    Chunk(usize),
}

/// The pieces of a study.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    done: u32,
    pending: BTreeMap<Piece, u32>,
    /// How often each piece was timed, and the times together.
    spent: BTreeMap<Piece, (u32, Nanos)>,
    /// How much work a piece is beside others, in any unit: the best guess before it was timed.
    weights: BTreeMap<Piece, f64>,
}

impl Ledger {
    /// Adds `n` pieces that are to be done, each of so much work.
    pub fn plan(&mut self, piece: Piece, n: u32, weight: f64) {
        *self.pending.entry(piece).or_default() += n;
        self.weights.insert(piece, weight);
    }

    /// One is done and took `time`.
    pub fn learn(&mut self, piece: Piece, time: Nanos) {
        self.done += 1;
        if let Some(pending) = self.pending.get_mut(&piece) {
            *pending = pending.saturating_sub(1);
        }
        let (n, spent) = self.spent.entry(piece).or_default();
        *n += 1;
        *spent += time;
    }

    /// What is left of it will not be needed.
    pub fn forget(&mut self, piece: Piece) {
        self.pending.remove(&piece);
    }

    /// Pieces that are done, and the most that there may be.
    pub fn counts(&self) -> (u32, u32) {
        (self.done, self.done + self.pending.values().sum::<u32>())
    }

    /// The time that what is pending will take: for each piece its mean, and where there is none yet, as much for
    /// its work as the others took for theirs.
    pub fn left(&self) -> Option<Nanos> {
        let weight = |piece: &Piece| self.weights.get(piece).copied().unwrap_or(1.0);
        let (work, time) = self.spent.iter().fold((0.0, 0.0), |(work, time), (piece, (n, spent))| {
            (work + weight(piece) * f64::from(*n), time + spent.seconds())
        });
        if work <= 0.0 {
            return None;
        }
        let seconds = |piece: &Piece| match self.spent.get(piece) {
            Some((n, spent)) => spent.seconds() / f64::from(*n),
            None => weight(piece) * time / work,
        };
        Some(Nanos::from_seconds(self.pending.iter().map(|(piece, n)| seconds(piece) * f64::from(*n)).sum()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_from_what_was_timed_and_guessed_from_the_work_elsewhere() {
        let (short, long) = (Piece::Execution(0), Piece::Execution(1));
        let mut ledger = Ledger::default();
        ledger.plan(short, 3, 1.0);
        ledger.plan(long, 3, 10.0);
        assert_eq!((ledger.counts(), ledger.left()), ((0, 6), None));
        ledger.learn(short, Nanos(1_000));
        assert_eq!((ledger.counts(), ledger.left()), ((1, 6), Some(Nanos(2 * 1_000 + 3 * 10_000))));
        // It was timed since: the guess is forgotten.
        ledger.learn(long, Nanos(4_000));
        assert_eq!(ledger.left(), Some(Nanos(2 * 1_000 + 2 * 4_000)));
        ledger.forget(long);
        assert_eq!((ledger.counts(), ledger.left()), ((2, 4), Some(Nanos(2_000))));
    }
}
