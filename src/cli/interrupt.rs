//! Ctrl-C without the interface: the run ends at its next operator, and what was measured is kept. The same for a request
//! to terminate, and where the terminal is closed.

use super::failure::Failure;
use crate::measure::Control;
use crate::system::exit;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

/// Listens for signals as long as the program runs.
pub struct Interrupt {
    control: Arc<Control>,
    signal: Arc<AtomicI32>,
}

impl Interrupt {
    /// From now on the first signal cancels what runs; a second one ends the program at once.
    ///
    /// # Errors
    /// The system refuses.
    pub fn listen() -> Result<Self, Failure> {
        let (control, signal) = (Arc::new(Control::default()), Arc::new(AtomicI32::new(0)));
        let mut signals =
            Signals::new(heeded()).map_err(|error| Failure::Failed(format!("cannot listen for Ctrl-C: {error}")))?;
        std::thread::spawn({
            let (control, signal) = (Arc::clone(&control), Arc::clone(&signal));
            move || {
                for number in signals.forever() {
                    if signal.swap(number, Ordering::SeqCst) != 0 {
                        exit::at_once(128 + number as u8);
                    }
                    control.cancel();
                }
            }
        });
        Ok(Self { control, signal })
    }

    /// What reaches the run.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Whether a signal came.
    pub fn came(&self) -> bool {
        self.signal.load(Ordering::SeqCst) != 0
    }

    /// The failure that a signal is, if one came.
    ///
    /// # Errors
    /// One came.
    pub fn check(&self) -> Result<(), Failure> {
        match self.signal.load(Ordering::SeqCst) {
            0 => Ok(()),
            signal => Err(Failure::Interrupted(signal)),
        }
    }
}

/// The signals that end a run. With a terminal that is closed it ends, unless it was started to outlive it.
fn heeded() -> Vec<i32> {
    #[cfg(unix)]
    let hangup = Some(signal_hook::consts::SIGHUP).filter(|&signal| !crate::system::signals::is_ignored(signal));
    #[cfg(not(unix))]
    let hangup = None;
    [SIGINT, SIGTERM].into_iter().chain(hangup).collect()
}
