//! The same as JSON. Field names are those of the tables; tokens are their ids and their text.

use crate::analyse::worth::{Worth, WorthTable};
use crate::record::explored::{
    Attribution, Component, Effect, Head, HeadScores, LensCell, LensTable, Likely, Place, Text, Writer,
};
use serde_json::{Value, json};

use super::Named;

/// What a file has of a text.
pub fn text(text: &Text, attributions: &[Attribution]) -> Value {
    let named = |id| text.name(id);
    let tokens: Vec<Value> = text.tokens.iter().map(|label| json!({ "label": label })).collect();
    json!({
        "model": text.model, "setting": text.setting, "tokens": tokens, "heads": heads(&text.scores),
        "lens": text.lens.as_ref().map(|read| lens(read, &named)),
        "attributions": attributions.iter().map(|found| attribution(found, &named)).collect::<Vec<_>>(),
    })
}

/// Scores of all heads.
pub fn heads(scores: &[HeadScores]) -> Value {
    let head = |scores: &HeadScores| {
        let mut value = json!(scores);
        value["roles"] = json!(scores.roles());
        value
    };
    scores.iter().map(head).collect()
}

/// The lens at every place.
pub fn lens(lens: &LensTable, named: Named) -> Value {
    let likely =
        |likely: &Likely| json!({ "id": likely.id, "text": named(likely.id), "probability": likely.probability });
    let cell = |(at, cell): (usize, &LensCell)| {
        json!({
            "position": lens.first + at,
            "top": cell.top.iter().map(likely).collect::<Vec<_>>(), "rank": cell.rank, "entropy": cell.entropy,
            "kl": cell.kl, "norm": cell.norm, "write": cell.write, "massive": cell.massive,
            "largest": { "feature": cell.largest.0, "value": cell.largest.1 },
        })
    };
    let place = |(place, cells): &(Place, Vec<LensCell>)| {
        let cells: Vec<_> = cells.iter().enumerate().map(cell).collect();
        json!({ "after": place.to_string(), "positions": cells })
    };
    lens.places.iter().map(place).collect()
}

/// Who wrote a logit.
pub fn attribution(found: &Attribution, named: Named) -> Value {
    let part = |(writer, share): &(Writer, f32)| {
        let mut value = json!({ "writer": writer.to_string(), "logit": share });
        if let Writer::Head(Head { block, head }) = writer {
            (value["block"], value["head"]) = (json!(block), json!(head));
        }
        value
    };
    json!({
        "position": found.position,
        "token": { "id": found.token, "text": named(found.token) },
        "versus": found.versus.map(|id| json!({ "id": id, "text": named(id) })),
        "logit": found.logit,
        "parts": found.parts.iter().map(part).collect::<Vec<_>>(),
    })
}

/// What every component matters, beside what it costs. Shares are from 0 to 1.
pub fn worth(table: &WorthTable) -> Value {
    let component = |worth: &Worth| {
        let importance = worth.importance;
        let mut value = json!({
            "component": importance.component.to_string(), "block": importance.component.block(),
            "kl": importance.kl, "more_nll": importance.more_nll,
            "time_share": worth.time_share, "flops_share": worth.flops_share, "kv_share": worth.kv_share,
        });
        if let Component::Head(Head { head, .. }) = importance.component {
            value["head"] = json!(head);
        }
        value
    };
    json!({
        "positions": table.positions,
        "prefill_s": table.prefill.seconds(),
        "repeats": table.repeats,
        "flops": table.flops.0,
        "kv_bytes": table.kv.0,
        "components": table.worths.iter().map(component).collect::<Vec<_>>(),
    })
}

/// What interventions did.
pub fn effect(effect: &Effect, what: &[String], named: Named) -> Value {
    let mut value = json!(effect);
    value["interventions"] = json!(what);
    value["mean_kl"] = json!(effect.mean_kl());
    value["more_nll"] = json!(effect.more_nll());
    let text = |ids: &[u32]| ids.iter().map(|&id| named(id)).collect::<String>();
    value["clean_text"] = json!(text(&effect.clean));
    value["changed_text"] = json!(text(&effect.changed));
    value
}
