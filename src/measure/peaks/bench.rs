//! The work that peaks are measured by, on LibTorch.

use super::work::{Bench, ReadOperator, Work};
use crate::engine::allocator::{Tag, tagged};
use crate::engine::{Device, Error, Result, native};
use crate::record::Dtype;
use crate::units::Nanos;
use std::time::Instant;
use tch::{Kind, Tensor};

/// Columns of the matrix that a matrix–vector product reads: as wide as a model's.
const COLUMNS: i64 = 4096;

/// Does it on one device.
pub struct LibTorch {
    device: Device,
    /// What the last work was done with, so that the next of its kind need not make it again.
    ready: Option<(Work, Operands)>,
}

/// What an operator is given.
enum Operands {
    /// x and W. [size, size]
    Product(Tensor, Tensor),
    /// As many bytes as are read, as a matrix where it is to be one, and a vector to multiply it with.
    Read(Tensor, Tensor),
    /// One element each.
    Calls(Tensor, Tensor),
}

impl LibTorch {
    pub fn new(device: Device) -> Self {
        Self { device, ready: None }
    }

    fn prepare(&self, work: Work) -> Result<Operands> {
        let on = |kind: Kind| (kind, self.device.torch());
        Ok(match work {
            Work::Product { dtype, size } => {
                let kind = kind(dtype)?;
                // Numbers as they come in a model: zeros would be multiplied with less power, and so faster.
                let matrix = || -> Result<Tensor> {
                    let shape = [i64::from(size), i64::from(size)];
                    Ok(Tensor::f_empty(shape, on(Kind::Float))?.f_uniform_(-1.0, 1.0)?.f_to_kind(kind)?)
                };
                Operands::Product(matrix()?, matrix()?)
            }
            Work::Read { reader, bytes } => {
                let kind = if reader == ReadOperator::MvF16 { Kind::Half } else { Kind::Float };
                // Of the buffer that is there already, if it is as large: filling one takes longer than reading it.
                let present = self.ready.as_ref().and_then(|(_, operands)| match operands {
                    Operands::Read(buffer, _) => Some(buffer.f_view(-1).and_then(|x| x.f_view_dtype(Kind::Float))),
                    _ => None,
                });
                let all = match present.transpose()?.filter(|buffer| buffer.numel() as u64 * 4 >= bytes) {
                    Some(buffer) => buffer.f_narrow(0, 0, (bytes / 4) as i64)?,
                    None => {
                        let _tagged = tagged(Tag::Weights); // read from where they are
                        Tensor::f_ones([(bytes / 4) as i64], on(Kind::Float))?
                    }
                };
                let all = all.f_view_dtype(kind)?;
                let buffer = match reader {
                    ReadOperator::SumF32 | ReadOperator::MaxF32 => all,
                    ReadOperator::MvF32 | ReadOperator::MvF16 | ReadOperator::LinearF32 => all.f_view([-1, COLUMNS])?,
                };
                Operands::Read(buffer, Tensor::f_ones([COLUMNS], on(kind))?)
            }
            Work::Calls(_) => {
                Operands::Calls(Tensor::f_ones([1], on(Kind::Float))?, Tensor::f_ones([1], on(Kind::Float))?)
            }
        })
    }
}

impl Bench for LibTorch {
    fn time(&mut self, work: Work) -> Result<Nanos> {
        if self.ready.as_ref().is_none_or(|(ready, _)| *ready != work) {
            let operands = self.prepare(work)?;
            self.ready = Some((work, operands));
        }
        let Some((_, operands)) = &self.ready else { unreachable!("it was made ready just now") };
        self.device.synchronize();
        let began = Instant::now();
        let made = execute(work, operands)?;
        self.device.synchronize();
        let time = Nanos::of(began.elapsed());
        drop(made); // giving its memory back is not the operator's work
        Ok(time)
    }
}

/// Does `work` with what was made ready for it, and returns what the last operator made.
fn execute(work: Work, operands: &Operands) -> Result<Tensor> {
    Ok(match (work, operands) {
        (Work::Product { dtype, .. }, Operands::Product(x, w)) => {
            let by_onednn = dtype == Dtype::F32 && x.device() == tch::Device::Cpu;
            match by_onednn.then(|| native::linear_onednn(x, w, None)).flatten() {
                Some(made) => made,
                None => x.f_linear::<&Tensor>(w, None)?,
            }
        }
        (Work::Read { reader, .. }, Operands::Read(buffer, vector)) => match reader {
            ReadOperator::SumF32 => buffer.f_sum(None)?,
            ReadOperator::MaxF32 => buffer.f_max()?,
            ReadOperator::MvF32 | ReadOperator::MvF16 => buffer.f_mv(vector)?,
            ReadOperator::LinearF32 if buffer.device() == tch::Device::Cpu => {
                native::linear(&vector.f_unsqueeze(0)?, buffer, None, Kind::Float)
            }
            ReadOperator::LinearF32 => return Err(Error::unsupported("it computes on the processor only")),
        },
        (Work::Calls(n), Operands::Calls(x, y)) => {
            let mut made = x.f_add(y)?;
            for _ in 1..n {
                made = x.f_add(y)?;
            }
            made
        }
        _ => unreachable!("operands are made for the work that they are kept with"),
    })
}

/// The format in LibTorch's terms.
fn kind(dtype: Dtype) -> Result<Kind> {
    match dtype {
        Dtype::F32 => Ok(Kind::Float),
        Dtype::Bf16 => Ok(Kind::BFloat16),
        Dtype::F16 => Ok(Kind::Half),
        other => Err(Error::unsupported(format!("products in {} are not measured", other.name()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_work_can_be_done_and_takes_time() {
        let _no_grad = tch::no_grad_guard();
        let mut bench = LibTorch::new(Device::Cpu);
        let reads = ReadOperator::ALL.map(|reader| Work::Read { reader, bytes: 1 << 20 });
        let products = super::super::FORMATS.map(|dtype| Work::Product { dtype, size: 64 });
        for work in reads.into_iter().chain(products).chain([Work::Calls(10), reads[0]]) {
            assert!(bench.time(work).unwrap() > Nanos(0), "{work:?}");
        }
    }

    #[test]
    fn a_reader_reads_all_of_the_buffer() {
        let mut bench = LibTorch::new(Device::Cpu);
        for (reader, expected) in [(ReadOperator::SumF32, 262_144.0), (ReadOperator::MaxF32, 1.0)] {
            // After a larger one of another shape, of which it takes a part.
            bench.time(Work::Read { reader: ReadOperator::MvF16, bytes: 4 << 20 }).unwrap();
            let work = Work::Read { reader, bytes: 1 << 20 };
            bench.time(work).unwrap();
            let (_, operands) = bench.ready.as_ref().unwrap();
            assert_eq!(execute(work, operands).unwrap().double_value(&[]), expected);
        }
        let work = Work::Read { reader: ReadOperator::MvF32, bytes: 1 << 20 };
        bench.time(work).unwrap();
        let (_, operands) = bench.ready.as_ref().unwrap();
        let rows = execute(work, operands).unwrap();
        assert_eq!((rows.size(), rows.double_value(&[63])), (vec![64], 4096.0));
        let work = Work::Read { reader: ReadOperator::LinearF32, bytes: 1 << 20 };
        bench.time(work).unwrap();
        let (_, operands) = bench.ready.as_ref().unwrap();
        assert!(execute(work, operands).unwrap().squeeze_dim(0).equal(&rows));
    }
}
