//! A file in memory, which another program may cut short while it is read.
//!
//! The system answers a read behind the end of a mapped file with SIGBUS, which ends the process wherever it is. Here a
//! handler puts empty pages where the file has ended, and the map is no longer whole from then on: who reads from it asks
//! afterwards, and takes nothing of what was read.

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::ops::Deref;

/// A file in memory, only read.
#[derive(Debug)]
pub struct Map {
    map: Mmap,
    #[cfg(unix)]
    region: unix::Watched,
}

impl Map {
    /// # Errors
    /// The system refuses.
    pub fn of(file: &File) -> io::Result<Self> {
        // SAFETY: the map is only read. As with every mapped file, the bytes stay what they are only as long as no other
        // program writes to the file; what is read from it is checked, copied, and never read again.
        let map = unsafe { Mmap::map(file) }?;
        #[cfg(unix)]
        let region = unix::Watched::new(&map);
        Ok(Self {
            map,
            #[cfg(unix)]
            region,
        })
    }

    /// Whether everything that was read so far was in the file.
    fn is_whole(&self) -> bool {
        #[cfg(unix)]
        return self.region.is_whole();
        #[cfg(not(unix))]
        return true;
    }

    /// Refuses what was read, if not all of it was in the file.
    ///
    /// # Errors
    /// Another program has cut the file short.
    pub fn check(&self) -> io::Result<()> {
        let problem = "became shorter while it was read: another program writes to it; fetch it again";
        if self.is_whole() { Ok(()) } else { Err(io::Error::new(io::ErrorKind::UnexpectedEof, problem)) }
    }

    /// Lets go of the pages that were read so far: they count as the process's memory as long as they are mapped, and
    /// come again from the file when they are touched.
    pub fn let_go(&self) {
        // SAFETY: the map is of a file and only read, so a page that was dropped comes back with the same bytes.
        // What the system refuses costs memory and nothing else.
        #[cfg(unix)]
        let _ = unsafe { self.map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

#[cfg(unix)]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::SeqCst};
    use std::sync::{Mutex, OnceLock, PoisonError};

    /// Where a file is mapped. Never freed, since the handler may look at it at any moment; used again.
    #[derive(Debug)]
    struct Region {
        start: AtomicUsize,
        /// 0 where it is free.
        end: AtomicUsize,
        is_whole: AtomicBool,
        next: *const Region,
    }

    // SAFETY: `next` is set once, before others see the region, and what it leads to is never freed.
    unsafe impl Sync for Region {}

    /// The first of all.
    static REGIONS: AtomicPtr<Region> = AtomicPtr::new(null_mut());
    /// Held by who takes a region.
    static TAKING: Mutex<()> = Mutex::new(());
    /// What was there before, for faults that are not ours.
    static PREVIOUS: OnceLock<libc::sigaction> = OnceLock::new();
    static PAGE: AtomicUsize = AtomicUsize::new(4096);

    fn regions() -> impl Iterator<Item = &'static Region> {
        // SAFETY: regions are never freed.
        let at = |region: *const Region| unsafe { region.as_ref() };
        std::iter::successors(at(REGIONS.load(SeqCst)), move |region| at(region.next))
    }

    /// A region as long as it is mapped.
    #[derive(Debug)]
    pub struct Watched(&'static Region);

    impl Watched {
        pub fn new(bytes: &[u8]) -> Self {
            let _taking = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
            PREVIOUS.get_or_init(install);
            let (start, end) = (bytes.as_ptr() as usize, bytes.as_ptr() as usize + bytes.len());
            let free = regions().find(|region| region.end.load(SeqCst) == 0).unwrap_or_else(|| {
                let region = Region {
                    start: AtomicUsize::new(0),
                    end: AtomicUsize::new(0),
                    is_whole: AtomicBool::new(true),
                    next: REGIONS.load(SeqCst),
                };
                let region = Box::leak(Box::new(region));
                REGIONS.store(region, SeqCst);
                region
            });
            free.is_whole.store(true, SeqCst);
            free.start.store(start, SeqCst);
            free.end.store(end, SeqCst);
            Self(free)
        }

        pub fn is_whole(&self) -> bool {
            self.0.is_whole.load(SeqCst)
        }
    }

    impl Drop for Watched {
        fn drop(&mut self) {
            self.0.end.store(0, SeqCst);
        }
    }

    /// Takes SIGBUS, and returns what took it before.
    fn install() -> libc::sigaction {
        let mut previous = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: both are on this stack, and the handler is one of this kind. It runs on the thread's other stack where
        // there is one, as the handler of the standard library does.
        unsafe {
            if let Ok(page) = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)) {
                PAGE.store(page, SeqCst);
            }
            let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            action.sa_sigaction = on_fault as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(libc::SIGBUS, &raw const action, previous.as_mut_ptr());
            previous.assume_init()
        }
    }

    /// Behind the end of a file that is watched: from there on there are empty pages. Anything else goes to what took
    /// SIGBUS before, when the instruction faults again.
    extern "C" fn on_fault(_signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
        // SAFETY: the system passes a valid pointer. Nothing here allocates, locks or panics; `mmap` is a plain call.
        unsafe {
            let address = (*info).si_addr() as usize;
            let is_here = |region: &&Region| (region.start.load(SeqCst)..region.end.load(SeqCst)).contains(&address);
            if let Some(region) = regions().find(is_here) {
                let page = PAGE.load(SeqCst);
                let from = address & !(page - 1);
                let length = region.end.load(SeqCst).next_multiple_of(page) - from;
                let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
                if libc::mmap(from as *mut _, length, libc::PROT_READ, flags, -1, 0) != libc::MAP_FAILED {
                    region.is_whole.store(false, SeqCst);
                    return;
                }
            }
            // An action of zeros is the default, which ends the process.
            let previous = PREVIOUS.get().copied().unwrap_or_else(|| MaybeUninit::zeroed().assume_init());
            libc::sigaction(libc::SIGBUS, &raw const previous, null_mut());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_that_is_cut_short_is_empty_from_there_and_known_to_be() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; 100_000]).unwrap();
        let other = tempfile::tempfile().unwrap();
        other.set_len(100_000).unwrap();
        let (map, other) = (Map::of(&file).unwrap(), Map::of(&other).unwrap());
        assert_eq!((map[99_999], map.is_whole()), (7, true));
        map.let_go();
        file.set_len(20_000).unwrap();
        assert_eq!((map[10_000], map.is_whole()), (7, true), "what is still there");
        assert_eq!((map[90_000], map.is_whole(), other.is_whole()), (0, false, true));
        assert_eq!(map.iter().map(|&byte| u64::from(byte)).sum::<u64>() / 7, 20_000, "to the end of it");
        drop((map, other));
        let whole = Map::of(&tempfile::tempfile().unwrap());
        assert!(whole.is_err() || whole.unwrap().is_whole(), "a region is used again");
    }
}
