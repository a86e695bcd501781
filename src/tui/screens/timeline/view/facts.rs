//! What is known of the selected slice, and what could not be shown.

use crate::analyse::timeline::SliceKind;
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::kit::{figure, fit, fit_end};
use crate::tui::sanitize;
use crate::tui::screens::timeline::Chart;
use crate::units::percent;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn lines(app: &App, chart: &Chart, width: usize) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let at = app.screens.timeline.selected;
    let slice = chart.slice(at);
    let name = fit(&sanitize::label(chart.name(at)), width);
    let detail = sanitize::label(&chart.timeline.details[slice.detail as usize]);
    let detail = fit(&detail, width.saturating_sub(name.width() + 2));
    let mut lines =
        vec![Line::from_iter([Span::styled(name, theme.strong), Span::styled(format!("  {detail}"), theme.dim)])];

    let mut path: Vec<String> = chart.ancestors(at).take(64).map(|at| sanitize::label(chart.name(at))).collect();
    path.reverse();
    let track = sanitize::label(&chart.timeline.tracks[at.track].name);
    let path = if path.is_empty() { format!("on {track}") } else { format!("in {}", path.join(" › ")) };
    lines.push(Line::from(Span::styled(fit_end(&path, width), theme.dim)));

    let own = match slice.own == slice.time {
        true => " of its own".to_owned(),
        false => format!(", {} of its own ({})", slice.own, percent(slice.own.share_of(slice.time))),
    };
    let mut facts = vec![Span::styled(slice.time.to_string(), theme.strong), Span::styled(own, theme.text)];
    if slice.flops.0 > 0 {
        let rate = slice.flops.gflops_per_second(slice.time).map(|rate| format!(", {} GFLOP/s", figure(rate)));
        // A part that was not traced has its work by formula.
        let origin = if is_counted(chart, slice.kind) { "counted" } else { "by formula°" };
        facts.push(Span::styled(format!(" · {} {origin}{}", slice.flops, rate.unwrap_or_default()), theme.dim));
    }
    facts.push(Span::styled(format!(" · begins at {}", slice.start), theme.dim));
    let mut line = Line::default();
    for fact in facts {
        if line.width() + fact.width() <= width {
            line.push_span(fact);
        }
    }
    lines.push(line);
    if chart.operators.is_empty() {
        let more = match app.card() {
            Some(_) => action::key_of(&[Scope::Everywhere], Act::TraceRun) + " runs it again and",
            None => "blockscope profile --trace".to_owned(),
        };
        let more = format!("only parts were recorded: {more} records every operator");
        lines.push(Line::from(Span::styled(fit(&more, width), theme.faint)));
    }
    if !chart.timeline.warnings.is_empty() {
        let text =
            chart.timeline.warnings.iter().map(|warning| sanitize::label(warning)).collect::<Vec<_>>().join(" · ");
        lines.push(Line::from(Span::styled(fit(&format!("! {text}"), width), theme.warn)));
    }
    lines
}

fn is_counted(chart: &Chart, kind: SliceKind) -> bool {
    matches!(kind, SliceKind::Operator | SliceKind::Kernel | SliceKind::Module) || !chart.operators.is_empty()
}
