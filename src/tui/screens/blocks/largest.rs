//! Where a phase goes: its largest parts, each added up over all blocks.

use crate::arch::path::{full_name_of, inside_block, role_of};
use crate::arch::role::Role;
use crate::record::Phase;
use crate::tui::live::Live;
use crate::tui::sanitize;
use crate::units::{Nanos, percent};
use std::collections::BTreeMap;

/// A part with nothing inside, over all blocks that have one.
#[derive(Debug, Clone, PartialEq)]
pub struct Largest {
    /// The path inside of a block; of a part outside of blocks its own.
    pub path: String,
    pub time: Nanos,
    /// Of the phase, from 0 to 1.
    pub share: f64,
}

/// The `n` parts that take most of `whole`, the largest first. Empty before a pass has ended: what takes most is only what
/// came first then.
pub fn largest(live: &Live, phase: Option<Phase>, whole: Nanos, n: usize) -> Vec<Largest> {
    if live.tally.typical_repeat(phase).is_none() || whole.0 == 0 {
        return Vec::new();
    }
    let mut times: BTreeMap<&str, Nanos> = BTreeMap::new();
    for (id, part) in live.run.parts.iter().enumerate() {
        if live.tally.children(Some(id as u32)).is_empty()
            && let Some(row) = live.tally.row(id as u32, phase)
        {
            *times.entry(inside_block(&part.path).unwrap_or(&part.path)).or_default() += row.typical;
        }
    }
    let part = |(path, time): (&str, Nanos)| Largest { path: path.to_owned(), time, share: time.share_of(whole) };
    let mut parts: Vec<Largest> = times.into_iter().map(part).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.time));
    parts.truncate(n);
    parts
}

/// `MLP down 22.1%, LM head 19.0%, QKV 17.3%`
pub fn in_words(parts: &[Largest]) -> String {
    let one = |part: &Largest| format!("{} {}", sanitize::label(&short_name(&part.path)), percent(part.share));
    parts.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The name without its branch where no other part is called so: `QKV`, but `attention norm`.
fn short_name(path: &str) -> String {
    let name = role_of(path).map(Role::name).unwrap_or_default();
    let full = full_name_of(path);
    let is_alone = Role::ALL.iter().filter(|role| role.name() == name).count() == 1;
    let is_of_the_attention = full.strip_prefix("attention ") == Some(name);
    if is_alone && is_of_the_attention { name.to_owned() } else { full }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Run;
    use crate::tui::fixture;

    #[test]
    fn parts_are_added_up_over_all_blocks() {
        let mut live = Live::saved(Run::default(), "run.jsonl".into());
        fixture::whole(4, 2).into_iter().for_each(|event| live.apply(event));
        let whole = Nanos(1_000_000_000);
        let found = largest(&live, Some(Phase::Decode), whole, 3);
        assert_eq!(found.len(), 3);
        for part in &found {
            let of_part = |(id, other): (usize, &crate::record::Part)| {
                let is = inside_block(&other.path).unwrap_or(&other.path) == part.path;
                is.then(|| live.tally.row(id as u32, Some(Phase::Decode))).flatten().map(|row| row.typical)
            };
            let by_hand: Nanos = live.run.parts.iter().enumerate().filter_map(of_part).sum();
            assert_eq!((part.time, part.share), (by_hand, by_hand.share_of(whole)), "{}", part.path);
        }
        assert!(found[0].time >= found[1].time && found[1].time >= found[2].time);
        let all = largest(&live, Some(Phase::Decode), whole, usize::MAX);
        assert!(all.iter().all(|part| part.time <= found[2].time || found.contains(part)));
        assert_eq!(in_words(&found[..1]).matches('%').count(), 1);
    }

    #[test]
    fn names_are_short_where_they_say_enough() {
        let names = ["attn.qkv", "attn.norm", "mlp.down", "lm_head", "cross_attn.q"].map(short_name);
        assert_eq!(names, ["QKV", "attention norm", "MLP down", "LM head", "cross-attention query"]);
    }

    #[test]
    fn nothing_is_said_before_a_pass_has_ended() {
        let mut live = Live::saved(Run::default(), "run.jsonl".into());
        fixture::mid_prefill(8, 4).into_iter().for_each(|event| live.apply(event));
        assert_eq!(largest(&live, Some(Phase::Prefill), Nanos(1), 3), []);
    }
}
