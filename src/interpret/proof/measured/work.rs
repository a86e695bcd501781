//! What a pass costs, and what changes of it bring.

use super::common::{choices, percent};
use crate::arch::role::{Branch, Role};
use crate::arch::work::PassShape;
use crate::engine::Result;
use crate::engine::cache::KvCache;
use crate::engine::decoder::Wanted;
use crate::engine::probe::{Pass, Unwatched};
use crate::interpret::proof::subject::Subject;
use std::time::Instant;

/// FLOPs of a prefill of the text, by the shapes of its parts: attention's projections, scores and values, MLPs, LM head.
pub fn by_part(subject: &Subject) -> Vec<f64> {
    let shape = PassShape { batch: 1, new: subject.ids.len(), past: 0, logits: 1 };
    let parts = subject.session.card().model.parts(subject.toggles());
    let is_pair = |role| matches!(role, Role::Scores | Role::Softmax | Role::Values | Role::Fused);
    let sum = |of: &dyn Fn(Role) -> bool| -> f64 {
        let of = parts.iter().filter(|part| of(part.path.name));
        of.map(|part| part.cost(shape).flops.0 as f64).sum()
    };
    vec![
        sum(&|role| role.branch() == Branch::Attention && !is_pair(role)),
        sum(&is_pair),
        sum(&|role| role.branch() == Branch::Mlp),
        sum(&|role| role == Role::LmHead),
    ]
}

/// The time of the text's last step without a cache, divided by its time with one: medians of three.
pub fn without_cache(subject: &Subject) -> Result<f64> {
    const TIMES: usize = 3;
    let (decoder, n) = (subject.built("attention=fused,kv_dtype=auto")?, subject.ids.len());
    let pass = |ids: &[u32], cache: Option<&mut KvCache>| -> Result<f64> {
        subject.check()?;
        let ids: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
        let input = decoder.input(&ids, 1);
        let start = Instant::now();
        // Reading a number waits for the device.
        let logits = decoder.forward(&input, cache, Wanted::Last, &mut Pass::new(&mut Unwatched))?;
        let _waited = logits.sum(tch::Kind::Float).double_value(&[]);
        Ok(start.elapsed().as_secs_f64())
    };
    let with_cache = || -> Result<f64> {
        let mut cache = decoder.new_cache(1, n);
        pass(&subject.ids[..n - 1], Some(&mut cache))?;
        pass(&subject.ids[n - 1..], Some(&mut cache))
    };
    let median = |time: &dyn Fn() -> Result<f64>| -> Result<f64> {
        let mut times = (0..TIMES).map(|_| time()).collect::<Result<Vec<_>>>()?;
        times.sort_by(f64::total_cmp);
        Ok(times[TIMES / 2])
    };
    Ok(median(&|| pass(&subject.ids, None))? / median(&with_cache)?)
}

/// Positions whose first choice stays with a window of half the text, in %.
pub fn half_window(subject: &Subject) -> Result<f64> {
    let n = subject.ids.len();
    let first = |attention: String| -> Result<Vec<i64>> {
        choices(&subject.logits(&subject.built(&format!("attention={attention}"))?, &subject.ids)?)
    };
    let (whole, narrow) = (first("fused".to_owned())?, first(format!("window:{}", n / 2))?);
    Ok(percent(whole.iter().zip(&narrow).filter(|(a, b)| a == b).count(), n))
}
