//! The facts of the Memory screen: the peak and its split, the cache beside its formula, the process beside what is tagged.

use crate::arch::path::{block_of, full_name_of, inside_block};
use crate::record::memory::kv_by_formula;
use crate::record::{Category, Header, Phase};
use crate::tui::app::App;
use crate::tui::kit::{bar, below, fit, put, put_right, quantity, row, skip, take, titled_rule, wrap};
use crate::tui::live::Live;
use crate::tui::phase_sums::Sums;
use crate::tui::sanitize;
use crate::tui::screens::memory::rows::{Memory, PassLevels, STACKED};
use crate::tui::theme::{Depth, Theme};
use crate::units::{Bytes, percent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

const LABEL: u16 = 15;

/// The name of a category on the screen.
pub fn name(category: Category) -> &'static str {
    match category {
        Category::Weights => "weights",
        Category::KvCache => "KV cache",
        Category::Activations => "activations",
        Category::Temporaries => "temporaries",
    }
}

/// In as few lines as say it, for the bottom of a small screen.
pub fn lines(app: &App, sums: &Sums) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let (Some(live), Some(pass)) = (&app.live, sums.memory.peak()) else { return Vec::new() };
    let dim = |text: String| Span::styled(text, theme.dim);
    let mut lines = vec![Line::from_iter([
        dim("peak ".into()),
        Span::styled(pass.peak.total().to_string(), theme.strong),
        dim(format!(" {}", place(app, live, pass))),
    ])];
    // It is the legend of the chart too, which leaves the weights out.
    let sign = |category| STACKED.iter().position(|&stacked| stacked == category).map(|at| signs(theme)[at]);
    let split = Category::ALL.into_iter().flat_map(|category| {
        let sign = sign(category).map(|sign| format!(" {sign} ")).unwrap_or_default();
        [
            Span::styled(sign, theme.category(category)),
            dim(format!("{} ", name(category))),
            Span::styled(pass.peak.of(category).to_string(), theme.text),
        ]
    });
    lines.push(Line::from_iter(split));
    lines.push(Line::from(dim(cache(&live.run.header, pass))));
    lines.extend(process(pass).map(|(said, why)| Line::from(dim(format!("{said}: {why}")))));
    lines.extend(cut(&sums.memory).map(|text| Line::from(Span::styled(text, theme.warn))));
    lines
}

/// One below the other with bars, beside the charts of a wide screen.
pub fn beside(app: &App, sums: &Sums, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let (Some(live), Some(pass)) = (&app.live, sums.memory.peak()) else { return };
    let title = match app.one_phase() {
        Phase::Prefill => "at the peak".to_owned(),
        Phase::Decode => format!("at the peak of step {}, the highest", pass.step + 1),
    };
    titled_rule(buf, area, Line::from(Span::styled(title, theme.strong)), theme.rule);
    let mut rest = below(area, 1);
    put(buf, rest, Span::styled(fit(&place(app, live, pass), rest.width as usize), theme.dim));
    rest = below(rest, 2);
    let whole = pass.peak.total();
    let share = |bytes: Bytes| if whole.0 == 0 { 0.0 } else { bytes.0 as f64 / whole.0 as f64 };
    for category in Category::ALL {
        let bytes = pass.peak.of(category);
        let line = row(rest, 0);
        put(buf, line, Span::styled(name(category), theme.text));
        let rail = take(skip(line, LABEL), line.width.saturating_sub(LABEL + 19));
        bar::bar(buf, rail, share(bytes), theme.bar(theme.category(category), false), theme);
        let mut said = quantity(&bytes.to_string(), theme.text, theme.dim);
        said.push(Span::styled(format!("{:>8}", percent(share(bytes))), theme.dim));
        put_right(buf, line, Line::from(said));
        rest = below(rest, 1);
    }
    let all = Line::from_iter([Span::styled(whole.to_string(), theme.strong), Span::raw(" ".repeat(8))]);
    put(buf, rest, Span::styled("together", theme.text));
    put_right(buf, rest, all);
    rest = below(rest, 2);
    let mut section = |title: &str, texts: Vec<(String, Style)>| {
        titled_rule(buf, rest, Line::from(Span::styled(title.to_owned(), theme.dim)), theme.rule);
        rest = below(rest, 1);
        for (text, style) in texts {
            for line in wrap(&text, rest.width) {
                put(buf, rest, Span::styled(line, style));
                rest = below(rest, 1);
            }
        }
        rest = below(rest, 1);
    };
    let taken = format!(
        "{} above the {} before it, {} when it had ended",
        pass.risen(),
        pass.before.total(),
        pass.after.total()
    );
    section("the pass", vec![(taken, theme.text)]);
    section("KV cache", vec![(cache(&live.run.header, pass), theme.text)]);
    if let Some((said, why)) = process(pass) {
        section("the process", vec![(said, theme.text), (format!("The difference: {why}."), theme.dim)]);
    }
    if let Some(text) = cut(&sums.memory) {
        section("left out", vec![(text, theme.warn)]);
    }
    section("how it is known", vec![(ORIGIN.to_owned(), theme.dim)]);
}

