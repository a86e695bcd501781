//! Every state worth looking at, by name.

use super::*;
use crate::record::Status;
use crate::record::study::{Study, fixture as studies};
use crate::tui::app::Engine;
use crate::tui::live::Live;
use crate::tui::popups::picker::Picker;
use crate::tui::popups::prompt::form::{Field, Form};
use crate::tui::theme::Theme;

/// Every state worth looking at, by name.
pub fn scenes(depth: Depth) -> Vec<(&'static str, App)> {
    let whole = || fixture::whole(512, 40);
    let done = |acts: &[Act]| with(running(depth, whole()), acts);
    let mut loading = empty(depth);
    loading.open("~/.cache/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf".into(), true);
    let (stage, done_bytes, total) = ("reading weights".into(), 38_000_000, 98_900_000);
    loading.update(Msg::Worker(worker::Event::Loading { stage, done: done_bytes, total }));
    let mut toggled = done(&[]);
    toggled.toggles = toggled.toggles.with("attention=eager").unwrap();
    if let Engine::Ready(card) = &mut toggled.engine {
        card.toggles = toggled.toggles.clone();
    }
    let mut refused = with(ready(depth), &[Act::Toggles]);
    refused = with(refused, &[[Act::Down; 5].as_slice(), &[Act::Right]].concat());
    refused.toast = None;
    let mut palette = ready(depth);
    palette.popup = Some(Popup::Palette(Picker { input: "to".into(), selected: 1 }));
    let mut viewer_run = Live::saved(crate::record::Run::default(), "run.jsonl".into());
    whole().into_iter().for_each(|event| viewer_run.apply(event));
    let viewer = App::new(Theme::new(depth), fixture::toggles(), Form::new(None), Vec::new(), Some(viewer_run));
    let seen = |acts: &[Act]| with(traced(depth, |_| ()), acts);
    let mut operators = seen(&[]);
    operators.screens.blocks.reveal("blocks.1.mlp.up/aten::mm");
    operators.screens.blocks.open.insert("blocks.1.attn".into());
    let without_peaks = traced(depth, |run| run.peaks = None);
    let cut = traced(depth, |run| {
        run.passes[0].cut = Some(Cut { operators: 1207, allocations: 311 });
        run.signatures.iter_mut().for_each(|made| made.name = made.name.replace("aten::silu", "own::silu"));
    });
    let mut found = seen(&[Act::Go(Screen::Timeline)]);
    found.popup = Some(Popup::Find(Picker { input: "mm".into(), selected: 0 }));
    let mut sampling = with(ready(depth), &[Act::EditPrompt]);
    sampling.form.focus(Field::Temperature);
    let mut all = vec![
        ("blocks_empty", empty(depth)),
        ("blocks_loading", loading),
        ("blocks_ready", ready(depth)),
        ("blocks_mid_prefill", running(depth, fixture::mid_prefill(512, 17))),
        ("blocks_decoding", running(depth, fixture::events(512, 12))),
        ("blocks_done_prefill", done(&[Act::Phase, Act::Phase])),
        ("blocks_open", done(&[Act::Phase, Act::Phase, Act::Slowest])),
        ("blocks_both", done(&[Act::Phase, Act::Down, Act::Down, Act::Down])),
        ("blocks_other_toggles", toggled),
        ("blocks_saved_run", viewer),
        ("blocks_traced", seen(&[Act::Down, Act::Down, Act::Open])),
        ("blocks_operators", operators),
        ("blocks_traced_decode", seen(&[Act::Phase, Act::Last, Act::Open, Act::Down])),
        ("timeline_whole", seen(&[Act::Go(Screen::Timeline)])),
        ("timeline_prefill", seen(&[Act::Go(Screen::Timeline), Act::NextPass, Act::Slowest])),
        (
            "timeline_decode",
            seen(&[Act::Go(Screen::Timeline), Act::PreviousPass, Act::Down, Act::Down, Act::Open, Act::Down]),
        ),
        ("timeline_operators", seen(&[Act::Go(Screen::Timeline), Act::Grouping, Act::Down])),
        ("timeline_parts", seen(&[Act::Go(Screen::Timeline), Act::Grouping, Act::Grouping])),
        ("timeline_found", with(found, &[Act::Down, Act::Accept, Act::NextFound])),
        ("timeline_untraced", done(&[Act::Go(Screen::Timeline)])),
        ("timeline_empty", with(ready(depth), &[Act::Go(Screen::Timeline)])),
        ("timeline_foreign", foreign(depth, &[Act::Slowest])),
        ("popup_find", seen(&[Act::Go(Screen::Timeline), Act::Find])),
        ("roofline_empty", with(empty(depth), &[Act::Go(Screen::Roofline)])),
        ("roofline_untraced", done(&[Act::Go(Screen::Roofline)])),
        ("roofline_prefill", seen(&[Act::Go(Screen::Roofline)])),
        ("roofline_decode", seen(&[Act::Go(Screen::Roofline), Act::Phase, Act::Down])),
        ("roofline_operators", seen(&[Act::Go(Screen::Roofline), Act::Grouping, Act::Grouping])),
        ("roofline_no_peaks", with(without_peaks, &[Act::Go(Screen::Roofline), Act::Grouping])),
        ("roofline_unknown", with(cut, &[Act::Go(Screen::Roofline), Act::Last])),
        ("memory_untraced", done(&[Act::Go(Screen::Memory)])),
        ("memory_prefill", seen(&[Act::Go(Screen::Memory)])),
        ("memory_decode", seen(&[Act::Go(Screen::Memory), Act::Phase, Act::Grouping, Act::Down])),
        ("generate_empty", with(ready(depth), &[Act::Go(Screen::Generate)])),
        ("generate_prefill", with(running(depth, fixture::mid_prefill(512, 17)), &[Act::Go(Screen::Generate)])),
        ("generate_streaming", with(running(depth, fixture::events(512, 12)), &[Act::Go(Screen::Generate)])),
        ("generate_coloured", done(&[Act::Go(Screen::Generate), Act::Colour, Act::First, Act::Down])),
        ("step_empty", with(ready(depth), &[Act::Go(Screen::Step)])),
        ("step_qkv", stepping(depth, "blocks.3.attn.qkv")),
        ("step_embedding", stepping(depth, "embed")),
        ("popup_prompt", sampling),
        ("popup_toggles", refused),
        ("popup_models", with(ready(depth), &[Act::Models])),
        ("popup_palette", palette),
        ("popup_help", with(ready(depth), &[Act::Help])),
        ("popup_failure", failed(depth)),
    ];
    all.extend(scenes_of_studies(depth));
    all.extend(exploring::scenes(depth));
    all
}

