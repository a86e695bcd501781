//! Weights out of a GGUF file, dequantised straight from the map.

use super::WeightSource;
use crate::arch::formats::GROUP;
use crate::arch::inventory::TensorIndex;
use crate::arch::weight::{Parameter, Stored};
use crate::arch::{Model, families};
use crate::engine::Result;
use crate::engine::matrix::Groups;
use crate::gguf::Gguf;
use std::path::Path;
use tch::{Device, Kind, Tensor};

impl TensorIndex for Gguf {
    fn path(&self) -> &Path {
        Gguf::path(self)
    }

    fn stored(&self, model: &Model, parameter: &Parameter) -> Stored {
        (families::named(model.family).stored_in_gguf)(model, parameter, self)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Gguf::tensor(self, name).ok().map(|tensor| tensor.shape.clone())
    }

    fn format(&self, name: &str) -> Option<(String, u64)> {
        let tensor = Gguf::tensor(self, name).ok()?;
        Some((tensor.kind.name().into_owned(), tensor.bytes() as u64))
    }

    fn refusal(&self, names: &[String]) -> Option<String> {
        Gguf::refusal(self, names.iter().map(String::as_str))
    }
}

impl WeightSource for Gguf {
    fn tensor(&self, name: &str) -> Result<Tensor> {
        let info = Gguf::tensor(self, name)?;
        let shape: Vec<i64> = info.shape.iter().map(|&size| size as i64).collect();
        let tensor = Tensor::f_empty(&shape, (Kind::Float, Device::Cpu))?;
        // SAFETY: the tensor was just allocated, contiguous, f32, with this many elements, and nobody else has it.
        let values = unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast::<f32>(), tensor.numel()) };
        self.dequantise(name, values)?;
        Ok(tensor)
    }

    fn groups(&self, name: &str) -> Result<Option<Groups>> {
        let info = Gguf::tensor(self, name)?;
        let &[out, inner] = info.shape.as_slice() else { return Ok(None) };
        let (mut q, groups) = (vec![0; out * inner], out * inner / GROUP);
        let (mut scale, mut least) = (vec![0.0; groups], vec![0.0; groups]);
        if !self.four_bits(name, &mut q, &mut scale, &mut least)? {
            return Ok(None);
        }
        let (out, inner) = (out as i64, inner as i64);
        let by_group = |values: &[f32]| Tensor::f_from_slice(values)?.f_view([out, inner / GROUP as i64]);
        Ok(Some(Groups {
            q: Tensor::f_from_slice(&q)?.f_view([out, inner])?,
            scale: by_group(&scale)?,
            least: by_group(&least)?,
        }))
    }
}
