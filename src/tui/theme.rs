//! The one theme: every colour that the interface uses, by its role.
//!
//! The palette is told apart by people who see few hues (after Okabe & Ito): sky blue for attention,
//! orange for the MLP, grey for the rest. A terminal with fewer colours gets the nearest ones; one
//! without any gets the same roles as bold, dim and reverse, and never a colour code.

use crate::analyse::timeline::SliceKind;
use crate::arch::role::Branch;
use crate::record::Category;
use ratatui::style::{Color, Modifier, Style};

/// How many colours the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// 24 bits.
    True,
    /// The 256 colours of xterm.
    Indexed,
    /// The 16 colours of the terminal's own palette.
    Basic,
    /// None: `NO_COLOR`, `--color never`, a terminal without them.
    Plain,
}

/// What the user asked for with `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// The roles, as styles ready for use.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    pub depth: Depth,
    /// Behind everything.
    pub ground: Style,
    pub text: Style,
    /// Names and headline numbers.
    pub strong: Style,
    /// Units, labels, help: read second.
    pub dim: Style,
    /// What is not there yet, or cannot be had.
    pub faint: Style,
    /// Lines between things.
    pub rule: Style,
    /// The one accent: the active tab, keys, what is running.
    pub accent: Style,
    /// The strip on top and the one below.
    pub strip: Style,
    /// The selected row or entry.
    pub selected: Style,
    /// Inside a popup.
    pub popup: Style,
    pub good: Style,
    pub warn: Style,
    pub bad: Style,
    /// Bars, by what a part belongs to.
    pub attention: Style,
    pub mlp: Style,
    pub other: Style,
    /// Text on a ground that says how likely it was: from certain to a surprise, as [`PROBABILITY_STEPS`].
    pub probability: [Style; 5],
    /// Memory by what it is for, in the order of [`Category::ALL`].
    pub memory: [Style; 4],
}

/// The least probability of each step of [`Theme::probability`].
pub const PROBABILITY_STEPS: [f32; 5] = [0.9, 0.5, 0.2, 0.05, 0.0];

impl Depth {
    /// What the terminal can show, from the user's choice and the environment (`NO_COLOR`, `TERM`, `COLORTERM`).
    pub fn detect(choice: ColorChoice, env: impl Fn(&str) -> Option<String>) -> Self {
        let term = env("TERM").unwrap_or_default();
        let unwanted = env("NO_COLOR").is_some_and(|value| !value.is_empty()) || term == "dumb";
        if choice == ColorChoice::Never || (choice == ColorChoice::Auto && unwanted) {
            return Depth::Plain;
        }
        let colorterm = env("COLORTERM").unwrap_or_default();
        if colorterm == "truecolor" || colorterm == "24bit" || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") || ["xterm-kitty", "alacritty", "xterm-ghostty"].contains(&term.as_str()) {
            Depth::Indexed
        } else {
            Depth::Basic
        }
    }
}

/// A colour in the depths that differ: 24 bits, and the terminal's own sixteen.
#[derive(Clone, Copy)]
struct Paint(u32, Color);

const GROUND: Paint = Paint(0x0F_1317, Color::Reset);
const STRIP: Paint = Paint(0x1A_2129, Color::Reset);
const POPUP: Paint = Paint(0x17_1D24, Color::Reset);
const SELECTED: Paint = Paint(0x1E_3A4F, Color::Blue);
const TEXT: Paint = Paint(0xC9_D1D9, Color::Reset);
const STRONG: Paint = Paint(0xF3_F6F9, Color::Reset);
const DIM: Paint = Paint(0x84_919E, Color::Gray);
const FAINT: Paint = Paint(0x55_616D, Color::DarkGray);
const RULE: Paint = Paint(0x38_434E, Color::DarkGray);
const SKY: Paint = Paint(0x56_B4E9, Color::LightCyan);
const ORANGE: Paint = Paint(0xE6_9F00, Color::Yellow);
const GREY: Paint = Paint(0x9A_A5B1, Color::Gray);
const GREEN: Paint = Paint(0x2F_C49A, Color::LightGreen);
const YELLOW: Paint = Paint(0xF0_D94A, Color::LightYellow);
const PURPLE: Paint = Paint(0xC5_8AF0, Color::LightMagenta);
const RED: Paint = Paint(0xFF_7A5C, Color::LightRed);
const INK: Paint = Paint(0x0F_1317, Color::Black);

