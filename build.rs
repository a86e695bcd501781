//! Lets the binary, the tests and the benches find LibTorch from any folder, without LD_LIBRARY_PATH.

use std::path::Path;

fn main() {
    // torch-sys, whose `links` key is "tch", passes on the folder of the libraries it was linked with.
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys names LibTorch's library folder");
    // Through the clone's `.libtorch` link to the real folder, so that the binary can be moved.
    let lib = Path::new(&lib).canonicalize().expect("LibTorch's library folder exists");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", lib.display());
    println!("cargo:rerun-if-changed=build.rs");
}
