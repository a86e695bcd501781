//! A picture as the shapes that it consists of, in units of which a text is about a dozen high.

use super::font;
use super::style::{Colour, INK, TEXT};
use crate::text::shown;
use unicode_segmentation::UnicodeSegmentation;

/// A place: from the left, from the top.
pub type At = (f64, f64);

/// An upright box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

/// Where a text lies beside its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It begins there.
    Right,
    Middle,
    /// It ends there.
    Left,
}

/// The shape of a mark: with its colour, and where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Disc,
    Square,
    Up,
    Down,
    Diamond,
}

/// A text on one line, around whose middle height its place is.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    pub at: At,
    pub text: String,
    pub size: f64,
    pub colour: Colour,
    pub side: Side,
    pub bold: bool,
    /// Whether it reads upwards.
    pub turned: bool,
}

/// A mark of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    pub at: At,
    pub radius: f64,
    pub form: Form,
    pub colour: Colour,
    /// Or only its outline.
    pub filled: bool,
}

/// A line through some places.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub through: Vec<At>,
    pub width: f64,
    pub colour: Colour,
    pub dashed: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    Box { area: Area, colour: Colour },
    Polygon { corners: Vec<At>, colour: Colour, alpha: f64 },
    Line(Line),
    Mark(Mark),
    Label(Label),
}

/// A picture. What comes later lies on top.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    /// What it shows, for those who cannot see it.
    pub about: String,
    pub shapes: Vec<Shape>,
}

impl Area {
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Whether the two have something in common.
    pub fn meets(&self, other: &Area) -> bool {
        self.left < other.right() && other.left < self.right() && self.top < other.bottom() && other.top < self.bottom()
    }

    /// Whether the other lies within, edges included.
    pub fn holds(&self, other: &Area) -> bool {
        let hair = 1e-6;
        other.left >= self.left - hair
            && other.top >= self.top - hair
            && other.right() <= self.right() + hair
            && other.bottom() <= self.bottom() + hair
    }

    /// The same, smaller by so much on every side.
    pub fn within(&self, by: f64) -> Self {
        Self { left: self.left + by, top: self.top + by, width: self.width - 2.0 * by, height: self.height - 2.0 * by }
    }
}

impl Label {
    /// A text of the usual size in the usual colour, that begins at `at`. It may be foreign.
    pub fn new(at: At, text: impl AsRef<str>) -> Self {
        let text = shown::line(text.as_ref());
        Self { at, text, size: TEXT, colour: INK, side: Side::Right, bold: false, turned: false }
    }

    pub fn size(self, size: f64) -> Self {
        Self { size, ..self }
    }

    pub fn colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    pub fn side(self, side: Side) -> Self {
        Self { side, ..self }
    }

    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub fn turned(self) -> Self {
        Self { turned: true, ..self }
    }

    /// Shortened to so much room, if it is longer.
    pub fn fit(mut self, room: f64) -> Self {
        if self.width() <= room {
            return self;
        }
        let whole = std::mem::take(&mut self.text);
        let mut cut: Vec<&str> = whole.graphemes(true).collect();
        while cut.pop().is_some() {
            self.text = cut.concat().trim_end().to_owned() + "…";
            if self.width() <= room {
                break;
            }
        }
        self
    }

    pub fn width(&self) -> f64 {
        font::width(&self.text, self.size, self.bold)
    }

    /// The room that it takes.
    pub fn area(&self) -> Area {
        let (width, height) = (self.width(), self.size * 1.25);
        let before = match self.side {
            Side::Right => 0.0,
            Side::Middle => width / 2.0,
            Side::Left => width,
        };
        let (x, y) = self.at;
        match self.turned {
            false => Area { left: x - before, top: y - height / 2.0, width, height },
            true => Area { left: x - height / 2.0, top: y - (width - before), width: height, height: width },
        }
    }
}

impl Mark {
    /// The room that it takes.
    pub fn area(&self) -> Area {
        let ((x, y), radius) = (self.at, self.radius);
        Area { left: x - radius, top: y - radius, width: 2.0 * radius, height: 2.0 * radius }
    }

    /// Its corners; nothing for a disc. All forms have about the same area.
    pub fn corners(&self) -> Vec<At> {
        let ((x, y), r) = (self.at, self.radius);
        match self.form {
            Form::Disc => Vec::new(),
            Form::Square => [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)].to_vec(),
            Form::Up => [(0.0, -1.0), (1.0, 0.9), (-1.0, 0.9)].to_vec(),
            Form::Down => [(0.0, 1.0), (1.0, -0.9), (-1.0, -0.9)].to_vec(),
            Form::Diamond => [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)].to_vec(),
        }
        .into_iter()
        .map(|(dx, dy)| (x + dx * r, y + dy * r))
        .collect()
    }
}

impl Scene {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, about: String::new(), shapes: Vec::new() }
    }

    pub fn area(&self) -> Area {
        Area { left: 0.0, top: 0.0, width: self.width, height: self.height }
    }

    pub fn rect(&mut self, area: Area, colour: Colour) {
        self.shapes.push(Shape::Box { area, colour });
    }

    /// The edge of a box, inside of it.
    pub fn frame(&mut self, area: Area, width: f64, colour: Colour) {
        let (right, bottom) = (area.right() - width, area.bottom() - width);
        self.rect(Area { height: width, ..area }, colour);
        self.rect(Area { top: bottom, height: width, ..area }, colour);
        self.rect(Area { width, ..area }, colour);
        self.rect(Area { left: right, width, ..area }, colour);
    }

    pub fn polygon(&mut self, corners: Vec<At>, colour: Colour, alpha: f64) {
        self.shapes.push(Shape::Polygon { corners, colour, alpha });
    }

    pub fn line(&mut self, through: impl Into<Vec<At>>, width: f64, colour: Colour) {
        self.shapes.push(Shape::Line(Line { through: through.into(), width, colour, dashed: false }));
    }

    pub fn dashes(&mut self, through: impl Into<Vec<At>>, width: f64, colour: Colour) {
        self.shapes.push(Shape::Line(Line { through: through.into(), width, colour, dashed: true }));
    }

    pub fn mark(&mut self, mark: Mark) {
        self.shapes.push(Shape::Mark(mark));
    }

    pub fn label(&mut self, label: Label) {
        self.shapes.push(Shape::Label(label));
    }

    /// Its texts.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Label(label) => Some(label),
            _ => None,
        })
    }

    /// Its marks.
    pub fn marks(&self) -> impl Iterator<Item = &Mark> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Mark(mark) => Some(mark),
            _ => None,
        })
    }
}
