//! What heads matter beside what they cost, as tables and as points of a chart.

use super::{Align, Piece, ROWS, Table};
use crate::analyse::worth::{Worth, WorthTable};
use crate::record::explored::Component;
use std::collections::BTreeSet;

/// A component in a chart: across what it costs, up what it matters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub component: Component,
    /// Of a prefill, from 0 to 1.
    pub time_share: f64,
    /// Mean KL(clean ‖ off), in nats.
    pub kl: f64,
}

/// Every head, attention and MLP as a point, in the order of the model.
pub fn points(table: &WorthTable) -> Vec<Point> {
    let point = |worth: &Worth| Point {
        component: worth.importance.component,
        time_share: worth.time_share,
        kl: f64::from(worth.importance.kl),
    };
    table.worths.iter().map(point).collect()
}

/// The heads that matter most, and every block.
pub fn worth(table: &WorthTable) -> Vec<Piece> {
    let positions = table.positions;
    vec![
        Piece::Title("what heads matter, and what they cost".into()),
        heads(table),
        Piece::Note(format!(
            "measured, each off by itself: KL(clean ‖ off) in nats, mean over {positions} positions; by how much −ln p of \
             the text grows, a token. Shares of a prefill: time, measured, medians of {} of {}, a block's attention \
             divided evenly among its heads, which are computed together; FLOPs of {} and KV bytes of {}, by formula",
            table.repeats, table.prefill, table.flops, table.kv
        )),
        Piece::Title("the same by block".into()),
        blocks(table),
        Piece::Note(
            "heads: the KL of each off by itself, added up; attention, mlp: KL of the whole stage off, and its share of \
             the time. More for attention than for its heads: they stand in for one another"
                .into(),
        ),
    ]
}

fn heads(table: &WorthTable) -> Piece {
    let heads = table.heads();
    let row = |name: String, worths: &[Worth]| {
        let sum = |of: &dyn Fn(&Worth) -> f64| worths.iter().map(of).sum::<f64>();
        vec![
            name,
            format!("{:.4}", sum(&|worth| worth.importance.kl.into())),
            format!("{:+.4}", sum(&|worth| worth.importance.more_nll.into())),
            share(sum(&|worth| worth.time_share)),
            share(sum(&|worth| worth.flops_share)),
            share(sum(&|worth| worth.kv_share)),
        ]
    };
    let name = |worth: &Worth| match worth.importance.component {
        Component::Head(head) => head.to_string(),
        stage => stage.to_string(),
    };
    let mut rows = vec![["head", "KL", "Δ −ln p", "time", "FLOPs", "KV bytes"].map(str::to_owned).to_vec()];
    let (shown, others) = heads.split_at(heads.len().min(ROWS));
    rows.extend(shown.iter().map(|worth| row(name(worth), std::slice::from_ref(worth))));
    if !others.is_empty() {
        rows.push(row(format!("{} others", others.len()), others));
    }
    rows.push(row("added up".into(), &heads));
    Piece::Table(Table { columns: vec![Align::Right; rows[0].len()], rows })
}

fn blocks(table: &WorthTable) -> Piece {
    let numbers: BTreeSet<u32> = table.worths.iter().map(|worth| worth.importance.component.block()).collect();
    let stage = |component: Component| {
        let worth = table.get(component);
        let cell = |of: &dyn Fn(&Worth) -> String| worth.map_or(String::new(), of);
        [
            cell(&|worth| format!("{:.4}", worth.importance.kl)),
            cell(&|worth| format!("{:+.4}", worth.importance.more_nll)),
            cell(&|worth| share(worth.time_share)),
        ]
    };
    let heads = table.heads();
    let mut rows =
        vec![["block", "heads", "attention", "Δ −ln p", "time", "mlp", "Δ −ln p", "time"].map(str::to_owned).to_vec()];
    rows.extend(numbers.into_iter().map(|block| {
        let its = heads.iter().filter(|worth| worth.importance.component.block() == block);
        let sum: f32 = its.map(|worth| worth.importance.kl).sum();
        let mut row = vec![block.to_string(), format!("{sum:.4}")];
        row.extend(stage(Component::Attn(block)));
        row.extend(stage(Component::Mlp(block)));
        row
    }));
    Piece::Table(Table { columns: vec![Align::Right; rows[0].len()], rows })
}

/// A head's share is a few hundredths of a percent.
fn share(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::explored::{Head, Importance};
    use crate::record::fixture;
    use crate::units::Bytes;

    /// Heads that matter the more the later they come.
    fn table() -> WorthTable {
        let found: Vec<Importance> = (0..2)
            .flat_map(|block| Component::of_block(block, 4))
            .zip(1..)
            .map(|(component, n)| Importance { component, kl: 0.01 * n as f32, more_nll: -0.001 * n as f32 })
            .collect();
        WorthTable::of(&found, &fixture::run(&[fixture::prefill()]), Bytes(12_800)).unwrap()
    }

    #[test]
    fn the_heads_of_a_block_cost_together_what_its_attention_costs() {
        let table = table();
        for block in 0..2 {
            let attn = table.get(Component::Attn(block)).unwrap();
            let heads = table.heads();
            let its = || heads.iter().filter(|worth| worth.importance.component.block() == block);
            let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
            assert_eq!(its().count(), 4);
            near(its().map(|worth| worth.time_share).sum(), attn.time_share);
            near(its().map(|worth| worth.flops_share).sum(), attn.flops_share);
            near(its().map(|worth| worth.kv_share).sum(), 0.5);
            assert!(attn.time_share > 0.2 && table.get(Component::Mlp(block)).unwrap().kv_share == 0.0);
        }
    }

    #[test]
    fn those_that_matter_most_come_first_and_points_hold_cost_against_that() {
        let table = table();
        let most = table.heads()[0].importance.component;
        assert_eq!(most, Component::Head(Head { block: 1, head: 3 }));
        let [Piece::Title(_), Piece::Table(heads), Piece::Note(note), _, Piece::Table(blocks), _] = &worth(&table)[..]
        else {
            panic!("two tables, each with a title and a note");
        };
        assert_eq!(heads.rows[1][..3], ["1.3", "0.1000", "-0.0100"]);
        assert_eq!(
            (heads.rows.len(), heads.rows[9][0].as_str(), heads.rows[9][5].as_str()),
            (10, "added up", "100.00%")
        );
        assert_eq!(blocks.rows[1][..4], ["0", "0.1000", "0.0500", "-0.0050"]);
        assert!(note.contains("12.8 kB"), "{note}");
        let points = points(&table);
        assert_eq!((points.len(), points[9].component), (12, most));
        assert_eq!(points[9].time_share, table.get(most).unwrap().time_share);
    }
}
