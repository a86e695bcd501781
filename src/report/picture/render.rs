//! A scene on paper: as an SVG, whose text stays text, and as a PNG of any size.

use super::font;
use super::scene::{At, Form, Line, Mark, Scene, Shape, Side};
use super::style::{Colour, GROUND};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// The most pixels that a side of a PNG may have.
pub const MOST_PIXELS: u32 = 4096;
/// A PNG is drawn so many times larger in both directions, and each pixel made the mean of what is there.
const FINER: u32 = 2;
/// Steps of an SVG to a unit of the scene.
const SVG_FINER: f64 = 4.0;
/// Lengths of a dash and of the gap behind it.
const DASH: (f64, f64) = (5.0, 4.0);

/// The scene as an SVG document of its own size, or of one that is `scale` times as large. No font and nothing else is
/// asked of elsewhere.
///
/// # Errors
/// What the backend says; a string does not fail.
pub fn svg(scene: &Scene, scale: f64) -> Result<String, String> {
    let mut text = String::new();
    let ((width, height), fine) = (pixels(scene, scale), pixels(scene, SVG_FINER));
    // Text is placed by its x-height: half a capital's height lies lower by this share of its size.
    draw(scene, SVGBackend::with_string(&mut text, fine), SVG_FINER, 0.09)?;
    // The backend knows whole numbers only, so it draws a larger picture, which is then said to be smaller.
    let (large, about) = (format!("width=\"{}\" height=\"{}\"", fine.0, fine.1), escaped(&scene.about));
    let named = format!("width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{about}\"");
    Ok(text.replacen(&large, &named, 1))
}

/// The scene as a PNG, `scale` times as large as the scene in pixels.
///
/// # Errors
/// It would have more than [`MOST_PIXELS`] on a side.
pub fn png(scene: &Scene, scale: f64) -> Result<Vec<u8>, String> {
    let (width, height) = pixels(scene, scale);
    if width > MOST_PIXELS || height > MOST_PIXELS {
        return Err(format!("{width}x{height} pixels are too many: at most {MOST_PIXELS} on a side"));
    }
    let fine = (width * FINER, height * FINER);
    let mut buffer = vec![0xff; 3 * fine.0 as usize * fine.1 as usize];
    draw(scene, BitMapBackend::with_buffer(&mut buffer, fine), scale * f64::from(FINER), 0.25)?;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let written = encoder.write_header().and_then(|mut file| file.write_image_data(&coarser(&buffer, fine.0)));
    written.map_err(|error| error.to_string())?;
    Ok(out)
}

/// The size of a scene in pixels.
pub fn pixels(scene: &Scene, scale: f64) -> (u32, u32) {
    ((scene.width * scale).round() as u32, (scene.height * scale).round() as u32)
}

/// Every pixel the mean of [`FINER`]² ones.
fn coarser(fine: &[u8], width: u32) -> Vec<u8> {
    let (finer, line) = (FINER as usize, 3 * width as usize);
    let mean = |rows: &[u8], at: usize, channel: usize| {
        let each = (0..finer * finer).map(|n| rows[n / finer * line + 3 * (at * finer + n % finer) + channel]);
        let sum: u32 = each.map(u32::from).sum();
        (sum / (FINER * FINER)) as u8
    };
    let rows = fine.chunks_exact(finer * line);
    rows.flat_map(|rows| (0..width as usize / finer).flat_map(move |at| (0..3).map(move |c| mean(rows, at, c))))
        .collect()
}

/// Draws a scene on any backend of plotters. Texts are put lower by `drop` of their size: each backend has an idea of
/// its own of where the middle of a text is.
pub fn draw<B: DrawingBackend>(scene: &Scene, backend: B, scale: f64, drop: f64) -> Result<(), String> {
    font::register();
    let area = backend.into_drawing_area();
    let pen = Pen { area: &area, scale, drop };
    area.fill(&rgb(GROUND)).map_err(said::<B>)?;
    scene.shapes.iter().try_for_each(|shape| pen.shape(shape))?;
    area.present().map_err(said::<B>)
}

struct Pen<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, plotters::coord::Shift>,
    scale: f64,
    drop: f64,
}