/// Grounds of the probability steps: from a quiet blue, past green and yellow, to red.
const LIKELY: [Paint; 5] = [
    Paint(0x1C_3B57, Color::Blue),
    Paint(0x2A_788E, Color::Cyan),
    Paint(0x5D_B27A, Color::Green),
    Paint(0xF0_D94A, Color::Yellow),
    Paint(0xFF_7A5C, Color::Red),
];

/// Less in blue, more in orange, nothing as the ground.
const DIFFERENCE: [u32; 5] = [0x7D_B8FF, 0x2C_5A94, 0x1B_1F2A, 0x9A_5A1E, 0xFF_B454];

/// Shades of a heat map, from little to much, even in lightness and told apart by those who see few hues (after
/// cividis; Nuñez et al., arXiv:1712.01662).
const HEAT: [u32; 7] = [0x18_2A4A, 0x2F_4470, 0x55_5D6F, 0x7C_7B78, 0xA6_9D75, 0xD2_BE63, 0xFE_E838];

impl Theme {
    /// Ink on the light shades of a heat map.
    pub fn heat_ink(&self) -> Style {
        Style::new().fg(INK.at(self.depth))
    }

    /// A shade from 0 to 1 of a heat map.
    pub fn heat(&self, shade: f32) -> Color {
        self.between(&HEAT, shade)
    }

    /// A shade from −1, less, over 0, the same, to 1, more.
    pub fn difference(&self, shade: f32) -> Color {
        self.between(&DIFFERENCE, (shade.clamp(-1.0, 1.0) + 1.0) / 2.0)
    }

    /// The colour at a place from 0 to 1 between several.
    fn between(&self, paints: &[u32], shade: f32) -> Color {
        let at = shade.clamp(0.0, 1.0) * (paints.len() - 1) as f32;
        let low = (at as usize).min(paints.len() - 2);
        let part = at - low as f32;
        let channel = |shift: u32| {
            let of = |paint: u32| (paint >> shift & 0xFF) as f32;
            let mixed = of(paints[low]) * (1.0 - part) + of(paints[low + 1]) * part;
            mixed.round() as u32
        };
        Paint(channel(16) << 16 | channel(8) << 8 | channel(0), Color::White).at(self.depth)
    }

    /// The theme in the colours of `depth`.
    pub fn new(depth: Depth) -> Self {
        if depth == Depth::Plain { Self::plain() } else { Self::coloured(depth) }
    }

    fn coloured(depth: Depth) -> Self {
        let on = |paint: Paint| Style::new().fg(paint.at(depth));
        let ground = |paint: Paint| Style::new().bg(paint.at(depth));
        let bold = Modifier::BOLD;
        let basic = depth == Depth::Basic;
        let likely = |step: usize| {
            // Dark grounds carry light ink, light ones dark ink.
            let ink = if step < 2 && !basic { STRONG } else { INK };
            let ink = if step == 0 && basic { Paint(0, Color::White) } else { ink };
            ground(LIKELY[step]).fg(ink.at(depth))
        };
        Self {
            depth,
            ground: on(TEXT).bg(GROUND.at(depth)),
            text: on(TEXT),
            strong: on(STRONG).add_modifier(bold),
            dim: on(DIM),
            faint: on(FAINT),
            rule: on(RULE),
            accent: on(SKY).add_modifier(bold),
            strip: ground(STRIP).fg(TEXT.at(depth)),
            selected: if basic { Style::new().add_modifier(Modifier::REVERSED) } else { ground(SELECTED) },
            popup: ground(POPUP).fg(TEXT.at(depth)),
            good: on(GREEN),
            warn: on(YELLOW),
            bad: on(RED).add_modifier(bold),
            attention: on(SKY),
            mlp: on(ORANGE),
            other: on(GREY),
            probability: [0, 1, 2, 3, 4].map(likely),
            memory: [GREY, GREEN, PURPLE, YELLOW].map(on),
        }
    }

