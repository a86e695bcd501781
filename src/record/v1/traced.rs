//! How version 1 spells what a traced pass leaves: signatures, operators, memory.
//!
//! ```text
//! {"event":"signature","name":"aten::mm","inputs":["f32[512,576]","f32[576,1536]"],"outputs":["f32[512,1536]"]}
//! {"event":"operators","operators":[[signature,part,depth,start_ns,time_ns],…]}
//! {"event":"memory","before":[weights,kv_cache,activations,temporaries],
//!  "allocations":[[part,operator,category,start_ns,end_ns,bytes],…],"resident":[before,peak,is_of_pass]}
//! {"event":"cut","operators":3,"allocations":0}
//! ```
//!
//! Arguments are spelled as they print: `f32[2,3]`, `(f32[2],f32[3])`, `-1`, `true`, and nothing for
//! what is not kept. An operator of another thread, or with a sequence number, has these two behind it.

use crate::record::memory::{Allocation, ByCategory, Category, PassMemory, Resident};
use crate::record::operator::{Argument, Cut, Dtype, Operator, Scope, Signature, Tensor};
use crate::units::{Bytes, Nanos};
use serde::{Deserialize, Serialize};

/// Dimensions of a tensor, tensors of a list, arguments of an operator: none has as many as this.
const MOST: usize = 4096;

#[derive(Serialize, Deserialize)]
pub struct SignatureLine {
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    overload: String,
    #[serde(default, skip_serializing_if = "ScopeWire::is_function")]
    scope: ScopeWire,
    inputs: Vec<String>,
    outputs: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    aliases: bool,
}

#[derive(Serialize, Deserialize, Clone, Copy, Default, PartialEq)]
#[serde(rename_all = "snake_case")]
enum ScopeWire {
    #[default]
    Function,
    User,
    Backward,
}

impl ScopeWire {
    fn is_function(&self) -> bool {
        *self == ScopeWire::Function
    }
}

#[derive(Serialize, Deserialize)]
pub struct OperatorsLine {
    operators: Vec<OperatorWire>,
}

/// An array, because a run has hundreds of thousands.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OperatorWire {
    Plain(u32, Option<u32>, u16, u64, u64),
    Full(u32, Option<u32>, u16, u64, u64, u16, Option<u64>),
}

#[derive(Serialize, Deserialize)]
pub struct MemoryLine {
    before: [u64; 4],
    allocations: Vec<AllocationWire>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resident: Option<(u64, u64, bool)>,
}

/// `[part, operator, category, start_ns, end_ns, bytes]`
#[derive(Serialize, Deserialize)]
struct AllocationWire(Option<u32>, Option<u32>, u8, Option<u64>, Option<u64>, u64);

#[derive(Serialize, Deserialize)]
pub struct CutLine {
    operators: u64,
    allocations: u64,
}

impl TryFrom<SignatureLine> for Signature {
    type Error = String;

    fn try_from(wire: SignatureLine) -> Result<Self, String> {
        let arguments = |spelled: Vec<String>| {
            if spelled.len() > MOST {
                return Err(format!("{} arguments; no operator has more than {MOST}", spelled.len()));
            }
            spelled.iter().map(|text| argument(text)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Signature {
            name: wire.name,
            overload: wire.overload,
            scope: match wire.scope {
                ScopeWire::Function => Scope::Function,
                ScopeWire::User => Scope::User,
                ScopeWire::Backward => Scope::Backward,
            },
            inputs: arguments(wire.inputs)?,
            outputs: arguments(wire.outputs)?,
            aliases: wire.aliases,
        })
    }
}

impl From<&Signature> for SignatureLine {
    fn from(signature: &Signature) -> Self {
        let spelled = |arguments: &[Argument]| arguments.iter().map(ToString::to_string).collect();
        SignatureLine {
            name: signature.name.clone(),
            overload: signature.overload.clone(),
            scope: match signature.scope {
                Scope::Function => ScopeWire::Function,
                Scope::User => ScopeWire::User,
                Scope::Backward => ScopeWire::Backward,
            },
            inputs: spelled(&signature.inputs),
            outputs: spelled(&signature.outputs),
            aliases: signature.aliases,
        }
    }
}

impl From<OperatorsLine> for Vec<Operator> {
    fn from(line: OperatorsLine) -> Self {
        let operator = |wire| {
            let (signature, part, depth, start, time, thread, sequence) = match wire {
                OperatorWire::Plain(signature, part, depth, start, time) => {
                    (signature, part, depth, start, time, 0, None)
                }
                OperatorWire::Full(signature, part, depth, start, time, thread, sequence) => {
                    (signature, part, depth, start, time, thread, sequence)
                }
            };
            Operator { signature, part, depth, thread, start: Nanos(start), time: Nanos(time), sequence }
        };
        line.operators.into_iter().map(operator).collect()
    }
}

impl From<&[Operator]> for OperatorsLine {
    fn from(operators: &[Operator]) -> Self {
        let wire = |&Operator { signature, part, depth, thread, start, time, sequence }: &Operator| {
            if thread == 0 && sequence.is_none() {
                OperatorWire::Plain(signature, part, depth, start.0, time.0)
            } else {
                OperatorWire::Full(signature, part, depth, start.0, time.0, thread, sequence)
            }
        };
        OperatorsLine { operators: operators.iter().map(wire).collect() }
    }
}

impl TryFrom<MemoryLine> for PassMemory {
    type Error = String;

