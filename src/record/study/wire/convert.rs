//! Between the lines of a study file of version 1 and the events in memory.

use super::{
    ArmLine, HeaderLine, KindWire, Number, PairingWire, PhaseWire, QualityWire, ResourcesWire, SampleLine, TextWire,
    VERSION, WatchedWire,
};
use crate::record::event::{Phase, Watched};
use crate::record::memory::ByCategory;
use crate::record::study::{
    Arm, Header, Pairing, PartTime, PhaseResources, Quality, Resources, Sample, StudyKind, Text,
};
use crate::record::v1::convert::{spelled, toggles};
use crate::units::{Bytes, Flops, Nanos};

impl TryFrom<HeaderLine> for Header {
    type Error = String;

    fn try_from(wire: HeaderLine) -> Result<Self, String> {
        Ok(Header {
            kind: match wire.study {
                KindWire::Compare => StudyKind::Compare,
                KindWire::Matrix => StudyKind::Matrix,
                KindWire::Sweep => StudyKind::Sweep {
                    over: wire.over.ok_or("a sweep without 'over', the setting that it goes along")?,
                },
            },
            blockscope: wire.blockscope,
            libtorch: wire.libtorch,
            created: wire.created,
            model: wire.model.into(),
            device: wire.device,
            machine: wire.machine,
            processors: wire.processors,
            seed: wire.seed,
            pairing: match wire.pairing {
                PairingWire::Interleaved => Pairing::Interleaved,
                PairingWire::Separate => Pairing::Separate,
            },
            text: wire.text.map(|TextWire { name, tokens }| Text { name, tokens }),
        })
    }
}

impl From<&Header> for HeaderLine {
    fn from(header: &Header) -> Self {
        let (study, over) = match &header.kind {
            StudyKind::Compare => (KindWire::Compare, None),
            StudyKind::Matrix => (KindWire::Matrix, None),
            StudyKind::Sweep { over } => (KindWire::Sweep, Some(over.clone())),
        };
        HeaderLine {
            version: VERSION,
            study,
            over,
            blockscope: header.blockscope.clone(),
            libtorch: header.libtorch.clone(),
            created: header.created,
            model: (&header.model).into(),
            device: header.device.clone(),
            machine: header.machine.clone(),
            processors: header.processors,
            seed: header.seed,
            pairing: match header.pairing {
                Pairing::Interleaved => PairingWire::Interleaved,
                Pairing::Separate => PairingWire::Separate,
            },
            text: header.text.as_ref().map(|text| TextWire { name: text.name.clone(), tokens: text.tokens }),
        }
    }
}

impl From<ArmLine> for Arm {
    fn from(wire: ArmLine) -> Self {
        Arm {
            name: wire.name,
            toggles: toggles(&wire.toggles),
            prompt_tokens: wire.prompt_tokens,
            new_tokens: wire.new_tokens,
            refused: wire.refused,
            resources: wire.resources.map(|resources| Box::new(resources.into())),
            quality: wire.quality.map(Quality::from),
        }
    }
}

impl From<&Arm> for ArmLine {
    fn from(arm: &Arm) -> Self {
        ArmLine {
            name: arm.name.clone(),
            toggles: spelled(&arm.toggles),
            prompt_tokens: arm.prompt_tokens,
            new_tokens: arm.new_tokens,
            refused: arm.refused.clone(),
            resources: arm.resources.as_deref().map(ResourcesWire::from),
            quality: arm.quality.as_ref().map(QualityWire::from),
        }
    }
}

impl From<ResourcesWire> for Resources {
    fn from(wire: ResourcesWire) -> Self {
        Resources {
            prefill: wire.prefill.into(),
            decode: wire.decode.into(),
            peak: ByCategory(wire.peak.map(Bytes)),
            kv_formula: Bytes(wire.kv_formula),
        }
    }
}

impl From<&Resources> for ResourcesWire {
    fn from(resources: &Resources) -> Self {
        ResourcesWire {
            prefill: (&resources.prefill).into(),
            decode: (&resources.decode).into(),
            peak: resources.peak.0.map(|bytes| bytes.0),
            kv_formula: resources.kv_formula.0,
        }
    }
}

impl From<PhaseWire> for PhaseResources {
    fn from(wire: PhaseWire) -> Self {
        let PhaseWire { flops, bytes, moved, floor_ns } = wire;
        PhaseResources { flops: Flops(flops), bytes: Bytes(bytes), moved: Bytes(moved), floor: floor_ns.map(Nanos) }
    }
}

impl From<&PhaseResources> for PhaseWire {
    fn from(phase: &PhaseResources) -> Self {
        let PhaseResources { flops, bytes, moved, floor } = *phase;
        PhaseWire { flops: flops.0, bytes: bytes.0, moved: moved.0, floor_ns: floor.map(|floor| floor.0) }
    }
}

impl From<QualityWire> for Quality {
    fn from(wire: QualityWire) -> Self {
        Quality {
            positions: wire.positions,
            kl_mean: wire.kl_mean.into(),
            kl_p99: wire.kl_p99.into(),
            top1: wire.top1.into(),
            nll: wire.nll.into(),
            nll_reference: wire.nll_reference.into(),
            max_logit: wire.max_logit.into(),
        }
    }
}

impl From<&Quality> for QualityWire {
    fn from(quality: &Quality) -> Self {
        QualityWire {
            positions: quality.positions,
            kl_mean: quality.kl_mean.into(),
            kl_p99: quality.kl_p99.into(),
            top1: quality.top1.into(),
            nll: quality.nll.into(),
            nll_reference: quality.nll_reference.into(),
            max_logit: quality.max_logit.into(),
        }
    }
}

impl From<Number> for f64 {
    fn from(Number(number): Number) -> Self {
        number.unwrap_or(f64::NAN)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Number(number.is_finite().then_some(number))
    }
}

impl From<SampleLine> for Sample {
    fn from(wire: SampleLine) -> Self {
        let of = |phase, times: Vec<(u32, u64)>| {
            times.into_iter().map(move |(part, time)| PartTime { part, phase, time: Nanos(time) })
        };
        Sample {
            arm: wire.arm,
            round: wire.round,
            again: wire.again,
            watched: match wire.watched {
                WatchedWire::Plain => Watched::Plain,
                WatchedWire::Parts => Watched::Parts,
                WatchedWire::Operators => Watched::Operators,
            },
            ttft: Nanos(wire.ttft_ns),
            steps: wire.steps_ns.into_iter().map(Nanos).collect(),
            parts: of(Phase::Prefill, wire.prefill).chain(of(Phase::Decode, wire.decode)).collect(),
        }
    }
}

impl From<&Sample> for SampleLine {
    fn from(sample: &Sample) -> Self {
        let of = |phase: Phase| {
            sample.parts.iter().filter(|time| time.phase == phase).map(|time| (time.part, time.time.0)).collect()
        };
        SampleLine {
            arm: sample.arm,
            round: sample.round,
            again: sample.again,
            watched: match sample.watched {
                Watched::Plain => WatchedWire::Plain,
                Watched::Parts => WatchedWire::Parts,
                Watched::Operators => WatchedWire::Operators,
            },
            ttft_ns: sample.ttft.0,
            steps_ns: sample.steps.iter().map(|step| step.0).collect(),
            prefill: of(Phase::Prefill),
            decode: of(Phase::Decode),
        }
    }
}
