//! What was seen of a text as a safetensors file: it opens again without the model, here and in Python.
//!
//! Tensors have TransformerLens's hook names and a leading batch dimension, as in any capture; `blocks.*.attn.lse`, the
//! lens and the attributions lie beside them. What is no tensor is told as JSON in the file's metadata.

mod read;

use super::exploration::Exploration;
use super::heads::{Heads, Scoring};
use super::tensors::whole_numbers;
use crate::arch::hook::Hook;
use crate::arch::path::{Place as At, in_block};
use crate::engine::tensor_file;
use crate::engine::tensor_file::Written;
use crate::engine::{Error, Result};
use crate::measure::{Control, Session, machine};
use crate::record::explored::{
    Area, Attribution, Head, HeadScores, LensCell, LensTable, Likely, Pattern, Scale, Text, Writer,
};
use crate::text::shown;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use tch::Tensor;

/// Cells on a side of a small pattern, and at most of one that is drawn whole.
const THUMBNAIL: usize = 24;
const MOST_CELLS: usize = 512;

/// Where the JSON lies in the metadata, and which version of it this is.
const KEY: &str = "blockscope";
const VERSION: u32 = 2;

/// A text as a model saw it, with what only the model can say of it.
pub struct Captured {
    pub exploration: Rc<Exploration>,
    pub metadata: Metadata,
    /// At some positions, or at none.
    pub lens: Option<LensTable>,
    /// Who wrote the likeliest token's logit, at the positions of the lens.
    pub attributions: Vec<Attribution>,
}

/// Where the lens is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LensRequest {
    pub positions: Range<usize>,
    /// How many of the likeliest tokens.
    pub top: usize,
}

/// What is no tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    version: u32,
    /// The model's name.
    pub model: String,
    pub device: String,
    pub toggles: Vec<(String, String)>,
    /// What computed it.
    pub versions: String,
    /// The toggle. In the first version it says which keys a query sees.
    attention: String,
    /// How scores are made, block by block; absent in the first version.
    #[serde(default)]
    scoring: Vec<BlockScoring>,
    /// Of the text.
    pub labels: Vec<String>,
    /// Of the tokens that the lens names, by id.
    pub names: BTreeMap<u32, String>,
    pub heads: Vec<HeadScores>,
    /// Who may write to the residual stream.
    writers: Vec<Writer>,
}

/// How the scores of a block's heads are made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct BlockScoring {
    /// `causal`, `window:256`, `sinks:4+252`, `chunks:8192`
    mask: String,
    scale: f64,
    softcap: Option<f64>,
    slopes: Vec<f32>,
    sinks: Vec<f32>,
}

impl BlockScoring {
    fn of(heads: &Heads) -> Self {
        let Scoring { mask, scale, softcap, slopes, sinks } = heads.scoring.clone();
        Self { mask: mask.to_string(), scale, softcap, slopes, sinks }
    }

    /// What it says, of so many heads; `None` where that cannot be.
    fn read(self, n_heads: usize) -> Option<Scoring> {
        let fits = |numbers: &[f32]| [0, n_heads].contains(&numbers.len());
        let mask = self.mask.parse().ok()?;
        let fits = fits(&self.slopes) && fits(&self.sinks);
        fits.then_some(Scoring {
            mask,
            scale: self.scale,
            softcap: self.softcap,
            slopes: self.slopes,
            sinks: self.sinks,
        })
    }
}

