//! Opening such a file again: whatever it holds is checked before it is believed.

use super::{Captured, KEY, Metadata, VERSION, hook};
use crate::arch::hook::Hook;
use crate::arch::toggles::Attention;
use crate::engine::tensor_file::TensorFile;
use crate::engine::{Error, Result};
use crate::interpret::explore::activations::BlockActivations;
use crate::interpret::explore::exploration::{Exploration, Layer};
use crate::interpret::explore::heads::Scoring;
use crate::interpret::explore::tensors::numbers;
use crate::record::explored::{Attribution, LensCell, LensTable, Likely, Place, Writer};
use std::path::Path;
use std::rc::Rc;
use tch::{Kind, Tensor};

impl Captured {
    /// Whether a file may be one, by what it begins with.
    ///
    /// # Errors
    /// Why it is none.
    pub fn check(path: &Path) -> Result<()> {
        open(path).map(drop)
    }

    /// Opens one again.
    ///
    /// # Errors
    /// It is none, or not whole, or its parts do not fit together.
    pub fn read(path: &Path) -> Result<Self> {
        let _no_grad = tch::no_grad_guard();
        let (file, metadata) = open(path)?;
        let refused = |problem: String| Error::file(path, problem);
        let attention: Attention = metadata
            .attention
            .parse()
            .map_err(|()| refused(format!("expected a kind of attention, found '{}'", metadata.attention)))?;
        let reader = TensorReader { file: &file, path };
        // In the first version heads stood before positions, and what is after the rotation was named as what is before.
        let is_first = metadata.version == 1;
        let (of_q, of_k) = if is_first { (Hook::Q, Hook::K) } else { (Hook::RotQ, Hook::RotK) };
        let n_layers = (0..).take_while(|&block| file.info(&hook(Some(block), of_q)).is_some()).count();
        let t = metadata.labels.len() as i64;
        let heads_of = |name| -> Result<[i64; 2]> {
            let shape = reader.shape(&hook(Some(0), name), 4)?;
            Ok([if is_first { shape[1] } else { shape[2] }, shape[3]])
        };
        let ([n_heads, d_head], [kv_heads, _]) = (heads_of(of_q)?, heads_of(of_k)?);
        let d_model = reader.shape("hook_embed", 3)?[2];
        if t == 0 {
            return Err(refused("expected a text, found no token".into()));
        }
        if kv_heads == 0 || d_head == 0 || n_heads == 0 || n_heads % kv_heads != 0 {
            return Err(refused(format!(
                "expected heads that share key/value heads evenly, found {n_heads} and {kv_heads}"
            )));
        }
        let ids = reader.numbers("input_ids", &[1, t])?;
        let layer = |block: usize| {
            let tensor = |name, shape: &[i64]| reader.float(&hook(Some(block), name), shape);
            // [heads, T, d_head]
            let by_head = |name, heads: i64| match is_first {
                true => tensor(name, &[1, heads, t, d_head]),
                false => Ok(tensor(name, &[1, t, heads, d_head])?.transpose(0, 1).contiguous()),
            };
            let kept = BlockActivations {
                q: by_head(of_q, n_heads)?,
                k: by_head(of_k, kv_heads)?,
                v: by_head(Hook::V, kv_heads)?,
                mid: tensor(Hook::ResidMid, &[1, t, d_model])?,
                post: tensor(Hook::ResidPost, &[1, t, d_model])?,
            };
            let scoring = match is_first {
                true => Some(Scoring::plain(attention.mask, d_head)),
                false => metadata.scoring.get(block).and_then(|scoring| scoring.clone().read(n_heads as usize)),
            };
            let scoring = scoring.ok_or_else(|| refused(format!("expected how scores of block {block} are made")))?;
            Ok(Layer::of(kept, scoring))
        };
        let exploration = Exploration::new(
            ids.into_iter().map(|id| id as u32).collect(),
            reader.float("hook_embed", &[1, t, d_model])?,
            (0..n_layers).map(layer).collect::<Result<_>>()?,
        );
        let places: Vec<Place> = exploration.places().collect();
        let lens = match file.info("lens.top_ids") {
            Some(_) => Some(reader.lens(&places, t)?),
            None => None,
        };
        let attributions = match &lens {
            Some(lens) if file.info("attribution.shares").is_some() => reader.attributions(lens, &metadata.writers)?,
            _ => Vec::new(),
        };
        Ok(Self { exploration: Rc::new(exploration), metadata: metadata.shown(), lens, attributions })
    }
}

