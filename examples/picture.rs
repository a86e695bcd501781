//! Draws a screen of the interface on a saved run or study as an SVG picture, on standard output.
//!
//! ```sh
//! blockscope profile --prompt-tokens 512 --new-tokens 64 --out run.jsonl
//! cargo run --release --example picture -- run.jsonl 120x34 '1jjl' > docs/blocks.svg
//! ```
//!
//! The last argument is the keys to press before the picture is taken; a line break is Enter, and arrows are themselves.

use blockscope::arch::Toggles;
use blockscope::tui::live::Live;
use blockscope::tui::popups::prompt::form::Form;
use blockscope::tui::{App, Depth, Msg, Theme, draw};
use blockscope::{record, text};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use std::fmt::Write;

/// Size of a cell in the picture.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 17.0;
const GROUND: &str = "#101216";
const INK: &str = "#d8dee9";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, size, keys] = arguments.as_slice() else {
        eprintln!("usage: picture RUN COLUMNSxROWS KEYS > picture.svg");
        std::process::exit(2);
    };
    let (columns, rows) = size.split_once('x').expect("a size such as 120x34");
    let area = Rect::new(0, 0, columns.parse().unwrap(), rows.parse().unwrap());
    let name = std::path::Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let opened = |live| App::new(Theme::new(Depth::True), Toggles::default(), Form::new(None), Vec::new(), live);
    let beginning = std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut app = match record::file::Content::of(&beginning) {
        record::file::Content::Study => {
            let study = record::study::file::read(file.as_ref()).unwrap_or_else(|error| panic!("{error}"));
            let mut app = opened(None);
            app.show_study(study, name);
            app
        }
        _ => {
            let run = record::file::read(file.as_ref()).unwrap_or_else(|error| panic!("{error}"));
            opened(Some(Live::saved(run, name)))
        }
    };
    // Some keys scroll, and how far depends on what was drawn.
    let mut buffer = Buffer::empty(area);
    draw(&mut app, area, &mut buffer);
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '←' => KeyCode::Left,
            '→' => KeyCode::Right,
            key => KeyCode::Char(key),
        };
        app.update(Msg::Input(Event::Key(KeyEvent::new(code, KeyModifiers::NONE))));
        buffer.reset();
        draw(&mut app, area, &mut buffer);
    }
    print!("{}", svg(&buffer));
}

fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (f64::from(area.width) * WIDTH, f64::from(area.height) * HEIGHT);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" xml:space=\"preserve\">\n\
         <style>text {{ font: 14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{GROUND}\"/>\n"
    );
    for y in 0..area.height {
        // All grounds of a line first: glyphs may reach over the edge of their cell.
        for (x, cells, look) in runs(buffer, y, |cell| (colours(cell.style()).1, false)) {
            if look.0 != GROUND {
                rect(&mut out, (f64::from(x), f64::from(y)), (cells.len() as f64, 1.0), &look.0);
            }
        }
        let ink = |cell: &Cell| {
            let style = cell.style();
            (colours(style).0, style.add_modifier.contains(Modifier::BOLD))
        };
        for (x, cells, look) in runs(buffer, y, ink) {
            write_run(&mut out, (x, y), &cells, &look);
        }
    }
    out + "</svg>\n"
}

/// A colour, and whether it is bold.
type Look = (String, bool);

/// The runs of cells of a line that look alike, with the column at which each begins.
fn runs(buffer: &Buffer, y: u16, look: impl Fn(&Cell) -> Look) -> Vec<(u16, Vec<&Cell>, Look)> {
    let mut runs: Vec<(u16, Vec<&Cell>, Look)> = Vec::new();
    for x in 0..buffer.area.width {
        let cell = &buffer[(x, y)];
        let new = look(cell);
        match runs.last_mut() {
            Some((_, cells, look)) if *look == new => cells.push(cell),
            _ => runs.push((x, vec![cell], new)),
        }
    }
    runs
}

/// Cells of one colour: block elements as exact rectangles, everything else as text held to its cells.
fn write_run(out: &mut String, (x, y): (u16, u16), cells: &[&Cell], (ink, bold): &Look) {
    let mut text = String::new();
    let mut solid = 0;
    for (n, cell) in cells.iter().enumerate() {
        let place = (f64::from(x) + n as f64, f64::from(y));
        if cell.symbol() == "█" {
            solid += 1;
        } else if solid > 0 {
            rect(out, (place.0 - f64::from(solid), place.1), (f64::from(solid), 1.0), ink);
            solid = 0;
        }
        text.push_str(if part_of_block(out, place, cell.symbol(), ink) { " " } else { cell.symbol() });
    }
    if solid > 0 {
        let end = f64::from(x) + cells.len() as f64;
        rect(out, (end - f64::from(solid), f64::from(y)), (f64::from(solid), 1.0), ink);
    }
    let shown = text.trim_end();
    let indent = shown.len() - shown.trim_start().len();
    let shown = shown.trim_start();
    if shown.is_empty() {
        return;
    }
    let weight = if *bold { " font-weight=\"bold\"" } else { "" };
    let escaped = shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{ink}\"{weight} textLength=\"{:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\">{escaped}</text>",
        (f64::from(x) + indent as f64) * WIDTH,
        (f64::from(y) + 0.76) * HEIGHT,
        text::shown::width(shown) as f64 * WIDTH
    );
}

/// Draws a block element or a rule; whether `symbol` was one.
fn part_of_block(out: &mut String, (x, y): (f64, f64), symbol: &str, ink: &str) -> bool {
    let character = symbol.chars().next().unwrap_or(' ');
    match character {
        '█' => {}
        '▉'..='▏' => rect(out, (x, y), (f64::from(0x2590 - character as u32) / 8.0, 1.0), ink),
        '▁'..='▇' => {
            let part = f64::from(character as u32 - 0x2580) / 8.0;
            rect(out, (x, y + 1.0 - part), (1.0, part), ink);
        }
        '▀' => rect(out, (x, y), (1.0, 0.5), ink),
        '─' => rect(out, (x, y + 0.47), (1.0, 0.06), ink),
        '│' => rect(out, (x + 0.44, y), (0.12, 1.0), ink),
        _ => return false,
    }
    true
}

/// A rectangle, its place and size in cells.
fn rect(out: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
    let _ = writeln!(
        out,
        "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{fill}\"/>",
        x * WIDTH,
        y * HEIGHT,
        width * WIDTH,
        height * HEIGHT
    );
}

/// What a cell's text and its ground are painted in.
fn colours(style: Style) -> (String, String) {
    let hex = |colour: Option<Color>, default: &str| match colour {
        Some(Color::Rgb(r, g, b)) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => default.to_owned(),
    };
    let (ink, ground) = (hex(style.fg, INK), hex(style.bg, GROUND));
    if style.add_modifier.contains(Modifier::REVERSED) { (ground, ink) } else { (ink, ground) }
}
