//! Files that were read, as one timeline: on one axis of time, one group of tracks for each rank.

use super::collect::{Collected, LeftOut, Shared, Thread};
use super::file::FileRead;
use super::kind::is_step;
use super::nest::{Repairs, nest};
use crate::analyse::timeline::{Curve, Level, Section, Slice, SliceKind, Timeline, Track};
use crate::units::Nanos;
use std::collections::{BTreeSet, HashSet};

/// Times from here on are those of the clock (2001 and later); smaller ones count from some other zero.
const CLOCK: i64 = 1_000_000_000_000_000_000;
/// Ranks that begin farther apart than this did not work together.
const FAR: i64 = 600_000_000_000;

/// Puts files side by side.
pub fn merge(files: Vec<FileRead>, shared: Shared) -> Timeline {
    let mut timeline = Timeline::default();
    let names = labels(&files, &mut timeline.warnings);
    let zeros = zeros(&files, &names, &mut timeline.warnings);
    for ((file, zero), name) in files.into_iter().zip(zeros).zip(names) {
        add(&mut timeline, file, zero, &name);
    }
    for names in [&shared.names, &shared.details] {
        if names.is_full() {
            timeline.warnings.push("there are more different names than are kept: some are shown as …".into());
        }
    }
    timeline.names = shared.names.into_list();
    timeline.details = shared.details.into_list();
    let slices = timeline.tracks.iter().flat_map(|track| &track.slices);
    timeline.end = slices.map(Slice::end).max().unwrap_or_default();
    timeline.sections = sections(&timeline);
    timeline
}

/// What each file is called; nothing where there is only one.
fn labels(files: &[FileRead], warnings: &mut Vec<String>) -> Vec<String> {
    if files.len() == 1 {
        return vec![String::new()];
    }
    let told: BTreeSet<u32> = files.iter().filter_map(|file| file.rank).collect();
    if told.len() == files.len() {
        return files.iter().filter_map(|file| file.rank).map(|rank| format!("rank {rank}")).collect();
    }
    warnings.push("not every file says its own rank: they are numbered as they were named".into());
    (0..files.len()).map(|rank| format!("rank {rank}")).collect()
}

/// The time in each file that becomes 0.
fn zeros(files: &[FileRead], names: &[String], warnings: &mut Vec<String>) -> Vec<i64> {
    let firsts: Vec<i64> = files.iter().map(|file| file.collected.first().unwrap_or(0)).collect();
    // When each began, by the clock.
    let clock = |(file, &first): (&FileRead, &i64)| match file.base {
        _ if first >= CLOCK => Some(first),
        base => base?.checked_add(first).filter(|&at| at >= CLOCK),
    };
    let began: Vec<Option<i64>> = files.iter().zip(&firsts).map(clock).collect();
    let Some(earliest) = began.iter().flatten().min().copied() else {
        if files.len() > 1 {
            warnings.push("the files do not say when they began: every rank is drawn from its own begin".into());
        }
        return firsts;
    };
    let zero = |((first, began), name): ((&i64, &Option<i64>), &String)| match began {
        Some(began) if began - earliest < FAR => first - (began - earliest),
        Some(began) => {
            let late = Nanos((began - earliest) as u64);
            warnings.push(format!("{name} begins {late} after the first: it is drawn from its own begin"));
            *first
        }
        None => {
            warnings.push(format!("{name} does not say when it began: it is drawn from its own begin"));
            *first
        }
    };
    firsts.iter().zip(&began).zip(names).map(zero).collect()
}

