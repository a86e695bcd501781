//! Keys, and how they are shown.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// A key, without regard to the shift that a character already has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
}

impl Key {
    /// Whether this key was pressed.
    pub fn is(&self, event: &KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        self.code == event.code && self.ctrl == ctrl && !event.modifiers.contains(KeyModifiers::ALT)
    }
}

impl fmt::Display for Key {
    /// `r`, `^C`, `↑`, `Enter`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.code {
            KeyCode::Char(' ') => "Space",
            KeyCode::Char(c) if self.ctrl => return write!(f, "^{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => return write!(f, "{c}"),
            KeyCode::Up => "↑",
            KeyCode::Down => "↓",
            KeyCode::Left => "←",
            KeyCode::Right => "→",
            KeyCode::PageUp => "PgUp",
            KeyCode::PageDown => "PgDn",
            KeyCode::Home => "Home",
            KeyCode::End => "End",
            KeyCode::Enter => "Enter",
            KeyCode::Backspace => "⌫",
            KeyCode::Esc => "Esc",
            KeyCode::Tab => "Tab",
            KeyCode::BackTab => "Shift-Tab",
            _ => "?",
        };
        f.pad(name)
    }
}

pub const fn char(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: false }
}

pub const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: true }
}

pub const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

pub const UP: Key = key(KeyCode::Up);
pub const DOWN: Key = key(KeyCode::Down);
pub const LEFT: Key = key(KeyCode::Left);
pub const RIGHT: Key = key(KeyCode::Right);
pub const PAGE_UP: Key = key(KeyCode::PageUp);
pub const PAGE_DOWN: Key = key(KeyCode::PageDown);
pub const HOME: Key = key(KeyCode::Home);
pub const END: Key = key(KeyCode::End);
pub const BACKSPACE: Key = key(KeyCode::Backspace);
pub const ENTER: Key = key(KeyCode::Enter);
pub const ESC: Key = key(KeyCode::Esc);
pub const TAB: Key = key(KeyCode::Tab);
pub const BACK_TAB: Key = key(KeyCode::BackTab);
pub const SPACE: Key = char(' ');
