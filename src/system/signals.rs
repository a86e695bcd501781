//! Signals are taken on one thread only, which never computes.
//!
//! The system runs a handler on any thread that lets the signal in, and writes its frame below that thread's stack
//! pointer. oneDNN's products of many rows in f32 (the JIT of avx512_common_gemm_f32, where K > 32) point the stack
//! pointer at a workspace on the heap while they run: a frame there overwrites what lies before the workspace. So every
//! signal that this program has a handler for is kept out before there is a thread that computes; threads inherit that,
//! and a single one lets them in. What is pending meanwhile is delivered then.

#[cfg(unix)]
use std::mem::MaybeUninit;
#[cfg(unix)]
use std::sync::OnceLock;

/// Those that have a handler, here or in the terminal library.
#[cfg(unix)]
pub const HANDLED: [i32; 7] =
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGWINCH, libc::SIGTSTP, libc::SIGCONT];

/// What the process was started with.
#[cfg(unix)]
static FOUND: OnceLock<libc::sigset_t> = OnceLock::new();

/// Keeps the [`HANDLED`] signals out of this thread and of all that it starts from now on: to be called before any other
/// thread is there. Calling it again changes nothing.
#[cfg(unix)]
pub fn keep_out() {
    FOUND.get_or_init(|| {
        let mut found = MaybeUninit::uninit();
        // SAFETY: both sets are on this stack, and the system fills in `found`, also where nothing changes.
        unsafe {
            let mut handled = empty();
            for signal in HANDLED {
                libc::sigaddset(&mut handled, signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &handled, found.as_mut_ptr());
            found.assume_init()
        }
    });
}

/// Starts the thread that lets them in again, with whatever each of them does: end the process, stop it, call a handler.
///
/// # Errors
/// The system gives no further thread.
#[cfg(unix)]
pub fn let_in() -> std::io::Result<()> {
    let Some(found) = FOUND.get() else { return Ok(()) };
    let wait = move || {
        // SAFETY: the set is initialised and stays.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, found, std::ptr::null_mut()) };
        loop {
            std::thread::park();
        }
    };
    std::thread::Builder::new().name("signals".into()).stack_size(64 * 1024).spawn(wait)?;
    Ok(())
}

/// Whether the process was told to ignore a signal, as `nohup` tells it.
#[cfg(unix)]
pub fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: nothing is set; where the call succeeds, the system has filled `action` in.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(unix)]
fn empty() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: it initialises the set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

#[cfg(not(unix))]
pub fn keep_out() {}

/// # Errors
/// None.
#[cfg(not(unix))]
pub fn let_in() -> std::io::Result<()> {
    Ok(())
}
