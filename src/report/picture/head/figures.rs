//! What a head does, in numbers: bars from 0 to 1, with what an even spread over the keys would give.

use crate::record::explored::{HeadScores, Role, Score, Text};
use crate::report::picture::scene::{Area, Label, Scene, Side};
use crate::report::picture::style::{BLUE, DIM, GRID, INK, SMALL, TEXT, of_role};

pub fn draw(scene: &mut Scene, text: &Text, scores: &HeadScores, area: Area) {
    /// Height of a row, room of the names and of the bars.
    const ROW: f64 = 19.0;
    const NAMES: f64 = 68.0;
    const BAR: f64 = 92.0;
    let (bars, values, evens) = (area.left + NAMES, area.left + NAMES + BAR + 34.0, area.left + NAMES + BAR + 90.0);
    let label = |at, text: &str| Label::new(at, text).size(SMALL);
    let mut y = area.top + TEXT * 0.6;
    scene.label(Label::new((area.left, y), format!("what head {} does", scores.at)).bold());
    y += ROW;
    scene.label(label((values, y), "share").side(Side::Left).colour(DIM));
    let evenly = label((evens, y), "evenly").side(Side::Left).colour(DIM);
    let sign = evenly.area().left - 6.0;
    scene.line([(sign, y - 5.0), (sign, y + 5.0)], 1.4, INK);
    scene.label(evenly);
    let roles = scores.roles();
    let share = |role: Role, Score { value, uniform, .. }: Score| (role.name(), Some(role), value, Some(uniform));
    let rows = [
        share(Role::Induction, scores.induction),
        share(Role::Previous, scores.previous),
        share(Role::Duplicate, scores.duplicate),
        (Role::Sink.name(), Some(Role::Sink), scores.sink.mass, Some(scores.sink.uniform)),
        ("entropy", None, scores.entropy, Some(1.0)),
    ];
    for (name, role, value, even) in rows {
        y += ROW;
        let is_role = role.filter(|role| roles.contains(role));
        let named = |at, text: &str| if is_role.is_some() { label(at, text).bold() } else { label(at, text) };
        scene.label(named((area.left, y), name));
        let track = Area { left: bars, top: y - 4.0, width: BAR, height: 8.0 };
        scene.rect(track, GRID);
        let filled = BAR * f64::from(value.clamp(0.0, 1.0));
        if filled > 0.0 {
            scene.rect(Area { width: filled, ..track }, is_role.map_or(BLUE, of_role));
        }
        scene.label(named((values, y), &format!("{value:.2}")).side(Side::Left).fit(34.0));
        if let Some(even) = even {
            let x = bars + BAR * f64::from(even.clamp(0.0, 1.0));
            scene.line([(x, y - 6.0), (x, y + 6.0)], 1.4, INK);
            scene.label(label((evens, y), &format!("{even:.2}")).side(Side::Left).colour(DIM).fit(50.0));
        }
    }
    for line in [
        format!("receives most: {}", text.at(scores.sink.key as usize)),
        format!("looks {:.1} tokens back on average", scores.distance),
    ] {
        y += ROW;
        scene.label(label((area.left, y), &line).colour(DIM).fit(area.width));
    }
}
