//! What colours say, and that without them nothing is lost.

use super::*;
use crate::record::Category;
use crate::tui::theme::Theme;
use ratatui::style::{Color, Modifier};

#[test]
fn no_colour_means_no_colour() {
    for (name, mut app) in scenes(Depth::Plain) {
        let buf = drawn(&mut app, SMALL);
        let coloured = buf.content().iter().find(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert_eq!(coloured, None, "{name}");
    }
}

#[test]
fn without_colours_the_selection_is_still_seen() {
    let mut app = running(Depth::Plain, fixture::whole(512, 4));
    app.perform(Act::Down);
    let buf = drawn(&mut app, SMALL);
    let reversed: Vec<u16> = (0..24).filter(|&y| buf[(5, y)].modifier.contains(Modifier::REVERSED)).collect();
    assert_eq!(reversed.len(), 1);
    // The bar in that row is not: it would be a gap.
    let bar = (0..80).map(|x| &buf[(x, reversed[0])]).find(|cell| cell.symbol() == "█").unwrap();
    assert!(!bar.modifier.contains(Modifier::REVERSED));
}

#[test]
fn without_colours_the_stages_have_patterns_of_their_own() {
    let mut app = with(running(Depth::Plain, fixture::whole(512, 4)), &[Act::Phase, Act::Phase]);
    let buf = drawn(&mut app, LARGE);
    let y = (0..60).find(|&y| row_text(&buf, y).contains("block 0")).unwrap();
    let bar: String = row_text(&buf, y).chars().filter(|c| "█▒░".contains(*c)).collect();
    let attention = bar.chars().take_while(|&c| c == '█').count();
    let mlp = bar.chars().skip(attention).take_while(|&c| c == '▒').count();
    assert!(attention > 3 && mlp > attention && bar.chars().count() <= attention + mlp + 1, "{bar}");
}

#[test]
fn a_blocks_bar_is_in_the_colours_of_its_stages() {
    let mut app = with(running(Depth::True, fixture::whole(512, 4)), &[Act::Phase, Act::Phase]);
    let buf = drawn(&mut app, LARGE);
    let theme = Theme::new(Depth::True);
    let y = (0..60).find(|&y| row_text(&buf, y).contains("block 0")).unwrap();
    let odd = (y - 4) % 2 == 1;
    let colours: Vec<Color> =
        (0..140).map(|x| &buf[(x, y)]).filter(|cell| cell.symbol() == "█").map(|cell| cell.fg).collect();
    let [attention, mlp] = [theme.attention, theme.mlp].map(|style| theme.bar(style, odd).fg.unwrap());
    let first = colours.iter().take_while(|&&colour| colour == attention).count();
    assert!(first > 3 && first < colours.len());
    assert!(colours[first..].iter().all(|&colour| colour == mlp), "{colours:?}");
    // MLPs have most of the work of this model.
    assert!(colours.len() - first > first);
}

#[test]
fn points_of_the_roofline_are_in_the_colours_of_their_stages() {
    let mut app = with(traced(Depth::True, |_| ()), &[Act::Go(Screen::Roofline), Act::Down, Act::Down]);
    let theme = Theme::new(Depth::True);
    for size in [SMALL, LARGE] {
        let buf = drawn(&mut app, size);
        let at = find(&buf, "◆").unwrap();
        assert_eq!(Some(buf[at].fg), theme.mlp.fg);
        let label = find(&buf, "MLP down 69%").unwrap();
        assert_eq!((label.1, Some(buf[label].bg)), (at.1, theme.selected.bg));
        let (x, y) = find(&buf, "● LM head").unwrap();
        assert_eq!(Some(buf[(x, y)].fg), theme.other.fg);
        let (x, y) = find(&buf, "● attention QKV").unwrap();
        assert_eq!(Some(buf[(x, y)].fg), theme.attention.fg);
        // The roof that these products have is drawn stronger than the other.
        let ink = |name: &str| find(&buf, name).map(|at| buf[at].fg);
        assert_eq!((ink("f32 130 G"), ink("bf16 210 G")), (theme.text.fg, theme.faint.fg));
    }
    // A click on a row selects its point, and what is selected stays so in the other phase.
    let (column, row) = find(&drawn(&mut app, LARGE), "● MLP gate").unwrap();
    let kind = MouseEventKind::Down(MouseButton::Left);
    let click = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    app.update(Msg::Input(Input::Mouse(click)));
    assert_eq!(app.screens.roofline.selected, "mlp.gate");
    let mut app = with(app, &[Act::Phase]);
    assert!(text(&drawn(&mut app, LARGE)).contains("◆ MLP gate"));
}

#[test]
fn memory_is_stacked_in_the_colours_of_its_categories() {
    let mut app = with(traced(Depth::True, |_| ()), &[Act::Go(Screen::Memory)]);
    let theme = Theme::new(Depth::True);
    let buf = drawn(&mut app, LARGE);
    let (x, foot) = find(&buf, "▲ peak").unwrap();
    let filled = |y: &u16| "▁▂▃▄▅▆▇█".contains(buf[(x, *y)].symbol());
    let seen: Vec<Color> = (4..foot).rev().filter(filled).map(|y| buf[(x, y)].fg).collect();
    let [cache, activations, temporaries] = [Category::KvCache, Category::Activations, Category::Temporaries]
        .map(|category| theme.bar(theme.category(category), false).fg.unwrap());
    let mut order = seen.clone();
    order.dedup();
    assert_eq!(order, [cache, activations, temporaries], "from the bottom up");
    // Of 4.03 MB, 2.65 MB are activations.
    assert!(seen.iter().filter(|&&colour| colour == activations).count() > seen.len() / 2, "{seen:?}");
    let mut app = with(app, &[Act::Phase]);
    let buf = drawn(&mut app, LARGE);
    let line = (3..14).find(|&y| row_text(&buf, y).contains("─── ─── ───")).unwrap();
    assert_eq!(buf[(8, line)].bg, cache, "the formula lies on the cache that was taken");
}

#[test]
fn a_tokens_ground_says_how_likely_it_was() {
    let mut app = with(running(Depth::True, fixture::whole(512, 40)), &[Act::Go(Screen::Generate), Act::Colour]);
    let buf = drawn(&mut app, SMALL);
    let ground_of = |word: &str| {
        let (x, y) = find(&buf, word).unwrap();
        buf[(x, y)].bg
    };
    let theme = Theme::new(Depth::True);
    for (word, p) in [("Paris", 0.81), ("largest", 0.29), ("light", 0.03), ("visited", 0.12)] {
        assert_eq!(Some(ground_of(word)), theme.of_probability(p).bg, "{word}");
    }
    // The prompt has no probabilities.
    assert_eq!(Some(ground_of("capital")), theme.ground.bg);
    app.perform(Act::Colour);
    let buf = drawn(&mut app, SMALL);
    let (x, y) = find(&buf, "Paris").unwrap();
    assert_eq!(Some(buf[(x, y)].bg), theme.ground.bg);
}
