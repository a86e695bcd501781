//! What there is of CUDA on this machine: LibTorch's half of it, which is opened at run time, and the
//! GPUs that the driver knows.
//!
//! The program is not linked to `libtorch_cuda.so`: one binary serves machines with and without it. When
//! the library is opened it makes itself known to the LibTorch that is there already.

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{CStr, c_char, c_int, c_uint};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const LIBRARY: &str = "libtorch_cuda.so";
const DRIVER: &str = "libcuda.so.1";

/// Everything that was found.
#[derive(Debug)]
pub struct Cuda {
    /// Where LibTorch's CUDA half was opened from, or why it was not.
    pub library: Result<String, String>,
    /// The GPUs that the driver knows, in CUDA's order, or why it knows none.
    pub driver: Result<Vec<Gpu>, String>,
    /// How many of them LibTorch can compute on.
    pub usable: u32,
}

/// A GPU, in the driver's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    pub name: String,
    /// Bytes of its memory.
    pub memory: Option<u64>,
    /// Bytes of its last-level cache.
    pub cache: Option<u64>,
}

impl Cuda {
    /// GPU number `number`.
    pub fn gpu(&self, number: u32) -> Option<&Gpu> {
        self.driver.as_ref().ok()?.get(number as usize)
    }

    /// Why nothing can be computed on a GPU; empty if something can.
    pub fn problems(&self) -> Vec<String> {
        if self.usable > 0 {
            return Vec::new();
        }
        let found = [self.library.as_ref().err(), self.driver.as_ref().err()];
        let problems: Vec<String> = found.into_iter().flatten().cloned().collect();
        match &self.driver {
            Ok(gpus) if problems.is_empty() => {
                let names: Vec<_> = gpus.iter().map(|gpu| gpu.name.as_str()).collect();
                vec![format!(
                    "the driver knows {}, but LibTorch cannot compute on it; the driver may be too old for the CUDA that \
                     this LibTorch was built with",
                    names.join(", ")
                )]
            }
            _ => problems,
        }
    }
}

/// Looks for all of it, once: the second time nothing is opened any more.
pub fn find() -> &'static Cuda {
    static FOUND: OnceLock<Cuda> = OnceLock::new();
    FOUND.get_or_init(|| {
        let (library, driver) = (open_library(), ask_driver());
        // LibTorch itself complains on standard error where there is no driver: it is not asked then.
        let usable = match (&library, &driver) {
            (Ok(_), Ok(_)) if tch::Cuda::is_available() => tch::Cuda::device_count().max(0) as u32,
            _ => 0,
        };
        Cuda { library, driver, usable }
    })
}

/// Opens LibTorch's CUDA half for good: beside the half that is in use, else where the loader looks.
fn open_library() -> Result<String, String> {
    let beside = libtorch_cpu().map(|cpu| cpu.with_file_name(LIBRARY));
    let path = match &beside {
        Some(beside) if beside.exists() => beside.as_path(),
        _ => Path::new(LIBRARY),
    };
    // SAFETY: what its initialisers do is LibTorch's own affair: a program that is linked to it runs them too.
    // Its names must be seen by all, as LibTorch's libraries look for each other's.
    match unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) } {
        Ok(library) => {
            std::mem::forget(library); // what has made itself known can never go again
            Ok(path.display().to_string())
        }
        Err(error) => {
            let reason = reason(&error);
            Err(match beside {
                // The loader names the file that it misses first: this one, or one that this one needs.
                _ if !reason.starts_with(&format!("{LIBRARY}: cannot open")) => {
                    format!("LibTorch's CUDA half: {reason}")
                }
                Some(beside) => format!("there is no {}, nor a {LIBRARY} where the loader looks", beside.display()),
                None => format!("there is no {LIBRARY} where the loader looks"),
            })
        }
    }
}

/// The file of the LibTorch that this process runs with.
fn libtorch_cpu() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let files = maps.lines().filter_map(|line| line.find('/').map(|at| Path::new(&line[at..])));
    files.into_iter().find(|path| path.file_name().is_some_and(|name| name == "libtorch_cpu.so")).map(Path::to_owned)
}

