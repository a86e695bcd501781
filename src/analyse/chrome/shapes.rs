//! What PyTorch says of an operator's inputs, as a [`Signature`].
//!
//! `Input Dims` has the sizes of tensors, `Input type` their formats in the words of C++, `Concrete Inputs` the
//! values of numbers. Results are not told; of a product their sizes follow from those of its inputs.

use super::wire::Inputs;
use crate::record::operator::{Argument, Dtype, Signature, Tensor};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Number formats in PyTorch's words.
const TYPES: [(&str, Dtype); 10] = [
    ("double", Dtype::F64),
    ("float", Dtype::F32),
    ("c10::Half", Dtype::F16),
    ("c10::BFloat16", Dtype::Bf16),
    ("long int", Dtype::I64),
    ("int", Dtype::I32),
    ("short int", Dtype::I16),
    ("signed char", Dtype::I8),
    ("unsigned char", Dtype::U8),
    ("bool", Dtype::Bool),
];

/// Sizes of a tensor, or of each tensor of a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Dims {
    One(Vec<u64>),
    List(Vec<Vec<u64>>),
}

/// The operator with its inputs, as far as they are told.
pub fn signature(name: &str, inputs: &Inputs<'_>) -> Signature {
    let dims: Vec<Option<Dims>> = list(inputs.dims);
    let types: Vec<Option<String>> = list(inputs.types);
    let values: Vec<Option<String>> = list(inputs.concrete);
    let mut arguments = Vec::with_capacity(dims.len());
    for (index, dims) in dims.into_iter().enumerate() {
        let of_type = types.get(index).and_then(Option::as_deref).unwrap_or_default();
        let value = values.get(index).and_then(Option::as_deref).unwrap_or_default();
        arguments.push(argument(dims, of_type, value));
    }
    let mut signature = Signature { name: name.to_owned(), inputs: arguments, ..Signature::default() };
    signature.outputs = product(&signature).map(Argument::Tensor).into_iter().collect();
    signature
}

/// What a matrix product makes: the rows of its left factor by the columns of its right one.
fn product(signature: &Signature) -> Option<Tensor> {
    let (left, right) = match signature.name.as_str() {
        "aten::mm" | "aten::bmm" | "aten::linear" => (0, 1),
        "aten::addmm" | "aten::baddbmm" => (1, 2),
        _ => return None,
    };
    let (left, right) = (signature.input(left)?, signature.input(right)?);
    // A linear layer keeps its weight as [out, in].
    let columns = match signature.name.as_str() {
        "aten::linear" => right.sizes.first()?,
        _ => right.sizes.last()?,
    };
    let (_, rows) = left.sizes.split_last()?;
    Some(Tensor { dtype: left.dtype, sizes: [rows, &[*columns]].concat() })
}

/// Tensors of one operator, as they are shown: `f32[50,16], i64[1,8]`.
pub fn text(signature: &Signature) -> String {
    let tensors = signature.inputs.iter().filter(|argument| !argument.tensors().is_empty());
    tensors.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn argument(dims: Option<Dims>, of_type: &str, value: &str) -> Argument {
    let tensor = |sizes| Tensor { dtype: dtype(of_type), sizes };
    match (dims, of_type) {
        (_, "" | "ScalarList" | "GenericList") => Argument::Other,
        (_, "Scalar") => match value {
            "True" => Argument::Bool(true),
            "False" => Argument::Bool(false),
            value => value.parse().map_or(Argument::Other, Argument::Int),
        },
        (Some(Dims::List(list)), _) => Argument::Tensors(list.into_iter().map(tensor).collect()),
        (Some(Dims::One(_)), "TensorList") => Argument::Tensors(Vec::new()),
        // Of an unknown type without sizes: a device, a layout. Of a known one: a tensor that is one number.
        (Some(Dims::One(sizes)), of_type) if sizes.is_empty() && dtype(of_type) == Dtype::Other => Argument::Other,
        (Some(Dims::One(sizes)), _) => Argument::Tensor(tensor(sizes)),
        (None, _) => Argument::Other,
    }
}

/// A number format in PyTorch's words; nothing for one that is not told apart.
pub fn type_name(dtype: Dtype) -> &'static str {
    TYPES.into_iter().find(|&(_, known)| known == dtype).map_or("", |(name, _)| name)
}

fn dtype(name: &str) -> Dtype {
    TYPES.into_iter().find(|&(known, _)| known == name).map_or(Dtype::Other, |(_, dtype)| dtype)
}

/// A list whose elements are read one by one: a strange one is left open and spoils no other.
fn list<T: for<'a> Deserialize<'a>>(value: Option<&RawValue>) -> Vec<Option<T>> {
    let elements: Vec<&RawValue> = value.and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default();
    elements.into_iter().map(|element| serde_json::from_str(element.get()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::work::{Work, work};
    use crate::units::Flops;

    fn read(name: &str, args: &str) -> Signature {
        signature(name, &serde_json::from_str(args).unwrap())
    }

    #[test]
    fn inputs_of_pytorch_are_inputs_here() {
        let embedding = read(
            "aten::embedding",
            r#"{"Concrete Inputs": ["", "", "-1", "False", "1.5"], "Input type": ["float", "long int", "Scalar", "Scalar", "Scalar"],
                "Input Dims": [[50, 16], [1, 8], [], [], []]}"#,
        );
        assert_eq!(text(&embedding), "f32[50,16], i64[1,8]");
        assert_eq!(embedding.inputs[2..], [Argument::Int(-1), Argument::Bool(false), Argument::Other]);
        let cat = read(
            "aten::cat",
            r#"{"Input type": ["TensorList", "Scalar", ""], "Input Dims": [[[2, 3], [4, 3]], [], []]}"#,
        );
        assert_eq!(text(&cat), "(other[2,3],other[4,3])");
        let one = read("aten::item", r#"{"Input type": ["c10::BFloat16"], "Input Dims": [[]]}"#);
        assert_eq!(text(&one), "bf16[]");
    }

    #[test]
    fn products_make_what_their_factors_say() {
        for (name, dims, expected) in [
            ("aten::mm", "[[8, 16], [16, 32]]", "f32[8,32]"),
            ("aten::addmm", "[[32], [8, 16], [16, 32]]", "f32[8,32]"),
            ("aten::bmm", "[[4, 8, 16], [4, 16, 32]]", "f32[4,8,32]"),
            ("aten::linear", "[[1, 8, 16], [32, 16], [32]]", "f32[1,8,32]"),
        ] {
            let made = read(name, &format!(r#"{{"Input type": ["float", "float", "float"], "Input Dims": {dims}}}"#));
            assert_eq!(made.outputs[0].to_string(), expected, "{name}");
            assert_eq!(work(&made), Work::Counted(Flops(2 * 8 * 16 * 32 * if name == "aten::bmm" { 4 } else { 1 })));
        }
        assert_eq!(read("aten::mm", r#"{"Input type": ["float", "float"], "Input Dims": [[], []]}"#).outputs, []);
    }

    #[test]
    fn strange_inputs_are_left_open() {
        for args in [
            "{}",
            r#"{"Input Dims": 7, "Input type": {}}"#,
            r#"{"Input Dims": [[-1], ["a"], null, [[[1]]]], "Input type": ["float", "float", "float", "float"]}"#,
            r#"{"Input Dims": [[99999999999999999999999]], "Input type": ["float"]}"#,
        ] {
            let read = read("aten::mm", args);
            assert_eq!(text(&read), "", "{args}");
        }
    }
}