impl<B: DrawingBackend> Pen<'_, B> {
    fn shape(&self, shape: &Shape) -> Result<(), String> {
        match shape {
            Shape::Box { area, colour } => {
                // To the edge of a pixel on both sides, so that neighbours meet and nothing thin vanishes.
                let (left, top) = self.at((area.left, area.top));
                let (right, bottom) = self.at((area.right(), area.bottom()));
                let corners = [(left, top), (right.max(left + 1), bottom.max(top + 1))];
                self.area.draw(&Rectangle::new(corners, rgb(*colour).filled())).map_err(said::<B>)
            }
            Shape::Polygon { corners, colour, alpha } => {
                let corners: Vec<_> = corners.iter().map(|&at| self.at(at)).collect();
                self.area.draw(&Polygon::new(corners, rgb(*colour).mix(*alpha))).map_err(said::<B>)
            }
            Shape::Line(line) => self.line(line),
            Shape::Mark(mark) => {
                // Those that overlap stay apart by a line of the ground.
                self.form(mark, 1.2, GROUND)?;
                self.form(mark, 0.0, mark.colour)?;
                if mark.filled { Ok(()) } else { self.form(mark, -1.8, GROUND) }
            }
            Shape::Label(label) => {
                let size = label.size * font::LINE * self.scale;
                let drop = self.drop * label.size;
                let (x, y) = label.at;
                let at = self.at(if label.turned { (x + drop, y) } else { (x, y + drop) });
                let h = match label.side {
                    Side::Right => HPos::Left,
                    Side::Middle => HPos::Center,
                    Side::Left => HPos::Right,
                };
                let font = (font::FAMILY, size, font::style(label.bold)).into_font();
                let font = if label.turned { font.transform(FontTransform::Rotate270) } else { font };
                let colour = rgb(label.colour);
                let style = TextStyle::from(font).color(&colour).pos(Pos::new(h, VPos::Center));
                self.area.draw_text(&label.text, &style, at).map_err(said::<B>)
            }
        }
    }

    /// The form of a mark in one colour, larger than the mark by so much.
    fn form(&self, mark: &Mark, by: f64, colour: Colour) -> Result<(), String> {
        let mark = Mark { radius: (mark.radius + by).max(0.5), ..*mark };
        if mark.form == Form::Disc {
            let disc = Circle::new(self.at(mark.at), self.width(mark.radius), rgb(colour).filled());
            return self.area.draw(&disc).map_err(said::<B>);
        }
        let corners: Vec<_> = mark.corners().into_iter().map(|at| self.at(at)).collect();
        self.area.draw(&Polygon::new(corners, rgb(colour))).map_err(said::<B>)
    }

    fn line(&self, line: &Line) -> Result<(), String> {
        let style = rgb(line.colour).stroke_width(self.width(line.width));
        let pieces = if line.dashed { dashes(&line.through) } else { vec![line.through.clone()] };
        pieces.iter().filter(|piece| piece.len() > 1).try_for_each(|piece| {
            let through: Vec<_> = piece.iter().map(|&at| self.at(at)).collect();
            self.area.draw(&PathElement::new(through, style)).map_err(said::<B>)
        })
    }

    fn at(&self, (x, y): At) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn width(&self, width: f64) -> u32 {
        ((width * self.scale).round() as u32).max(1)
    }
}

/// A line in pieces, for backends know no dashes.
fn dashes(through: &[At]) -> Vec<Vec<At>> {
    let (mut pieces, mut piece) = (Vec::new(), Vec::new());
    let (mut on, mut left) = (true, DASH.0);
    for ends in through.windows(2) {
        let ((x0, y0), (x1, y1)) = (ends[0], ends[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        let mut gone = 0.0;
        if on && piece.is_empty() {
            piece.push((x0, y0));
        }
        while length - gone > left {
            gone += left;
            let at = (x0 + (x1 - x0) * gone / length, y0 + (y1 - y0) * gone / length);
            if on {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece.push(at);
            }
            on = !on;
            left = if on { DASH.0 } else { DASH.1 };
        }
        left -= length - gone;
        if on {
            piece.push((x1, y1));
        }
    }
    pieces.push(piece);
    pieces
}

fn rgb(Colour(red, green, blue): Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

fn said<B: DrawingBackend>(error: DrawingAreaErrorKind<B::ErrorType>) -> String {
    format!("the picture cannot be drawn: {error}")
}

/// Text as it stands in XML and HTML, between tags and in attributes.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::picture::scene::{Area, Label};
    use crate::report::picture::style::{BLUE, INK};

    fn scene() -> Scene {
        let mut scene = Scene::new(40.0, 20.0);
        scene.about = "a & b".into();
        scene.rect(Area { left: 10.0, top: 0.0, width: 20.0, height: 20.0 }, BLUE);
        scene.label(Label::new((1.0, 10.0), "<b>\"&'\u{1b}[2J"));
        scene
    }

    #[test]
    fn a_foreign_name_stays_text_in_an_svg() {
        let svg = svg(&scene(), 1.0).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("aria-label=\"a &amp; b\""), "{svg}");
        assert!(svg.contains("&lt;b&gt;") && !svg.contains("<b>") && !svg.contains('\u{1b}'), "{svg}");
        assert!(svg.contains("font-family=\"sans-serif\""), "{svg}");
    }

    #[test]
    fn a_png_has_the_size_and_the_colours_asked_for() {
        let bytes = png(&scene(), 2.0).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (80, 40));
        let pixel = |x: usize, y: usize| [0, 1, 2].map(|channel| pixels[3 * (y * 80 + x) + channel]);
        assert_eq!((pixel(70, 30), pixel(50, 38)), ([255; 3], [BLUE.0, BLUE.1, BLUE.2]));
        assert!(png(&scene(), 1000.0).unwrap_err().contains("at most 4096"));
    }

    #[test]
    fn dashes_lie_on_the_line_and_leave_gaps() {
        let pieces = dashes(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]);
        assert_eq!(pieces[0], [(0.0, 0.0), (5.0, 0.0)]);
        assert_eq!(pieces[1], [(9.0, 0.0), (10.0, 0.0), (10.0, 4.0)]);
        assert_eq!(pieces[2], [(10.0, 8.0), (10.0, 10.0)]);
        let mut scene = Scene::new(10.0, 10.0);
        scene.dashes([(0.0, 0.0), (0.0, 0.0)], 1.0, INK);
        assert!(svg(&scene, 1.0).is_ok(), "a line of no length is no line");
    }
}
