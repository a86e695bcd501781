//! Compiles what is written in C++, lets the binary, the tests and the benches find LibTorch from any folder, without
//! LD_LIBRARY_PATH, and tells them which version they are linked with.

use std::path::Path;

const SOURCES: [&str; 8] = [
    "native/allocator.cpp",
    "native/attention.cpp",
    "native/int4.cpp",
    "native/linear.cpp",
    "native/operator.cpp",
    "native/pointwise.cpp",
    "native/region.cpp",
    "native/tracer.cpp",
];

fn main() {
    // torch-sys, whose `links` key is "tch", passes on the folder of the libraries it was linked with.
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys names LibTorch's library folder");
    // Through the clone's `.libtorch` link to the real folder, so that the binary can be moved.
    let lib = Path::new(&lib).canonicalize().expect("LibTorch's library folder exists");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    if reads_packed_relocations() {
        println!("cargo:rustc-link-arg=-Wl,-z,pack-relative-relocs"); // 0.9 MB of addresses that the loader fills in
    }
    println!("cargo:rustc-env=LIBTORCH_VERSION={}", version(&lib));
    println!("cargo:rerun-if-changed=build.rs");
    compile_native(&lib);
}

/// Whether the C library of this machine, for which is built, can load a program whose relative relocations are packed
/// (DT_RELR): glibc from 2.36 on. Linkers that cannot pack say so and go on.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn reads_packed_relocations() -> bool {
    unsafe extern "C" {
        safe fn gnu_get_libc_version() -> *const std::ffi::c_char;
    }
    // SAFETY: the C library returns a string of its own, which stays.
    let version = unsafe { std::ffi::CStr::from_ptr(gnu_get_libc_version()) }.to_string_lossy();
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    let same_machine = std::env::var("TARGET") == std::env::var("HOST");
    same_machine && (numbers.next(), numbers.next()) >= (Some(2), Some(36))
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn reads_packed_relocations() -> bool {
    false
}

/// The part of this program that is written in C++, against LibTorch's own headers.
fn compile_native(lib: &Path) {
    let include = lib.parent().expect("LibTorch's libraries lie in a folder of its own").join("include");
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .opt_level(3)
        // Without it at::RecordFunction has a member that the library's own does not have.
        .define("NDEBUG", None)
        .flag("-isystem")
        .flag(&include)
        .flag_if_supported("-Wno-psabi") // vectors pass between functions that are inlined
        .files(SOURCES);
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        build.flag("-fopenmp"); // LibTorch's threads are OpenMP's
    }
    build.compile("blockscope_native");
    println!("cargo:rerun-if-changed=native");
}

/// The version in LibTorch's own header, which lies beside its libraries in every layout.
fn version(lib: &Path) -> String {
    let header = lib.parent().map(|root| root.join("include/torch/headeronly/version.h"));
    let text = header.and_then(|header| std::fs::read_to_string(header).ok()).unwrap_or_default();
    let number = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix("#define TORCH_VERSION_")?.strip_prefix(name)?.strip_prefix(' '))
    };
    match [number("MAJOR"), number("MINOR"), number("PATCH")] {
        [Some(major), Some(minor), Some(patch)] => [major, minor, patch].join("."),
        _ => "unknown".to_owned(),
    }
}