/// Adds what one file says.
fn add(timeline: &mut Timeline, file: FileRead, zero: i64, group: &str) {
    let FileRead { mut collected, cut, .. } = file;
    let mut repairs = Repairs::default();
    let at = |time: i64| Nanos(u64::try_from(time.saturating_sub(zero)).unwrap_or(0));
    let within = |name: String| if group.is_empty() { name } else { format!("{group} · {name}") };

    if collected.split.is_empty() {
        for (device, points) in collected.curves() {
            let points = points.into_iter().map(|(time, bytes)| (at(time), Level::Total(bytes))).collect();
            timeline.memory.push(Curve { name: within(device), points });
        }
    } else {
        // Said by category, it need not be said once more as a whole.
        collected.split.sort_by_key(|&(time, _)| time);
        let points = collected.split.iter().map(|&(time, split)| (at(time), Level::Split(split))).collect();
        timeline.memory.push(Curve { name: within("memory".into()), points });
    }

    let mut threads = std::mem::take(&mut collected.threads);
    threads.sort_by_cached_key(|thread| {
        let process = collected.processes.get(&thread.pid).and_then(|process| process.sort_index);
        let number = thread.pid.parse::<i64>().unwrap_or(i64::MAX);
        (process.unwrap_or(0), number, thread.pid.clone(), thread.sort_index.unwrap_or(0))
    });
    let one_process = threads.iter().all(|thread| thread.pid == threads[0].pid);
    for thread in threads {
        let name = name(&thread, &collected, one_process);
        for (lane, slices) in nest(thread.slices, zero, &mut repairs).into_iter().enumerate() {
            let name = if lane == 0 { name.clone() } else { format!("{name} ({})", lane + 1) };
            let rows = slices.iter().map(|slice| slice.depth + 1).max().unwrap_or(0);
            timeline.tracks.push(Track { name, group: group.to_owned(), slices, rows });
        }
    }
    timeline.warnings.extend(warnings(cut, &collected.left_out, repairs).into_iter().map(within));
}

/// `thread 7 (python)`; on a GPU, or where there are several processes, with what it belongs to.
fn name(thread: &Thread, collected: &Collected, one_process: bool) -> String {
    let name = match thread.name.as_str() {
        "" => format!("thread {}", thread.tid),
        name => name.to_owned(),
    };
    let process = collected.processes.get(&thread.pid);
    match process.map(|process| (process.labels.as_str(), process.name.as_str())) {
        Some((labels, _)) if !labels.is_empty() && labels != "CPU" => format!("{labels} · {name}"),
        Some((_, process)) if !one_process && !process.is_empty() && !name.contains(process) => {
            format!("{process} · {name}")
        }
        _ => name,
    }
}

/// The steps of the profile, of the first rank that has any. A GPU repeats those of the thread that drives it.
fn sections(timeline: &Timeline) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut seen: HashSet<u32> = HashSet::new();
    let mut of_group = None;
    for track in timeline.tracks.iter() {
        if of_group.is_some_and(|group| group != &track.group) {
            break;
        }
        for slice in &track.slices {
            let name = &timeline.names[slice.name as usize];
            if slice.kind == SliceKind::Pass && is_step(name) && seen.insert(slice.name) {
                of_group = Some(&track.group);
                sections.push(Section { name: name.clone(), start: slice.start, time: slice.time });
            }
        }
    }
    sections.sort_by_key(|stretch| stretch.start);
    sections
}

/// What could not be shown as it stands in the file.
fn warnings(cut: Option<String>, left_out: &LeftOut, repairs: Repairs) -> Vec<String> {
    let mut warnings: Vec<String> = cut.into_iter().map(|cut| format!("{cut}: shown is what came before")).collect();
    let LeftOut { not_json, too_long, no_time, no_room, threads, counters, asynchronous, without_end, without_begin } =
        *left_out;
    for (n, one, several) in [
        (not_json, "event is not JSON and is left out", "events are not JSON and are left out"),
        (too_long, "event is endless and is left out", "events are endless and are left out"),
        (
            no_time,
            "event has no time that makes sense and is left out",
            "events have no time that makes sense and are left out",
        ),
        (
            no_room,
            "event is left out: there is room for ten million",
            "events are left out: there is room for ten million",
        ),
        (
            threads,
            "event is left out: it is on one thread too many",
            "events are left out: they are on too many threads",
        ),
        (counters, "value of a counter is not drawn", "values of counters are not drawn"),
        (asynchronous, "asynchronous span is not drawn", "asynchronous spans are not drawn"),
        (
            without_end,
            "slice has no end and reaches to that of the trace",
            "slices have no end and reach to that of the trace",
        ),
        (without_begin, "slice has no begin and is left out", "slices have no begin and are left out"),
        (
            repairs.shortened,
            "slice overlaps another by less than 1 µs and is shortened",
            "slices overlap others by less than 1 µs and are shortened",
        ),
        (
            repairs.moved,
            "slice overlaps another and has a row of its own",
            "slices overlap others and have rows of their own",
        ),
        (repairs.dropped, "slice is nested too deep and is left out", "slices are nested too deep and are left out"),
    ] {
        if n > 0 {
            warnings.push(format!("{n} {}", if n == 1 { one } else { several }));
        }
    }
    warnings
}
