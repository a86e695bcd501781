//! How a study is chosen and begun: what differs, on how much, and what becomes of it.

use crate::arch::{Toggle, Toggles};
use crate::measure::{Plan, PlannedArm, QualityText, Rounds};
use crate::record::Status;
use crate::record::study::{self, Study, StudyKind};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine, Popup, Screen};
use crate::tui::calendar::stamp;
use crate::tui::effect::Effect;
use crate::tui::popups::candidate::choice::{Candidate, Lengths, Purpose, Row};
use crate::tui::studies::Studied;
use crate::worker::{Command, RunId};

impl App {
    /// How much is computed in one execution, unless the user asks for more or less.
    pub fn lengths(&self) -> Lengths {
        let seen = self.live.as_ref().map(|live| live.run.header.prompt_tokens);
        Lengths::of(&self.form, seen, self.n_ctx())
    }

    fn n_ctx(&self) -> u32 {
        self.card().map_or(u32::MAX, |card| card.info.n_ctx)
    }

    /// Opens what chooses a study of the present screen.
    pub(in crate::tui) fn choose_study(&mut self) {
        let purpose = match self.screen {
            Screen::Matrix => {
                self.popup = Some(Popup::Values { row: 0 });
                return;
            }
            Screen::Sweep => Purpose::Sweep,
            _ => Purpose::Compare,
        };
        if purpose == Purpose::Compare {
            self.screen = Screen::Compare;
        }
        // What was measured last is likely to be measured again.
        let (present, lengths, n_ctx) = (&self.toggles, self.lengths(), self.n_ctx());
        let mut candidate = Candidate::new(purpose, present, lengths, n_ctx);
        if let Some(before) = self.chosen.as_ref().filter(|before| before.purpose == purpose) {
            candidate = before.again(n_ctx);
        }
        self.popup = Some(Popup::Candidate(candidate));
    }

    pub(in crate::tui) fn in_candidate(&mut self, mut candidate: Candidate, act: Act) -> Vec<Effect> {
        match (act, candidate.selected()) {
            (Act::Up, _) => candidate.go(-1),
            (Act::Down, _) => candidate.go(1),
            (Act::Left | Act::Right, Row::Toggle(toggle)) => {
                match self.next_value(&candidate.toggles, toggle, act == Act::Right) {
                    Ok(next) => candidate.toggles = next,
                    Err(why_not) => self.say(why_not, true),
                }
            }
            (Act::Left | Act::Right, Row::Prompt | Row::New) => candidate.scale(act == Act::Right, self.n_ctx()),
            (Act::Accept, _) => match self.plan(&candidate) {
                Ok(plan) => {
                    self.chosen = Some(candidate);
                    return self.start_study(plan);
                }
                Err(why_not) => self.say(why_not, true),
            },
            _ => {}
        }
        self.popup = Some(Popup::Candidate(candidate));
        Vec::new()
    }

    pub(in crate::tui) fn in_values(&mut self, row: usize, act: Act) -> Vec<Effect> {
        let n = Toggle::ALL.len();
        let row = match act {
            Act::Up => (row + n - 1) % n,
            Act::Down => (row + 1) % n,
            _ => row.min(n - 1),
        };
        if act == Act::Accept {
            return self.start_study(self.plan_of_all(Toggle::ALL[row]));
        }
        self.popup = Some(Popup::Values { row });
        Vec::new()
    }

    /// The study that the popup describes.
    ///
    /// # Errors
    /// Why there is none, in words.
    fn plan(&self, candidate: &Candidate) -> Result<Plan, String> {
        let (a, b, Lengths { prompt_tokens, new_tokens }) = (&self.toggles, &candidate.toggles, candidate.lengths);
        if let Some(card) = self.card() {
            b.check(&card.model).map_err(|error| error.to_string())?;
        }
        let arm = |toggles: &Toggles, name: String, prompt_tokens| PlannedArm {
            name,
            toggles: toggles.clone(),
            prompt_tokens,
            new_tokens,
        };
        let arms = match candidate.purpose {
            Purpose::Compare if a == b => {
                let [left, right] = [Act::Left, Act::Right].map(|act| action::key_of(&[Scope::Candidate], act));
                return Err(format!("B is the same as A: change a toggle of B with {left} and {right}"));
            }
            Purpose::Compare => {
                [(a, b), (b, a)].map(|(toggles, other)| arm(toggles, difference(toggles, other), prompt_tokens)).into()
            }
            Purpose::Sweep => {
                let series: &[(&Toggles, &Toggles)] = if a == b { &[(a, b)] } else { &[(a, b), (b, a)] };
                let named = |&(toggles, other): &(&Toggles, &Toggles), n: u32| {
                    let differs = difference(toggles, other);
                    let comma = if differs.is_empty() { "" } else { "," };
                    arm(toggles, format!("prompt_tokens={n}{comma}{differs}"), n)
                };
                let lengths = candidate.lengths.sweep();
                series.iter().flat_map(|pair| lengths.iter().map(move |&n| named(pair, n))).collect()
            }
        };
        Ok(match candidate.purpose {
            Purpose::Compare => self.planned(StudyKind::Compare, arms),
            Purpose::Sweep => {
                let plan = self.planned(StudyKind::Sweep { over: "prompt_tokens".into() }, arms);
                Plan { parts: false, quality: None, ..plan }
            }
        })
    }

