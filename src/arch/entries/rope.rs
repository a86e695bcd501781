//! Rotary positions as files describe them: `rope_theta` and `rope_scaling` at the top (older), both inside
//! `rope_parameters` (newer), one of these for each kind of layer, or GGUF's entries and tables.

use super::shortened::shortened;
use super::{Config, Entries, File};
use crate::arch::Result;
use crate::arch::rotation::{Pairing, Rotation, Scaling, Yarn};
use crate::gguf::Gguf;
use serde_json::{Map, Value};

/// θ where a file does not say.
const BASE: f64 = 10_000.0;

impl Entries<'_> {
    /// How heads of `d_head` features are turned, with halves turning together.
    ///
    /// # Errors
    /// A kind of scaling that is not known, or one whose numbers are missing.
    pub fn rotation(&self, d_head: usize) -> Result<Rotation> {
        self.rotation_of_layers(d_head, None)
    }

    /// The same for the layers of one kind (`full_attention`, `sliding_attention`), where a file tells kinds apart.
    ///
    /// # Errors
    /// As [`Entries::rotation`].
    pub fn rotation_of_layers(&self, d_head: usize, kind: Option<&str>) -> Result<Rotation> {
        match self.file {
            File::Config(config) => self.in_config(config, d_head, kind),
            File::Gguf { gguf, architecture } => self.in_gguf(gguf, architecture, d_head),
        }
    }

    fn in_config(&self, config: &Config, d_head: usize, kind: Option<&str>) -> Result<Rotation> {
        self.ignore(&["rope_parameters", "rope_scaling", "original_max_position_embeddings"]);
        let newer = config.value("rope_parameters").and_then(Value::as_object);
        let newer = newer.map(|all| kind.and_then(|kind| all.get(kind)?.as_object()).unwrap_or(all));
        let older = config.value("rope_scaling").and_then(Value::as_object);
        let nothing = Map::new();
        let scaling = newer.or(older).unwrap_or(&nothing);
        let number = |key: &str| match scaling.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| {
                self.problem(&format!(
                    "'{key}' of rotary positions should be a number, found {}",
                    shortened(&value.to_string())
                ))
            }),
        };
        let at_top = self.number("rope_theta")?;
        let base = number("rope_theta")?.or(at_top).unwrap_or(BASE);
        let at_top = self.number("partial_rotary_factor")?;
        let partial = number("partial_rotary_factor")?.or(at_top).unwrap_or(1.0);
        let dims = (d_head as f64 * partial) as usize;
        let n_ctx = || self.optional_size("max_position_embeddings").map(|n| n.unwrap_or(2048) as f64);
        let original = || match number("original_max_position_embeddings")? {
            Some(original) => Ok(Some(original)),
            None => config.number("original_max_position_embeddings"),
        };
        let named =
            scaling.get("rope_type").or_else(|| scaling.get("type")).and_then(Value::as_str).unwrap_or("default");
        let needed = |key: &str| {
            number(key)?
                .ok_or_else(|| self.problem(&format!("rope scaling '{}' needs a number '{key}'", shortened(named))))
        };
        let scaling = match named {
            "default" => Scaling::None,
            "linear" => Scaling::Linear { factor: needed("factor")? },
            "dynamic" => Scaling::Dynamic { factor: needed("factor")?, original: n_ctx()? },
            "llama3" => Scaling::Llama3 {
                factor: needed("factor")?,
                low_freq_factor: needed("low_freq_factor")?,
                high_freq_factor: needed("high_freq_factor")?,
                original: needed("original_max_position_embeddings")?,
            },
            "yarn" => {
                let original = match original()? {
                    Some(original) => original,
                    None => n_ctx()?,
                };
                let factor = match number("factor")? {
                    Some(factor) => factor,
                    None => n_ctx()? / original,
                };
                let sharpening = match (number("attention_factor")?, number("mscale")?, number("mscale_all_dim")?) {
                    (Some(factor), ..) => factor,
                    (None, Some(m), Some(all)) if m != 0.0 && all != 0.0 => {
                        Yarn::sharpening(factor, m) / Yarn::sharpening(factor, all)
                    }
                    _ => Yarn::sharpening(factor, 1.0),
                };
                Scaling::Yarn(Yarn {
                    factor,
                    original,
                    beta_fast: number("beta_fast")?.unwrap_or(32.0),
                    beta_slow: number("beta_slow")?.unwrap_or(1.0),
                    attention_factor: sharpening,
                    truncate: scaling.get("truncate").and_then(Value::as_bool).unwrap_or(true),
                })
            }
            "longrope" | "su" => {
                let factors = |key: &str| {
                    let numbers = scaling
                        .get(key)
                        .and_then(Value::as_array)
                        .and_then(|all| all.iter().map(Value::as_f64).collect());
                    numbers
                        .ok_or_else(|| self.problem(&format!("rope scaling '{named}' needs a list of numbers '{key}'")))
                };
                let (n_ctx, original) = (n_ctx()?, original()?);
                let original = original.unwrap_or(n_ctx);
                Scaling::LongRope {
                    short: factors("short_factor")?,
                    long: factors("long_factor")?,
                    original,
                    attention_factor: number("attention_factor")?
                        .unwrap_or_else(|| longrope_factor(n_ctx / original, original)),
                }
            }
            other => {
                return Err(self.unsupported(&format!(
                    "rope scaling '{}' is not known; this version has default, linear, dynamic, llama3, yarn and longrope",
                    shortened(other)
                )));
            }
        };
        Ok(Rotation { dims, pairing: Pairing::Halves, base, scaling })
    }

    /// llama.cpp's entries: the kind of scaling in words, tables of factors as tensors.
    fn in_gguf(&self, gguf: &Gguf, architecture: &str, d_head: usize) -> Result<Rotation> {
        let dims = self.optional_size("rope.dimension_count")?.unwrap_or(d_head);
        let base = self.number("rope_theta")?.unwrap_or(BASE);
        let n_ctx = self.size("max_position_embeddings")? as f64;
        let original = self.number("rope.scaling.original_context_length")?;
        let (factor, sharpening) = (self.number("rope.scaling.factor")?, self.number("rope.scaling.attn_factor")?);
        let (fast, slow) = (self.number("rope.scaling.yarn_beta_fast")?, self.number("rope.scaling.yarn_beta_slow")?);
        let kind = self.text("rope.scaling.type")?.unwrap_or("none");
        let needed_factor =
            || factor.ok_or_else(|| self.problem(&format!("'{architecture}.rope.scaling.factor' is missing")));
        let table = |name: &str| -> Result<Option<Vec<f32>>> {
            let Ok(tensor) = gguf.tensor(name) else { return Ok(None) };
            let mut factors = vec![0.0; tensor.elements()];
            gguf.dequantise(name, &mut factors)?;
            Ok(Some(factors))
        };
        let wide = |factors: Vec<f32>| factors.into_iter().map(f64::from).collect::<Vec<f64>>();
        let scaling = match (
            table("rope_freqs.weight")?,
            table("rope_factors_short.weight")?,
            table("rope_factors_long.weight")?,
        ) {
            (Some(divisors), ..) => Scaling::PerFrequency(divisors),
            (None, Some(short), Some(long)) => {
                let original = original.unwrap_or(n_ctx);
                Scaling::LongRope {
                    short: wide(short),
                    long: wide(long),
                    original,
                    attention_factor: sharpening.unwrap_or_else(|| longrope_factor(n_ctx / original, original)),
                }
            }
            _ => match kind {
                "none" => Scaling::None,
                "linear" => Scaling::Linear { factor: needed_factor()? },
                "yarn" => {
                    let factor = needed_factor()?;
                    Scaling::Yarn(Yarn {
                        factor,
                        original: original.unwrap_or(n_ctx),
                        beta_fast: fast.unwrap_or(32.0),
                        beta_slow: slow.unwrap_or(1.0),
                        attention_factor: sharpening.unwrap_or(1.0) * Yarn::sharpening(factor, 1.0),
                        truncate: true,
                    })
                }
                other => {
                    return Err(self.unsupported(&format!(
                        "rope scaling '{}' is not known; this version has none, linear, yarn and tables of factors",
                        shortened(other)
                    )));
                }
            },
        };
        Ok(Rotation { dims, pairing: Pairing::Halves, base, scaling })
    }
}

/// √(1 + ln(s) / ln(original)): what cosines and sines of a text that is s times as long are multiplied by.
fn longrope_factor(stretched: f64, original: f64) -> f64 {
    if stretched <= 1.0 { 1.0 } else { (1.0 + stretched.ln() / original.ln()).sqrt() }
}
