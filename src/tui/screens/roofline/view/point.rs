//! A point of the roofline in words.

use crate::analyse::roofline::Bound;
use crate::arch::path::full_name_of;
use crate::tui::sanitize;
use crate::tui::screens::roofline::points::Point;

/// The name of a point on the screen.
pub fn name(point: &Point) -> String {
    match point.name.contains("::") {
        true => sanitize::label(&point.name),
        false => sanitize::label(&full_name_of(&point.name)),
    }
}

/// What holds a point back, in a word.
pub fn bound(point: &Point) -> &'static str {
    match (point.standing.map(|standing| standing.bound), point.flops) {
        (Some(Bound::Memory), Some(flops)) if flops.0 == 0 => "of bandwidth",
        (Some(Bound::Memory), _) => "memory",
        (Some(Bound::Compute), _) => "compute",
        (None, _) => "–",
    }
}
