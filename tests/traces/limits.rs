//! Files made to take all memory or all time: they end in words, and what is kept of them is bounded.

use crate::common::*;
use blockscope::analyse::chrome;
use std::io::{self, Read};
use std::path::Path;

/// A trace that is made while it is read: events of a function, one after another.
struct Stream<F> {
    event: F,
    next: u64,
    end: u64,
    line: Vec<u8>,
    given: usize,
}

impl<F: Fn(u64) -> String> Stream<F> {
    fn of(events: u64, event: F) -> Self {
        Self { event, next: 0, end: events, line: b"{\"traceEvents\":[".to_vec(), given: 0 }
    }
}

impl<F: Fn(u64) -> String> Read for Stream<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.line.len() {
            if self.next > self.end {
                return Ok(0);
            }
            self.line = match self.next {
                n if n == self.end => b"]}".to_vec(),
                n => format!("{}{}", if n == 0 { "" } else { "," }, (self.event)(n)).into_bytes(),
            };
            (self.next, self.given) = (self.next + 1, 0);
        }
        let n = into.len().min(self.line.len() - self.given);
        into[..n].copy_from_slice(&self.line[self.given..self.given + n]);
        self.given += n;
        Ok(n)
    }
}

fn streamed(events: u64, event: impl Fn(u64) -> String + 'static) -> blockscope::analyse::timeline::Timeline {
    let timeline = chrome::read(Stream::of(events, event), Path::new("x.json")).unwrap();
    assert_sound(&timeline);
    timeline
}

#[test]
fn threads_without_number_are_not_all_kept() {
    let timeline = streamed(300_000, |n| {
        format!(r#"{{"ph":"X","name":"event {n}","pid":{},"tid":{n},"ts":{n},"dur":1}}"#, n % 1000)
    });
    assert_eq!(timeline.tracks.len(), 4096);
    assert_eq!(timeline.warnings, ["295904 events are left out: they are on too many threads"]);
    assert_eq!(timeline.names.len(), 4096);
    // Nor what is only said of threads and processes.
    let timeline = streamed(300_000, |n| match n {
        0 => r#"{"ph":"X","name":"one","pid":1,"tid":1,"ts":1,"dur":1}"#.into(),
        n => format!(
            r#"{{"ph":"M","name":"{}_name","pid":{n},"tid":{n},"args":{{"name":"{n}"}}}}"#,
            if n % 2 == 0 { "thread" } else { "process" }
        ),
    });
    assert_eq!(timeline.tracks.len(), 1);
}

#[test]
fn slices_in_one_another_without_end_are_cut_at_a_depth() {
    let nested = streamed(200_000, |n| {
        format!(r#"{{"ph":"X","name":"a","pid":1,"tid":1,"ts":{n},"dur":{}}}"#, 2 * (200_000 - n))
    });
    assert_eq!((nested.tracks.len(), nested.tracks[0].rows), (1, 1024));
    assert_eq!(nested.warnings, ["198976 slices are nested too deep and are left out"]);
    let begun = streamed(200_000, |n| format!(r#"{{"ph":"B","name":"a","pid":1,"tid":1,"ts":{n}}}"#));
    // The last one begins where all of them end, and so in none.
    assert_eq!((begun.tracks[0].slices.len(), begun.warnings.len()), (1024 + 1, 2));
}

/// A tower that has ended, in a slice that all others overlap: none of them may have to walk down the tower again.
#[test]
fn what_has_ended_is_not_looked_at_again() {
    let events = 200_000;
    let timeline = streamed(events, move |n| {
        let (start, end) = match n {
            0 => (0, 10_000_000),
            1..1000 => (1, 3000 - n),
            n => (9_000_000 + n / 4, 20_000_000 + n),
        };
        format!(r#"{{"ph":"X","name":"a","pid":1,"tid":1,"ts":{start},"dur":{}}}"#, end - start)
    });
    assert_eq!(timeline.tracks[0].slices.len(), 1000);
    assert_eq!(timeline.tracks.len(), 8);
}

#[test]
fn elements_that_are_no_events_do_not_go_on_for_ever() {
    let good = r#"{"ph":"X","name":"good","pid":1,"tid":1,"ts":1,"dur":2}"#;
    let timeline = streamed(50_000_000, move |n| if n == 0 { good.into() } else { "oops".into() });
    assert_eq!(timeline.tracks[0].slices.len(), 1);
    assert!(timeline.warnings[0].starts_with("it has more elements that are not JSON"), "{:?}", timeline.warnings);
    let endless = format!("[{}", "7,".repeat(5_000_000));
    assert!(refusal(endless).contains("not a trace"));
}
