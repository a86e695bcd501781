//! What stands around the marks of every picture: the heading, the footer, axes with their units, the legend.

use super::axis::Axis;
use super::font;
use super::scene::{Area, At, Form, Label, Mark, Scene, Side};
use super::style::{Colour, DIM, GRID, INK, MARGIN, RULE, SMALL, TEXT, TITLE};
use crate::record::Run;
use crate::record::explored::Text;
use crate::record::study::{Arm, Study};
use crate::units::many;

/// What a picture is called, of what it is, and where its numbers come from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heading {
    pub title: String,
    /// Device, threads, toggles: as many lines as it takes.
    pub setting: String,
    /// What is measured, counted, modelled, and by which version.
    pub basis: String,
}

impl Heading {
    /// Of a run: `what — its model`.
    pub fn of_run(run: &Run, what: &str, basis: &str) -> Self {
        let header = &run.header;
        let toggles = header.toggles.iter().filter(|(name, _)| name != "threads");
        let toggles: Vec<_> = toggles.map(|(name, value)| format!("{name}={value}")).collect();
        let tokens = format!("{} prompt and {} new tokens", header.prompt_tokens, header.new_tokens);
        let threads = many(header.threads, "thread");
        Self {
            title: format!("{what} — {}", header.model.name),
            setting: joined([&header.device, &threads, &header.machine, &toggles.join(", "), &tokens]),
            basis: format!("{basis} Blockscope {}, LibTorch {}.", header.blockscope, header.libtorch),
        }
    }

    /// Of a study: `what — its model`; of the settings those that all arms have in common.
    pub fn of_study(study: &Study, what: &str, basis: &str) -> Self {
        let header = &study.header;
        let measured = || study.arms.iter().filter(|arm| arm.refused.is_none());
        let same = |name: &str, value: &str| measured().all(|arm| arm.setting(name).as_deref() == Some(value));
        let first = measured().next();
        let toggles = first.map(|arm| arm.toggles.as_slice()).unwrap_or_default();
        let toggles = toggles.iter().filter(|(name, value)| same(name, value));
        let toggles: Vec<_> = toggles.map(|(name, value)| format!("{name}={value}")).collect();
        let tokens = |name: &str, of: fn(&Arm) -> u32, word: &str| {
            let tokens = first.map(of).filter(|tokens| same(name, &tokens.to_string()));
            tokens.map(|tokens| format!("{tokens} {word} tokens")).unwrap_or_default()
        };
        let prompt = tokens("prompt_tokens", |arm| arm.prompt_tokens, "prompt");
        let new = tokens("new_tokens", |arm| arm.new_tokens, "new");
        Self {
            title: format!("{what} — {}", header.model.name),
            setting: joined([&header.device, &header.machine, &toggles.join(", "), &prompt, &new]),
            basis: format!("{basis} Blockscope {}, LibTorch {}.", header.blockscope, header.libtorch),
        }
    }

    /// Of what was seen of a text: `what — its model`, with some facts, and whether tokens are named that the font of a
    /// PNG cannot write.
    pub fn of_text(text: &Text, what: &str, facts: &str, basis: &str) -> Self {
        let is_cut = text.tokens.iter().chain(text.names.values()).any(|token| font::lacks(token));
        let boxes = if is_cut { " A PNG has boxes for characters that its font lacks; an SVG has them." } else { "" };
        Self {
            title: format!("{what} — {}", text.model),
            setting: joined([&facts.to_owned(), &many(text.tokens.len(), "token"), &text.setting]),
            basis: format!("{basis}{boxes} {}.", text.versions),
        }
    }
}

/// The facts that are known.
fn joined<const N: usize>(facts: [&String; N]) -> String {
    facts.into_iter().filter(|fact| !fact.is_empty()).cloned().collect::<Vec<_>>().join(" · ")
}

/// Puts the heading and the footer on a scene; what is left is for the picture itself.
pub fn heading(scene: &mut Scene, heading: &Heading) -> Area {
    let room = scene.width - 2.0 * MARGIN;
    scene.about = crate::text::shown::line(&heading.title);
    let mut top = MARGIN + TITLE / 2.0;
    scene.label(Label::new((MARGIN, top), &heading.title).size(TITLE).bold().fit(room));
    top += TITLE * 0.75 + SMALL * 0.6;
    for line in wrapped(&heading.setting, SMALL, room) {
        scene.label(Label::new((MARGIN, top), line).size(SMALL).colour(DIM));
        top += SMALL * 1.4;
    }
    let footer = wrapped(&heading.basis, SMALL, room);
    let mut bottom = scene.height - MARGIN * 0.75 - SMALL * 1.4 * footer.len() as f64;
    let field = Area { left: MARGIN, top: top + 6.0, width: room, height: bottom - 10.0 - (top + 6.0) };
    for line in footer {
        bottom += SMALL * 1.4;
        scene.label(Label::new((MARGIN, bottom - SMALL * 0.7), line).size(SMALL).colour(DIM));
    }
    field
}

/// A text in lines that have room, broken at spaces; a word that is longer is cut.
pub fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    /// A heading that is longer, which only a hostile file has, ends here.
    const MOST: usize = 4;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if Label::new((0.0, 0.0), &longer).size(size).width() <= room {
                *line = longer;
                continue;
            }
        }
        if lines.len() == MOST {
            break;
        }
        lines.push(Label::new((0.0, 0.0), word).size(size).fit(room).text);
    }
    lines
}

/// A field with two axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plot {
    pub field: Area,
    pub x: Axis,
    pub y: Axis,
}

/// What an axis says: its name with the unit, how its values are written, and which ones if not round ones.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    pub name: &'a str,
    pub write: &'a dyn Fn(f64) -> String,
    pub ticks: Option<&'a [f64]>,
}

