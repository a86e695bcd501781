//! Weights out of a seeded generator: the exact shapes of a model without its file, for timing.

use super::{Key, Slot, Stored, WeightSource};
use crate::model::Result;
use crate::model::spec::Spec;
use crate::model::toggles::Precision;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tch::{Device, Tensor};

/// Half the width of a uniform distribution with the usual standard deviation of 0.02.
const HALF_WIDTH: f64 = 0.034_641;

/// Seeded random weights for a spec.
pub struct Random {
    path: PathBuf,
    keys: HashMap<String, (Key, Vec<usize>)>,
    /// Made directly in the format that is wanted, so that no wider copy is ever needed.
    precision: Precision,
}

impl Random {
    /// In `precision` where that is one that numbers can be drawn in.
    pub fn new(name: &str, spec: &Spec, precision: Precision) -> Self {
        let precision = if precision == Precision::Bf16 { precision } else { Precision::F32 };
        let keys = Key::of(spec).into_iter().map(|key| (name_of(key), (key, key.shape(spec)))).collect();
        Self { path: PathBuf::from(name), keys, precision }
    }
}

impl WeightSource for Random {
    fn path(&self) -> &Path {
        &self.path
    }

    fn stored(&self, spec: &Spec, key: Key) -> Stored {
        Stored::whole(name_of(key), key.shape(spec))
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.keys.get(name).map(|(_, shape)| shape.clone())
    }

    fn tensor(&self, name: &str) -> Result<Tensor> {
        let (key, shape) = &self.keys[name];
        let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let options = (self.precision.kind(), Device::Cpu);
        if key.bias {
            return Ok(Tensor::f_zeros(&shape, options)?);
        }
        if !key.is_matrix() {
            return Ok(Tensor::f_ones(&shape, options)?);
        }
        // A seed of its own for each weight: the same weight whatever was made before it.
        tch::manual_seed(1 + key.block.unwrap_or(0) as i64 * 64 + key.slot as i64);
        Ok(Tensor::f_empty(&shape, options)?.f_uniform_(-HALF_WIDTH, HALF_WIDTH)?)
    }
}

/// A name that only this source uses.
fn name_of(key: Key) -> String {
    super::gguf_name_of(key)
}

const _: () = assert!((Slot::LmHead as usize) < 64, "every slot needs a seed of its own");
