//! A study as CSV (RFC 4180), in plain units: a row for each sample, or a row for each arm.

use crate::analyse::comparison::Comparison;
use crate::record::study::{Arm, PhaseResources, Quality, Study};
use crate::record::{Category, Quartiles, Watched};
use crate::report::csv::line;
use crate::units::Nanos;

/// A row for each execution of an arm, in the order in which they were made: all that was measured, for one's own
/// statistics. Times in seconds; what is not known is empty.
pub fn samples(study: &Study) -> String {
    let heading = ["arm", "name", "round", "again", "watched", "ttft_s", "steps", "tpot_s", "decode_s"];
    let mut out = line(heading.map(str::to_owned));
    for sample in &study.samples {
        let Some(arm) = study.arms.get(sample.arm as usize) else { continue };
        let watched = match sample.watched {
            Watched::Plain => "plain",
            Watched::Parts => "parts",
            Watched::Operators => "operators",
        };
        out.push_str(&line([
            sample.arm.to_string(),
            arm.name.clone(),
            sample.round.to_string(),
            sample.again.to_string(),
            watched.to_owned(),
            sample.ttft.seconds().to_string(),
            sample.steps.len().to_string(),
            seconds(sample.tpot()),
            seconds((!sample.steps.is_empty()).then(|| sample.decode())),
        ]));
    }
    out
}

/// A row for each arm: its settings, quartiles, ratios to the first arm, what it takes and how good it is.
pub fn arms(study: &Study) -> String {
    let toggles: Vec<&str> =
        study.arms.first().map_or(Vec::new(), |arm| arm.toggles.iter().map(|(name, _)| name.as_str()).collect());
    let mut heading: Vec<String> = ["arm", "name", "prompt_tokens", "new_tokens"].map(str::to_owned).to_vec();
    heading.extend(toggles.iter().map(|name| (*name).to_owned()));
    for time in ["ttft", "tpot"] {
        heading.extend(["q1", "median", "q3"].map(|quartile| format!("{time}_{quartile}_s")));
        heading.extend(["ratio", "ratio_low", "ratio_high"].map(|ratio| format!("{time}_{ratio}")));
        heading.push(format!("{time}_verdict"));
    }
    heading.extend(["prefill_tokens_per_s", "decode_tokens_per_s"].map(str::to_owned));
    for phase in ["prefill", "decode"] {
        let what = ["flops_counted", "bytes_modelled", "bytes_moved", "floor_modelled_s"];
        heading.extend(what.map(|what| format!("{phase}_{what}")));
    }
    heading.extend(Category::ALL.map(|category| format!("peak_{}", category.name().replace(' ', "_").to_lowercase())));
    heading.extend(
        ["kv_formula_modelled", "kl_mean", "kl_p99", "top1", "nll", "delta_nll", "max_logit", "refused"]
            .map(str::to_owned),
    );
    let mut out = line(heading);
    for (number, arm) in (0..).zip(&study.arms) {
        out.push_str(&line(row(study, number, arm, &toggles)));
    }
    out
}

fn row(study: &Study, number: u32, arm: &Arm, toggles: &[&str]) -> Vec<String> {
    let comparison = Comparison::headline(study, 0, number);
    let mut row = vec![number.to_string(), arm.name.clone(), arm.prompt_tokens.to_string(), arm.new_tokens.to_string()];
    row.extend(toggles.iter().map(|name| arm.setting(name).unwrap_or_default()));
    for time in [|c: &Comparison| c.prefill.time, |c: &Comparison| c.decode.time] {
        let time = comparison.as_ref().map(time).unwrap_or_default();
        let quartile = |of: fn(Quartiles) -> Nanos| seconds(time.sides.candidate.map(of));
        row.extend([quartile(|q| q.q1), quartile(|q| q.median), quartile(|q| q.q3)]);
        // An arm beside itself says nothing.
        let ratio = time.ratio.filter(|_| number > 0);
        row.extend([ratio.map(|r| r.ratio), ratio.map(|r| r.low), ratio.map(|r| r.high)].map(plain));
        row.push(time.verdict.filter(|_| number > 0).map_or(String::new(), |verdict| verdict.to_string()));
    }
    for phase in [|c: &Comparison| c.prefill.rates(), |c: &Comparison| c.decode.rates()] {
        row.push(plain(comparison.as_ref().and_then(|c| phase(c).sides.candidate).map(|rate| rate.median)));
    }
    let resources = arm.resources.as_deref();
    let whole = |n: Option<u64>| n.map_or(String::new(), |n| n.to_string());
    for phase in [resources.map(|r| r.prefill), resources.map(|r| r.decode)] {
        let of = |of: fn(PhaseResources) -> u64| whole(phase.map(of));
        row.extend([of(|p| p.flops.0), of(|p| p.bytes.0), of(|p| p.moved.0)]);
        row.push(seconds(phase.and_then(|phase| phase.floor)));
    }
    row.extend(Category::ALL.map(|category| whole(resources.map(|r| r.peak.of(category).0))));
    row.push(whole(resources.map(|r| r.kv_formula.0)));
    let of = |of: fn(&Quality) -> f64| plain(arm.quality.as_ref().map(of));
    row.extend([of(|q| q.kl_mean), of(|q| q.kl_p99), of(|q| q.top1), of(|q| q.nll)]);
    row.extend([of(Quality::delta_nll), of(|q| q.max_logit)]);
    row.push(arm.refused.clone().unwrap_or_default());
    row
}

fn seconds(time: Option<Nanos>) -> String {
    plain(time.map(Nanos::seconds))
}

fn plain(number: Option<f64>) -> String {
    number.filter(|number| number.is_finite()).map_or(String::new(), |number| number.to_string())
}