    fn plain() -> Self {
        let with = |modifier| Style::new().add_modifier(modifier);
        let none = Style::new();
        Self {
            depth: Depth::Plain,
            ground: none,
            text: none,
            strong: with(Modifier::BOLD),
            dim: none,
            faint: with(Modifier::DIM),
            rule: with(Modifier::DIM),
            accent: with(Modifier::BOLD),
            strip: none,
            selected: with(Modifier::REVERSED),
            popup: none,
            good: none,
            warn: with(Modifier::BOLD),
            bad: with(Modifier::BOLD),
            attention: none,
            mlp: none,
            other: none,
            probability: [
                none,
                with(Modifier::DIM),
                with(Modifier::UNDERLINED),
                with(Modifier::BOLD | Modifier::UNDERLINED),
                with(Modifier::REVERSED),
            ],
            memory: [none; 4],
        }
    }

    /// Which of the five steps of [`Theme::probability`] a probability belongs to.
    pub fn probability_step(p: f32) -> usize {
        PROBABILITY_STEPS.iter().position(|&least| p >= least).unwrap_or(PROBABILITY_STEPS.len() - 1)
    }

    /// The colour of memory that is for this.
    pub fn category(&self, category: Category) -> Style {
        self.memory[category as usize]
    }

    /// A colour for a bar: quieter than the same colour in text, and every other row quieter still, so
    /// that bars one below the other stay apart.
    pub fn bar(&self, style: Style, odd: bool) -> Style {
        let dimmed = |value: u8| (u16::from(value) * if odd { 70 } else { 82 } / 100) as u8;
        match style.fg {
            Some(Color::Rgb(r, g, b)) => Style::new().fg(Color::Rgb(dimmed(r), dimmed(g), dimmed(b))),
            _ => style,
        }
    }

    /// Of the stage that a part belongs to.
    pub fn part(&self, kind: Branch) -> Style {
        match kind {
            Branch::Attention => self.attention,
            Branch::Mlp => self.mlp,
            Branch::Other => self.other,
        }
    }

    /// The colour of a slice of the Timeline; operators take that of the stage that they belong to.
    pub fn slice(&self, kind: SliceKind) -> Style {
        match kind {
            SliceKind::Attention | SliceKind::Operator => self.attention,
            SliceKind::Mlp | SliceKind::Kernel => self.mlp,
            SliceKind::Module => self.good,
            SliceKind::Runtime => self.memory[2],
            SliceKind::Annotation => self.warn,
            SliceKind::Pass | SliceKind::Part | SliceKind::Function => self.other,
        }
    }

    /// A filled place with text on it. Shades of a colour tell neighbours apart: 0 is the brightest, 3 the darkest.
    pub fn slab(&self, style: Style, shade: u8) -> Style {
        const SHARES: [u16; 4] = [82, 70, 50, 42];
        let share = SHARES[usize::from(shade.min(3))];
        let dimmed = |value: u8| (u16::from(value) * share / 100) as u8;
        let light = Style { bg: None, ..self.strong.remove_modifier(Modifier::BOLD) };
        match style.fg {
            Some(Color::Rgb(r, g, b)) => {
                let ink = if shade < 2 { Style::new().fg(INK.at(self.depth)) } else { light };
                ink.bg(Color::Rgb(dimmed(r), dimmed(g), dimmed(b)))
            }
            Some(colour) => Style::new().fg(INK.at(self.depth)).bg(colour),
            None => Style::new(),
        }
    }