/// Asks the driver for its GPUs, by the few functions of its interface that never change.
fn ask_driver() -> Result<Vec<Gpu>, String> {
    // SAFETY: the driver's library has no initialisers to be afraid of; LibTorch would open the same.
    let driver =
        unsafe { Library::open(Some(DRIVER), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| match reason(&error) {
            missing if missing.starts_with(&format!("{DRIVER}: cannot open")) => {
                format!("there is no NVIDIA driver ({DRIVER})")
            }
            reason => format!("the NVIDIA driver: {reason}"),
        })?;
    let driver = Driver(driver);
    driver.call("cuInit", |init: unsafe extern "C" fn(c_uint) -> c_int| unsafe { init(0) })?;
    let mut n = 0;
    driver.call("cuDeviceGetCount", |count: unsafe extern "C" fn(*mut c_int) -> c_int| unsafe { count(&raw mut n) })?;
    if n <= 0 {
        return Err("the driver knows no GPU".into());
    }
    let gpus = (0..n).map(|number| driver.gpu(number)).collect();
    // LibTorch uses it too, and may go on using it.
    std::mem::forget(driver);
    gpus
}

/// The CUDA driver interface: functions that return 0 when all is well, and where the result goes is handed in.
struct Driver(Library);

impl Driver {
    /// Calls the function called `name`, whose type is that of `call`'s argument.
    fn call<F: Copy>(&self, name: &str, call: impl FnOnce(F) -> c_int) -> Result<(), String> {
        // SAFETY: each use below gives the function's type as `cuda.h` does.
        let function = unsafe { self.0.get::<F>(name) };
        let function = function.map_err(|error| format!("the NVIDIA driver: {}", reason(&error)))?;
        match call(*function) {
            0 => Ok(()),
            status => Err(format!("the NVIDIA driver: {name}: {}", self.message(status))),
        }
    }

    /// What a status means, in the driver's words.
    fn message(&self, status: c_int) -> String {
        type GetErrorString = unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int;
        let mut text: *const c_char = std::ptr::null();
        // SAFETY: the type is that of `cuda.h`; the text is the driver's own, and stays.
        unsafe {
            if let Ok(function) = self.0.get::<GetErrorString>("cuGetErrorString") {
                function(status, &raw mut text);
            }
            if text.is_null() { format!("error {status}") } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        }
    }

    fn gpu(&self, number: c_int) -> Result<Gpu, String> {
        /// `CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE`
        const CACHE_SIZE: c_int = 38;
        type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
        type GetName = unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int;
        type GetMemory = unsafe extern "C" fn(*mut usize, c_int) -> c_int;
        type GetAttribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;
        let (mut device, mut name, mut memory, mut cache) = (0, [0u8; 256], 0, 0);
        self.call("cuDeviceGet", |get: Get| unsafe { get(&raw mut device, number) })?;
        let room = name.len() as c_int;
        self.call("cuDeviceGetName", |get: GetName| unsafe { get(name.as_mut_ptr().cast(), room, device) })?;
        let name = CStr::from_bytes_until_nul(&name).map_or_else(|_| "a GPU".into(), |name| name.to_string_lossy());
        // These two are good to know, no more.
        let memory = self
            .call("cuDeviceTotalMem_v2", |get: GetMemory| unsafe { get(&raw mut memory, device) })
            .ok()
            .map(|()| memory as u64);
        let cache = self
            .call("cuDeviceGetAttribute", |get: GetAttribute| unsafe { get(&raw mut cache, CACHE_SIZE, device) })
            .ok()
            .map(|()| cache.max(0) as u64);
        Ok(Gpu { name: name.trim().to_owned(), memory, cache: cache.filter(|&bytes| bytes > 0) })
    }
}

/// The loader's own sentence; without it there is only which function failed.
fn reason(error: &libloading::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
