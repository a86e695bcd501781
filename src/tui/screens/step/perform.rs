//! What the keys do on the Step screen: all of it is done by whoever runs the model.

use crate::tui::action::Act;
use crate::tui::app::App;

pub fn perform(_: &mut App, _: Act) {}

/// Whether an action of this screen would change anything now: the strip leaves out what would not.
pub fn is_of_use(_: &App, _: Act) -> bool {
    true
}
