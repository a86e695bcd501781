//! Every screen and popup, drawn off screen: held to a picture or to what it says at two sizes, at every size without a
//! panic, and with hostile text in every place that takes text from outside.

use crate::arch::toggles::Attention;
use crate::record::Cut;
use crate::tui::action::Act;
use crate::tui::app::{App, Popup, Screen};
use crate::tui::effect::Effect;
use crate::tui::message::Msg;
use crate::tui::theme::Depth;
use crate::tui::{draw, fixture};
use crate::worker::{self, Command, RunId};
use apps::{empty, failed, foreign, ready, running, saved_study, stepping, studying, traced, with};
use crossterm::event::{Event as Input, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use states::scenes;

mod apps;
mod colours;
mod comparing;
mod exploring;
mod hostile;
mod learning;
mod lessons;
mod phrases;
mod screens;
mod states;

const SMALL: Size = Size::new(80, 24);
const LARGE: Size = Size::new(200, 60);

fn drawn(app: &mut App, size: Size) -> Buffer {
    let area = Rect::from((Position::ORIGIN, size));
    let mut buf = Buffer::empty(area);
    // Twice: what was scrolled into view must stay there.
    draw(app, area, &mut buf);
    buf.reset();
    draw(app, area, &mut buf);
    buf
}

fn text(buf: &Buffer) -> String {
    let width = buf.area.width as usize;
    let mut lines = Vec::new();
    for row in buf.content().chunks(width) {
        let (mut line, mut hidden) = (String::new(), 0);
        for cell in row {
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            hidden = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn snapshot(name: &str, shown: &str, size: Size) {
    insta::assert_snapshot!(format!("{name}_{}x{}", size.width, size.height), shown);
}

/// Each phrase stands below, or on the same line behind, the one before it.
fn assert_says(name: &str, shown: &str, phrases: &[&str]) {
    let mut rest = shown;
    for phrase in phrases {
        let (_, after) = rest.split_once(*phrase).unwrap_or_else(|| panic!("{name} lacks {phrase:?} in:\n{shown}"));
        rest = after;
    }
}

/// Something stands between the strips, and no line is wider than the screen.
fn assert_fills(name: &str, shown: &str, size: Size) {
    let mut body = shown.lines().take(usize::from(size.height) - 1).skip(2);
    assert!(body.any(|line| !line.trim().is_empty()), "{name} at {size:?} is blank:\n{shown}");
    for line in shown.lines() {
        let columns = unicode_width::UnicodeWidthStr::width(line);
        assert!(columns <= usize::from(size.width), "{name} at {size:?}: {columns} columns: {line}");
    }
}

#[test]
fn every_scene_shows_what_it_should() {
    let mut all = scenes(Depth::True);
    all.extend(lessons::scenes(Depth::Plain));
    for known in phrases::scenes() {
        assert!(all.iter().any(|(name, _)| *name == known), "there is no scene {known}");
    }
    for (name, mut app) in all {
        let (is_picture, said) = (phrases::PICTURES.contains(&name), phrases::of(name));
        assert!(is_picture || !said.is_empty(), "{name} has neither a picture nor a phrase in phrases.rs");
        for size in [SMALL, LARGE] {
            let shown = without_threads(&text(&drawn(&mut app, size)));
            assert_fills(name, &shown, size);
            assert_says(name, &shown, &said);
            if is_picture {
                snapshot(name, &shown, size);
            }
        }
    }
}

/// How many threads can be chosen depends on the machine.
fn without_threads(shown: &str) -> String {
    let cut = |line: &str| match line.split_once("threads ") {
        Some((start, _)) if line.contains('●') => format!("{start}threads (as many as this machine has)"),
        _ => line.to_owned(),
    };
    shown.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_size_is_too_small_to_draw() {
    // A panic at any of these sizes fails the test; what is drawn at two larger ones has a test of its own.
    let sizes = (1..=18).flat_map(|height| [1, 2, 5, 20, 59, 60, 61, 79].map(|width| (width, height)));
    let sizes: Vec<_> = sizes.chain([(80, 16), (60, 40), (100, 20), (131, 17), (132, 16), (300, 90)]).collect();
    for (name, mut app) in scenes(Depth::True) {
        for &size in &sizes {
            let shown = text(&drawn(&mut app, Size::from(size)));
            let least = size.0 >= super::LEAST.0 && size.1 >= super::LEAST.1;
            if !least && size.0 >= 20 && size.1 >= 8 {
                assert!(shown.contains("Blockscope needs 60"), "{name} at {size:?}:\n{shown}");
            }
        }
    }
}

#[test]
fn a_window_that_is_too_small_can_still_be_left() {
    let mut app = ready(Depth::True);
    drawn(&mut app, Size::new(30, 5));
    let effects = app.update(super::super::tests::press('q'));
    assert!(matches!(effects[..], [Effect::Quit(None)]));
}

#[test]
fn nothing_is_added_up_while_a_run_goes_on() {
    let mut events = fixture::traced_events(128, 3);
    let end = events.pop().unwrap();
    let mut app = with(running(Depth::True, events), &[Act::Go(Screen::Roofline)]);
    assert!(app.sums().is_none());
    assert!(text(&drawn(&mut app, SMALL)).contains("The run goes on"));
    app.update(Msg::Worker(worker::Event::Run { run: RunId(1), events: vec![end] }));
    assert!(app.sums().is_some());
    // A run after it begins with nothing.
    let mut app = with(app, &[Act::Run]);
    assert!(app.sums().is_none());
    assert!(!text(&drawn(&mut app, SMALL)).contains("LM head"));
}

#[test]
fn what_is_missing_or_unknown_is_said() {
    let mut app = traced(Depth::True, |run| {
        run.passes[0].cut = Some(Cut { operators: 1207, allocations: 311 });
        run.signatures.iter_mut().for_each(|made| made.name = made.name.replace("aten::silu", "own::silu"));
        run.header.threads = 2;
    });
    assert!(text(&drawn(&mut app, LARGE)).contains("cut: 1207 operators and 311 allocations are missing"));
    let mut app = with(app, &[Act::Go(Screen::Memory)]);
    for size in [SMALL, LARGE] {
        assert!(text(&drawn(&mut app, size)).contains("cut: 311 allocations did not fit"));
    }
    let mut app = with(app, &[Act::Go(Screen::Roofline), Act::Grouping, Act::Grouping]);
    let shown = text(&drawn(&mut app, LARGE));
    let silu = shown.lines().find(|line| line.contains("own::silu")).unwrap();
    assert!(silu.contains("unknown work"), "{silu}");
    assert!(shown.contains("1 thread but the run had 2"), "{shown}");
}

/// Limits that nobody could have measured must not hang or break the plot.
#[test]
fn impossible_roofs_are_not_drawn() {
    for best in [0.0, -1.0, f64::INFINITY, f64::NAN, 1e-300, 1e300] {
        let spoil = |run: &mut crate::record::Run| {
            let peaks = run.peaks.as_mut().unwrap();
            peaks.bandwidth.best = best;
            peaks.gemm[0].flops.best = best;
        };
        let mut app = with(traced(Depth::True, spoil), &[Act::Go(Screen::Roofline)]);
        assert!(text(&drawn(&mut app, LARGE)).contains("MLP gate"), "{best}");
    }
}

#[test]
fn what_is_clicked_is_what_was_drawn() {
    let mut app = running(Depth::True, fixture::whole(512, 4));
    let click = |app: &mut App, word: &str| {
        let buf = drawn(app, SMALL);
        let (x, y) = find(&buf, word).unwrap_or_else(|| panic!("{word} in\n{}", text(&buf)));
        let (kind, modifiers) = (MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE);
        app.update(Msg::Input(Input::Mouse(MouseEvent { kind, column: x, row: y, modifiers })))
    };
    click(&mut app, "block 3");
    assert_eq!(app.screens.blocks.selected, "blocks.3");
    click(&mut app, "block 3");
    assert!(app.screens.blocks.open.contains("blocks.3"));
    click(&mut app, "Text");
    assert_eq!(app.screen, Screen::Generate);
    click(&mut app, "Paris");
    assert_eq!(app.screens.generate.selected, Some(0));
    app.perform(Act::Models);
    let effects = click(&mut app, "random:gpt2");
    assert!(matches!(&effects[..], [Effect::Send(Command::Load { source, .. })] if source == "random:gpt2-124m"));
    assert!(app.popup.is_none());
    app.perform(Act::Toggles);
    click(&mut app, "eager");
    assert!(matches!(&app.popup, Some(Popup::Toggles { draft, row: 0 }) if draft.attention == Attention::EAGER));
    click(&mut app, "Blockscope");
    assert!(app.popup.is_some(), "the strip on top is no part of what closes a popup");
    click(&mut app, "5Generate");
    assert!(app.popup.is_none(), "a click beside a popup closes it");
}

#[test]
fn the_selected_row_and_the_running_row_stay_in_view() {
    let mut app = running(Depth::True, fixture::mid_prefill(512, 25));
    assert!(text(&drawn(&mut app, SMALL)).contains("block 25"), "the table goes along with the run");
    app.perform(Act::Last);
    assert!(text(&drawn(&mut app, SMALL)).contains("LM head"));
    app.perform(Act::First);
    app.perform(Act::Down);
    assert!(text(&drawn(&mut app, SMALL)).contains("block 0"), "until the user goes elsewhere");
}

fn row_text(buf: &Buffer, y: u16) -> String {
    (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect()
}

/// Where a word stands first.
fn find(buf: &Buffer, word: &str) -> Option<(u16, u16)> {
    (0..buf.area.height).find_map(|y| {
        let line = row_text(buf, y);
        let at = line.find(word)?;
        Some((unicode_width::UnicodeWidthStr::width(&line[..at]) as u16, y))
    })
}
