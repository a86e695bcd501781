//! What an arm takes beside time, from a traced execution.

use crate::analyse::Account;
use crate::measure::Watch;
use crate::record::study::{PhaseResources, Resources};
use crate::record::{ByCategory, Category, Event, Peaks, Phase, Run};
use crate::units::{Bytes, Nanos};

/// Keeps a traced execution, passes and all, until it is added up.
#[derive(Debug, Default)]
pub struct Traced(Run);

impl Watch for Traced {
    fn event(&mut self, event: Event) {
        self.0.apply(event);
    }
}

impl Traced {
    /// Adds it up. `weights` are those of this arm: those of the others are alive too, but are not its own.
    pub fn resources(&self, weights: Bytes, kv_formula: Bytes, peaks: Option<&Peaks>) -> Resources {
        let of =
            |phase| Account::of(&self.0, phase).map_or_else(Default::default, |account| self.phase(&account, peaks));
        let fullest = self.0.passes.iter().filter_map(|pass| pass.memory.as_ref()).map(|memory| memory.peak().1);
        let mut peak = fullest.max_by_key(ByCategory::total).unwrap_or_default();
        *peak.of_mut(Category::Weights) = weights;
        Resources { prefill: of(Phase::Prefill), decode: of(Phase::Decode), peak, kv_formula }
    }

    fn phase(&self, account: &Account, peaks: Option<&Peaks>) -> PhaseResources {
        let top = || self.0.children(None).filter_map(|part| account.part(part));
        PhaseResources {
            flops: account.flops,
            bytes: top().map(|part| part.bytes).sum(),
            moved: account.operators.iter().filter_map(|operator| operator.moved).sum(),
            floor: peaks.and_then(|peaks| self.floor(account, peaks)),
        }
    }

    /// The innermost parts run one after the other, and none takes less than its products at their roofs or its
    /// bytes at the bandwidth; `None` where a roof is not known.
    fn floor(&self, account: &Account, peaks: &Peaks) -> Option<Nanos> {
        let is_innermost = |part: &u32| self.0.children(Some(*part)).next().is_none();
        let parts = (0..self.0.parts.len() as u32).filter(is_innermost).filter_map(|part| account.part(part));
        let seconds = parts.map(|part| {
            let bandwidth = Some(peaks.bandwidth.best).filter(|&bandwidth| bandwidth > 0.0)?;
            Some(part.products.least(peaks)?.seconds().max(part.bytes.0 as f64 / bandwidth))
        });
        seconds.sum::<Option<f64>>().map(Nanos::from_seconds)
    }
}