/// A file, and what it tells beside its tensors.
fn open(path: &Path) -> Result<(TensorFile, Metadata)> {
    let file = TensorFile::open(path)?;
    let refused = |problem: String| Error::file(path, problem);
    let metadata = file.told(KEY).ok_or_else(|| {
        refused(
            "expected what `blockscope capture --out FILE` writes when no --hooks are named; this has tensors alone"
                .into(),
        )
    })?;
    let metadata: Metadata = serde_json::from_str(metadata)
        .map_err(|error| refused(format!("expected what was seen of a text: {error}")))?;
    if !(1..=VERSION).contains(&metadata.version) {
        return Err(refused(format!(
            "expected version 1 to {VERSION}, found {}: open it with a newer Blockscope",
            metadata.version
        )));
    }
    Ok((file, metadata))
}

/// Reads tensors whose shapes are known.
struct TensorReader<'a> {
    file: &'a TensorFile,
    path: &'a Path,
}

impl TensorReader<'_> {
    /// The shape of a tensor that has so many dimensions.
    fn shape(&self, name: &str, dimensions: usize) -> Result<Vec<i64>> {
        let info = self.file.info(name).ok_or_else(|| Error::file(self.path, format!("no tensor {name}")))?;
        if info.shape.len() != dimensions {
            let problem = format!("{name}: expected {dimensions} dimensions, found {:?}", info.shape);
            return Err(Error::file(self.path, problem));
        }
        Ok(info.shape.iter().map(|&size| size as i64).collect())
    }

    fn tensor(&self, name: &str, shape: &[i64]) -> Result<Tensor> {
        let found = self.shape(name, shape.len())?;
        if found != shape {
            return Err(Error::file(self.path, format!("{name}: expected {shape:?}, found {found:?}")));
        }
        self.file.tensor(name)
    }

    /// A tensor without its batch dimension, f32.
    fn float(&self, name: &str, shape: &[i64]) -> Result<Tensor> {
        Ok(self.tensor(name, shape)?.squeeze_dim(0).to_kind(Kind::Float))
    }

    fn numbers(&self, name: &str, shape: &[i64]) -> Result<Vec<i64>> {
        Ok(Vec::try_from(self.tensor(name, shape)?.to_kind(Kind::Int64).contiguous().view(-1))?)
    }

    fn floats(&self, name: &str, shape: &[i64]) -> Result<Vec<f32>> {
        Ok(numbers(&self.tensor(name, shape)?))
    }

    /// The lens at these places, of a text of `t` positions.
    fn lens(&self, places: &[Place], t: i64) -> Result<LensTable> {
        let shape = self.shape("lens.top_ids", 3)?;
        let (n, top) = (shape[1], shape[2] as usize);
        let first = self.numbers("lens.first", &[1])?[0];
        if first < 0 || n == 0 || first.checked_add(n).is_none_or(|end| end > t) {
            let problem = format!("lens: expected positions of the text's {t}, found {n} from {first} on");
            return Err(Error::file(self.path, problem));
        }
        let n_places = places.len() as i64;
        let (each, all) = ([n_places, n], [n_places, n, top as i64]);
        let ids = self.numbers("lens.top_ids", &all)?;
        let probabilities = self.floats("lens.top_probabilities", &all)?;
        let (rank, feature) = (self.numbers("lens.rank", &each)?, self.numbers("lens.largest_feature", &each)?);
        let massive = self.numbers("lens.massive", &each)?;
        let [entropy, kl, norm, write, largest] =
            ["entropy", "kl", "norm", "write", "largest"].map(|name| self.floats(&format!("lens.{name}"), &each));
        let (entropy, kl, norm, write, largest) = (entropy?, kl?, norm?, write?, largest?);
        let cell = |at: usize| LensCell {
            top: (at * top..(at + 1) * top)
                .map(|at| Likely { id: ids[at] as u32, probability: probabilities[at] })
                .collect(),
            rank: u32::try_from(rank[at]).ok(),
            entropy: entropy[at],
            kl: kl[at],
            norm: norm[at],
            write: Some(write[at]).filter(|write| !write.is_nan()),
            largest: (feature[at] as u32, largest[at]),
            massive: massive[at] != 0,
        };
        let n = n as usize;
        let row = |(row, &place): (usize, &Place)| (place, (row * n..(row + 1) * n).map(cell).collect());
        Ok(LensTable { first: first as usize, places: places.iter().enumerate().map(row).collect() })
    }

    /// Who wrote the likeliest tokens, at the positions of the lens.
    fn attributions(&self, lens: &LensTable, writers: &[Writer]) -> Result<Vec<Attribution>> {
        let n = lens.positions().len();
        let shares = self.floats("attribution.shares", &[n as i64, writers.len() as i64])?;
        let tokens = self.numbers("attribution.tokens", &[n as i64])?;
        let logits = self.floats("attribution.logits", &[n as i64])?;
        let of = |at: usize| Attribution {
            position: (lens.first + at) as u32,
            token: tokens[at] as u32,
            versus: None,
            parts: writers.iter().copied().zip(shares[at * writers.len()..].iter().copied()).collect(),
            logit: logits[at],
        };
        Ok((0..n).map(of).collect())
    }
}
