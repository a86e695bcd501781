//! Verdicts, preliminary ones, refusals and series on the screens of studies.

use super::*;
use crate::record::Status;
use crate::record::study::{self, fixture as studies};
use crate::tui::theme::Theme;
use ratatui::style::Color;

#[test]
fn a_verdict_has_a_sign_and_a_colour() {
    let theme = Theme::new(Depth::True);
    let mut app = saved_study(Depth::True, studies::compare(), &[]);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        let style = |word: &str| find(&buf, word).map(|at| (buf[at].fg, at));
        let (faster, at) = style("✓ faster").unwrap();
        assert_eq!(Some(faster), theme.good.fg);
        assert!(row_text(&buf, at.1).contains("TTFT"));
        let (same, at) = style("= no difference").unwrap();
        assert_eq!(Some(same), theme.dim.fg);
        assert!(row_text(&buf, at.1).contains("TPOT"));
        // The whisker has the colour of its verdict, and lies on the side of 1 that is faster.
        let line = style("✓ faster").unwrap().1.1;
        let whisker = (40..size.width).find(|&x| buf[(x, line)].symbol() == "●").unwrap();
        let one = (whisker..size.width).find(|&x| buf[(x, line)].symbol() == "│").unwrap();
        assert!(whisker < one && Some(buf[(whisker, line)].fg) == theme.good.fg);
    }
    // Without colours the words and the signs are still there.
    let shown = text(&drawn(&mut saved_study(Depth::Plain, studies::compare(), &[]), SMALL));
    assert!(shown.contains("✓ faster") && shown.contains("= no difference"));
}

#[test]
fn both_times_share_a_bar() {
    let mut app = saved_study(Depth::True, studies::compare(), &[]);
    let buf = drawn(&mut app, LARGE);
    let (_, y) = find(&buf, "block 0").unwrap();
    let bar: Vec<_> = (55..100).map(|x| &buf[(x, y)]).filter(|cell| "▀▄".contains(cell.symbol())).collect();
    let both = bar.iter().filter(|cell| cell.bg != Color::Reset && Some(cell.bg) != app.theme.ground.bg).count();
    assert!(both > 10 && bar.len() > both, "A takes longer than B: {} of {}", both, bar.len());
}

#[test]
fn while_a_comparison_goes_on_its_verdicts_are_preliminary() {
    let mut app = studying(Depth::True, Act::Go(Screen::Compare), &studies::compare(), 24, None);
    let shown = text(&drawn(&mut app, SMALL));
    assert!(shown.contains("4 pairs so far: preliminary") && shown.contains("≤ 41 s left"), "{shown}");
    assert!(shown.contains("? noisy: ") && shown.contains("The parts are judged at the end"), "{shown}");
    // What the strip and the header say of it is not said again below.
    assert_eq!(shown.matches("round 4").count(), 1);
    let end = vec![study::Event::End(Status::Cancelled)];
    app.update(Msg::Worker(worker::Event::Study { run: RunId(1), events: end }));
    let shown = text(&drawn(&mut app, SMALL));
    assert!(shown.contains("block 0") && !shown.contains("preliminary"), "what was measured stays:\n{shown}");
}

#[test]
fn what_was_refused_says_why_and_what_is_beaten_is_quieter() {
    let theme = Theme::new(Depth::True);
    let mut app = saved_study(Depth::True, studies::matrix(), &[Act::Phase]);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        let line = find(&buf, "✗ lm_head=f32 would take").unwrap();
        assert_eq!(Some(buf[line].fg), theme.warn.fg);
        let beaten = find(&buf, "weights=f16").unwrap();
        assert_eq!(Some(buf[beaten].fg), theme.dim.fg, "bf16 is faster, but f32 is better and faster than it");
        let best = find(&buf, "weights=int8").unwrap();
        assert_eq!(Some(buf[best].fg), theme.text.fg);
    }
    let mut app = with(app, &[Act::Grouping, Act::Last, Act::Up]);
    let buf = drawn(&mut app, SMALL);
    let (x, y) = find(&buf, "weights=int4").unwrap();
    assert_eq!(Some(buf[(x, y)].bg), theme.selected.bg, "the selected one is labelled");
    let hollow = find(&buf, "◦").unwrap();
    assert_eq!(Some(buf[hollow].fg), theme.faint.fg);
}

#[test]
fn each_series_of_a_sweep_has_a_colour_and_a_sign() {
    let theme = Theme::new(Depth::True);
    let mut app = saved_study(Depth::True, studies::sweep(), &[Act::Down]);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        for (sign, style) in [("● attention=eager ≈ n^1.", theme.attention), ("■ attention=fused ≈ n^0.99", theme.mlp)]
        {
            let at = find(&buf, sign).unwrap();
            assert_eq!(Some(buf[at].fg), style.fg);
        }
        let marks = (3..size.height).filter(|&y| row_text(&buf, y).contains('╌')).count();
        assert!(marks > 2, "the floor rises with the prompt");
        // One point is selected, in the chart and in the table.
        let selected = |symbol: &str| {
            buf.content().iter().filter(|cell| cell.symbol() == symbol && Some(cell.bg) == theme.selected.bg).count()
        };
        assert!(selected("■") + selected("●") == 1, "{} {}", selected("■"), selected("●"));
    }
    let shown = text(&drawn(&mut saved_study(Depth::Plain, studies::sweep(), &[]), SMALL));
    assert!(shown.contains('●') && shown.contains('■'));
}
