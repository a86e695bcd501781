//! Where a halted run stands in the model: the block with its branches, or what is around the blocks.
//!
//! ```text
//!  one after the other            beside each other
//!  │ residual stream              │ residual stream
//!  ├─╮ attention                  ├─╮   ✓ norm
//!  │ │ ✓ norm                     │ ├─╮ attention
//!  │ │ ● QKV                      │ ┃ │ ● QKV
//!  ⊕─╯ · residual                 │ │ ┃ MLP
//!  ├─╮ MLP                        │ │ ┃ · up
//!  ⊕─╯ · residual                 ⊕─┴─╯ · residual
//! ```

use crate::arch::path::{block_of, branch_of, inside_block, name_of, parent_of, role_of};
use crate::arch::role::{Branch, Role};
use crate::measure::Halt;
use crate::tui::app::App;
use crate::tui::kit::{below, fit, put, put_right, row, titled_rule};
use crate::tui::live::Live;
use crate::tui::sanitize;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns of a part's name.
const NAME: usize = 18;

/// A line of the drawing.
struct Drawing {
    text: Line<'static>,
    time: String,
    current: bool,
}

pub fn draw(app: &App, live: &Live, halt: &Halt, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (title, lines) = match block_of(&halt.path) {
        Some(block) => {
            let of = format!(" of {}", live.run.header.model.n_layers);
            let number = Span::styled(format!("block {block}"), theme.strong);
            (Line::from_iter([number, Span::styled(of, theme.dim)]), in_block(theme, live, block, halt))
        }
        None => (Line::from(Span::styled("the model", theme.dim)), around_blocks(theme, live, halt)),
    };
    titled_rule(buf, Rect { width: area.width.saturating_sub(1), ..area }, title, theme.rule);
    let list = below(area, 1);
    // In a low window the current part is kept in view.
    let current = lines.iter().position(|line| line.current).unwrap_or(0);
    let height = list.height as usize;
    let first = current.saturating_sub(height / 2).min(lines.len().saturating_sub(height));
    for (y, line) in lines.iter().skip(first).take(height).enumerate() {
        let place = Rect { width: list.width.saturating_sub(2), ..row(list, y as u16) };
        if line.current {
            buf.set_style(place.intersection(buf.area), theme.selected);
        }
        put(buf, place, line.text.clone());
        // In a narrow window the name is worth more than the time.
        if line.text.width() + line.time.chars().count() < place.width as usize {
            put_right(buf, place, Span::styled(line.time.clone(), theme.dim));
        }
    }
}

/// The branches of a block, each leaving the residual stream and coming back to it.
fn in_block(theme: &Theme, live: &Live, block: u32, halt: &Halt) -> Vec<Drawing> {
    let paths = inside(live, block);
    let ended = ended(&paths, &halt.path);
    let has = |role| paths.iter().any(|path| role_of(path) == Some(role));
    let rails = if has(Role::Residual) { Rails::Parallel { shared: has(Role::Norm) } } else { Rails::Sequential };
    let plain = |text: &str| Drawing {
        text: Line::from(Span::styled(text.to_owned(), theme.dim)),
        time: String::new(),
        current: false,
    };
    let mut lines = vec![plain("│ residual stream")];
    for (index, path) in paths.iter().enumerate() {
        // The end of a block is that of its last branch.
        let block_ended = inside_block(&halt.path) == Some("") && role_of(path) == Some(Role::Mlp);
        let current = *path == halt.path || block_ended;
        let rail = Span::styled(rails.beside(path), theme.dim);
        let name = sanitize::label(&name_of(path));
        if role_of(path).is_some_and(Role::contains_parts) {
            let name = Span::styled(name, theme.part(branch_of(path)));
            lines.push(Drawing { text: Line::from_iter([rail, name]), time: String::new(), current });
            continue;
        }
        let state = State::of(current, index < ended);
        let time = match state {
            State::Current => halt.time.to_string(),
            State::Done => last_time(live, path),
            State::ToCome => String::new(),
        };
        let name = Span::styled(fit(&name, NAME), state.ink(theme));
        lines.push(Drawing { text: Line::from_iter([rail, state.mark(theme), name]), time, current });
    }
    lines.push(plain("│"));
    lines
}

/// How the branches leave the residual stream.
#[derive(Clone, Copy)]
enum Rails {
    Sequential,
    /// Side by side, from one norm where it is shared.
    Parallel {
        shared: bool,
    },
}

