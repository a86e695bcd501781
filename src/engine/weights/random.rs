//! Weights out of a seeded generator: the exact shapes of a model without its file, for timing.

use super::WeightSource;
use crate::arch::Model;
use crate::arch::inventory::TensorIndex;
use crate::arch::weight::{Parameter, Slot, Stored};
use crate::engine::Result;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};

/// Half the width of a uniform distribution with the usual standard deviation of 0.02.
const HALF_WIDTH: f64 = 0.034_641;

/// Seeded random weights for a model. They are drawn in f32 whatever they are converted to, so that the same model in
/// another format is the same model.
pub struct Random {
    path: PathBuf,
    parameters: HashMap<String, Parameter>,
}

impl Random {
    pub fn new(name: &str, model: &Model) -> Self {
        let named = |parameter: Parameter| (name_of(&parameter), parameter);
        Self { path: PathBuf::from(name), parameters: model.parameters().into_iter().map(named).collect() }
    }
}

impl TensorIndex for Random {
    fn path(&self) -> &Path {
        &self.path
    }

    fn stored(&self, _: &Model, parameter: &Parameter) -> Stored {
        Stored::whole(name_of(parameter), parameter)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.parameters.get(name).map(|parameter| parameter.shape.clone())
    }
}

impl WeightSource for Random {
    fn tensor(&self, name: &str) -> Result<Tensor> {
        let Parameter { key, shape } = &self.parameters[name];
        let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let options = (Kind::Float, Device::Cpu);
        if key.bias || key.slot == Slot::Sinks {
            return Ok(Tensor::f_zeros(&shape, options)?);
        }
        if key.slot.is_norm() {
            return Ok(Tensor::f_ones(&shape, options)?);
        }
        // A seed of its own for each weight: the same weight whatever was made before it.
        tch::manual_seed(1 + key.block.unwrap_or(0) as i64 * 64 + key.slot as i64);
        Ok(Tensor::f_empty(&shape, options)?.f_uniform_(-HALF_WIDTH, HALF_WIDTH)?)
    }
}

/// A name that only this source uses.
fn name_of(parameter: &Parameter) -> String {
    let key = parameter.key;
    format!("{:?} {:?} {}", key.slot, key.block, key.leaf())
}

const _: () = assert!((Slot::LmHead as usize) < 64, "every slot needs a seed of its own");