    fn try_from(line: MemoryLine) -> Result<Self, String> {
        let allocation = |AllocationWire(part, operator, category, start, end, bytes)| {
            let category = *Category::ALL
                .get(usize::from(category))
                .ok_or_else(|| format!("memory of category {category}; expected 0 to {}", Category::ALL.len() - 1))?;
            let (start, end, bytes) = (start.map(Nanos), end.map(Nanos), Bytes(bytes));
            Ok(Allocation { part, operator, category, start, end, bytes })
        };
        Ok(PassMemory {
            before: ByCategory(line.before.map(Bytes)),
            allocations: line.allocations.into_iter().map(allocation).collect::<Result<_, String>>()?,
            resident: line.resident.map(|(before, peak, is_of_pass)| Resident {
                before: Bytes(before),
                peak: Bytes(peak),
                is_of_pass,
            }),
        })
    }
}

impl From<&PassMemory> for MemoryLine {
    fn from(memory: &PassMemory) -> Self {
        let wire = |&Allocation { part, operator, category, start, end, bytes }: &Allocation| {
            AllocationWire(part, operator, category as u8, start.map(|at| at.0), end.map(|at| at.0), bytes.0)
        };
        MemoryLine {
            before: memory.before.0.map(|bytes| bytes.0),
            allocations: memory.allocations.iter().map(wire).collect(),
            resident: memory.resident.map(|resident| (resident.before.0, resident.peak.0, resident.is_of_pass)),
        }
    }
}

impl From<CutLine> for Cut {
    fn from(line: CutLine) -> Self {
        Cut { operators: line.operators, allocations: line.allocations }
    }
}

impl From<Cut> for CutLine {
    fn from(cut: Cut) -> Self {
        CutLine { operators: cut.operators, allocations: cut.allocations }
    }
}

/// Reads an argument as it is spelled.
fn argument(text: &str) -> Result<Argument, String> {
    let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    Ok(match (text, inside) {
        ("", _) => Argument::Other,
        ("true", _) => Argument::Bool(true),
        ("false", _) => Argument::Bool(false),
        (_, Some("")) => Argument::Tensors(Vec::new()),
        (_, Some(inside)) => {
            let tensors = inside.split_inclusive(']').map(|text| tensor(text.trim_start_matches(',')));
            Argument::Tensors(tensors.take(MOST).collect::<Result<_, _>>()?)
        }
        (text, None) if text.ends_with(']') => Argument::Tensor(tensor(text)?),
        (text, None) => Argument::Int(text.parse().map_err(|_| unknown(text))?),
    })
}

/// Reads `f32[2,3]`.
fn tensor(text: &str) -> Result<Tensor, String> {
    let parts = text.strip_suffix(']').and_then(|text| text.split_once('['));
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (dtype, sizes) = parts.filter(|(dtype, _)| is_name(dtype)).ok_or_else(|| unknown(text))?;
    // A format of a newer version is one that is not told apart here.
    let dtype = Dtype::NAMES.into_iter().find(|&(_, name)| name == dtype).map_or(Dtype::Other, |(dtype, _)| dtype);
    let sizes = sizes.split(',').filter(|size| !size.is_empty()).take(MOST);
    Ok(Tensor { dtype, sizes: sizes.map(str::parse).collect::<Result<_, _>>().map_err(|_| unknown(text))? })
}

fn unknown(text: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    format!("'{}' is no argument of an operator; expected one like f32[2,3], -1, true", shown.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_is_read_back() {
        for text in ["", "true", "false", "-7", "f32[]", "f32[1,512]", "()", "(bf16[2],i64[3,4])"] {
            assert_eq!(argument(text).unwrap().to_string(), text);
        }
        assert_eq!(argument("fp6[2]").unwrap().to_string(), "other[2]");
        for text in ["f32[", "x", "f32[-1]", "(f32[2]", "f32[99999999999999999999999]"] {
            assert!(argument(text).unwrap_err().contains("expected one like"), "{text}");
        }
    }
}
