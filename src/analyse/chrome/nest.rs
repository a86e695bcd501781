//! Slices of one thread, as they stand in a file, made to nest strictly: what lies in what, and how deep.
//!
//! Most do nest. Some overlap: times were rounded, a function was entered before its profiler knew, a GPU
//! annotation reaches into the next. What overlaps by a hair is shortened, what overlaps by more goes to a row
//! of its own.

use crate::analyse::timeline::{Slice, SliceKind};
use crate::units::{Flops, Nanos};

/// Rounding: files have had times in steps of up to a microsecond.
const HAIR: i64 = 1000;
/// Rows of rows that one thread may take; in the last one whatever overlaps is shortened.
const MOST_LANES: usize = 8;
/// More levels than any screen or stack has.
const MOST_DEPTH: usize = 1024;

/// A slice before its place is known. Times are in nanoseconds, from whatever zero the file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loose {
    pub start: i64,
    pub end: i64,
    pub name: u32,
    pub detail: u32,
    pub kind: SliceKind,
    pub flops: Flops,
}

/// What had to be done to the slices of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repairs {
    pub shortened: u64,
    pub moved: u64,
    /// Nested too deep to be shown.
    pub dropped: u64,
}

/// Puts slices in their places; `zero` becomes the time 0. Mostly one list, further ones for what overlaps.
pub fn nest(mut loose: Vec<Loose>, zero: i64, repairs: &mut Repairs) -> Vec<Vec<Slice>> {
    // Of those that begin together the longer one comes first; of equals the one that the file has first.
    loose.sort_by_key(|slice| (slice.start, std::cmp::Reverse(slice.end)));
    let mut lanes = Vec::new();
    while !loose.is_empty() {
        let is_last = lanes.len() + 1 == MOST_LANES;
        let (lane, moved) = lane(&loose, zero, is_last, repairs);
        repairs.moved += moved.len() as u64;
        lanes.push(lane);
        loose = moved;
    }
    lanes
}

