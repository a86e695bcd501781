//! What a slice says beside its name, in PyTorch's words where it has some.

use crate::analyse::chrome::shapes;
use crate::record::operator::{Argument, Signature, Tensor};
use crate::record::run::Pass;
use crate::record::{Part, Span, Watched};
use serde_json::{Map, Value, json};

/// Which pass it is, and what is not known of it.
pub fn of_pass(pass: &Pass, args: &mut Map<String, Value>) {
    let start = &pass.start;
    for (name, value) in
        [("repeat", start.repeat), ("step", start.step), ("n_new", start.n_new), ("n_past", start.n_past)]
    {
        args.insert(name.into(), value.into());
    }
    let watched = match start.watched {
        Watched::Plain => "its time",
        Watched::Parts => "its parts",
        Watched::Operators => "its parts, operators and memory",
    };
    args.insert("watched".into(), watched.into());
    if let Some(cut) = pass.cut {
        args.insert("operators left out".into(), cut.operators.into());
        args.insert("allocations left out".into(), cut.allocations.into());
    }
}

/// The path of a part, and the work that its formulas give.
pub fn of_part(part: &Part, span: &Span, args: &mut Map<String, Value>) {
    args.insert("part".into(), part.path.clone().into());
    args.insert("FLOPs (modelled)".into(), span.flops.0.into());
    args.insert("bytes (modelled)".into(), span.bytes.0.into());
}

/// The inputs of an operator.
pub fn of_operator(signature: &Signature, args: &mut Map<String, Value>) {
    let sizes = |tensor: &Tensor| json!(tensor.sizes);
    let (mut dims, mut types, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for argument in &signature.inputs {
        let (dim, of_type, value) = match argument {
            Argument::Tensor(tensor) => (sizes(tensor), shapes::type_name(tensor.dtype), String::new()),
            Argument::Tensors(tensors) => (tensors.iter().map(sizes).collect(), "TensorList", String::new()),
            Argument::Int(value) => (json!([]), "Scalar", value.to_string()),
            Argument::Bool(true) => (json!([]), "Scalar", "True".into()),
            Argument::Bool(false) => (json!([]), "Scalar", "False".into()),
            Argument::Other => (json!([]), "", String::new()),
        };
        dims.push(dim);
        types.push(of_type);
        values.push(value);
    }
    args.insert("Record function id".into(), 0.into());
    args.insert("Concrete Inputs".into(), json!(values));
    args.insert("Input type".into(), json!(types));
    args.insert("Input Dims".into(), json!(dims));
}
