//! What the keys and the mouse do on the Timeline.

use crate::analyse::timeline::Grouped;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::screens::list::Screen;
use crate::tui::screens::timeline::{At, Chart, TimelineView, Viewport, Window};
use crate::units::Nanos;

pub fn perform(app: &mut App, act: Act) {
    app.on_timeline(act);
}

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(app: &App, act: Act) -> bool {
    match act {
        _ if app.screens.timeline.shows != TimelineView::Slices => {
            matches!(act, Act::Find | Act::Grouping) && app.chart().is_some()
        }
        Act::NextPass => app.chart().is_some_and(|chart| !chart.timeline.sections.is_empty()),
        Act::NextFound => app.screens.timeline.sought.is_some(),
        _ => app.chart().is_some(),
    }
}

/// How much one key press zooms, and how far it moves.
const ZOOM: f64 = 0.5;
const STEP: f64 = 0.25;

impl App {
    /// The chart of the Timeline: of the run on the screen, or of a foreign trace.
    pub fn chart(&self) -> Option<&Chart> {
        match &self.imported {
            Some(foreign) => Some(&foreign.chart),
            None => self.live.as_ref()?.chart.as_deref(),
        }
        .filter(|chart| !chart.is_empty())
    }

    /// The list by name that is shown instead of the slices, if one is.
    pub fn named(&self) -> Option<&[Grouped]> {
        self.chart().and_then(|chart| self.screens.timeline.named(chart))
    }

    pub(in crate::tui) fn on_timeline(&mut self, act: Act) {
        let Some(chart) = self.chart() else { return };
        let mut viewport = self.screens.timeline.clone();
        let page = self.drawn.listed.1.max(2) as isize - 1;
        match viewport.named(chart) {
            Some(_) => viewport.in_list(chart, act, page),
            None => {
                if let Some(why_not) = viewport.on_slices(chart, act) {
                    self.say(why_not, false);
                }
            }
        }
        self.screens.timeline = viewport;
    }

    /// The mouse wheel over a column of the screen: in or out, about what lies there.
    pub(in crate::tui) fn wheel_on_timeline(&mut self, by: isize, column: u16) {
        let axis = self.drawn.axis;
        let Some(chart) = self.chart() else { return };
        let about = self.screens.timeline.window.at(column.saturating_sub(axis.x).min(axis.width), axis.width);
        let factor = if by < 0 { ZOOM } else { 1.0 / ZOOM };
        self.screens.timeline.window = self.screens.timeline.window.zoomed(factor, about, chart.timeline.end);
    }

    /// A click: the first one selects, the second one zooms.
    pub(in crate::tui) fn click_slice(&mut self, at: At) {
        if self.screens.timeline.selected == at {
            self.on_timeline(Act::Open);
        } else {
            self.screens.timeline.selected = at;
        }
    }

    /// Looks for a name from now on, and goes to its longest slice.
    pub(in crate::tui) fn seek(&mut self, name: u32) {
        let Some(chart) = self.chart() else { return };
        let mut viewport = self.screens.timeline.clone();
        viewport.seek(chart, name);
        self.screens.timeline = viewport;
    }
}

