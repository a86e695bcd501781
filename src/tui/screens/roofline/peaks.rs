//! Measuring the limits of this machine, and holding a run against them.

use crate::record::{self, Peaks};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::screens::list::Screen;
use crate::tui::screens::roofline::measuring::Measuring;
use crate::worker::Command;

impl App {
    /// Asks for the limits of the device that the model is on, with its number of threads.
    pub(in crate::tui) fn measure_peaks(&mut self) -> Vec<Effect> {
        let Some(card) = self.card() else { return Vec::new() };
        let command = Command::MeasurePeaks { device: card.device, threads: card.toggles.threads };
        let since = self.clock;
        self.measuring = Some(Measuring { stage: String::new(), done: 0, total: 0, since, cancelled: false });
        vec![Effect::Send(command)]
    }

    pub(in crate::tui) fn measuring(&mut self, stage: String, done: u64, total: u64) {
        if let Some(measuring) = &mut self.measuring {
            (measuring.stage, measuring.done, measuring.total) = (stage, done, total);
        }
    }

    /// The limits are known; a run on the screen that was made under the same conditions is held against them.
    pub(in crate::tui) fn peaks(&mut self, peaks: Result<Box<Peaks>, String>) {
        let measuring = self.measuring.take();
        match peaks {
            Ok(peaks) => {
                let key = action::key_of(&[Scope::On(Screen::Roofline)], Act::MeasurePeaks);
                match peaks.is_steady() {
                    true => self.say("the roofs were measured", false),
                    false => self.say(
                        format!("the roofs were measured, but the machine was busy: {key} once more when it is idle"),
                        true,
                    ),
                }
                if let Some(live) = self.live.as_mut().filter(|live| peaks.are_of(&live.run.header)) {
                    live.apply(record::Event::Peaks(peaks));
                }
            }
            Err(_) if measuring.is_some_and(|measuring| measuring.cancelled) => {
                self.say("measuring was cancelled: the roofs are as they were", false);
            }
            Err(error) => self.notice("The roofs could not be measured", error, true),
        }
    }
}
