//! Foreign text in messages.

/// Foreign text for a message: what is left of it after so many characters is not shown.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 64;
    let mut shown = String::new();
    for c in text.chars().take(SHOWN) {
        // A quotation mark needs no escape where it stands between others.
        if matches!(c, '"' | '\'') { shown.push(c) } else { shown.extend(c.escape_debug()) }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