impl Session {
    /// Runs a text and looks at all of it: every head, the lens, and who wrote the likeliest token at its positions.
    /// `progress` is told in words how far that is.
    ///
    /// # Errors
    /// Those of [`Session::explore`].
    pub fn captured(
        &self,
        ids: &[u32],
        lens: LensRequest,
        control: &Control,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Captured> {
        let LensRequest { positions: lens, top } = lens;
        let (card, layers) = (self.card(), self.card().model.n_layers());
        let exploration =
            self.explore(ids, control, &mut |done| progress(&format!("running block {done}/{layers}")))?;
        let mut heads = Vec::new();
        exploration.survey(1, None, control, &mut |block, ran| {
            progress(&format!("reading heads of block {}/{layers}", block + 1));
            heads.extend(ran.scores);
        })?;
        let end = lens.end;
        let table = exploration.lens_everywhere(self.decoder(), lens.clone(), top, |position| {
            progress(&format!("reading the lens at position {position}/{end}"));
            !control.is_cancelled()
        })?;
        let mut attributions = Vec::new();
        for position in lens.clone() {
            if control.is_cancelled() {
                return Err(Error::Cancelled);
            }
            progress(&format!("reading who wrote it at position {position}/{end}"));
            let likeliest = table.places.last().and_then(|(_, cells)| cells[position - lens.start].top.first());
            let token = likeliest.map_or(0, |likely| likely.id);
            attributions.push(exploration.attribution(self.decoder(), position, token, None));
        }
        let named = table.places.iter().flat_map(|(_, cells)| cells).flat_map(|cell| &cell.top).map(|likely| likely.id);
        let metadata = Metadata {
            version: VERSION,
            model: card.info.name.clone(),
            device: card.device.to_string(),
            toggles: card.toggles.to_pairs(),
            versions: format!("Blockscope {}, LibTorch {}", env!("CARGO_PKG_VERSION"), machine::libtorch()),
            attention: card.toggles.attention.to_string(),
            scoring: exploration.blocks.iter().map(|layer| BlockScoring::of(&layer.heads)).collect(),
            labels: ids.iter().map(|&id| self.token_label(id)).collect(),
            names: named.map(|id| (id, self.token_label(id))).collect(),
            heads,
            writers: attributions.first().map_or(Vec::new(), Attribution::writers),
        };
        let lens = (!lens.is_empty()).then_some(table);
        Ok(Captured { exploration: Rc::new(exploration), metadata, lens, attributions })
    }
}

impl Captured {
    /// Writes it: there is a whole file or none.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let _no_grad = tch::no_grad_guard();
        let seen = &self.exploration;
        let mut tensors = Vec::new();
        let mut keep = |name: String, tensor: &Tensor| tensors.push((name, Written::new(tensor)));
        let batched = |tensor: &Tensor| tensor.unsqueeze(0);
        keep("input_ids".into(), &batched(&whole_numbers(&seen.ids)));
        keep(hook(None, Hook::Embed), &batched(&seen.embed));
        for (block, layer) in seen.blocks.iter().enumerate() {
            let of_block = |name| hook(Some(block), name);
            keep(of_block(Hook::RotQ), &positions_first(&layer.heads.q));
            keep(of_block(Hook::RotK), &positions_first(&layer.heads.k));
            keep(of_block(Hook::V), &positions_first(&layer.v));
            keep(in_block(block as u32, "attn.lse"), &batched(&layer.heads.lse));
            keep(of_block(Hook::ResidMid), &batched(&layer.mid));
            keep(of_block(Hook::ResidPost), &batched(&layer.post));
        }
        if let Some(lens) = &self.lens {
            lens_tensors(lens).into_iter().for_each(|(name, tensor)| keep(format!("lens.{name}"), &tensor));
        }
        if !self.attributions.is_empty() {
            let shares = |found: &Attribution| found.parts.iter().map(|(_, share)| *share).collect::<Vec<_>>();
            let shares: Vec<f32> = self.attributions.iter().flat_map(shares).collect();
            let tokens: Vec<i64> = self.attributions.iter().map(|found| i64::from(found.token)).collect();
            let logits: Vec<f32> = self.attributions.iter().map(|found| found.logit).collect();
            let n = self.attributions.len() as i64;
            keep("attribution.shares".into(), &Tensor::from_slice(&shares).view([n, -1]));
            keep("attribution.tokens".into(), &Tensor::from_slice(&tokens));
            keep("attribution.logits".into(), &Tensor::from_slice(&logits));
        }
        let metadata = serde_json::to_string(&self.metadata)
            .map_err(|error| Error::file(path, format!("cannot write: {error}")))?;
        tensor_file::write(path, tensors, Some(HashMap::from([(KEY.to_owned(), metadata)])))
    }
}

