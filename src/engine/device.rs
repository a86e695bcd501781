//! Where a model lies and computes: the processor, or one of the machine's GPUs.

use super::cuda::{self, Cuda};
use super::{Error, Result};
use crate::arch::memory;
use crate::arch::toggles::Toggles;
use std::fmt;
use std::str::FromStr;

/// A place to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Device {
    #[default]
    Cpu,
    /// The GPU of this number, as CUDA counts them.
    Cuda(u32),
}

impl Device {
    /// Makes sure that something can be computed there. For a GPU this opens LibTorch's CUDA half, which
    /// takes seconds: it is done only when somebody asks for one, so that the processor starts as fast as ever.
    ///
    /// # Errors
    /// What was asked for, what was found in its place, and what to do.
    pub fn open(self) -> Result<()> {
        match self {
            Device::Cpu => Ok(()),
            Device::Cuda(number) => refusal(number, cuda::find()).map_or(Ok(()), |why| Err(Error::Device(why))),
        }
    }

    /// The same in LibTorch's terms.
    pub fn torch(self) -> tch::Device {
        match self {
            Device::Cpu => tch::Device::Cpu,
            Device::Cuda(number) => tch::Device::Cuda(number as usize),
        }
    }

    /// Waits until everything that was asked of it is done, so that a clock read then tells the truth. A
    /// processor is never behind.
    pub fn synchronize(self) {
        if let Device::Cuda(number) = self {
            tch::Cuda::synchronize(i64::from(number));
        }
    }

    /// Whether weights in the formats of these toggles can be multiplied there.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(self, toggles: &Toggles) -> Result<()> {
        match self {
            Device::Cpu => Ok(()),
            Device::Cuda(_) => Ok(toggles.check_beside_processor(&self.to_string())?),
        }
    }

    /// The most bytes that a model could have there: what the system has to spare, or all of a GPU's memory.
    /// No limit where nobody says.
    pub fn memory(self) -> u64 {
        match self {
            Device::Cpu => memory::available(),
            Device::Cuda(number) => cuda::find()
                .gpu(number)
                .map_or(u64::MAX, |gpu| gpu.memory.filter(|&bytes| bytes > 0).unwrap_or(u64::MAX)),
        }
    }
}

/// Why GPU `number` cannot be used, given what was found; `None` if it can.
fn refusal(number: u32, cuda: &Cuda) -> Option<String> {
    let asked = Device::Cuda(number);
    let n = cuda.usable;
    if number < n {
        return None;
    }
    let advice = "use --device cpu; docs/gpu.md says what a GPU needs";
    Some(match n {
        0 => format!("--device {asked} cannot be had: {}; {advice}", cuda.problems().join("; ")),
        1 => format!("--device {asked} cannot be had: there is one GPU, cuda:0"),
        _ => format!("--device {asked} cannot be had: there are {n} GPUs, cuda:0 to cuda:{}", n - 1),
    })
}

impl fmt::Display for Device {
    /// The spelling that `--device` takes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(number) => write!(f, "cuda:{number}"),
        }
    }
}

impl FromStr for Device {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        match text.split_once(':') {
            None if text == "cpu" => Some(Device::Cpu),
            None if text == "cuda" => Some(Device::Cuda(0)),
            Some(("cuda", text)) => number(text).map(Device::Cuda),
            _ => None,
        }
        .ok_or_else(|| {
            Error::Device(format!("'{text}' is no device; there are cpu, cuda, and cuda:N for GPU number N"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cuda::Gpu;

    fn found(usable: u32, library: Result<String, String>, driver: Result<Vec<Gpu>, String>) -> Cuda {
        Cuda { library, driver, usable }
    }

    #[test]
    fn what_is_printed_can_be_read_back() {
        for (text, device) in [("cpu", Device::Cpu), ("cuda", Device::Cuda(0)), ("cuda:3", Device::Cuda(3))] {
            assert_eq!(text.parse::<Device>().unwrap(), device);
            assert_eq!(device.to_string().parse::<Device>().unwrap(), device);
        }
        for text in ["", "gpu", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:+1", "cuda:1:2", "cuda:99999999999"] {
            let refusal = text.parse::<Device>().unwrap_err().to_string();
            assert!(refusal.contains(&format!("'{text}'")) && refusal.contains("cuda:N"), "{refusal}");
        }
    }

    #[test]
    fn a_gpu_that_cannot_be_had_is_refused_with_what_was_found() {
        let nothing = found(0, Err("there is no libtorch_cuda.so".into()), Err("there is no driver".into()));
        let why = refusal(0, &nothing).unwrap();
        for said in ["--device cuda:0", "no libtorch_cuda.so", "no driver", "--device cpu", "docs/gpu.md"] {
            assert!(why.contains(said), "{said} in {why}");
        }
        let gpu = || Gpu { name: "a GPU".into(), memory: None, cache: None };
        let blind = found(0, Ok("libtorch_cuda.so".into()), Ok(vec![gpu()]));
        assert!(refusal(0, &blind).unwrap().contains("a GPU, but LibTorch cannot compute on it"));
        let one = found(1, Ok("libtorch_cuda.so".into()), Ok(vec![gpu()]));
        assert_eq!(refusal(0, &one), None);
        assert!(refusal(1, &one).unwrap().contains("one GPU, cuda:0"));
        let two = found(2, Ok("libtorch_cuda.so".into()), Ok(vec![gpu(), gpu()]));
        assert!(refusal(7, &two).unwrap().contains("2 GPUs, cuda:0 to cuda:1"));
    }
}
