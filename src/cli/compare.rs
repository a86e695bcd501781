//! `blockscope compare`: what one configuration takes in place of another, with honest uncertainty.

mod args;
mod baseline;
mod gates;
mod plan;
mod what;

pub use args::Args;

use super::failure::Result;
use super::interrupt::Interrupt;
use super::loading;
use super::output::Output;
use super::studying::{self, Studied};
use crate::analyse::comparison::of_runs;
use crate::analyse::gate::{Gate, Outcome, hold};
use crate::measure::{Plan, Session};
use crate::record::baseline::{self as kept, Name};
use crate::record::study::{self, Study, StudyKind};
use crate::record::{Run, file};
use crate::report;
use crate::report::layout::Detail;
use what::What;

pub fn run(args: &Args, out: &mut Output) -> Result {
    let Studied { study, ending } = match args.what()? {
        What::Measured(model) => measure(&model, args, out)?,
        What::Runs(baseline, candidate) => {
            Studied { study: runs(&file::read(&baseline)?, &file::read(&candidate)?, out)?, ending: Ok(()) }
        }
        What::BaselineAndRun(name, candidate) => {
            let study = against(&name, &kept::open(&name)?, &file::read(&candidate)?, out)?;
            Studied { study, ending: Ok(()) }
        }
        What::BaselineAndModel(name, model) => {
            let baseline = kept::open(&name)?;
            let now = args.measure_as(&baseline, &model, out)?;
            Studied { study: against(&name, &baseline, &now, out)?, ending: Ok(()) }
        }
        What::Study(path) => Studied { study: study::file::read(&path)?, ending: Ok(()) },
    };
    let gates: Vec<Gate> = args.gate.iter().flat_map(|gates| gates.0.clone()).collect();
    let outcomes = hold(&study, &gates);
    print(&study, &outcomes, args, out)?;
    ending?;
    if gates.is_empty() { Ok(()) } else { gates::tell(&outcomes, study.arms.len() > 2, out) }
}

/// Two runs as a study; what else differs between them is said.
fn runs(baseline: &Run, candidate: &Run, out: &mut Output) -> Result<Study> {
    let (study, warnings) = of_runs(baseline, candidate)?;
    warnings.iter().for_each(|warning| out.warning(warning));
    Ok(study)
}

/// A baseline and another run as a study.
fn against(name: &Name, baseline: &Run, candidate: &Run, out: &mut Output) -> Result<Study> {
    let mut study = runs(baseline, candidate, out)?;
    baseline::name_arms(&mut study, name);
    Ok(study)
}

/// Measures the configurations that the flags name.
fn measure(model: &str, args: &Args, out: &mut Output) -> Result<Studied> {
    let plan = args.plan()?;
    studying::check_out(&args.out)?;
    let interrupt = Interrupt::listen()?;
    let session = loading::open_on(args.device, model, &plan.arms[0].toggles, &interrupt, out)?;
    if plan.kind == StudyKind::Compare {
        check_arms(&session, &plan)?;
    }
    studying::study(&session, &plan, &args.out, &interrupt, out)
}

/// Refuses a comparison with a configuration that cannot be: that is wrong usage, and nothing has been measured.
fn check_arms(session: &Session, plan: &Plan) -> Result {
    let card = session.card();
    plan.arms.iter().try_for_each(|arm| {
        arm.toggles.check(&card.model)?;
        Ok(card.device.check(&arm.toggles)?)
    })
}

fn print(study: &Study, outcomes: &[Outcome], args: &Args, out: &mut Output) -> Result {
    if args.json {
        return out.json(report::study::gates::json(study, outcomes));
    }
    if study.samples.is_empty() {
        out.note("ended before anything was measured");
        return Ok(());
    }
    match args.markdown {
        true => out.line(report::study::gates::markdown(study, outcomes).trim_end()),
        false => out.report(&report::study::report(study, Detail::Summed, out.width())),
    }
}
