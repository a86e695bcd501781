//! How the points of a sweep are gone through.

use crate::analyse::sweep::Sweep;

/// What is selected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    /// A point, counted from the left.
    pub point: usize,
}

/// Every point as its series and its place there: from left to right, at one x one series after the other.
pub fn places(sweep: &Sweep) -> Vec<(usize, usize)> {
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (series, own) in sweep.series.iter().enumerate() {
        places.extend((0..own.points.len()).map(|point| (series, point)));
    }
    places.sort_by(|a, b| {
        let x = |(series, point): &(usize, usize)| sweep.series[*series].points[*point].x;
        x(a).total_cmp(&x(b)).then(a.0.cmp(&b.0))
    });
    places
}