    /// Every value of a toggle against the present one.
    fn plan_of_all(&self, toggle: Toggle) -> Plan {
        let Lengths { prompt_tokens, new_tokens } = self.lengths();
        let present = self.toggles.get(toggle);
        let others = toggle.values().into_iter().filter(|value| *value != present);
        let arms = std::iter::once(present.clone()).chain(others).filter_map(|value| {
            let mut toggles = self.toggles.clone();
            // What cannot be had is an arm that is refused, and says why.
            toggles.set(toggle, &value).ok()?;
            Some(PlannedArm { name: format!("{}={value}", toggle.name()), toggles, prompt_tokens, new_tokens })
        });
        Plan { parts: false, ..self.planned(StudyKind::Matrix, arms.collect()) }
    }

    fn planned(&self, kind: StudyKind, arms: Vec<PlannedArm>) -> Plan {
        // Random weights predict nothing that could be compared with a text.
        let quality = self.has_tokenizer().then_some(QualityText::Shipped);
        Plan { kind, arms, rounds: Rounds::default(), parts: true, quality, seed: self.last_run + 1 }
    }

    fn start_study(&mut self, plan: Plan) -> Vec<Effect> {
        self.last_run += 1;
        let run = RunId(self.last_run);
        self.screen = screen_of(&plan.kind);
        // What the file and its header say when they come is what the plan says already.
        let study =
            Study { header: study::Header { kind: plan.kind.clone(), ..Default::default() }, ..Study::default() };
        self.studies.put(Studied::new(run, study, self.clock));
        vec![Effect::Send(Command::Study { run, plan: Box::new(plan) })]
    }

    /// Shows a study that was saved.
    pub fn show_study(&mut self, study: Study, file: String) {
        self.engine = Engine::Viewer;
        self.screen = screen_of(&study.header.kind);
        self.studies.put(Studied::saved(study, file));
        self.add_up();
    }

    pub(in crate::tui) fn studied(&mut self, run: RunId, events: Vec<study::Event>) {
        let Some(studied) = self.studies.by_id(run) else { return };
        let mut failure = None;
        for event in events {
            if let study::Event::End(Status::Failed(reason)) = &event {
                failure = Some(reason.clone());
            }
            studied.apply(event);
        }
        if let Some(reason) = failure {
            self.notice("The study failed", reason, true);
        }
    }

    /// `w` on the screen of a study.
    pub(in crate::tui) fn save_study(&mut self) -> Vec<Effect> {
        let Some(studied) = self.study() else { return Vec::new() };
        if let Some(file) = &studied.file {
            let text = format!("this study is saved already, as {file}");
            self.say(text, false);
            return Vec::new();
        }
        vec![saved(studied)]
    }
}

/// To a file that says what it is and when it was begun.
pub(in crate::tui) fn saved(studied: &Studied) -> Effect {
    let kind = screen_of(&studied.study.header.kind).name().to_lowercase();
    let name = format!("blockscope-{kind}-{}.jsonl", stamp(studied.study.header.created));
    Effect::SaveStudy { name, study: Box::new(studied.study.clone()) }
}

/// How toggles differ from others, as the user would write it: `attention=eager`.
fn difference(toggles: &Toggles, other: &Toggles) -> String {
    let differing = Toggle::ALL.into_iter().filter(|&toggle| toggles.get(toggle) != other.get(toggle));
    let said: Vec<String> = differing.map(|toggle| format!("{}={}", toggle.name(), toggles.get(toggle))).collect();
    said.join(",")
}

/// Where a study is shown.
pub(in crate::tui) fn screen_of(kind: &StudyKind) -> Screen {
    match kind {
        StudyKind::Compare => Screen::Compare,
        StudyKind::Matrix => Screen::Matrix,
        StudyKind::Sweep { .. } => Screen::Sweep,
    }
}
