//! What was seen of a model at work on a text, as tables.

pub mod json;
mod worth;

pub use worth::{Point, points, worth};

use super::grid::{Align, Table};
use super::piece::Piece;
use crate::record::explored::{Attribution, Effect, HeadScores, LensTable, Text};

/// How a token is called in a table.
pub type Named<'a> = &'a dyn Fn(u32) -> String;

/// Heads at most in a table, and writers.
const ROWS: usize = 24;

/// The heads that do something that has a name, those that do most of it first.
pub fn heads(scores: &[HeadScores]) -> Vec<Piece> {
    let mut named: Vec<&HeadScores> = scores.iter().filter(|scores| !scores.roles().is_empty()).collect();
    let most = |scores: &HeadScores| {
        let values = [scores.previous, scores.duplicate, scores.induction].map(|score| score.value);
        values.into_iter().fold(0.0, f32::max)
    };
    named.sort_by(|a, b| most(b).total_cmp(&most(a)));
    let heading = ["head", "does", "induction", "previous", "duplicate", "sink", "entropy", "distance"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(named.iter().take(ROWS).map(|scores| {
        let roles: Vec<&str> = scores.roles().into_iter().map(|role| role.name()).collect();
        let share = |value: f32| format!("{value:.2}");
        vec![
            scores.at.to_string(),
            roles.join(", "),
            share(scores.induction.value),
            share(scores.previous.value),
            share(scores.duplicate.value),
            format!("{} on {}", share(scores.sink.mass), scores.sink.key),
            share(scores.entropy),
            format!("{:.1}", scores.distance),
        ]
    }));
    let mut columns = vec![Align::Right; rows[0].len()];
    columns[1] = Align::Left;
    let uniform = scores.first().map_or(String::new(), |scores| {
        let uniform = [scores.induction, scores.previous, scores.duplicate].map(|score| score.uniform);
        format!("; spread evenly they would be {:.2}, {:.2} and {:.2}", uniform[0], uniform[1], uniform[2])
    });
    let (n, all) = (named.len(), scores.len());
    let shown = if n > ROWS { format!("; the {ROWS} that look most at what is found") } else { String::new() };
    vec![
        Piece::Title(format!("{n} of {all} heads do something that has a name{shown}")),
        Piece::Table(Table { columns, rows }),
        Piece::Note(format!(
            "measured; induction, previous, duplicate: mean share of attention where there is something to find{uniform}; \
             sink: what the key that gathers most receives of those that see it, a role only beyond three times an even spread's; entropy ÷ its most; distance in tokens"
        )),
    ]
}

/// What a file has of a text: its heads, and the lens and the attribution at the last position that it has them of.
pub fn text(text: &Text, attributions: &[Attribution]) -> Vec<Piece> {
    let named = |id| text.name(id);
    let mut pieces = heads(&text.scores);
    if let Some(read) = &text.lens {
        // A file does not say whether branches lie side by side.
        pieces.extend(lens(read, read.positions().end - 1, false, &named));
    }
    pieces.extend(attributions.last().into_iter().flat_map(|found| attribution(found, &named)));
    pieces
}

/// What the residual stream says of the token that follows a position, place by place.
pub fn lens(lens: &LensTable, position: usize, parallel: bool, named: Named) -> Vec<Piece> {
    let mut rows = vec![["after", "says", "p", "then", "KL", "entropy", "norm"].map(str::to_owned).to_vec()];
    let column = lens.places.iter().filter_map(|(place, cells)| Some((place, cells.get(position - lens.first)?)));
    rows.extend(column.map(|(place, cell)| {
        let best = cell.top.first();
        let then: Vec<String> = cell.top.iter().skip(1).take(2).map(|likely| named(likely.id)).collect();
        vec![
            place.to_string(),
            best.map_or(String::new(), |likely| named(likely.id)),
            best.map_or(String::new(), |likely| format!("{:.1}%", 100.0 * likely.probability)),
            then.join(" "),
            format!("{:.2}", cell.kl),
            format!("{:.2}", cell.entropy),
            format!("{:.1}{}", cell.norm, if cell.massive { "!" } else { "" }),
        ]
    }));
    let mut columns = vec![Align::Right; rows[0].len()];
    columns[1] = Align::Left;
    columns[3] = Align::Left;
    vec![
        Piece::Title(format!("the lens at position {position}")),
        Piece::Table(Table { columns, rows }),
        Piece::Note(format!(
            "the residual stream there, read as the model reads its last one; KL against the last, in nats; norm: \
                 ‖x‖/√D, ! where an activation is massive{}",
            if parallel { "; branches are side by side: after attention the MLP beside it is left out" } else { "" }
        )),
    ]
}

/// Who wrote a logit, the largest shares first.
pub fn attribution(found: &Attribution, named: Named) -> Vec<Piece> {
    let mut parts = found.parts.clone();
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let shown = parts.len().min(ROWS);
    let rest: f32 = parts[shown..].iter().map(|(_, share)| share).sum();
    let mut rows = vec![vec!["written by".to_owned(), "logit".to_owned()]];
    rows.extend(parts[..shown].iter().map(|(writer, share)| vec![writer.to_string(), format!("{share:+.3}")]));
    if shown < parts.len() {
        rows.push(vec![format!("{} others", parts.len() - shown), format!("{rest:+.3}")]);
    }
    let sum: f32 = parts.iter().map(|(_, share)| share).sum();
    rows.push(vec!["together".into(), format!("{sum:+.3}")]);
    let versus = found.versus.map_or(String::new(), |versus| format!(" rather than {}", named(versus)));
    vec![
        Piece::Title(format!("who wrote {}{versus} at position {}", named(found.token), found.position)),
        Piece::Table(Table { columns: vec![Align::Left, Align::Right], rows }),
        Piece::Note(format!(
            "direct effects alone, with the final norm's scale held; the model's logit is {:+.3}",
            found.logit
        )),
    ]
}

/// What interventions did.
pub fn effect(effect: &Effect, what: &str, named: Named, text: Named) -> Vec<Piece> {
    let mut rows = vec![["candidate", "logit", "changed", "Δ", "p", "changed"].map(str::to_owned).to_vec()];
    rows.extend(effect.candidates.iter().map(|shift| {
        let percent = |p: f32| format!("{:.1}%", 100.0 * p);
        vec![
            named(shift.id),
            format!("{:.2}", shift.logits.0),
            format!("{:.2}", shift.logits.1),
            format!("{:+.2}", shift.logits.1 - shift.logits.0),
            percent(shift.probabilities.0),
            percent(shift.probabilities.1),
        ]
    }));
    let mut columns = vec![Align::Right; rows[0].len()];
    columns[0] = Align::Left;
    let text = |ids: &[u32]| ids.iter().map(|&id| text(id)).collect::<String>().replace('\n', " ↵ ");
    vec![
        Piece::Title(what.to_owned()),
        Piece::List(vec![
            format!("KL(clean ‖ changed): {:.4} nats in the mean over {} positions", effect.mean_kl(), effect.kl.len()),
            format!("Δ −ln p of the text: {:+.4} nats a token", effect.more_nll()),
        ]),
        Piece::Title("candidates for the next token".into()),
        Piece::Table(Table { columns, rows }),
        Piece::Title("what follows, greedily".into()),
        Piece::List(vec![format!("clean    {}", text(&effect.clean)), format!("changed  {}", text(&effect.changed))]),
    ]
}