/// The states of the screens of studies.
fn scenes_of_studies(depth: Depth) -> Vec<(&'static str, App)> {
    let compare = |acts: &[Act]| saved_study(depth, studies::compare(), acts);
    let matrix = |acts: &[Act]| saved_study(depth, studies::matrix(), acts);
    let sweep = |acts: &[Act]| saved_study(depth, studies::sweep(), acts);
    let mut chosen = with(ready(depth), &[Act::Go(Screen::Compare), Act::Choose, Act::Right, Act::Down, Act::Right]);
    chosen = with(chosen, &[Act::Down; 4]);
    let ended = Some(Status::Cancelled);
    vec![
        ("compare_empty", with(ready(depth), &[Act::Go(Screen::Compare)])),
        ("compare_choosing", chosen),
        ("compare_begun", studying(depth, Act::Go(Screen::Compare), &Study::default(), 0, None)),
        ("compare_running", studying(depth, Act::Go(Screen::Compare), &studies::compare(), 24, None)),
        ("compare_cancelled", studying(depth, Act::Go(Screen::Compare), &studies::compare(), 60, ended)),
        ("compare_done", compare(&[])),
        ("compare_open", compare(&[Act::Down, Act::Open, Act::Down, Act::Down, Act::Down, Act::Open])),
        ("compare_decode", compare(&[Act::Phase, Act::OpenAll, Act::Last])),
        ("blocks_of_a_study", compare(&[Act::Go(Screen::Blocks)])),
        ("matrix_empty", with(empty(depth), &[Act::Go(Screen::Matrix)])),
        ("matrix_choosing", with(ready(depth), &[Act::Go(Screen::Matrix), Act::Choose, Act::Down])),
        ("matrix_running", studying(depth, Act::Go(Screen::Matrix), &studies::matrix(), 30, None)),
        ("matrix_done", matrix(&[Act::Down])),
        ("matrix_sorted", matrix(&[Act::Phase, Act::Right, Act::Right, Act::Last])),
        ("matrix_plot", matrix(&[Act::Phase, Act::Grouping, Act::Down, Act::Down])),
        ("sweep_empty", with(ready(depth), &[Act::Go(Screen::Sweep)])),
        ("sweep_choosing", with(ready(depth), &[Act::Go(Screen::Sweep), Act::Choose, Act::Up, Act::Up])),
        ("sweep_running", studying(depth, Act::Go(Screen::Sweep), &studies::sweep(), 17, None)),
        ("sweep_prefill", sweep(&[Act::Last])),
        ("sweep_decode", sweep(&[Act::Phase, Act::Down])),
    ]
}
