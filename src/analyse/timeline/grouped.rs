//! Slices of the same name, added up over all tracks.

use super::{Slice, SliceKind, Timeline};
use crate::units::Nanos;

/// All slices of one name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grouped {
    /// Index into the timeline's names.
    pub name: u32,
    pub calls: u64,
    /// Wall time; of those that lie in one of the same name only the outer one counts.
    pub total: Nanos,
    /// Less what lies in them and is grouped too. Adds up over all groups.
    pub own: Nanos,
    /// Of the own time of all groups.
    pub share: f64,
}

impl Timeline {
    /// Operators by name, or `nn.Module`s, or whatever else `wanted` names; most own time first.
    pub fn grouped(&self, wanted: impl Fn(SliceKind) -> bool) -> Vec<Grouped> {
        let empty = |name| Grouped { name, calls: 0, total: Nanos(0), own: Nanos(0), share: 0.0 };
        let mut groups: Vec<Grouped> = (0..self.names.len() as u32).map(empty).collect();
        // How many slices of a name are open.
        let mut open = vec![0u32; self.names.len()];
        for track in &self.tracks {
            let mut stack: Vec<&Slice> = Vec::new();
            for slice in track.slices.iter().filter(|slice| wanted(slice.kind)) {
                while let Some(&outer) =
                    stack.last().filter(|outer| outer.depth >= slice.depth || outer.end() < slice.start)
                {
                    open[outer.name as usize] -= 1;
                    stack.pop();
                }
                let Some(group) = groups.get_mut(slice.name as usize) else { continue };
                group.calls += 1;
                group.own += slice.time;
                if open[slice.name as usize] == 0 {
                    group.total += slice.time;
                }
                if let Some(outer) = stack.last() {
                    let outer = &mut groups[outer.name as usize];
                    outer.own = outer.own - slice.time;
                }
                open[slice.name as usize] += 1;
                stack.push(slice);
            }
            stack.into_iter().for_each(|slice| open[slice.name as usize] -= 1);
        }
        groups.retain(|group| group.calls > 0);
        let whole: Nanos = groups.iter().map(|group| group.own).sum();
        groups.iter_mut().for_each(|group| group.share = group.own.share_of(whole));
        groups.sort_by_key(|group| (std::cmp::Reverse(group.own), group.name));
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::timeline::Track;
    use crate::analyse::timeline::nest::Nest;
    use crate::units::Flops;

    fn timeline(slices: &[(u32, SliceKind, u64, u64)]) -> Timeline {
        let (mut track, mut nest) = (Track::default(), Nest::default());
        for &(name, kind, start, time) in slices {
            let (start, time) = (Nanos(start), Nanos(time));
            let slice = Slice { name, detail: 0, kind, depth: 0, parent: 0, start, time, own: time, flops: Flops(0) };
            nest.push(&mut track, slice, None);
        }
        let names = ["linear", "mm", "Block", "forward"].map(str::to_owned).to_vec();
        Timeline { names, tracks: vec![track.clone(), track], ..Timeline::default() }
    }

    #[test]
    fn calls_and_own_times_add_up_over_tracks() {
        let one = [
            (2, SliceKind::Module, 0, 100),
            (0, SliceKind::Operator, 10, 50),
            (1, SliceKind::Operator, 20, 30),
            (0, SliceKind::Operator, 70, 10),
            (1, SliceKind::Operator, 90, 5),
        ];
        let timeline = timeline(&one);
        let operators = timeline.grouped(|kind| kind == SliceKind::Operator);
        let seen: Vec<_> = operators.iter().map(|g| (g.name, g.calls, g.total.0, g.own.0)).collect();
        assert_eq!(seen, [(1, 4, 70, 70), (0, 4, 120, 60)]);
        assert_eq!(operators.iter().map(|group| group.share).sum::<f64>(), 1.0);
        // Operators are no part of a module's children: its own time is what no other module takes.
        let modules = timeline.grouped(|kind| kind == SliceKind::Module);
        assert_eq!(modules.iter().map(|g| (g.calls, g.own.0)).collect::<Vec<_>>(), [(2, 200)]);
    }

    #[test]
    fn what_calls_itself_is_not_counted_twice() {
        let timeline = timeline(&[
            (0, SliceKind::Operator, 0, 100),
            (3, SliceKind::Function, 5, 90),
            (0, SliceKind::Operator, 10, 40),
        ]);
        let grouped = timeline.grouped(|kind| kind == SliceKind::Operator);
        assert_eq!((grouped[0].calls, grouped[0].total.0, grouped[0].own.0), (4, 200, 200));
        assert!(timeline.grouped(|kind| kind == SliceKind::Kernel).is_empty());
    }
}