const ORIGIN: &str = "Measured: each allocation and each release of LibTorch, tagged when it was made. Activations outlive \
                      the part that made them, temporaries do not. What a part took is its own and that of parts inside.";

/// When and where most was alive.
fn place(app: &App, live: &Live, pass: &PassLevels) -> String {
    let step = match app.one_phase() {
        Phase::Prefill => String::new(),
        Phase::Decode => format!("at step {}, ", pass.step + 1),
    };
    let part = pass.peak_in.map(|part| {
        let path = &live.run.parts[part as usize].path;
        let block = block_of(path).filter(|_| inside_block(path) != Some(""));
        let block = block.map(|block| format!("block {block}, ")).unwrap_or_default();
        format!(" in {}", sanitize::label(&format!("{block}{}", full_name_of(path))))
    });
    format!("{step}{} after it began{}", pass.peak_at, part.unwrap_or_default())
}

/// The cache as it was taken, beside what its keys and values need.
fn cache(header: &Header, pass: &PassLevels) -> String {
    let taken = pass.after.of(Category::KvCache);
    match kv_by_formula(header, pass.positions) {
        Some(formula) => {
            let room = if taken > formula { ", taken ahead" } else { "" };
            format!(
                "KV cache {taken} · by formula {formula} (modelled: Σ 2·T·G·h·bytes) · {} positions{room}",
                pass.positions
            )
        }
        None if taken.0 == 0 => "no KV cache".into(),
        None => format!("KV cache {taken} at {} positions", pass.positions),
    }
}

/// The process beside what is tagged, by the operating system's high-water mark; and why they differ.
fn process(pass: &PassLevels) -> Option<(String, &'static str)> {
    let resident = pass.resident?;
    let since = if resident.is_of_pass { "" } else { " since it began" };
    let (peak, tagged) = (resident.peak, pass.peak.total());
    Some(if peak >= tagged {
        (format!("process peak {peak}{since} = tagged + {}", peak - tagged), "program, LibTorch, kept pages")
    } else {
        (format!("process peak {peak}{since} = tagged − {}", tagged - peak), "pages that nobody touched yet")
    })
}

fn cut(memory: &Memory) -> Option<String> {
    let cut: u64 = memory.passes.iter().map(|pass| pass.cut).fold(0, u64::saturating_add);
    (cut > 0).then(|| format!("cut: {cut} allocations did not fit and are missing; every figure here is too low"))
}

/// What is known of a run, or of a model, that was not traced.
pub fn known(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let of_card = || {
        let card = app.card()?;
        Some((Header { model: card.info.clone(), toggles: card.toggles.to_pairs(), ..Header::default() }, None))
    };
    let of_run = app.live.as_ref().filter(|live| live.run.header.model.n_layers > 0).map(|live| {
        let last = live.run.passes.last().map(|pass| u64::from(pass.start.n_past) + u64::from(pass.start.n_new));
        (live.run.header.clone(), last)
    });
    let Some((header, reached)) = of_run.or_else(of_card) else { return };
    let mut facts =
        vec![("weights".to_owned(), header.model.weight_bytes.to_string(), "as they lie in memory".to_owned())];
    let context = Some(u64::from(header.model.n_ctx)).filter(|&context| context > 0);
    let lengths = [(reached, "where this run ended"), (context, "as many as the model was made for")];
    for (positions, when) in lengths {
        let bytes = positions.and_then(|positions| kv_by_formula(&header, positions));
        if let (Some(positions), Some(bytes)) = (positions, bytes) {
            facts.push(("KV cache".into(), bytes.to_string(), format!("{positions} positions, {when}")));
        }
    }
    let title =
        Line::from_iter([Span::styled("what is known without", theme.text), Span::styled(" · modelled", theme.dim)]);
    titled_rule(buf, Rect { width: area.width.min(76), ..area }, title, theme.rule);
    for (y, (label, value, note)) in facts.into_iter().enumerate() {
        let line = row(area, 1 + y as u16);
        put(buf, line, Span::styled(label, theme.dim));
        put_right(buf, take(skip(line, 11), 10), Line::from_iter(quantity(&value, theme.text, theme.dim)));
        put(buf, skip(line, 23), Span::styled(note, theme.dim));
    }
}

/// What stands for each stacked category in a legend.
pub fn signs(theme: &Theme) -> [&'static str; STACKED.len()] {
    if theme.depth == Depth::Plain { ["█", "▒", "░"] } else { ["■"; 3] }
}