/// The slices that nest, and those that must lie elsewhere.
fn lane(loose: &[Loose], zero: i64, is_last: bool, repairs: &mut Repairs) -> (Vec<Slice>, Vec<Loose>) {
    let mut slices: Vec<Slice> = Vec::with_capacity(loose.len());
    let mut moved = Vec::new();
    // The slices that are open, with their ends.
    let mut open: Vec<(u32, i64)> = Vec::new();
    let mut last = i64::MIN;
    for slice in loose {
        // What was moved to the right moves what lies in it too.
        let mut start = slice.start.max(last);
        let mut end = slice.end.max(start);
        let mut fits = true;
        // What has ended is over for all that come later too.
        while open.last().is_some_and(|&(_, outer_end)| outer_end <= start) {
            open.pop();
        }
        // How many of the open ones it lies in.
        let mut depth = open.len();
        while let Some(&(_, outer_end)) = open[..depth].last() {
            if outer_end <= start {
                depth -= 1;
            } else if end <= outer_end {
                break;
            } else if end - outer_end <= HAIR.min(outer_end - start) || is_last {
                end = outer_end;
            } else if outer_end - start <= HAIR {
                start = outer_end;
            } else {
                fits = false;
                break;
            }
        }
        if !fits {
            moved.push(*slice);
            continue;
        }
        if depth >= MOST_DEPTH {
            repairs.dropped += 1;
            continue;
        }
        open.truncate(depth);
        repairs.shortened += u64::from((start, end) != (slice.start, slice.end));
        last = start;
        let time = Nanos(start.abs_diff(end));
        let parent = open.last().map_or(Slice::NO_PARENT, |&(parent, _)| parent);
        if let Some(parent) = slices.get_mut(parent as usize) {
            parent.own = parent.own - time;
        }
        let depth = depth as u16;
        open.push((slices.len() as u32, end));
        let Loose { name, detail, kind, flops, .. } = *slice;
        let start = Nanos(u64::try_from(start.saturating_sub(zero)).unwrap_or(0));
        slices.push(Slice { name, detail, kind, depth, parent, start, time, own: time, flops });
    }
    (slices, moved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(start: i64, end: i64) -> Loose {
        Loose { start, end, name: 0, detail: 0, kind: SliceKind::Operator, flops: Flops(0) }
    }

    /// Start, time, own time, depth and parent of each slice.
    type Row = Vec<(u64, u64, u64, u16, u32)>;

    fn nested(ranges: &[(i64, i64)]) -> (Vec<Row>, Repairs) {
        let mut repairs = Repairs::default();
        let lanes = nest(ranges.iter().map(|&(start, end)| loose(start, end)).collect(), 0, &mut repairs);
        let of = |slice: &Slice| (slice.start.0, slice.time.0, slice.own.0, slice.depth, slice.parent);
        (lanes.iter().map(|lane| lane.iter().map(of).collect()).collect(), repairs)
    }

    const NONE: u32 = Slice::NO_PARENT;

    #[test]
    fn slices_find_their_places_in_any_order() {
        let (lanes, repairs) = nested(&[(30, 40), (0, 100), (20, 90), (20, 30), (100, 110)]);
        assert_eq!(
            lanes,
            [[
                (0, 100, 30, 0, NONE),
                (20, 70, 50, 1, 0),
                (20, 10, 10, 2, 1),
                (30, 10, 10, 2, 1),
                (100, 10, 10, 0, NONE)
            ]]
        );
        assert_eq!(repairs, Repairs::default());
    }

    #[test]
    fn a_slice_without_length_lies_where_it_is() {
        let (lanes, repairs) = nested(&[(0, 10), (5, 5), (10, 10), (10, 20), (20, 20)]);
        assert_eq!(
            lanes,
            [[(0, 10, 10, 0, NONE), (5, 0, 0, 1, 0), (10, 10, 10, 0, NONE), (10, 0, 0, 1, 2), (20, 0, 0, 0, NONE)]]
        );
        assert_eq!(repairs, Repairs::default());
    }

    #[test]
    fn what_overlaps_by_a_hair_is_shortened() {
        // The second begins before the first ends; what lies in it goes along.
        let (lanes, repairs) = nested(&[(0, 5000), (4800, 9000), (4900, 4950), (6000, 9300)]);
        assert_eq!(
            lanes,
            [[(0, 5000, 5000, 0, NONE), (5000, 4000, 1000, 0, NONE), (5000, 0, 0, 1, 1), (6000, 3000, 3000, 1, 1)]]
        );
        assert_eq!(repairs, Repairs { shortened: 3, ..Repairs::default() });
    }

    #[test]
    fn what_overlaps_by_more_goes_to_a_row_of_its_own() {
        let (lanes, repairs) = nested(&[(0, 50_000), (40_000, 90_000), (45_000, 48_000)]);
        assert_eq!(
            lanes,
            [vec![(0, 50_000, 47_000, 0, NONE), (45_000, 3000, 3000, 1, 0)], vec![(40_000, 50_000, 50_000, 0, NONE)]]
        );
        assert_eq!(repairs, Repairs { moved: 1, ..Repairs::default() });
    }

    #[test]
    fn the_worst_overlaps_end_in_a_bounded_number_of_rows() {
        let stairs: Vec<(i64, i64)> = (0..1000).map(|n| (n * 10_000, n * 10_000 + 5_000_000)).collect();
        let (lanes, repairs) = nested(&stairs);
        assert_eq!(lanes.len(), MOST_LANES);
        assert_eq!(lanes.iter().map(Vec::len).sum::<usize>() as u64 + repairs.dropped, 1000);
        let deep: Vec<(i64, i64)> = (0..5000).map(|n| (n, 10_000 - n)).collect();
        let (lanes, repairs) = nested(&deep);
        assert_eq!((lanes[0].len(), repairs.dropped), (MOST_DEPTH, 5000 - MOST_DEPTH as u64));
        let extremes = [(i64::MIN / 2, i64::MAX / 2), (i64::MAX / 2, i64::MAX / 2), (i64::MIN / 2, i64::MIN / 2)];
        assert_eq!(nested(&extremes).0[0].len(), 3);
    }

    /// Random slices: whatever comes in, what comes out nests.
    #[test]
    fn what_comes_out_nests_strictly() {
        let mut state = 1u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below) as i64
        };
        for _ in 0..200 {
            let slices: Vec<Loose> = (0..50)
                .map(|_| {
                    let start = random(20_000);
                    loose(start, start + random(20_000))
                })
                .collect();
            let mut repairs = Repairs::default();
            for lane in nest(slices, 0, &mut repairs) {
                let mut inside = vec![Nanos(0); lane.len()];
                for (index, slice) in lane.iter().enumerate() {
                    assert!(index == 0 || lane[index - 1].start <= slice.start);
                    if slice.parent == NONE {
                        assert_eq!(slice.depth, 0);
                        continue;
                    }
                    let parent = &lane[slice.parent as usize];
                    assert!((slice.parent as usize) < index && slice.depth == parent.depth + 1);
                    assert!(parent.start <= slice.start && slice.end() <= parent.end());
                    inside[slice.parent as usize] += slice.time;
                }
                for (slice, inside) in lane.iter().zip(inside) {
                    assert_eq!(slice.own + inside, slice.time);
                }
            }
        }
    }
}
