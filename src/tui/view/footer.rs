//! The tabs, the strip below that says what can be done here, and the toast above it.

use crate::tui::action::{self, Act, Action, Scope};
use crate::tui::app::{App, Drawn, Hit, Screen};
use crate::tui::kit::{fit, put, row, skip};
use crate::tui::sanitize;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

/// How much room the tabs have.
#[derive(Clone, Copy, PartialEq)]
enum Tabs {
    /// `─ 1 Blocks ── 2 Timeline ┤ 3 Roofline ├ 4 Memory ─`
    Wide,
    /// `─1Blocks 2Timeline┤3Roofline├4Memory─`
    Tight,
    /// `─1Blocks 2Time┤3Roofline├4Memory─`
    Short,
    /// `─ 1 ── 2 ┤ 3 Roofline ├ 4 ─`: those that are not active are only their keys.
    Keys,
}

impl Tabs {
    fn fitting(width: u16) -> Self {
        let needed = |name: fn(Screen) -> &'static str, around: usize| {
            Screen::ALL.iter().map(|&screen| name(screen).len() + around).sum::<usize>()
        };
        // The active one is never short.
        let longer = Screen::ALL.iter().map(|screen| screen.name().len() - screen.short_name().len()).max();
        match width as usize {
            width if width >= needed(Screen::name, 6) => Tabs::Wide,
            width if width > needed(Screen::name, 2) => Tabs::Tight,
            width if width > needed(Screen::short_name, 2) + longer.unwrap_or(0) => Tabs::Short,
            _ => Tabs::Keys,
        }
    }
}

pub fn tabs(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    put(buf, area, Span::styled("─".repeat(area.width as usize), theme.rule));
    let mut rest = skip(area, 1);
    let tabs = Tabs::fitting(rest.width);
    for &screen in Screen::ALL {
        let active = app.screen == screen;
        let key = action::key_of(&[Scope::Everywhere], Act::Go(screen));
        let key = Span::styled(key, if active { theme.accent } else { theme.faint });
        let name = if active { theme.accent } else { theme.dim };
        let text = match (tabs, active) {
            (Tabs::Keys, false) => "",
            (Tabs::Short, false) => screen.short_name(),
            _ => screen.name(),
        };
        let name = Span::styled(text, name);
        let edge = |text| Span::styled(text, theme.rule);
        let line = match (tabs, active) {
            // What is before it gives way to its edge.
            (Tabs::Tight | Tabs::Short, true) => {
                put(buf, Rect { x: rest.x.saturating_sub(1), width: 1, ..area }, edge("┤"));
                vec![key, name, edge("├")]
            }
            (Tabs::Tight | Tabs::Short, false) => vec![key, name, Span::raw(" ")],
            (_, true) => vec![edge("┤ "), key, Span::raw(" "), name, edge(" ├")],
            (_, false) => vec![Span::raw("  "), key, Span::raw(" "), name, Span::raw("  ")],
        };
        let width = put(buf, rest, Line::from(line));
        drawn.hits.push((Rect { width, ..row(rest, 0) }, Hit::Act(Act::Go(screen))));
        rest = skip(rest, width);
    }
}

/// What can be done here, then what always can.
pub fn strip(app: &App, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) {
    let theme = &app.theme;
    buf.set_style(area.intersection(buf.area), theme.strip);
    let always = |action: &&Action| matches!(action.act, Act::Palette | Act::Help | Act::Quit);
    let last: Vec<_> = action::of(Scope::Everywhere).filter(always).collect();
    let last_width: u16 = last.iter().map(|action| item(app, Scope::Everywhere, action).width() as u16 + 2).sum();
    let mut place = skip(area, area.width.saturating_sub(last_width));
    let mut rest = Rect { width: area.width.saturating_sub(last_width + 2), ..skip(area, 1) };
    for action in last {
        place = skip(place, item_at(app, Scope::Everywhere, action, place, buf, drawn));
    }
    // What runs can always be cancelled: that comes first.
    let here = Scope::On(app.screen);
    let of = |scope| action::of(scope).map(move |action| (scope, action));
    let cancel = of(Scope::Everywhere).filter(|(_, action)| action.act == Act::Cancel);
    let everywhere = of(Scope::Everywhere).filter(|(_, action)| action.act != Act::Cancel && !always(action));
    for (scope, action) in cancel.chain(of(here)).chain(everywhere) {
        if action.word.is_empty() || app.why_not(action.act).is_some() || !app.is_of_use(action.act) {
            continue;
        }
        if item(app, scope, action).width() as u16 > rest.width {
            break;
        }
        rest = skip(rest, item_at(app, scope, action, rest, buf, drawn));
    }
}

fn item_at(app: &App, scope: Scope, action: &Action, area: Rect, buf: &mut Buffer, drawn: &mut Drawn) -> u16 {
    let width = put(buf, area, item(app, scope, action));
    drawn.hits.push((Rect { width, ..row(area, 0) }, Hit::Act(action.act)));
    width + 2
}

fn item(app: &App, scope: Scope, action: &Action) -> Line<'static> {
    Line::from_iter([
        Span::styled(action::strip_keys(scope, action), app.theme.accent),
        Span::styled(format!(" {}", action.word), app.theme.dim),
    ])
}

/// What has just been done, at the bottom right over everything.
pub fn toast(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(toast) = &app.toast else { return };
    let theme = &app.theme;
    let text = format!(" {} ", fit(&sanitize::label(&toast.text), area.width.saturating_sub(7) as usize));
    let line = Line::from_iter([
        Span::styled("▌", if toast.bad { theme.bad } else { theme.accent }),
        Span::styled(text, theme.popup.patch(if toast.bad { theme.bad } else { theme.strong })),
    ]);
    let width = line.width() as u16;
    let bottom = row(area, area.height.saturating_sub(1));
    let place = Rect { width, ..skip(bottom, area.width.saturating_sub(width + 1)) }.intersection(buf.area);
    Clear.render(place, buf);
    buf.set_style(place, theme.popup);
    put(buf, place, line);
}
