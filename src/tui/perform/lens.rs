//! What the keys do on the Lens screen.

use crate::tui::action::Act;
use crate::tui::app::App;

impl App {
    pub(super) fn on_lens(&mut self, act: Act) {
        let Some(explorer) = &self.explorer else { return };
        let last = explorer.text.tokens.len().saturating_sub(1);
        let (places, chosen) = (2 * explorer.text.n_layers, explorer.chosen(&self.gaze));
        let gaze = &mut self.gaze;
        let page = self.drawn.listed.1.max(2) - 1;
        gaze.place = gaze.place.min(places);
        let before = (gaze.place, gaze.query);
        match act {
            Act::Open => gaze.drilled = !gaze.drilled,
            Act::Close => gaze.drilled = false,
            Act::Left => gaze.query = gaze.query.saturating_sub(1),
            Act::Right => gaze.query = (gaze.query + 1).min(last),
            Act::First => gaze.query = 0,
            Act::Last => gaze.query = last,
            Act::Up => gaze.place = gaze.place.saturating_sub(1),
            Act::Down => gaze.place = (gaze.place + 1).min(places),
            Act::PageUp => gaze.place = gaze.place.saturating_sub(page),
            Act::PageDown => gaze.place = (gaze.place + page).min(places),
            Act::Colour => gaze.figure = gaze.figure.next(),
            Act::NextFound => gaze.choice += 1,
            Act::PreviousFound => gaze.choice = gaze.choice.saturating_sub(1),
            Act::Versus => gaze.versus = if gaze.versus.is_some() { None } else { chosen },
            Act::Neurons => gaze.neurons = !gaze.neurons,
            act => return self.on_text(act),
        }
        if (gaze.place, gaze.query) != before {
            gaze.choice = 0;
        }
    }
}