impl Captured {
    /// What pictures are drawn of: all heads small, some whole, the lens. A pattern has at most `MOST_CELLS` cells on a
    /// side.
    ///
    /// # Errors
    /// There is no such head.
    pub fn text(&self, heads: &[Head]) -> Result<Text> {
        let seen = &self.exploration;
        let (t, n_heads) = (seen.len(), seen.heads(0).len());
        let mut thumbnails = Vec::new();
        seen.survey(THUMBNAIL, None, &Control::default(), &mut |_, ran| thumbnails.extend(ran.thumbnails))?;
        let pattern = |&head: &Head| {
            if head.block as usize >= seen.n_layers() || head.head as usize >= n_heads {
                let (blocks, last) = (seen.n_layers() - 1, n_heads - 1);
                return Err(Error::Request(format!("there is no head {head}: there are 0.0 to {blocks}.{last}")));
            }
            let (area, bin) = (Area { queries: 0..t, keys: 0..t }, t.div_ceil(MOST_CELLS));
            let cells = seen.heads(head.block as usize).shrunk(head.head as usize, &area, bin);
            Ok(Pattern { head, area, bin, cells })
        };
        Ok(Text {
            model: self.metadata.model.clone(),
            setting: self.metadata.setting(),
            versions: self.metadata.versions.clone(),
            tokens: self.metadata.labels.clone(),
            scores: self.metadata.heads.clone(),
            thumbnails,
            patterns: heads.iter().map(pattern).collect::<Result<_>>()?,
            lens: self.lens.clone(),
            names: self.metadata.names.clone(),
            scale: Scale::default(),
        })
    }
}

impl Metadata {
    /// Device and toggles, in words.
    fn setting(&self) -> String {
        let toggles = self.toggles.iter().map(|(name, value)| format!("{name}={value}"));
        std::iter::once(self.device.clone()).chain(toggles).collect::<Vec<_>>().join(", ")
    }

    /// With every text made safe to show: it comes from a file.
    fn shown(mut self) -> Self {
        let safe = |text: &mut String| *text = shown::line(text);
        safe(&mut self.model);
        safe(&mut self.device);
        self.toggles.iter_mut().for_each(|(name, value)| {
            safe(name);
            safe(value);
        });
        safe(&mut self.versions);
        self.labels.iter_mut().for_each(safe);
        self.names.values_mut().for_each(safe);
        self
    }
}

/// [heads, T, d_head] → [1, T, heads, d_head], as hooks have it
fn positions_first(tensor: &Tensor) -> Tensor {
    tensor.transpose(0, 1).unsqueeze(0)
}

/// `blocks.3.attn.hook_q`
fn hook(block: Option<usize>, name: Hook) -> String {
    At::new(block, name).to_string()
}

/// The lens by what its cells hold, each [places, positions] or [places, positions, top].
fn lens_tensors(lens: &LensTable) -> Vec<(&'static str, Tensor)> {
    let places = lens.places.len() as i64;
    let n = lens.positions().len() as i64;
    let cells = || lens.places.iter().flat_map(|(_, cells)| cells);
    let floats =
        |of: &dyn Fn(&LensCell) -> f32| Tensor::from_slice(&cells().map(of).collect::<Vec<f32>>()).view([places, n]);
    let whole =
        |of: &dyn Fn(&LensCell) -> i64| Tensor::from_slice(&cells().map(of).collect::<Vec<i64>>()).view([places, n]);
    let top: Vec<&Likely> = cells().flat_map(|cell| &cell.top).collect();
    let top_ids: Vec<i64> = top.iter().map(|likely| i64::from(likely.id)).collect();
    let probabilities: Vec<f32> = top.iter().map(|likely| likely.probability).collect();
    vec![
        ("first", Tensor::from_slice(&[lens.first as i64])),
        ("top_ids", Tensor::from_slice(&top_ids).view([places, n, -1])),
        ("top_probabilities", Tensor::from_slice(&probabilities).view([places, n, -1])),
        // −1 where nothing comes.
        ("rank", whole(&|cell| cell.rank.map_or(-1, i64::from))),
        ("entropy", floats(&|cell| cell.entropy)),
        ("kl", floats(&|cell| cell.kl)),
        ("norm", floats(&|cell| cell.norm)),
        // Not a number at the first place.
        ("write", floats(&|cell| cell.write.unwrap_or(f32::NAN))),
        ("largest_feature", whole(&|cell| i64::from(cell.largest.0))),
        ("largest", floats(&|cell| cell.largest.1)),
        ("massive", whole(&|cell| i64::from(cell.massive))),
    ]
}
