//! Where the keys that move lead in a list.

use super::action::Act;

/// Where an action leads in a list of `n` from `at`, where `rows` of it are seen: a page leaves one of them.
pub(in crate::tui) fn moved(act: Act, at: usize, n: usize, rows: usize) -> usize {
    let page = rows.max(2) as isize - 1;
    let to = |by: isize| at.saturating_add_signed(by).min(n.saturating_sub(1));
    match act {
        Act::Up => to(-1),
        Act::Down => to(1),
        Act::PageUp => to(-page),
        Act::PageDown => to(page),
        Act::First => 0,
        Act::Last => to(isize::MAX),
        _ => at,
    }
}
