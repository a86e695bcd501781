//! What the traced passes of a run add up to, worked out once when a screen first asks for it.
//!
//! Adding up takes time linear in the operators, so no frame does it, and nothing is added up while a
//! run goes on: that would take time from what is being measured.

use super::grouped_list::Grouping;
use crate::analyse::account::OperatorAccount;
use crate::analyse::findings::{Finding, findings};
use crate::analyse::{Account, Overhead};
use crate::record::{Phase, Run};
use crate::tui::screens::memory::rows::Memory;
use crate::tui::screens::roofline::points::Point;
use std::collections::HashMap;

/// The sums of each phase, as far as they have been asked for.
#[derive(Debug, Clone, Default)]
pub struct Traced {
    /// The version of the run that they are of.
    version: u64,
    /// By phase; the inner one is `None` where no pass of it was traced.
    phases: [Option<Option<Box<Sums>>>; 2],
}

/// The sums of one phase.
#[derive(Debug, Clone)]
pub struct Sums {
    pub account: Account,
    /// What watching cost, where plain passes ran beside the traced ones.
    pub overhead: Option<Overhead>,
    pub memory: Memory,
    /// What stands out in this phase, what would save most first.
    pub findings: Vec<Finding>,
    /// Operators of each part, as indices into those of the account, the slowest first.
    operators: HashMap<Option<u32>, Vec<u32>>,
    /// By grouping, the longest first.
    points: [Vec<Point>; 3],
}

impl Traced {
    /// Works out the sums of a phase of an ended run, unless that is done already.
    pub fn add_up(&mut self, run: &Run, version: u64, phase: Phase) {
        if self.version != version {
            *self = Self { version, ..Self::default() };
        }
        self.phases[phase as usize].get_or_insert_with(|| Sums::of(run, phase).map(Box::new));
    }

    /// The sums of a phase; `None` where no pass of it was traced, or none has been added up.
    pub fn of(&self, phase: Phase) -> Option<&Sums> {
        self.phases[phase as usize].as_ref()?.as_deref()
    }
}

impl Sums {
    fn of(run: &Run, phase: Phase) -> Option<Self> {
        let account = Account::of(run, phase)?;
        let mut operators: HashMap<Option<u32>, Vec<u32>> = HashMap::new();
        for (index, operator) in account.operators.iter().enumerate() {
            operators.entry(operator.part).or_default().push(index as u32);
        }
        Some(Self {
            overhead: Overhead::of(run, phase),
            memory: Memory::of(run, &account),
            findings: findings(run).into_iter().filter(|finding| finding.phase == phase).collect(),
            points: Grouping::ALL.map(|grouping| Point::all(run, &account, grouping)),
            operators,
            account,
        })
    }

    /// The operators that a part called itself, as indices into those of the account, the slowest first.
    pub fn operators_of(&self, part: u32) -> &[u32] {
        self.operators.get(&Some(part)).map_or(&[], Vec::as_slice)
    }

    /// One operator of the account.
    pub fn operator(&self, index: u32) -> &OperatorAccount {
        &self.account.operators[index as usize]
    }

    /// The points of the roofline, the longest first.
    pub fn points(&self, grouping: Grouping) -> &[Point] {
        &self.points[grouping as usize]
    }
}