impl Viewport {
    /// The list by name that is shown instead of the slices, if one is.
    pub fn named<'a>(&self, chart: &'a Chart) -> Option<&'a [Grouped]> {
        match self.shows {
            TimelineView::Slices => None,
            TimelineView::Operators => Some(&chart.operators),
            TimelineView::Modules => Some(&chart.modules),
        }
    }

    fn seek(&mut self, chart: &Chart, name: u32) {
        let Some(longest) = chart.longest_named(name) else { return };
        self.sought = Some(name);
        self.shows = TimelineView::Slices;
        self.visit(chart, longest);
    }

    fn turn(&mut self, chart: &Chart) {
        self.row = 0;
        self.shows = match self.shows {
            TimelineView::Slices if !chart.operators.is_empty() => TimelineView::Operators,
            TimelineView::Slices | TimelineView::Operators if !chart.modules.is_empty() => TimelineView::Modules,
            _ => TimelineView::Slices,
        };
    }

    fn in_list(&mut self, chart: &Chart, act: Act, page: isize) {
        let Some(groups) = self.named(chart) else { return };
        let to = |by: isize| self.row.saturating_add_signed(by).min(groups.len().saturating_sub(1));
        self.row = match act {
            Act::Up => to(-1),
            Act::Down => to(1),
            Act::PageUp => to(-page),
            Act::PageDown => to(page),
            Act::First => 0,
            Act::Last => groups.len().saturating_sub(1),
            Act::Grouping => return self.turn(chart),
            Act::Open => {
                if let Some(group) = groups.get(self.row) {
                    self.seek(chart, group.name);
                }
                return;
            }
            _ => return,
        };
    }

    /// Returns what to tell the user where something is not there.
    fn on_slices(&mut self, chart: &Chart, act: Act) -> Option<String> {
        let end = chart.timeline.end;
        let slice = *chart.slice(self.selected);
        let middle = slice.start + Nanos(slice.time.0 / 2);
        match act {
            Act::Left | Act::Right => {
                let by = if act == Act::Left { -1 } else { 1 };
                let At { track, slice } = self.selected;
                let beside = chart.rows[track].beside(&chart.timeline.tracks[track], slice, by);
                beside.into_iter().for_each(|slice| self.select(chart, At { track, slice }));
            }
            Act::Up => {
                let above = chart.parent(self.selected);
                let above = above.or_else(|| chart.on_track(self.selected.track, -1, middle));
                above.into_iter().for_each(|at| self.select(chart, at));
            }
            Act::Down => {
                let seen = middle.clamp(self.window.from, self.window.to());
                let below = chart.inside(self.selected, if seen == middle { slice.start } else { seen });
                let below = below.or_else(|| chart.on_track(self.selected.track, 1, middle));
                below.into_iter().for_each(|at| self.select(chart, at));
            }
            Act::PageUp | Act::PageDown => {
                let by = if act == Act::PageUp { -1 } else { 1 };
                let there = chart.on_track(self.selected.track, by, middle);
                there.into_iter().for_each(|at| self.select(chart, at));
            }
            Act::First => self.window = Window { from: Nanos(0), ..self.window },
            Act::Last => self.window = Window { from: end, ..self.window }.within(end),
            Act::Open => {
                let room = Nanos(slice.time.0 / 20);
                self.window = Window { from: slice.start - room, time: slice.time + room + room }.within(end);
            }
            Act::ZoomIn | Act::ZoomOut => {
                let factor = if act == Act::ZoomIn { ZOOM } else { 1.0 / ZOOM };
                let is_seen = slice.start < self.window.to() && slice.end() > self.window.from;
                let about = if is_seen { middle } else { self.window.at(1, 2) };
                self.window = self.window.zoomed(factor, about.clamp(self.window.from, self.window.to()), end);
            }
            Act::PanLeft => self.window = self.window.moved(-STEP, end),
            Act::PanRight => self.window = self.window.moved(STEP, end),
            Act::Whole => *self = Self { window: Window::whole(end), sought: None, ..self.clone() },
            Act::NextPass | Act::PreviousPass => {
                return self.show_pass(chart, act == Act::NextPass).map(str::to_owned);
            }
            Act::Slowest => {
                let next = chart.slowest.iter().position(|&at| at == self.selected).map_or(0, |at| at + 1);
                match chart.slowest.get(next).or(chart.slowest.first()) {
                    Some(&at) => self.visit(chart, at),
                    None => return Some("nothing here takes any time of its own".to_owned()),
                }
            }
            Act::NextFound | Act::PreviousFound => {
                let Some(name) = self.sought else {
                    return Some(format!(
                        "nothing is looked for: press {}",
                        action::key_of(&[Scope::On(Screen::Timeline)], Act::Find)
                    ));
                };
                let next = chart.next_named(name, self.selected, act == Act::NextFound);
                next.into_iter().for_each(|at| self.visit(chart, at));
            }
            Act::Grouping => self.turn(chart),
            _ => {}
        }
        None
    }

    /// Shows the next pass (or the one before) in full, and selects it.
    fn show_pass(&mut self, chart: &Chart, forward: bool) -> Option<&'static str> {
        let sections = &chart.timeline.sections;
        if sections.is_empty() {
            return Some("this trace names no steps");
        }
        let is_whole = self.window == Window::whole(chart.timeline.end);
        let middle = self.window.at(1, 2);
        let here = sections.iter().rposition(|stretch| stretch.start <= middle);
        let last = sections.len() - 1;
        let to = match (here, forward) {
            _ if is_whole => {
                if forward {
                    0
                } else {
                    last
                }
            }
            (None, _) => 0,
            (Some(here), true) => (here + 1).min(last),
            (Some(here), false) => here.saturating_sub(1),
        };
        if !is_whole && here == Some(to) && self.window.time <= sections[to].time {
            return Some(if forward { "this is the last pass" } else { "this is the first pass" });
        }
        let stretch = &sections[to];
        self.window = Window { from: stretch.start, time: stretch.time }.within(chart.timeline.end);
        let track = self.selected.track;
        let at =
            chart.rows[track].within(&chart.timeline.tracks[track], 0, stretch.start, stretch.start + stretch.time);
        if let Some(&slice) = chart.rows[track].slices(0).get(at.start) {
            self.selected = At { track, slice };
        }
        None
    }
}
