//! Lays slices into one another as they come, so that a track nests strictly whatever was recorded.

use super::{Slice, Track};
use crate::units::Nanos;

/// The slices of one track that have begun and not ended, outermost first.
#[derive(Debug, Clone, Default)]
pub struct Nest {
    open: Vec<Open>,
    /// Where the last slice of each row ended.
    ends: Vec<Nanos>,
    /// How many slices reached over the one that they lie in, or into the one beside, and were shortened.
    pub shortened: u64,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    slice: u32,
    end: Nanos,
    level: Option<u32>,
}

impl Nest {
    /// Puts a slice behind the others of its track and returns its index; slices come by start, the outer
    /// of two that begin together first. Where levels are known, nothing lies in a slice of its own level
    /// or a deeper one. `depth`, `parent` and `own` are filled in, whatever they were.
    pub fn push(&mut self, track: &mut Track, mut slice: Slice, level: Option<u32>) -> u32 {
        while let Some(open) = self.open.last() {
            let is_over = open.end < slice.start || open.end == slice.start && slice.time.0 > 0;
            let is_beside = level.zip(open.level).is_some_and(|(level, other)| other >= level);
            if !is_over && !is_beside {
                break;
            }
            self.open.pop();
        }
        // A row for every number of 16 bits; what lies deeper than that hangs beside the deepest.
        self.open.truncate(usize::from(u16::MAX) - 1);
        let depth = self.open.len();
        if self.ends.len() <= depth {
            self.ends.resize(depth + 1, Nanos(0));
        }
        let mut end = slice.end();
        let mut start = slice.start.max(self.ends[depth]);
        if let Some(outer) = self.open.last() {
            start = start.max(track.slices[outer.slice as usize].start).min(outer.end);
            end = end.min(outer.end);
        }
        end = end.max(start);
        self.shortened += u64::from(end - start != slice.time);
        (slice.start, slice.time, slice.own) = (start, end - start, end - start);
        slice.depth = depth as u16;
        slice.parent = self.open.last().map_or(Slice::NO_PARENT, |outer| outer.slice);
        if let Some(outer) = track.slices.get_mut(slice.parent as usize) {
            outer.own = outer.own - slice.time;
        }
        let index = track.slices.len() as u32;
        track.slices.push(slice);
        track.rows = track.rows.max(slice.depth + 1);
        self.ends[depth] = end;
        // What lay in an earlier slice of this row does not bound what lies in this one.
        self.ends.truncate(depth + 1);
        self.open.push(Open { slice: index, end, level });
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::timeline::SliceKind;
    use crate::units::Flops;

    fn slice(start: u64, time: u64) -> Slice {
        Slice {
            name: 0,
            detail: 0,
            kind: SliceKind::Operator,
            depth: 9,
            parent: 9,
            start: Nanos(start),
            time: Nanos(time),
            own: Nanos(9),
            flops: Flops(0),
        }
    }

    fn nested(slices: &[(u64, u64, Option<u32>)]) -> (Track, u64) {
        let (mut track, mut nest) = (Track::default(), Nest::default());
        for &(start, time, level) in slices {
            nest.push(&mut track, slice(start, time), level);
        }
        (track, nest.shortened)
    }

    #[test]
    fn what_lies_in_a_slice_is_its_child_and_takes_from_its_own_time() {
        let (track, shortened) =
            nested(&[(0, 100, None), (0, 40, None), (10, 20, None), (40, 60, None), (100, 5, None)]);
        let seen: Vec<_> = track.slices.iter().map(|s| (s.depth, s.parent, s.own.0)).collect();
        assert_eq!(seen, [(0, u32::MAX, 0), (1, 0, 20), (2, 1, 20), (1, 0, 60), (0, u32::MAX, 5)]);
        assert_eq!((track.rows, shortened), (3, 0));
    }

    #[test]
    fn of_slices_that_take_no_time_the_level_tells_which_is_inside() {
        let (track, _) = nested(&[(0, 10, Some(0)), (10, 0, Some(1)), (10, 0, Some(2)), (10, 0, Some(1))]);
        assert_eq!(track.slices.iter().map(|s| s.depth).collect::<Vec<_>>(), [0, 1, 2, 1]);
    }

    #[test]
    fn what_overlaps_is_shortened_and_counted() {
        let (track, shortened) = nested(&[(0, 10, Some(1)), (5, 10, Some(1)), (6, 100, Some(2)), (7, 1, Some(1))]);
        assert_eq!(shortened, 2 + 1);
        assert_strict(&track);
        let (track, _) = nested(&[(0, u64::MAX, None), (5, u64::MAX, None), (u64::MAX, 7, None)]);
        assert_strict(&track);
    }

    #[test]
    fn any_slices_by_start_nest_strictly() {
        let mut seed = 1u64;
        let mut random = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for _ in 0..200 {
            let mut slices: Vec<_> =
                (0..50).map(|_| (random(60), random(30), (random(3) > 0).then(|| random(4) as u32))).collect();
            slices.sort_unstable();
            assert_strict(&nested(&slices).0);
        }
    }

    fn assert_strict(track: &Track) {
        assert!(track.slices.is_sorted_by_key(|slice| slice.start));
        let mut ends = vec![Nanos(0); usize::from(track.rows)];
        for slice in &track.slices {
            assert!(slice.start >= ends[usize::from(slice.depth)], "neighbours overlap");
            ends[usize::from(slice.depth)] = slice.end();
            if slice.parent != Slice::NO_PARENT {
                let outer = track.slices[slice.parent as usize];
                assert!(outer.start <= slice.start && slice.end() <= outer.end() && outer.depth + 1 == slice.depth);
            } else {
                assert_eq!(slice.depth, 0);
            }
        }
    }
}
