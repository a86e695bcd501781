//! Running what cannot be trusted to end, or to be content with some memory, in a process that can be ended.
//!
//! The process is a copy of this one (`fork`), so it begins where the caller stands, with all that the caller knows; it
//! has one thread, no terminal, and so much more memory and time and no more. It must call nothing of LibTorch, whose
//! threads are not in the copy. What it makes comes back through a pipe. Where the system has no such copies, the work is
//! done here, without limits.

use std::time::Duration;

/// How much may be taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes beyond what this process has.
    pub memory: u64,
    pub time: Duration,
    /// Bytes of what is made.
    pub made: usize,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    #[error("it takes longer than {} s", .0.as_secs_f64())]
    Time(Duration),
    #[error("it takes more than {} MB of memory", .0 >> 20)]
    Memory(u64),
    #[error("it makes more than {0} bytes")]
    Made(usize),
    #[error("it panics: {0}")]
    Panic(String),
    #[error("no process could be started for it: {0}")]
    System(#[from] std::io::Error),
}

#[cfg(not(unix))]
pub fn confined(limits: Limits, work: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, Stopped> {
    let made = super::caught::caught(work).map_err(Stopped::Panic)?;
    if made.len() > limits.made { Err(Stopped::Made(limits.made)) } else { Ok(made) }
}

#[cfg(unix)]
pub use unix::confined;

#[cfg(unix)]
mod unix {
    use super::{Limits, Stopped};
    use crate::system::caught::caught;
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    /// One at a time: a copy that was made meanwhile would keep the pipe of this one open.
    static ALONE: Mutex<()> = Mutex::new(());

    /// Before what was made: whether it is that or a panic's message, and how many bytes.
    const HEAD: usize = 1 + size_of::<u64>();

    /// Does `work` in a process of its own, and returns what it made.
    ///
    /// # Errors
    /// It took too much, or panicked; or there can be no such process.
    pub fn confined(limits: Limits, work: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, Stopped> {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let nowhere = File::options().read(true).write(true).open("/dev/null")?;
        let memory = mapped().map(|now| now.saturating_add(limits.memory));
        let (reader, writer) = pipe()?;
        let Some(child) = Child::start()? else {
            restrict(&nowhere, memory, limits.time);
            send(File::from(writer), work);
            super::super::exit::at_once(0);
        };
        drop(writer);
        child.made(File::from(reader), limits)
    }

    /// A process that was started, which is killed and waited for when this is dropped.
    struct Child(libc::pid_t);

    impl Child {
        /// `None` in the copy.
        fn start() -> io::Result<Option<Self>> {
            // No handler of this process runs in the copy: what it would write to is shared.
            let mut found = MaybeUninit::uninit();
            // SAFETY: both sets are on this stack; the copy has this thread alone, and its locks of the C library are free.
            let pid = unsafe {
                let mut all = MaybeUninit::uninit();
                libc::sigfillset(all.as_mut_ptr());
                libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), found.as_mut_ptr());
                let pid = libc::fork();
                if pid != 0 {
                    libc::pthread_sigmask(libc::SIG_SETMASK, found.as_ptr(), std::ptr::null_mut());
                }
                pid
            };
            match pid {
                -1 => Err(io::Error::last_os_error()),
                0 => Ok(None),
                pid => Ok(Some(Self(pid))),
            }
        }

        /// What it sends.
        fn made(&self, mut from: File, limits: Limits) -> Result<Vec<u8>, Stopped> {
            let until = Instant::now() + limits.time;
            let mut received = Vec::new();
            let mut piece = [0; 64 * 1024];
            loop {
                if let Some((&[kind, ref length @ ..], made)) = received.split_first_chunk::<HEAD>() {
                    let length = u64::from_le_bytes(*length);
                    if length > limits.made as u64 {
                        return Err(Stopped::Made(limits.made));
                    }
                    if made.len() as u64 >= length {
                        let made = received.split_off(HEAD);
                        return match kind {
                            0 => Ok(made),
                            _ => Err(Stopped::Panic(String::from_utf8_lossy(&made).into_owned())),
                        };
                    }
                }
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Err(Stopped::Time(limits.time));
                }
                if !is_ready(&from, left)? {
                    continue;
                }
                match from.read(&mut piece) {
                    // It ended before it was done: it had no memory left, or no stack.
                    Ok(0) => return Err(Stopped::Memory(limits.memory)),
                    Ok(n) => received.extend_from_slice(&piece[..n]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    impl Drop for Child {
        fn drop(&mut self) {
            // SAFETY: the number is this process's child until it is waited for.
            unsafe {
                libc::kill(self.0, libc::SIGKILL);
                while libc::waitpid(self.0, std::ptr::null_mut(), 0) == -1
                    && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
                {}
            }
        }
    }

    /// Two ends of a pipe, to read and to write.
    fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
        let mut ends = [0; 2];
        // SAFETY: there is room for two; where it succeeds they are open and nobody else's.
        unsafe {
            if libc::pipe(ends.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            for end in ends {
                libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
            }
            Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
        }
    }

    /// Waits until there is something to read, or the other end is closed.
    fn is_ready(file: &File, patience: Duration) -> io::Result<bool> {
        let mut polled = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let millis = patience.as_millis().clamp(1, 1000) as i32;
        // SAFETY: one entry, on this stack.
        match unsafe { libc::poll(&mut polled, 1, millis) } {
            -1 => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
                error => Err(error),
            },
            n => Ok(n > 0),
        }
    }

    /// In the copy: takes away what it does not need, and sets its limits. What the system refuses leaves the deadline.
    fn restrict(nowhere: &File, memory: Option<u64>, time: Duration) {
        // SAFETY: plain calls on descriptors and limits of this process.
        unsafe {
            for standard in 0..=2 {
                libc::dup2(nowhere.as_raw_fd(), standard);
            }
            #[cfg(target_os = "linux")]
            libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0); // a copy that dies is no crash to be kept
        }
        if let Some(memory) = memory {
            limit(libc::RLIMIT_AS, memory);
        }
        // Should this process be killed before it can kill the copy.
        limit(libc::RLIMIT_CPU, time.as_secs() + 1);
    }

    #[cfg(target_os = "linux")]
    type Resource = libc::__rlimit_resource_t;
    #[cfg(not(target_os = "linux"))]
    type Resource = libc::c_int;

    fn limit(resource: Resource, most: u64) {
        let mut found = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the struct is on this stack.
        unsafe {
            libc::getrlimit(resource, &mut found);
            let most = (most as libc::rlim_t).min(found.rlim_cur);
            libc::setrlimit(resource, &libc::rlimit { rlim_cur: most, rlim_max: most });
        }
    }

    /// Bytes of address space that this process has, where the system tells.
    fn mapped() -> Option<u64> {
        let pages: u64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').next()?.parse().ok()?;
        // SAFETY: it asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        Some(pages * u64::try_from(page).ok()?)
    }

    /// In the copy: does the work and sends what came of it. Nobody is left to tell where that fails.
    fn send(mut to: File, work: impl FnOnce() -> Vec<u8>) {
        let (kind, made) = match caught(work) {
            Ok(made) => (0, made),
            Err(message) => (1, message.into_bytes()),
        };
        let mut head = [kind; HEAD];
        head[1..].copy_from_slice(&(made.len() as u64).to_le_bytes());
        let _ = to.write_all(&head).and_then(|()| to.write_all(&made));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::time::Instant;

    const LIMITS: Limits = Limits { memory: 64 << 20, time: Duration::from_millis(500), made: 1 << 20 };

    #[test]
    fn what_is_made_comes_back_whole() {
        let known = [7_u8; 1 << 20];
        for length in [0, 1, 70_000, 1 << 20] {
            assert_eq!(confined(LIMITS, || known[..length].to_vec()).unwrap(), known[..length]);
        }
    }

    #[test]
    fn what_takes_too_much_is_ended() {
        let began = Instant::now();
        let endless = confined(LIMITS, || {
            loop {
                std::hint::spin_loop();
            }
        });
        assert!(matches!(endless, Err(Stopped::Time(_))));
        assert!(began.elapsed() < Duration::from_secs(2));
        #[cfg(target_os = "linux")]
        {
            let large = confined(LIMITS, || std::hint::black_box(vec![1_u8; 256 << 20])[..1].to_vec());
            assert!(matches!(large, Err(Stopped::Memory(_))), "{large:?}");
        }
        assert!(matches!(confined(LIMITS, || vec![0; (1 << 20) + 1]), Err(Stopped::Made(_))));
        fn deep(n: u64) -> u64 {
            if n == 0 { 0 } else { 1 + std::hint::black_box(deep(std::hint::black_box(n) - 1)) }
        }
        assert!(matches!(confined(LIMITS, || vec![deep(1 << 40) as u8]), Err(Stopped::Memory(_))));
    }

    #[test]
    fn a_panic_comes_back_as_its_message() {
        let panicked = confined(LIMITS, || panic!("no more than {}", 5));
        assert!(matches!(panicked, Err(Stopped::Panic(message)) if message == "no more than 5"));
    }
}
