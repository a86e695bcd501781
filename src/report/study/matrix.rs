//! Many arms against the first.

use super::about::{DASH, refused, setting, watched};
use crate::analyse::comparison::words::nats;
use crate::analyse::comparison::{Comparison, Figure};
use crate::analyse::pareto::{self, Standing};
use crate::record::study::{Arm, Study};
use crate::record::{Category, Phase};
use crate::report::grid::{Align, Table};
use crate::report::piece::Piece;
use crate::units::Nanos;

/// A row for each arm that was measured. Without a width it is for a document.
pub fn report(study: &Study, width: Option<usize>) -> Vec<Piece> {
    let mut pieces = setting(study).to_vec();
    let comparisons = Comparison::all(study);
    let baseline = Comparison::headline(study, 0, 0);
    let standings = pareto::of_study(study, Phase::Decode);
    let columns: &[MatrixColumn] = match width {
        None => &MatrixColumn::ALL,
        Some(120..) => &MatrixColumn::ALL,
        Some(96..) => &MatrixColumn::ALL[..9],
        Some(72..) => &MatrixColumn::ALL[..6],
        Some(_) => &MatrixColumn::ALL[..4],
    };
    let mut rows =
        vec![std::iter::once("arm").chain(columns.iter().map(|column| column.title())).map(str::to_owned).collect()];
    let all = baseline.iter().chain(&comparisons).filter(|comparison| arm(study, comparison).refused.is_none());
    for comparison in all {
        let arm = arm(study, comparison);
        let line = Line { study, arm, comparison, standing: standings[comparison.arms.candidate as usize] };
        rows.push(std::iter::once(arm.name.clone()).chain(columns.iter().map(|column| column.of(&line))).collect());
    }
    let mut align = vec![Align::Right; columns.len() + 1];
    align[0] = Align::Left;
    let verdicts = [MatrixColumn::Verdict, MatrixColumn::Pareto];
    columns.iter().zip(1..).filter(|(column, _)| verdicts.contains(column)).for_each(|(_, at)| align[at] = Align::Left);
    pieces.push(Piece::Title(format!("{} arms against {}", study.arms.len().saturating_sub(1), name(study))));
    pieces.push(Piece::Table(Table { columns: align, rows }));
    pieces.push(Piece::Note(format!(
        "{}, medians; × is candidate ÷ baseline, verdicts corrected for the number of arms (Holm); memory counted; \
         KL in nats a token, against the f32, eager, uncached model; Pareto: by TPOT and KL",
        watched(study)
    )));
    let changes = comparisons.iter().filter(|comparison| comparison.pairs > 0);
    pieces.push(Piece::List(changes.map(|comparison| sentence(study, comparison)).collect()));
    pieces.extend(refused(study).map(|list| [Piece::Title("not measured".into()), list]).into_iter().flatten());
    pieces
}

fn arm<'s>(study: &'s Study, comparison: &Comparison) -> &'s Arm {
    &study.arms[comparison.arms.candidate as usize]
}

fn name(study: &Study) -> &str {
    study.arms.first().map_or(DASH, |arm| &arm.name)
}

/// `weights=bf16: decode 0.566×, faster (98.75%: 0.563 – 0.568); prefill …`
fn sentence(study: &Study, comparison: &Comparison) -> String {
    let of = |phase: Phase| {
        let time = &comparison.phase(phase).time;
        Some(format!("{} {}, {}", phase.name(), time.ratio?.times(), time.words()?))
    };
    let phases: Vec<String> = [of(Phase::Decode), of(Phase::Prefill)].into_iter().flatten().collect();
    format!("{}: {}", arm(study, comparison).name, phases.join("; "))
}

struct Line<'s> {
    study: &'s Study,
    arm: &'s Arm,
    /// Of the baseline: with itself.
    comparison: &'s Comparison,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq)]
enum MatrixColumn {
    Tpot,
    TpotRatio,
    Kl,
    Ttft,
    TtftRatio,
    Peak,
    Weights,
    Top1,
    Verdict,
    DeltaNll,
    Pareto,
}

impl MatrixColumn {
    /// The most wanted first: where there is no room, the last are left out.
    const ALL: [MatrixColumn; 11] = [
        MatrixColumn::Tpot,
        MatrixColumn::TpotRatio,
        MatrixColumn::Kl,
        MatrixColumn::Ttft,
        MatrixColumn::TtftRatio,
        MatrixColumn::Peak,
        MatrixColumn::Weights,
        MatrixColumn::Top1,
        MatrixColumn::Verdict,
        MatrixColumn::DeltaNll,
        MatrixColumn::Pareto,
    ];

    fn title(self) -> &'static str {
        match self {
            MatrixColumn::Tpot => "TPOT",
            MatrixColumn::Ttft => "TTFT",
            MatrixColumn::TpotRatio | MatrixColumn::TtftRatio => "×",
            MatrixColumn::Kl => "KL",
            MatrixColumn::Peak => "peak",
            MatrixColumn::Weights => "weights",
            MatrixColumn::Top1 => "top-1",
            MatrixColumn::Verdict => "decode is",
            MatrixColumn::DeltaNll => "ΔNLL",
            MatrixColumn::Pareto => "Pareto",
        }
    }

    fn of(self, line: &Line) -> String {
        let comparison = line.comparison;
        let is_baseline = comparison.arms.baseline == comparison.arms.candidate;
        let time = |figure: &Figure| figure.sides.candidate.map(|q| q.median).as_ref().map(Nanos::to_string);
        let ratio = |figure: &Figure| figure.ratio.filter(|_| !is_baseline).map(|ratio| ratio.times());
        let resources = line.arm.resources.as_deref();
        let quality = line.arm.quality;
        let cell = match self {
            MatrixColumn::Tpot => time(&comparison.decode.time),
            MatrixColumn::Ttft => time(&comparison.prefill.time),
            MatrixColumn::TpotRatio => ratio(&comparison.decode.time),
            MatrixColumn::TtftRatio => ratio(&comparison.prefill.time),
            MatrixColumn::Kl => quality.map(|quality| nats(quality.kl_mean)),
            MatrixColumn::Top1 => quality.map(|quality| format!("{:.1}%", 100.0 * quality.top1)),
            MatrixColumn::DeltaNll => quality.map(|quality| format!("{:+.4}", quality.delta_nll())),
            MatrixColumn::Peak => resources.map(|resources| resources.peak.total().to_string()),
            MatrixColumn::Weights => resources.map(|resources| resources.peak.of(Category::Weights).to_string()),
            MatrixColumn::Verdict if is_baseline => Some("baseline".into()),
            MatrixColumn::Verdict => comparison.decode.time.verdict.map(|verdict| verdict.to_string()),
            MatrixColumn::Pareto => match line.standing {
                Standing::Best => Some("best".into()),
                Standing::Dominated { by } => Some(format!("dominated by {}", line.study.arms[by].name)),
                Standing::Unknown => None,
            },
        };
        cell.unwrap_or_else(|| DASH.to_owned())
    }
}