impl Named<'_> {
    fn ticks(&self, axis: Axis, most: f64) -> Vec<f64> {
        self.ticks.map_or_else(|| axis.ticks(most as usize), <[f64]>::to_vec)
    }
}

impl Plot {
    /// Draws both axes around a field inside of `area`, with lines for their ticks.
    pub fn new(scene: &mut Scene, area: Area, x: Axis, x_named: Named, y: Axis, y_named: Named) -> Self {
        let below = SMALL * 3.4;
        let inner = Area { height: area.height - below, ..area };
        let label = |at: At, text: String, side: Side| Label::new(at, text).size(SMALL).colour(DIM).side(side);
        let rows = y_named.ticks(y, inner.height / 42.0);
        let widest = rows.iter().map(|&tick| label((0.0, 0.0), (y_named.write)(tick), Side::Left).width());
        let beside = widest.fold(0.0, f64::max) + 8.0 + if y_named.name.is_empty() { 0.0 } else { SMALL * 1.8 };
        let field = Area { left: area.left + beside, width: area.width - beside - 6.0, ..inner };
        let plot = Self { field, x, y };
        for tick in rows {
            let Some(at) = plot.y_of(tick) else { continue };
            scene.line([(field.left, at), (field.right(), at)], 1.0, GRID);
            scene.label(label((field.left - 7.0, at), (y_named.write)(tick), Side::Left));
        }
        plot.columns(scene, x_named);
        if !y_named.name.is_empty() {
            let middle = field.top + field.height / 2.0;
            let name = Label::new((area.left + SMALL * 0.6, middle), y_named.name).size(SMALL).side(Side::Middle);
            scene.label(name.turned().fit(field.height));
        }
        scene.line([(field.left, field.top), (field.left, field.bottom())], 1.0, RULE);
        plot
    }

    /// The axis below the field, with lines up through it.
    pub fn columns(&self, scene: &mut Scene, named: Named) {
        let field = self.field;
        let label = |at: At, text: String| Label::new(at, text).size(SMALL).colour(DIM).side(Side::Middle);
        let mut taken: Vec<Area> = Vec::new();
        // Whole decades have their names first; where it is said which ones there are, all in order.
        let mut ticks = named.ticks(self.x, field.width / 56.0);
        if named.ticks.is_none() {
            ticks.sort_by_key(|&tick| !is_decade(tick));
        }
        for tick in ticks {
            let Some(at) = self.x_of(tick) else { continue };
            scene.line([(at, field.top), (at, field.bottom())], 1.0, GRID);
            let text = label((at, field.bottom() + SMALL * 0.95), (named.write)(tick));
            let wide = Area { left: text.area().left - 5.0, width: text.area().width + 10.0, ..text.area() };
            if taken.iter().all(|other| !other.meets(&wide)) {
                taken.push(wide);
                scene.label(text);
            }
        }
        scene.line([(field.left, field.bottom()), (field.right(), field.bottom())], 1.0, RULE);
        let middle = field.left + field.width / 2.0;
        let name = Label::new((middle, field.bottom() + SMALL * 2.5), named.name).size(SMALL).side(Side::Middle);
        scene.label(name.fit(field.width));
    }

    /// From the left; `None` outside of the axis.
    pub fn x_of(&self, value: f64) -> Option<f64> {
        Some(self.field.left + self.field.width * self.x.share(value)?)
    }

    /// From the top.
    pub fn y_of(&self, value: f64) -> Option<f64> {
        Some(self.field.bottom() - self.field.height * self.y.share(value)?)
    }

    /// The place of two values; `None` where one lies outside.
    pub fn at(&self, x: f64, y: f64) -> Option<At> {
        Some((self.x_of(x)?, self.y_of(y)?))
    }

    /// A place for a value that may lie outside: then at the edge.
    pub fn near(&self, x: f64, y: f64) -> At {
        let (x, y) = (x.clamp(self.x.from, self.x.to), y.clamp(self.y.from, self.y.to));
        self.at(x, y).unwrap_or((self.field.left, self.field.bottom()))
    }
}

fn is_decade(value: f64) -> bool {
    let log = value.abs().log10();
    value == 0.0 || (log - log.round()).abs() < 1e-9
}

/// What a sign of the legend looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sign {
    Area(Colour),
    Mark(Form, Colour, bool),
    Line(Colour),
    Dashes(Colour),
}

/// A legend on one line, or more where there is no room; `top` is its upper edge. How high it is.
pub fn legend(scene: &mut Scene, (left, top): At, room: f64, entries: &[(Sign, String)]) -> f64 {
    let height = TEXT * 1.5;
    let (mut x, mut y) = (left, top + height / 2.0);
    for (sign, text) in entries {
        let label = Label::new((x + 18.0, y), text).size(SMALL).colour(INK).fit(room - 18.0);
        let width = 18.0 + label.width() + 18.0;
        if x > left && x + width - 18.0 > left + room {
            (x, y) = (left, y + height);
        }
        match *sign {
            Sign::Area(colour) => {
                scene.rect(Area { left: x, top: y - 5.0, width: 11.0, height: 10.0 }, colour);
            }
            Sign::Mark(form, colour, filled) => {
                scene.mark(Mark { at: (x + 6.0, y), radius: 5.0, form, colour, filled });
            }
            Sign::Line(colour) => scene.line([(x, y), (x + 13.0, y)], 2.0, colour),
            Sign::Dashes(colour) => scene.dashes([(x, y), (x + 14.0, y)], 1.6, colour),
        }
        scene.label(Label { at: (x + 18.0, y), ..label });
        x += width;
    }
    y + height / 2.0 - top
}
