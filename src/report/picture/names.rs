//! Names beside marks, where they cover neither a mark nor one another.

use super::scene::{Area, At, Form, Label, Mark, Scene, Side};
use super::style::{Colour, RULE, SMALL};
use std::f64::consts::TAU;

/// A mark that wants a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub at: At,
    /// Of its mark.
    pub radius: f64,
    pub name: String,
    pub colour: Colour,
}

/// How far from its mark a name may stand; farther than the first, a thread leads to it.
const AWAY: [f64; 9] = [3.0, 12.0, 22.0, 34.0, 48.0, 64.0, 84.0, 110.0, 140.0];
/// Directions that are tried, beginning with the right.
const DIRECTIONS: u32 = 16;

/// Writes the names into `field`, the most important ones first, clear of what else is `taken` and of `lines`, over
/// which a thread may lead. Those for which there is no room are left out; how many these are.
pub fn place(scene: &mut Scene, field: Area, wanted: &[Wanted], others: &[Area], lines: &[Area]) -> usize {
    let mut taken: Vec<Area> = wanted
        .iter()
        .map(|one| Mark { at: one.at, radius: one.radius, form: Form::Disc, colour: one.colour, filled: true }.area())
        .collect();
    taken.extend(others);
    let mut threads: Vec<Segment> = Vec::new();
    let mut left_out = 0;
    for one in wanted {
        let places = || AWAY.iter().flat_map(|&away| order().map(move |turn| (away, candidate(one, away, turn))));
        let free = |area: &Area| {
            field.holds(area)
                && taken.iter().chain(lines).all(|other| !other.meets(area))
                && threads.iter().all(|other| !crosses(area, *other))
        };
        // A thread may lead over a mark where there is no other way, but over no name.
        let leads = |away: f64, area: &Area, over: usize| {
            let thread = Segment { from: one.at, to: nearest(area, one.at) };
            let is_apart = threads.iter().all(|other| !cross(*other, thread));
            away <= AWAY[0]
                || is_apart && taken[over..].iter().all(|other| holds(other, one.at) || !crosses(other, thread))
        };
        let found = [0, wanted.len()]
            .into_iter()
            .find_map(|over| places().find(|(away, label)| free(&label.area()) && leads(*away, &label.area(), over)));
        let Some((away, label)) = found else {
            left_out += 1;
            continue;
        };
        let area = label.area();
        if away > AWAY[0] {
            let thread = Segment { from: one.at, to: nearest(&area, one.at) };
            threads.push(thread);
            scene.line([from_edge(one, thread.to), thread.to], 1.0, RULE);
        }
        taken.push(area);
        scene.label(label);
    }
    left_out
}

/// Right, left, above, below, then what lies between.
fn order() -> impl Iterator<Item = f64> {
    let quarter = DIRECTIONS / 4;
    let first = [0, 2 * quarter, quarter, 3 * quarter];
    let rest = (0..DIRECTIONS).filter(move |turn| turn % quarter != 0);
    first.into_iter().chain(rest).map(|turn| f64::from(turn) / f64::from(DIRECTIONS) * TAU)
}

fn candidate(one: &Wanted, away: f64, turn: f64) -> Label {
    let far = one.radius + away;
    let (dx, dy) = (turn.cos(), -turn.sin());
    let side = match dx {
        0.3.. => Side::Right,
        ..-0.3 => Side::Left,
        _ => Side::Middle,
    };
    // Above and below, half a line more.
    let at = (one.at.0 + dx * far, one.at.1 + dy * (far + SMALL * 0.6));
    Label::new(at, &one.name).size(SMALL).colour(one.colour).side(side)
}

/// The place of a box that is nearest to another place.
fn nearest(area: &Area, (x, y): At) -> At {
    (x.clamp(area.left, area.right()), y.clamp(area.top + 3.0, area.bottom() - 3.0))
}

/// Where the way to a place leaves the mark.
fn from_edge(one: &Wanted, (x, y): At) -> At {
    let (dx, dy) = (x - one.at.0, y - one.at.1);
    let share = (one.radius / dx.hypot(dy).max(1e-9)).min(1.0);
    (one.at.0 + dx * share, one.at.1 + dy * share)
}

fn holds(area: &Area, (x, y): At) -> bool {
    (area.left..=area.right()).contains(&x) && (area.top..=area.bottom()).contains(&y)
}

/// A straight line.
#[derive(Debug, Clone, Copy)]
struct Segment {
    from: At,
    to: At,
}

/// Whether a straight line goes through a box; looked at closely enough for boxes of texts.
fn crosses(area: &Area, line: Segment) -> bool {
    let ((x0, y0), (x1, y1)) = (line.from, line.to);
    (0..=24).map(|n| f64::from(n) / 24.0).any(|s| holds(area, (x0 + (x1 - x0) * s, y0 + (y1 - y0) * s)))
}

/// Whether two straight lines cross.
fn cross(one: Segment, other: Segment) -> bool {
    let (Segment { from: a, to: b }, Segment { from: c, to: d }) = (one, other);
    let side = |(x0, y0): At, (x1, y1): At, (x, y): At| (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0);
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::style::INK;

    #[test]
    fn names_of_a_crowd_neither_overlap_nor_leave_the_field() {
        let field = Area { left: 0.0, top: 0.0, width: 400.0, height: 300.0 };
        let wanted: Vec<Wanted> = (0..14)
            .map(|n| Wanted {
                at: (190.0 + f64::from(n % 4) * 9.0, 140.0 + f64::from(n / 4) * 8.0),
                radius: 4.0,
                name: format!("configuration {n}"),
                colour: INK,
            })
            .collect();
        let mut scene = Scene::new(400.0, 300.0);
        let left_out = place(&mut scene, field, &wanted, &[], &[]);
        let areas: Vec<Area> = scene.labels().map(Label::area).collect();
        assert_eq!(areas.len() + left_out, 14);
        assert!(areas.len() >= 10, "{left_out} had no place");
        for (index, one) in areas.iter().enumerate() {
            assert!(field.holds(one));
            assert!(areas[..index].iter().all(|other| !other.meets(one)));
        }
    }

    #[test]
    fn one_alone_stands_to_the_right_of_its_mark_without_a_thread() {
        let mut scene = Scene::new(400.0, 300.0);
        let one = Wanted { at: (50.0, 50.0), radius: 4.0, name: "alone".into(), colour: INK };
        let field = scene.area();
        assert_eq!(place(&mut scene, field, &[one], &[], &[]), 0);
        assert_eq!(scene.shapes.len(), 1);
        assert!(scene.labels().next().unwrap().at.0 > 50.0);
    }
}
