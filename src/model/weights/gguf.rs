//! Weights out of a GGUF file, dequantised straight from the map.

use super::{Key, Stored, WeightSource};
use crate::gguf::Gguf;
use crate::model::Result;
use crate::model::matrix::Groups;
use crate::model::spec::Spec;
use crate::model::toggles::GROUP;
use std::path::Path;
use tch::{Device, Kind, Tensor};

impl WeightSource for Gguf {
    fn path(&self) -> &Path {
        Gguf::path(self)
    }

    fn stored(&self, spec: &Spec, key: Key) -> Stored {
        spec.family.stored_in_gguf(spec, key)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Gguf::tensor(self, name).ok().map(|tensor| tensor.shape.clone())
    }

    fn tensor(&self, name: &str) -> Result<Tensor> {
        let info = Gguf::tensor(self, name)?;
        let shape: Vec<i64> = info.shape.iter().map(|&size| size as i64).collect();
        let tensor = Tensor::f_empty(&shape, (Kind::Float, Device::Cpu))?;
        // SAFETY: the tensor was just allocated, contiguous, f32, with this many elements, and nobody else has it.
        let values = unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast::<f32>(), tensor.numel()) };
        self.dequantise(name, values)?;
        Ok(tensor)
    }

    fn refusal(&self, names: &[String]) -> Option<String> {
        Gguf::refusal(self, names.iter().map(String::as_str))
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
