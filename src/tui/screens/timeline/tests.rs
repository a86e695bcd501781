//! What the keys do on the Timeline.

use crate::tui::action::Act;
use crate::tui::app::App;
use crate::tui::live::Live;
use crate::tui::message::Msg;
use crate::tui::popups::prompt::form::Form;
use crate::tui::screens::list::Screen;
use crate::tui::screens::timeline::{TimelineView, Window};
use crate::tui::theme::{Depth, Theme};
use crate::tui::{draw, fixture};
use crate::units::Nanos;
use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn traced(acts: &[Act]) -> App {
    let live = Live::saved(fixture::traced_run(), "run.jsonl".into());
    let mut app = App::new(Theme::new(Depth::True), fixture::toggles(), Form::new(None), Vec::new(), Some(live));
    press(&mut app, &[Act::Go(Screen::Timeline)]);
    press(&mut app, acts);
    app
}

fn press(app: &mut App, acts: &[Act]) {
    for &act in acts {
        app.perform(act);
        app.update(Msg::Tick(app.clock));
    }
}

fn name(app: &App) -> &str {
    app.chart().unwrap().name(app.screens.timeline.selected)
}

fn end(app: &App) -> Nanos {
    app.chart().unwrap().timeline.end
}

#[test]
fn arrows_go_into_slices_and_along_their_row() {
    let mut app = traced(&[]);
    assert_eq!(name(&app), "prefill");
    press(&mut app, &[Act::Down]);
    assert_eq!(name(&app), "embedding");
    press(&mut app, &[Act::Right, Act::Right]);
    assert_eq!(name(&app), "block 1");
    press(&mut app, &[Act::Left, Act::Down]);
    assert_eq!(name(&app), "attention");
    press(&mut app, &[Act::Up]);
    assert_eq!(name(&app), "block 0");
    press(&mut app, &[Act::Up, Act::Up, Act::Up]);
    assert_eq!(name(&app), "prefill", "there is nothing above it");
}

#[test]
fn passes_are_gone_through_one_by_one() {
    let mut app = traced(&[Act::NextPass]);
    let prefill = app.screens.timeline.window;
    assert_eq!((name(&app), prefill.from), ("prefill", Nanos(0)));
    assert!(prefill.time < end(&app));
    press(&mut app, &[Act::NextPass, Act::NextPass]);
    assert_eq!(name(&app), "decode 2");
    let slice = *app.chart().unwrap().slice(app.screens.timeline.selected);
    assert_eq!(app.screens.timeline.window, Window { from: slice.start, time: slice.time });
    press(&mut app, &[Act::PreviousPass]);
    assert_eq!(name(&app), "decode 1");
    press(&mut app, &[Act::Whole, Act::PreviousPass]);
    assert_eq!(name(&app), "decode 4", "from the whole, backwards begins at the end");
    press(&mut app, &[Act::NextPass]);
    assert_eq!(name(&app), "decode 4", "there is none after the last");
}

#[test]
fn zooming_keeps_the_selected_slice_in_view() {
    let mut app = traced(&[Act::Slowest]);
    for _ in 0..40 {
        press(&mut app, &[Act::ZoomIn]);
        let slice = *app.chart().unwrap().slice(app.screens.timeline.selected);
        let window = app.screens.timeline.window;
        assert!(slice.start < window.to() && slice.end() > window.from);
    }
    assert_eq!(app.screens.timeline.window.time, Nanos(200), "no further");
    press(&mut app, &[Act::Whole]);
    assert_eq!(app.screens.timeline.window, Window::whole(end(&app)));
}

#[test]
fn the_slowest_are_gone_through_by_their_own_time() {
    let mut app = traced(&[Act::Slowest]);
    let own = |app: &App| app.chart().unwrap().slice(app.screens.timeline.selected).own;
    let first = own(&app);
    press(&mut app, &[Act::Slowest]);
    assert!(own(&app) <= first && own(&app) > Nanos(0));
}

#[test]
fn what_is_found_is_gone_through_and_forgotten_again() {
    let mut app = traced(&[Act::NextFound]);
    assert!(app.toast.take().unwrap().text.contains('/'), "nothing is looked for yet");
    press(&mut app, &[Act::Find]);
    for c in "silu".chars() {
        app.update(crate::tui::tests::press(c));
    }
    press(&mut app, &[Act::Accept]);
    assert!(app.popup.is_none() && name(&app).contains("silu"));
    let first = app.screens.timeline.selected;
    press(&mut app, &[Act::NextFound]);
    assert!(name(&app).contains("silu") && app.screens.timeline.selected != first);
    press(&mut app, &[Act::PreviousFound]);
    assert_eq!(app.screens.timeline.selected, first);
    press(&mut app, &[Act::Whole]);
    assert_eq!(app.screens.timeline.sought, None);
}

#[test]
fn the_list_by_name_leads_to_the_longest_slice() {
    let mut app = traced(&[Act::Grouping, Act::Down]);
    assert_eq!((app.screens.timeline.shows, app.screens.timeline.row), (TimelineView::Operators, 1));
    let wanted = app.named().unwrap()[1].name;
    press(&mut app, &[Act::Open]);
    assert_eq!((app.screens.timeline.shows, app.screens.timeline.sought), (TimelineView::Slices, Some(wanted)));
    assert_eq!(app.chart().unwrap().slice(app.screens.timeline.selected).name, wanted);
    press(&mut app, &[Act::Grouping, Act::Grouping]);
    assert_eq!(app.screens.timeline.shows, TimelineView::Modules);
    press(&mut app, &[Act::Last, Act::Down, Act::Grouping]);
    assert_eq!((app.screens.timeline.shows, app.screens.timeline.row), (TimelineView::Slices, 0));
}

#[test]
fn the_mouse_selects_what_is_drawn_and_zooms_where_it_is() {
    let mut app = traced(&[]);
    let area = Rect::new(0, 0, 100, 30);
    draw(&mut app, area, &mut Buffer::empty(area));
    let mouse =
        |kind, column, row| Msg::Input(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    let axis = app.drawn.axis;
    // The second row, in the middle of the prefill.
    app.update(mouse(MouseEventKind::Down(MouseButton::Left), axis.x + axis.width / 4, axis.y + 1));
    assert!(name(&app).starts_with("block"), "{}", name(&app));
    let before = app.screens.timeline.window;
    app.update(mouse(MouseEventKind::ScrollUp, axis.x, axis.y));
    assert_eq!(
        (app.screens.timeline.window.from, app.screens.timeline.window.time.0),
        (before.from, before.time.0.div_ceil(2))
    );
    app.update(mouse(MouseEventKind::ScrollDown, axis.x, axis.y));
    assert_eq!(app.screens.timeline.window, before);
    app.update(mouse(MouseEventKind::Down(MouseButton::Left), axis.x + axis.width / 4, axis.y + 1));
    assert!(app.screens.timeline.window.time < before.time, "a second click zooms");
}

#[test]
fn a_run_that_goes_on_is_laid_out_when_it_has_ended() {
    let mut app = traced(&[]);
    app.live.as_mut().unwrap().state = crate::tui::live::State::Running;
    app.live.as_mut().unwrap().chart = None;
    press(&mut app, &[Act::Slowest]);
    assert!(app.chart().is_none());
    app.live.as_mut().unwrap().state = crate::tui::live::State::Over;
    press(&mut app, &[Act::Slowest]);
    assert!(app.chart().is_some());
}
