//! How a study is chosen and begun: what differs, on how much, and what becomes of it.

use crate::arch::{Toggle, Toggles};
use crate::measure::{Plan, PlannedArm, QualityText, Rounds};
use crate::record::study::{self, Study, StudyKind};
use crate::record::{Phase, Status};
use crate::tui::action::{self, Act, Scope};
use crate::tui::app::{App, Engine, Popup, Screen};
use crate::tui::calendar::stamp;
use crate::tui::candidate::{Candidate, Lengths, Purpose, Row};
use crate::tui::comparison_tree::TreeRow;
use crate::tui::effect::Effect;
use crate::tui::studies::Studied;
use crate::tui::sweep_points::places;
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
    pub(super) fn choose_study(&mut self) {
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

    pub(super) fn in_candidate(&mut self, mut candidate: Candidate, act: Act) -> Vec<Effect> {
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

    pub(super) fn in_values(&mut self, row: usize, act: Act) -> Vec<Effect> {
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

    pub(super) fn on_comparison(&mut self, act: Act) {
        if act == Act::Phase {
            return self.turn_phase();
        }
        let phase = self.one_phase();
        let Some(compared) = self.studies.compare.as_ref().and_then(Studied::compared) else { return };
        let rows: Vec<TreeRow> = compared.rows(&self.comparison_tree, phase).iter().map(|row| row.branch).collect();
        let at = self.comparison_tree.index(&rows);
        let Some(row) = rows.get(self.moved(act, at, rows.len())).copied() else { return };
        let path = row.path.to_owned();
        match act {
            Act::OpenAll => {
                let paths: Vec<String> = compared.paths().into_iter().map(str::to_owned).collect();
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                return self.comparison_tree.open_all(&paths);
            }
            Act::CloseAll => return self.comparison_tree.close_all(),
            _ => {}
        }
        self.comparison_tree.selected = path.clone();
        match act {
            Act::Open if row.openable => self.comparison_tree.twist(&path),
            Act::Close => self.comparison_tree.close(&path),
            _ => {}
        }
    }

    pub(super) fn on_matrix(&mut self, act: Act) {
        match act {
            Act::Phase => self.turn_phase(),
            Act::Left | Act::Right => self.ranking.turn(act == Act::Right),
            Act::Reverse => self.ranking.reversed = !self.ranking.reversed,
            Act::Grouping => self.ranking.plot = !self.ranking.plot,
            _ => {
                let Some(studied) = &self.studies.matrix else { return };
                let rows = self.ranking.order(studied.ranked(), self.one_phase());
                let at = rows.iter().position(|row| row.arm == self.ranking.selected).unwrap_or(0);
                if let Some(arm) = rows.get(self.moved(act, at, rows.len())).map(|row| row.arm) {
                    self.ranking.selected = arm;
                }
            }
        }
    }

    pub(super) fn on_sweep(&mut self, act: Act) {
        if act == Act::Phase {
            return self.turn_phase();
        }
        let n = self.points().len();
        self.point = self.moved(act, self.point.min(n.saturating_sub(1)), n);
    }

    /// Selects a point of the sweep.
    pub(in crate::tui) fn select_point(&mut self, series: usize, point: usize) {
        self.point = self.points().iter().position(|place| *place == (series, point)).unwrap_or(self.point);
    }

    fn points(&self) -> Vec<(usize, usize)> {
        self.studies.sweep.as_ref().and_then(Studied::sweep).map(places).unwrap_or_default()
    }

    /// The other phase, on a screen that shows one.
    pub(super) fn turn_phase(&mut self) {
        self.outline.follows = false;
        self.outline.phase = match self.one_phase() {
            Phase::Prefill => Some(Phase::Decode),
            Phase::Decode => Some(Phase::Prefill),
        };
    }

    /// Where an action leads in the screen's list, of `n` from `at`.
    pub(super) fn moved(&self, act: Act, at: usize, n: usize) -> usize {
        moved(act, at, n, self.drawn.listed.1)
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
    pub(super) fn save_study(&mut self) -> Vec<Effect> {
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
pub(super) fn saved(studied: &Studied) -> Effect {
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

/// Where an action leads in a list of `n` from `at`, where `rows` of it are seen: a page leaves one of them.
pub(super) fn moved(act: Act, at: usize, n: usize, rows: usize) -> usize {
    let page = rows.max(2) as isize - 1;
    let to = |by: isize| at.saturating_add_signed(by).min(n.saturating_sub(1));
    match act {
        Act::Up => to(-1),
        Act::Down => to(1),
        Act::PageUp => to(-page),
        Act::PageDown => to(page),
        Act::First => 0,
        Act::Last => to(isize::MAX),
        _ => at,
    }
}
