//! The first frame, before LibTorch is there.
//!
//! LibTorch registers its operators when it is loaded, some 120 ms before `main` of whatever is linked with it. The system
//! calls the functions in an executable's `.preinit_array` before those of its libraries: everything is mapped and linked
//! then, but no C++ constructor has run. So what is done here may use this program's own code and the C library, and
//! nothing of LibTorch: it parses the command line and draws the first frame, which shows what is about to be loaded. `main`
//! comes to the same state by itself, and goes on with the terminal as it finds it.

use blockscope::cli::{self, Cli};
use blockscope::system::signals;
use std::ffi::{CStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;
use std::panic;

#[used]
#[unsafe(link_section = ".preinit_array")]
static BEFORE_LIBRARIES: extern "C" fn(c_int, *const *const c_char, *const *const c_char) = before_libraries;

unsafe extern "C" {
    /// What the C library and, through it, this program take for the environment. It is not set yet.
    static mut environ: *const *const c_char;
}

extern "C" fn before_libraries(count: c_int, words: *const *const c_char, environment: *const *const c_char) {
    // LibTorch may start threads while it is loaded.
    signals::keep_out();
    // SAFETY: no other thread runs, and the C library will set the same.
    unsafe { environ = environment };
    // SAFETY: the C library hands over what `main` would get: `count` pointers to strings that end with a zero.
    let words = (0..count as usize).map(|n| unsafe { CStr::from_ptr(*words.add(n)) }.to_bytes().to_vec());
    let words = words.map(OsString::from_vec).collect();
    // What is wrong here is wrong in `main` again, where it can be said; until then nobody is told.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let _ = panic::catch_unwind(|| Cli::read(words).map(cli::announce));
    panic::set_hook(hook);
}