impl Rails {
    /// What stands to the left of a part.
    fn beside(self, path: &str) -> &'static str {
        match (self, role_of(path), branch_of(path)) {
            (Rails::Sequential, Some(Role::Attn | Role::Mlp), _) => "├─╮ ",
            (Rails::Sequential, Some(Role::AttnResidual | Role::MlpResidual), _) => "⊕─╯ ",
            (Rails::Sequential, ..) => "│ │ ",
            (Rails::Parallel { .. }, Some(Role::Norm), _) => "├─╮   ",
            (Rails::Parallel { shared: true }, Some(Role::Attn), _) => "│ ├─╮ ",
            (Rails::Parallel { shared: false }, Some(Role::Attn), _) => "├─┬─╮ ",
            (Rails::Parallel { .. }, Some(Role::Residual), _) => "⊕─┴─╯ ",
            (Rails::Parallel { .. }, _, Branch::Attention) => "│ ┃ │ ",
            (Rails::Parallel { .. }, _, Branch::Mlp) => "│ │ ┃ ",
            (Rails::Parallel { .. }, _, Branch::Other) => "│ │ │ ",
        }
    }
}

/// Whether a part has ended, was the last to do so, or is still to come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    Current,
    ToCome,
}

impl State {
    fn of(current: bool, done: bool) -> Self {
        match (current, done) {
            (true, _) => State::Current,
            (false, true) => State::Done,
            (false, false) => State::ToCome,
        }
    }

    fn mark(self, theme: &Theme) -> Span<'static> {
        match self {
            State::Done => Span::styled("✓ ", theme.good),
            State::Current => Span::styled("● ", theme.accent),
            State::ToCome => Span::styled("· ", theme.faint),
        }
    }

    fn ink(self, theme: &Theme) -> Style {
        match self {
            State::Done => theme.text,
            State::Current => theme.strong,
            State::ToCome => theme.faint,
        }
    }
}

/// How many of the parts, which are in the order of a pass, have ended where the one at `path` was the last to end: with
/// a part that contains others, these have.
fn ended(paths: &[String], path: &str) -> usize {
    if inside_block(path) == Some("") {
        return paths.len();
    }
    let is_inside = |inner: &String| inner == path || parent_of(inner) == Some(path);
    paths.iter().rposition(is_inside).map_or(0, |last| last + 1)
}

/// The paths of what a block has inside: as the model says, then what this one has shown besides.
fn inside(live: &Live, block: u32) -> Vec<String> {
    let mut paths = live.run.header.inside_block(block);
    let is_there = |path: &str| block_of(path) == Some(block) && inside_block(path) != Some("");
    for part in live.run.parts.iter().filter(|part| is_there(&part.path)) {
        if !paths.contains(&part.path) {
            paths.push(part.path.clone());
        }
    }
    paths
}

/// How long a part took in the pass that goes on, if that is known.
fn last_time(live: &Live, path: &str) -> String {
    let time = live.tally.part_at(path).and_then(|part| {
        let pass = live.run.passes.last()?;
        pass.spans.iter().rev().find(|span| span.part == part).map(|span| span.time)
    });
    time.map_or(String::new(), |time| time.to_string())
}

/// Outside of the blocks: the model as a whole, with all blocks on one line.
fn around_blocks(theme: &Theme, live: &Live, halt: &Halt) -> Vec<Drawing> {
    let n_layers = live.run.header.model.n_layers;
    let blocks = match n_layers {
        0 => "the blocks".to_owned(),
        n => format!("blocks 0 … {}", n - 1),
    };
    let mut stations = live.run.header.top_level();
    stations.dedup_by(|path, before| block_of(path).is_some() && block_of(before).is_some());
    let at = stations.iter().position(|path| *path == halt.path);
    let mut lines = Vec::new();
    for (index, path) in stations.iter().enumerate() {
        if index > 0 {
            let rail = Line::from(Span::styled("│", theme.rule));
            lines.push(Drawing { text: rail, time: String::new(), current: false });
        }
        let current = Some(index) == at;
        let state = State::of(current, at.is_some_and(|at| index < at));
        let name = if block_of(path).is_some() { blocks.clone() } else { sanitize::label(&name_of(path)) };
        lines.push(Drawing {
            text: Line::from_iter([state.mark(theme), Span::styled(name, state.ink(theme))]),
            time: if current { halt.time.to_string() } else { String::new() },
            current,
        });
    }
    lines
}