    /// What lies under a popup.
    pub fn veil(&self) -> Style {
        let veil = Style { fg: self.rule.fg, ..self.ground };
        let veil = veil.remove_modifier(Modifier::BOLD | Modifier::REVERSED);
        if self.depth == Depth::Plain { veil.add_modifier(Modifier::DIM) } else { veil }
    }

    /// The style of text that had probability `p`.
    pub fn of_probability(&self, p: f32) -> Style {
        self.probability[Self::probability_step(p)]
    }
}

impl Paint {
    fn at(self, depth: Depth) -> Color {
        let [_, r, g, b] = self.0.to_be_bytes();
        match depth {
            Depth::True => Color::Rgb(r, g, b),
            Depth::Indexed => Color::Indexed(nearest(r, g, b)),
            Depth::Basic => self.1,
            Depth::Plain => Color::Reset,
        }
    }
}

/// The nearest of xterm's colours 16 to 255: its 6×6×6 cube or its 24 greys.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let distance = |(x, y, z): (u8, u8, u8)| {
        [(r, x), (g, y), (b, z)].iter().map(|&(a, b)| (i32::from(a) - i32::from(b)).pow(2)).sum::<i32>()
    };
    let level = |value: u8| (0..6u8).min_by_key(|&i| LEVELS[i as usize].abs_diff(value)).unwrap_or(0);
    let (i, j, k) = (level(r), level(g), level(b));
    let cube = (LEVELS[i as usize], LEVELS[j as usize], LEVELS[k as usize]);
    let step = (0..24u8).min_by_key(|&i| distance((8 + 10 * i, 8 + 10 * i, 8 + 10 * i))).unwrap_or(0);
    let grey = 8 + 10 * step;
    if distance((grey, grey, grey)) < distance(cube) { 232 + step } else { 16 + 36 * i + 6 * j + k }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(choice: ColorChoice, vars: &[(&str, &str)]) -> Depth {
        Depth::detect(choice, |name| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_environment_decides_unless_the_user_does() {
        use ColorChoice::{Always, Auto, Never};
        assert_eq!(depth(Auto, &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(Auto, &[("TERM", "screen-256color")]), Depth::Indexed);
        assert_eq!(depth(Auto, &[("TERM", "linux")]), Depth::Basic);
        assert_eq!(depth(Auto, &[("TERM", "dumb")]), Depth::Plain);
        assert_eq!(depth(Auto, &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Depth::Plain);
        assert_eq!(depth(Auto, &[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Depth::Indexed);
        assert_eq!(depth(Always, &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Depth::Indexed);
        assert_eq!(depth(Never, &[("COLORTERM", "truecolor")]), Depth::Plain);
    }

    #[test]
    fn the_plain_theme_names_no_colour() {
        let plain = Theme::new(Depth::Plain);
        let styles = [
            plain.ground,
            plain.text,
            plain.strong,
            plain.dim,
            plain.faint,
            plain.rule,
            plain.accent,
            plain.strip,
            plain.selected,
            plain.popup,
            plain.good,
            plain.warn,
            plain.bad,
            plain.attention,
            plain.mlp,
            plain.other,
        ];
        assert!(
            styles
                .iter()
                .chain(&plain.probability)
                .chain(&plain.memory)
                .all(|style| style.fg.is_none() && style.bg.is_none())
        );
    }

    #[test]
    fn colours_fall_back_to_the_nearest_of_xterms() {
        assert_eq!(nearest(255, 255, 255), 231);
        assert_eq!(nearest(0, 0, 0), 16);
        assert_eq!(nearest(0x56, 0xB4, 0xE9), 74);
        assert_eq!(nearest(128, 128, 128), 244);
    }

    #[test]
    fn probabilities_fall_into_five_steps() {
        assert_eq!([1.0, 0.9, 0.5, 0.3, 0.1, 0.01, f32::NAN].map(Theme::probability_step), [0, 0, 1, 2, 3, 4, 4]);
    }
}
