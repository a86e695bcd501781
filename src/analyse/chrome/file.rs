//! Reads one file: finds its list of events, and says where it stopped and why.

use super::collect::{Collected, Shared};
use super::error::{Error, Result};
use super::pieces::{Piece, Pieces};
use super::text::Text;
use super::wire::Distributed;
use std::path::Path;

/// A file without any event so far is read no further.
const MOST_BEFORE_EVENTS: u64 = 1 << 30;

/// Elements of one file at most: of the longest text that is read, events of a hundred bytes.
const MOST_EVENTS: u64 = 80_000_000;

/// Bytes of broken events that are looked at: mending them is slow, and a file has few.
const MOST_BROKEN: u64 = 256 << 20;

/// How much of what was found instead of a trace is shown.
const SHOWN: usize = 40;

/// One file, read.
#[derive(Default)]
pub struct FileRead {
    pub collected: Collected,
    /// The number of the process among those that worked together.
    pub rank: Option<u32>,
    /// To what its times must be added to be those of the clock, in nanoseconds since 1970.
    pub base: Option<i64>,
    has_list: bool,
    /// Why it was not read to its end.
    pub cut: Option<String>,
}

/// Why the reading of a file stopped before its end.
enum Stop {
    /// The text ends within something.
    Within,
    /// The text ends where an event has ended.
    Between,
    /// What follows after so many bytes is not JSON.
    Broken(u64),
    /// It goes on and on with this.
    Endless(&'static str),
}

impl FileRead {
    /// Reads a file to its end, or to where it stops making sense. `progress` learns how many bytes were read.
    ///
    /// # Errors
    /// It cannot be read, is no trace, or nothing in it takes time.
    pub fn of(text: Text, path: &Path, shared: &mut Shared, progress: &mut dyn FnMut(u64)) -> Result<Self> {
        let mut pieces = Pieces::new(text, MOST_BEFORE_EVENTS);
        let mut file = FileRead::default();
        let found = found(pieces.beginning());
        let done = match pieces.peek() {
            Some(b'[') => file.list(&mut pieces, shared, progress),
            Some(b'{') => file.object(&mut pieces, shared, progress),
            _ => Ok(()),
        };
        file.collected.close();
        // A list of anything else is no list of events.
        let is_trace = file.has_list && (file.collected.events > 0 || file.collected.left_out.not_json == 0);
        let nothing_read = pieces.at() == 0;
        let failure = pieces.into_failure();
        let path = path.to_owned();
        match failure {
            Some(source) if nothing_read || !is_trace => return Err(Error::Io { path, source }),
            _ if !is_trace => return Err(Error::NotATrace { path, found }),
            failure => file.cut = failure.map(|failure| failure.to_string()).or(done.err().and_then(Stop::text)),
        }
        if file.collected.threads.is_empty() {
            let problem = file.cut.unwrap_or_else(|| "no event in it takes time".into());
            return Err(Error::Nothing { path, problem });
        }
        Ok(file)
    }

    /// The usual form: an object, in which the events are one list among other things.
    fn object(&mut self, pieces: &mut Pieces<Text>, shared: &mut Shared, progress: &mut dyn FnMut(u64)) -> Done {
        pieces.take(b'{');
        while !pieces.take(b'}') {
            // A key that cannot be decoded is one that is not known.
            let key: Option<String> = match pieces.value() {
                Piece::Whole(key) => key.starts_with(b"\"").then(|| serde_json::from_slice(key).unwrap_or_default()),
                Piece::TooLong | Piece::Cut => None,
            };
            let Some(key) = key.filter(|_| pieces.take(b':')) else { return Err(Stop::at(pieces)) };
            if key == "traceEvents" && pieces.peek() == Some(b'[') {
                match self.list(pieces, shared, progress) {
                    // The list may lack its end, the object may not.
                    Err(Stop::Between) => return Err(Stop::Within),
                    done => done?,
                }
            } else {
                match pieces.value() {
                    Piece::Whole(value) => self.about(&key, value),
                    Piece::TooLong => {}
                    Piece::Cut => return Err(Stop::Within),
                }
            }
            if !pieces.take(b',') && pieces.peek() != Some(b'}') {
                return Err(Stop::at(pieces));
            }
        }
        Ok(())
    }

    /// The events.
    fn list(&mut self, pieces: &mut Pieces<Text>, shared: &mut Shared, progress: &mut dyn FnMut(u64)) -> Done {
        pieces.take(b'[');
        self.has_list = true;
        let mut n = 0u64;
        while !pieces.take(b']') {
            if pieces.peek().is_none() {
                return Err(Stop::Between);
            }
            match pieces.value() {
                Piece::Whole([]) => return Err(Stop::at(pieces)),
                Piece::Whole(event) => self.collected.take(event, shared),
                Piece::TooLong => self.collected.left_out.too_long += 1,
                Piece::Cut => return Err(Stop::Within),
            }
            n += 1;
            if n == 1 {
                pieces.lift_limit();
            }
            if n.is_multiple_of(4096) {
                progress(pieces.input().taken());
            }
            if n >= MOST_EVENTS {
                return Err(Stop::Endless("elements"));
            }
            if self.collected.broken >= MOST_BROKEN {
                return Err(Stop::Endless("elements that are not JSON"));
            }
            if !pieces.take(b',') && !matches!(pieces.peek(), None | Some(b']')) {
                return Err(Stop::at(pieces));
            }
        }
        Ok(())
    }

    /// Something beside the events.
    fn about(&mut self, key: &str, value: &[u8]) {
        match key {
            "distributedInfo" => {
                self.rank = serde_json::from_slice::<Distributed>(value).ok().and_then(|info| info.rank);
            }
            "baseTimeNanoseconds" => self.base = serde_json::from_slice(value).ok(),
            _ => {}
        }
    }
}

/// Whether the reading came to the end.
type Done = std::result::Result<(), Stop>;

impl Stop {
    /// At what comes next in `pieces`, which is not what should come.
    fn at(pieces: &mut Pieces<Text>) -> Self {
        match pieces.peek() {
            None => Stop::Within,
            Some(_) => Stop::Broken(pieces.at()),
        }
    }

    /// What to say of it, if anything.
    fn text(self) -> Option<String> {
        match self {
            Stop::Within => Some("the file ends within its events, as one that was cut off does".into()),
            // A bare list may lack its end: so it can be written while things happen.
            Stop::Between => None,
            Stop::Endless(what) => Some(format!("it has more {what} than any trace")),
            Stop::Broken(at) => Some(format!("after {at} bytes comes something that is not JSON")),
        }
    }
}

/// What stands at the beginning of a file that is no trace.
fn found(beginning: &[u8]) -> String {
    match beginning.trim_ascii_end() {
        [] => "nothing".to_owned(),
        bytes => format!("'{}'", bytes[..bytes.len().min(SHOWN)].escape_ascii()),
    }
}
