//! What is seen of heads and of the residual stream is what the model computed.

use crate::common::{Keep, golden, open, tensors, tiny_models};
use blockscope::engine::decoder::Wanted;
use blockscope::engine::probe::Pass;
use blockscope::interpret::Exploration;
use blockscope::interpret::explore::BlockHeads;
use blockscope::measure::{Control, Session};
use blockscope::record::explored::{Area, Place};
use tch::{Kind, Tensor};

/// Every tiny model, by its folder's name.
fn families() -> Vec<String> {
    tiny_models().iter().map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn ids(family: &str) -> Vec<u32> {
    let ids = tensors(&golden(family).join("golden.safetensors")).remove("input_ids").unwrap();
    Vec::<i64>::try_from(ids.view([-1])).unwrap().into_iter().map(|id| id as u32).collect()
}

/// A session and what it left of a text.
fn explored(named: &str, toggles: &str, ids: &[u32]) -> (Session, Exploration) {
    let session = open(named, toggles);
    let exploration = session.explore(ids, &Control::default(), &mut |_| {}).unwrap();
    (session, exploration)
}

fn of_family(family: &str, toggles: &str) -> (Session, Exploration) {
    explored(golden(family).to_str().unwrap(), toggles, &ids(family))
}

/// Every activation of a pass without a cache.
fn seen(session: &Session, ids: &[u32]) -> Keep {
    let _no_grad = tch::no_grad_guard();
    let ids: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
    let mut keep = Keep::default();
    let input = session.decoder().input(&ids, 1);
    let _ = session.decoder().forward(&input, None, Wanted::All, &mut Pass::new(&mut keep)).unwrap();
    keep
}

fn whole(t: usize) -> Area {
    Area { queries: 0..t, keys: 0..t }
}

fn apart(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    (found - expected).abs().max().double_value(&[])
}

/// The patterns of all heads of a block, 0 where a key is not seen. [n_heads, T, T]
fn patterns(exploration: &Exploration, block: usize) -> Tensor {
    let heads = exploration.heads(block);
    let pattern = |head| heads.pattern(head, &whole(heads.positions())).nan_to_num(0.0, None, None);
    Tensor::stack(&(0..heads.len()).map(pattern).collect::<Vec<_>>(), 0)
}

#[test]
fn patterns_made_of_queries_keys_and_log_sum_exp_are_those_of_the_reference() {
    for family in &families() {
        let reference = tensors(&golden(family).join("golden.safetensors"));
        let (_, fused) = of_family(family, "");
        let (eager, _) = of_family(family, "attention=eager");
        let eager = seen(&eager, &ids(family));
        for block in 0..fused.n_layers() {
            let expected = reference[&format!("attentions.{block}")].squeeze_dim(0);
            let found = patterns(&fused, block);
            assert!(apart(&found, &expected) < 1e-5, "{family} {block}");
            let eager = eager.0[&format!("blocks.{block}.attn.hook_pattern")].squeeze_dim(0);
            assert!(apart(&eager, &expected) < 1e-5, "{family} {block}, eager");
            let sums = found.sum_dim_intlist([-1].as_slice(), false, Kind::Double);
            assert!(apart(&sums, &sums.ones_like()) < 1e-5, "{family} {block}");
        }
    }
}

#[test]
fn real_patterns_and_residual_streams_are_those_of_the_reference() {
    let reference = tensors(&golden("smollm2-135m").join("fox.safetensors"));
    let ids: Vec<u32> =
        Vec::<i64>::try_from(reference["input_ids"].view([-1])).unwrap().into_iter().map(|id| id as u32).collect();
    let (_, exploration) = explored("smollm2", "", &ids);
    let mut blocks = 0;
    for block in 0..exploration.n_layers() {
        let Some(expected) = reference.get(&format!("attentions.{block}")) else { continue };
        blocks += 1;
        let expected = expected.view(patterns(&exploration, block).size().as_slice());
        assert!(apart(&patterns(&exploration, block), &expected) < 1e-5, "{block}");
    }
    assert!(blocks > 0);
    for block in 0..exploration.n_layers() - 1 {
        let found = exploration.residual(Place::Post(block)).get(-1);
        let expected = &reference[&format!("hidden_last.{}", block + 1)];
        assert!(apart(&found, expected) / expected.abs().max().double_value(&[]) < 1e-4, "{block}");
    }
}

#[test]
fn a_window_is_seen_as_it_was_computed() {
    for reach in ["window:3", "sinks:1+2"] {
        let (_, exploration) = of_family("llama", &format!("attention={reach}"));
        let (eager, _) = of_family("llama", &format!("attention=eager+{reach},kv_cache=off"));
        let eager = seen(&eager, &ids("llama"));
        for block in 0..exploration.n_layers() {
            let expected = eager.0[&format!("blocks.{block}.attn.hook_pattern")].squeeze_dim(0);
            assert!(apart(&patterns(&exploration, block), &expected) < 1e-5, "{reach} {block}");
        }
        // Absent, not zero.
        let heads = exploration.heads(0);
        assert!(heads.pattern(0, &whole(heads.positions())).double_value(&[4, 1]).is_nan());
    }
}

#[test]
fn entropy_by_the_fused_form_is_the_direct_one() {
    for family in &families() {
        let (_, exploration) = of_family(family, "");
        for block in 0..exploration.n_layers() {
            let a = patterns(&exploration, block).to_kind(Kind::Double);
            let direct = (&a * a.clamp_min(1e-300).log()).sum_dim_intlist([-1].as_slice(), false, Kind::Double).neg();
            let fused: Vec<f32> =
                (0..exploration.heads(block).len()).flat_map(|head| exploration.heads(block).entropy(head)).collect();
            let fused = Tensor::from_slice(&fused).view(direct.size().as_slice()).to_kind(Kind::Double);
            assert!(apart(&fused, &direct) < 1e-4, "{family} {block}");
        }
    }
}

/// What a survey says of every block.
fn survey(exploration: &Exploration, side: usize) -> Vec<BlockHeads> {
    let mut blocks = Vec::new();
    exploration.survey(side, None, &Control::default(), &mut |_, ran| blocks.push(ran)).unwrap();
    blocks
}

#[test]
fn a_survey_equals_what_the_whole_patterns_say() {
    for toggles in ["", "attention=sinks:1+40"] {
        // Long enough for several stripes; few tokens, so that many are the same.
        let ids: Vec<u32> = (0..150).map(|at| (at * 7 + at / 11) % 13).collect();
        let (_, exploration) = explored(golden("llama").to_str().unwrap(), toggles, &ids);
        let t = ids.len();
        for (block, ran) in survey(&exploration, 20).iter().enumerate() {
            let a: Vec<f32> = Vec::try_from(patterns(&exploration, block).view([-1])).unwrap();
            for (head, (scores, thumbnail)) in ran.scores.iter().zip(&ran.thumbnails).enumerate() {
                let at = |q: usize, k: usize| a[head * t * t + q * t + k];
                let near = |found: f32, expected: f32| {
                    assert!((found - expected).abs() < 1e-4 * expected.abs().max(1.0), "{found} for {expected}");
                };
                near(scores.previous.value, (1..t).map(|q| at(q, q - 1)).sum::<f32>() / (t - 1) as f32);
                let mean = |finds: &dyn Fn(usize, usize) -> bool| {
                    let sees = |q: usize, k: usize| exploration.heads(0).mask().sees(q, k);
                    let finding: Vec<usize> = (0..t).filter(|&q| (0..=q).any(|k| sees(q, k) && finds(q, k))).collect();
                    let sum: f32 =
                        finding.iter().map(|&q| (0..=q).filter(|&k| finds(q, k)).map(|k| at(q, k)).sum::<f32>()).sum();
                    sum / finding.len() as f32
                };
                near(scores.duplicate.value, mean(&|q, k| k < q && ids[k] == ids[q]));
                near(scores.induction.value, mean(&|q, k| k > 0 && ids[k - 1] == ids[q]));
                let distance = |q: usize| (0..=q).map(|k| at(q, k) * (q - k) as f32).sum::<f32>();
                near(scores.distance, (0..t).map(distance).sum::<f32>() / t as f32);
                let (side, bin) = (thumbnail.side as usize, thumbnail.bin as usize);
                assert_eq!((side, bin), (19, 8));
                for (row, column) in [(0, 0), (5, 5), (9, 2), (18, 18), (18, 0), (0, 3)] {
                    let cells = (row * bin..t.min((row + 1) * bin))
                        .flat_map(|q| (column * bin..t.min((column + 1) * bin)).map(move |k| (q, k)))
                        .filter(|&(q, k)| exploration.heads(0).mask().sees(q, k));
                    let largest = cells.map(|(q, k)| at(q, k)).reduce(f32::max);
                    let found = thumbnail.cells[row * side + column];
                    assert_eq!(largest.is_none(), found.is_nan(), "{row} {column}");
                    near(if found.is_nan() { 0.0 } else { found }, largest.unwrap_or(0.0));
                }
                let area = Area { queries: 16..t, keys: 8..t };
                let shrunk = exploration.heads(block).shrunk(head, &area, 8);
                let found = shrunk[3 * 18 + 2];
                let expected = thumbnail.cells[5 * side + 3];
                assert!(found == expected || (found.is_nan() && expected.is_nan()) || (found - expected).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn the_last_row_of_the_lens_is_what_the_model_says() {
    for family in &families() {
        let (session, exploration) = of_family(family, "");
        let t = exploration.len();
        let reference = tensors(&golden(family).join("golden.safetensors")).remove("logits").unwrap().squeeze_dim(0);
        let p = reference.softmax(-1, Kind::Float);
        let last = exploration.lens(session.decoder(), Place::Post(exploration.n_layers() - 1), 0..t, 3);
        for (position, cell) in last.iter().enumerate() {
            let (best, id) = p.get(position as i64).max_dim(-1, false);
            assert_eq!(i64::from(cell.top[0].id), id.int64_value(&[]), "{family} {position}");
            assert!((f64::from(cell.top[0].probability) - best.double_value(&[])).abs() < 1e-4);
            assert!(cell.kl < 1e-6);
            let next = exploration.ids.get(position + 1);
            let rank = next.map(|&next| {
                let its = p.get(position as i64).get(i64::from(next));
                p.get(position as i64).gt_tensor(&its).sum(Kind::Int64).int64_value(&[]) as u32
            });
            assert_eq!(cell.rank, rank, "{family} {position}");
        }
        assert!(exploration.lens(session.decoder(), Place::Embedded, 0..t, 1).iter().any(|cell| cell.kl > 1e-3));
    }
}

#[test]
fn who_wrote_a_logit_adds_up_to_it() {
    for family in &families() {
        let (session, exploration) = of_family(family, "");
        for (position, token, versus) in [(0, 3, None), (exploration.len() - 1, 5, None), (4, 7, Some(2))] {
            let found = exploration.attribution(session.decoder(), position, token, versus);
            let sum: f32 = found.parts.iter().map(|(_, share)| share).sum();
            assert!((sum - found.logit).abs() < 1e-3, "{family} {position}: {sum} for {}", found.logit);
            let logits = tensors(&golden(family).join("golden.safetensors")).remove("logits").unwrap();
            // What is divided among writers is the logit before a soft cap.
            let softcap = session.card().model.head.softcap;
            let uncapped = |logit: f64| softcap.map_or(logit, |cap| cap * (logit / cap).atanh());
            let logit = |id: u32| uncapped(logits.double_value(&[0, position as i64, i64::from(id)]));
            let expected = logit(token) - versus.map_or(0.0, logit);
            assert!((f64::from(found.logit) - expected).abs() < 1e-3, "{family} {position}");
        }
    }
    let (session, exploration) = explored("smollm2", "", &[1, 504, 260, 2354, 16438, 35419]);
    let found = exploration.attribution(session.decoder(), 5, 690, None);
    let sum: f32 = found.parts.iter().map(|(_, share)| share).sum();
    assert_eq!(found.parts.len(), 1 + 30 * 10);
    assert!((sum - found.logit).abs() < 1e-3, "{sum} for {}", found.logit);
}

#[test]
fn neurons_write_what_the_mlp_writes() {
    let (session, exploration) = of_family("gpt2", "");
    let d_mlp = session.card().model.d_mlp();
    let neurons = exploration.neurons(session.decoder(), 1, 3, d_mlp, 2).unwrap();
    assert_eq!(neurons.len(), d_mlp);
    assert!(neurons.windows(2).all(|two| two[0].writes >= two[1].writes));
    let seen = seen(&session, &exploration.ids);
    let hidden = seen.0["blocks.1.mlp.hook_post"].get(0).get(3);
    for neuron in &neurons[..4] {
        assert!((f64::from(neuron.activation) - hidden.double_value(&[i64::from(neuron.index)])).abs() < 1e-5);
        assert!(neuron.promotes[0].1 >= neuron.promotes[1].1);
    }
}
