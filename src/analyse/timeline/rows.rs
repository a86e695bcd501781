//! The slices of a track by depth: what lies in any stretch of any row is found at once, however many there are.

use super::{Slice, Track};
use crate::units::Nanos;
use std::ops::Range;

/// Of so many slices in one stretch the longest is looked for; of more, one of the first.
const LOOKED_AT: usize = 16;

/// The rows of one track, the outermost first.
#[derive(Debug, Clone, Default)]
pub struct Rows(Vec<Row>);

/// The slices of one depth, by start; they do not overlap.
#[derive(Debug, Clone, Default)]
struct Row {
    /// As indices into the track.
    slices: Vec<u32>,
    /// The time of all slices before each of these, and of all.
    busy: Vec<Nanos>,
}

/// What lies in a stretch of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// The longest of them, as an index into the track.
    pub slice: u32,
    pub slices: usize,
    /// Time of the stretch that is covered.
    pub busy: Nanos,
}

impl Rows {
    pub fn of(track: &Track) -> Self {
        let mut rows = vec![Row { slices: Vec::new(), busy: vec![Nanos(0)] }; usize::from(track.rows)];
        for (index, slice) in track.slices.iter().enumerate() {
            let row = &mut rows[usize::from(slice.depth)];
            row.slices.push(index as u32);
            let before = row.busy.last().copied().unwrap_or_default();
            row.busy.push(before + slice.time);
        }
        Self(rows)
    }

    /// The slices of a row, as indices into the track.
    pub fn slices(&self, depth: u16) -> &[u32] {
        self.0.get(usize::from(depth)).map_or(&[], |row| &row.slices)
    }

    /// Which of [`Self::slices`] lie, at least partly, from `from` up to `to`.
    pub fn within(&self, track: &Track, depth: u16, from: Nanos, to: Nanos) -> Range<usize> {
        let slices = self.slices(depth);
        let at = |index: &u32| &track.slices[*index as usize];
        let first = slices.partition_point(|index| at(index).end() <= from && at(index).start < from);
        let end = first + slices[first..].partition_point(|index| at(index).start < to);
        first..end
    }

    /// What lies from `from` up to `to`; `None` if nothing does.
    pub fn seen(&self, track: &Track, depth: u16, from: Nanos, to: Nanos) -> Option<Coverage> {
        let range = self.within(track, depth, from, to);
        let row = self.0.get(usize::from(depth))?;
        let (first, last) = (*row.slices.get(range.start)?, *row.slices.get(range.clone().last()?)?);
        let of = |index: u32| &track.slices[index as usize];
        let outside = |slice: &Slice| (from - slice.start) + (slice.end() - to);
        let mut busy = row.busy[range.end] - row.busy[range.start];
        busy = busy - outside(of(first));
        if last != first {
            busy = busy - outside(of(last));
        }
        let candidates = &row.slices[range.start..range.end.min(range.start + LOOKED_AT)];
        let covers = |slice: &Slice| slice.time - outside(slice);
        let slice = candidates.iter().copied().rev().max_by_key(|&index| covers(of(index)))?;
        Some(Coverage { slice, slices: range.len(), busy })
    }

    /// The slices directly inside a slice, as indices into the track.
    pub fn inside<'a>(&'a self, track: &'a Track, slice: u32) -> impl Iterator<Item = u32> + 'a {
        let outer = track.slices[slice as usize];
        let range = self.within(track, outer.depth + 1, outer.start, Nanos(outer.end().0.saturating_add(1)));
        let row = self.slices(outer.depth + 1);
        row[range].iter().copied().filter(move |&index| track.slices[index as usize].parent == slice)
    }

    /// The slice before (`by` −1) or after (`by` 1) another one in its row.
    pub fn beside(&self, track: &Track, slice: u32, by: isize) -> Option<u32> {
        let row = self.slices(track.slices[slice as usize].depth);
        let at = row.binary_search(&slice).ok()?;
        row.get(at.checked_add_signed(by)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::timeline::{Nest, SliceKind};
    use crate::units::Flops;

    /// Ten slices of 8 ns, one each 10 ns, with one of 2 ns in each, in one that holds them all.
    fn track() -> Track {
        let (mut track, mut nest) = (Track::default(), Nest::default());
        let mut push = |start, time| {
            let (start, time) = (Nanos(start), Nanos(time));
            let kind = SliceKind::Operator;
            let slice =
                Slice { name: 0, detail: 0, kind, depth: 0, parent: 0, start, time, own: time, flops: Flops(0) };
            nest.push(&mut track, slice, None);
        };
        push(0, 100);
        for at in 0..10 {
            push(10 * at + 1, 8);
            push(10 * at + 3, 2);
        }
        track
    }

    #[test]
    fn what_lies_in_a_stretch_is_found_with_the_time_it_covers() {
        let track = track();
        let rows = Rows::of(&track);
        let seen = |depth, from, to| rows.seen(&track, depth, Nanos(from), Nanos(to));
        assert_eq!(seen(0, 20, 30), Some(Coverage { slice: 0, slices: 1, busy: Nanos(10) }));
        // From within the first to within the third: 4 + 8 + 3 ns.
        assert_eq!(seen(1, 5, 24), Some(Coverage { slice: 3, slices: 3, busy: Nanos(4 + 8 + 3) }));
        assert_eq!(seen(1, 9, 11), None, "between two of them");
        assert_eq!(seen(1, 100, 200), None);
        assert_eq!(seen(2, 0, 100).map(|seen| (seen.slices, seen.busy)), Some((10, Nanos(20))));
        assert_eq!(seen(7, 0, 100), None, "there is no such row");
    }

    #[test]
    fn neighbours_and_children_are_those_of_the_row() {
        let track = track();
        let rows = Rows::of(&track);
        assert_eq!(rows.inside(&track, 0).count(), 10);
        assert_eq!(rows.inside(&track, 3).collect::<Vec<_>>(), [4]);
        assert_eq!((rows.beside(&track, 3, 1), rows.beside(&track, 3, -1)), (Some(5), Some(1)));
        assert_eq!((rows.beside(&track, 1, -1), rows.beside(&track, 19, 1)), (None, None));
    }

    #[test]
    fn a_slice_that_takes_no_time_is_found_where_it_lies() {
        let (mut track, mut nest) = (Track::default(), Nest::default());
        for start in [5, 7] {
            let (start, time) = (Nanos(start), Nanos(0));
            let kind = SliceKind::Operator;
            let slice =
                Slice { name: 0, detail: 0, kind, depth: 0, parent: 0, start, time, own: time, flops: Flops(0) };
            nest.push(&mut track, slice, None);
        }
        let rows = Rows::of(&track);
        assert_eq!(rows.seen(&track, 0, Nanos(5), Nanos(6)), Some(Coverage { slice: 0, slices: 1, busy: Nanos(0) }));
        assert_eq!(rows.seen(&track, 0, Nanos(6), Nanos(7)), None);
    }
}
