//! Floating-point operations and traffic of an operator, counted from the shapes on which it ran.
//!
//! One multiply–add is 2 FLOPs. Element-wise work, softmax, norms and gathers count 0 by convention, as
//! in `torch.utils.flop_counter`: their cost is traffic. An operator that is not known here is said to
//! be unknown; it is never taken for 0.

use crate::record::operator::{Argument, Dtype, Operator, Signature, Tensor, parents};
use crate::units::{Bytes, Flops};

/// What an operator computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Counted(Flops),
    /// No formula is known for it.
    Unknown,
}

/// The work of one call. An operator that calls others may count the same work as they do; see [`own_work`].
pub fn work(signature: &Signature) -> Work {
    let counted = match formula(plain_name(&signature.name)) {
        Formula::Nothing => Some(0),
        Formula::Product(left) => product(signature, left),
        Formula::Attention(query) => attention(signature, query, |dq, dv| dq.checked_add(dv)),
        // With the scores computed again: 5 products where the forward pass has 2.
        Formula::AttentionBackward => {
            attention(signature, 1, |dq, dv| dq.checked_mul(3)?.checked_add(dv.checked_mul(2)?))
        }
        Formula::Convolution => convolution(signature),
        Formula::Unknown => None,
    };
    counted.map_or(Work::Unknown, |flops| Work::Counted(Flops(flops)))
}

/// The work of each operator of one pass (by start, outer ones first), each piece of work once: where
/// operators inside have counted theirs, the outer one adds nothing, known or not.
pub fn own_work(operators: &[Operator], work_of: impl Fn(u32) -> Work) -> Vec<Work> {
    let mut own: Vec<Work> = operators.iter().map(|operator| work_of(operator.signature)).collect();
    let parents = parents(operators);
    let mut counted_inside = vec![false; operators.len()];
    // Inner operators come later: seen from the end, what lies inside is settled first.
    for index in (0..operators.len()).rev() {
        if counted_inside[index] {
            own[index] = Work::Counted(Flops(0));
        }
        let counted = counted_inside[index] || matches!(own[index], Work::Counted(flops) if flops.0 > 0);
        if let Some(parent) = parents[index].filter(|_| counted) {
            counted_inside[parent as usize] = true;
        }
    }
    own
}

/// The traffic of each operator of one pass (by start, outer ones first) beside that of the operators that it
/// calls, so that together they are what was read and written. An operator moves what it must ([`traffic`]), or
/// what those inside it move if that is more: a product that only looks whether its inputs are conjugated moves
/// them itself, one that calls another product moves nothing beside it. `None` where a format is not known.
pub fn own_traffic(operators: &[Operator], traffic_of: impl Fn(u32) -> Option<Bytes>) -> Vec<Option<Bytes>> {
    let parents = parents(operators);
    let mut inside = vec![Bytes(0); operators.len()];
    let mut own = vec![None; operators.len()];
    for (index, operator) in operators.iter().enumerate().rev() {
        let known = traffic_of(operator.signature).or((inside[index].0 > 0).then_some(Bytes(0)));
        own[index] = known.map(|bytes| bytes - inside[index]);
        let moved = known.unwrap_or_default().max(inside[index]);
        if let Some(parent) = parents[index] {
            inside[parent as usize] += moved;
        }
    }
    own
}

/// Compulsory traffic of one call: every input and every result once, in its own format. A view moves
/// nothing, a gather reads only what it takes. `None` where a format is not known.
pub fn traffic(signature: &Signature) -> Option<Bytes> {
    let name = plain_name(&signature.name);
    let all = |arguments: &[Argument]| -> Option<Bytes> {
        arguments.iter().flat_map(Argument::tensors).map(Tensor::bytes).sum()
    };
    // `out`, `IntList_out`; not `dtype_layout`.
    let is_given_its_result = signature.overload.split('_').any(|word| word == "out");
    let in_place = name.ends_with('_') || is_given_its_result;
    if is_allocation(name) || SHAPES_ONLY.contains(&name) || signature.aliases && !in_place {
        return Some(Bytes(0));
    }
    if is_given_its_result {
        return all(&signature.inputs); // where it writes to is among them
    }
    if name.ends_with("_like") {
        return all(&signature.outputs);
    }
    if LIKE_ANOTHER.contains(&name) {
        return Some(all(signature.inputs.get(..1)?)? + all(&signature.outputs)?);
    }
    if GATHERS.contains(&name) {
        // The rows that are taken are read and written; where they lie is read.
        let written = all(&signature.outputs)?;
        return Some(all(signature.inputs.get(1..)?)? + written + written);
    }
    if ["copy_", "fill_", "zero_"].contains(&name) {
        return Some(all(signature.inputs.get(1..).unwrap_or_default())? + all(&signature.outputs)?);
    }
    if name == CACHE_WRITE {
        let written = all(signature.inputs.get(1..)?)?;
        return Some(written + written);
    }
    Some(all(&signature.inputs)? + all(&signature.outputs)?)
}

/// Writes its second input to a place in its first, of which it gives back more than it wrote.
const CACHE_WRITE: &str = "blockscope::cache_write_";

/// The format in which it multiplies, which decides the roof that it is measured against: that of the
/// activations, but for this program's own operators, which multiply in f32. `None` where nothing is multiplied.
pub fn multiplies_in(signature: &Signature) -> Option<Dtype> {
    let index = match formula(plain_name(&signature.name)) {
        Formula::Product(index) | Formula::Attention(index) => index,
        Formula::AttentionBackward => 1,
        Formula::Convolution => 0,
        Formula::Nothing | Formula::Unknown => return None,
    };
    let of_activations = signature.input(index)?.dtype;
    Some(if signature.name.starts_with("blockscope::") { Dtype::F32 } else { of_activations })
}

/// How the work of an operator follows from its shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Formula {
    /// 0 by convention.
    Nothing,
    /// 2·(numbers of the result)·(inner dimension): the last of the input of this number.
    Product(usize),
    /// Queries, keys and values from the input of this number on, as [batch, heads, positions, features].
    Attention(usize),
    AttentionBackward,
    Convolution,
    Unknown,
}

/// `mm` of `aten::mm`; other libraries' operators keep their namespace.
fn plain_name(name: &str) -> &str {
    name.strip_prefix("aten::").unwrap_or(name)
}

fn formula(name: &str) -> Formula {
    match name {
        "mm"
        | "bmm"
        | "mv"
        | "dot"
        | "vdot"
        | "linear"
        | "matmul"
        | "mkldnn_linear"
        | "_scaled_mm"
        | "_weight_int8pack_mm"
        | "blockscope::linear"
        | "blockscope::linear_int4"
        | "_weight_int4pack_mm"
        | "_weight_int4pack_mm_for_cpu"
        | "mkldnn::_linear_pointwise" => Formula::Product(0),
        "addmm" | "addmv" | "baddbmm" | "_addmm_activation" | "addmm_" | "baddbmm_" => Formula::Product(1),
        "scaled_dot_product_attention"
        | "blockscope::attention"
        | "_scaled_dot_product_flash_attention_for_cpu"
        | "_scaled_dot_product_flash_attention"
        | "_scaled_dot_product_efficient_attention"
        | "_scaled_dot_product_cudnn_attention"
        | "_scaled_dot_product_attention_math" => Formula::Attention(0),
        "_scaled_dot_product_flash_attention_for_cpu_backward"
        | "_scaled_dot_product_flash_attention_backward"
        | "_scaled_dot_product_efficient_attention_backward"
        | "_scaled_dot_product_cudnn_attention_backward" => Formula::AttentionBackward,
        "conv1d"
        | "conv2d"
        | "conv3d"
        | "convolution"
        | "_convolution"
        | "convolution_overrideable"
        | "mkldnn_convolution"
        | "cudnn_convolution"
        | "_slow_conv2d_forward"
        | "slow_conv3d_forward"
        | "thnn_conv2d" => Formula::Convolution,
        // In place or not, the work is the same.
        other if NOTHING.contains(&other.strip_suffix('_').unwrap_or(other)) => Formula::Nothing,
        other if is_allocation(other) => Formula::Nothing,
        _ => Formula::Unknown,
    }
}

fn is_allocation(name: &str) -> bool {
    ["empty", "empty_strided", "empty_like", "new_empty", "new_empty_strided", "resize", "resize_", "set_"]
        .contains(&name)
}

/// Look at shapes and formats alone.
const SHAPES_ONLY: [&str; 2] = ["result_type", "is_same_size"];

/// Of their second input, the same.
const LIKE_ANOTHER: [&str; 4] = ["type_as", "view_as", "reshape_as", "expand_as"];

/// Read the rows that indices name.
const GATHERS: [&str; 5] = ["embedding", "index_select", "gather", "index", "take"];

/// No FLOPs by convention: views and copies, element-wise work, reductions, norms, softmax, gathers.
#[rustfmt::skip]
const NOTHING: &[&str] = &[
    // views, shapes, copies, fresh tensors
    "view", "_unsafe_view", "_reshape_alias", "reshape", "reshape_as", "view_as", "flatten", "unflatten", "transpose",
    "t", "permute", "movedim", "swapaxes", "narrow", "slice", "select", "chunk", "split", "split_with_sizes",
    "unbind", "squeeze", "unsqueeze", "expand", "expand_as", "as_strided", "alias", "detach", "lift_fresh", "numpy_T",
    "mT", "contiguous", "clone", "copy", "to", "_to_copy", "type_as", "resolve_conj", "resolve_neg", "cat", "_cat",
    "concat", "stack", "repeat", "repeat_interleave", "tile", "roll", "flip", "pad", "constant_pad_nd", "fill",
    "zero", "zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "new_zeros", "new_full", "new_ones",
    "scalar_tensor", "result_type", "arange", "linspace", "eye", "tril", "triu", "item", "_local_scalar_dense", "is_nonzero", "equal",
    "_nested_tensor_from_mask", "_weight_int4pack_qm", "_convert_weight_to_int4pack_for_cpu",
    "blockscope::int4_dequantise", "blockscope::rms_norm", "blockscope::layer_norm", "blockscope::silu_mul",
    "blockscope::gelu_mul", "blockscope::gelu_tanh_mul", "blockscope::rotate", "blockscope::cache_write",
    // element-wise
    "add", "sub", "rsub", "mul", "div", "neg", "abs", "sign", "pow", "square", "sqrt", "rsqrt", "reciprocal", "exp",
    "exp2", "expm1", "log", "log2", "log1p", "sin", "cos", "tan", "tanh", "sigmoid", "silu", "gelu", "relu", "elu",
    "leaky_relu", "softplus", "hardtanh", "hardswish", "erf", "clamp", "clamp_min", "clamp_max", "clip", "maximum",
    "minimum", "fmod", "remainder", "floor", "ceil", "round", "trunc", "floor_divide", "addcmul", "addcdiv", "lerp",
    "where", "masked_fill", "masked_select", "masked_scatter", "eq", "ne", "lt", "le", "gt", "ge", "isfinite", "isinf",
    "isnan", "logical_and", "logical_or", "logical_not", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_not",
    "__and__", "__or__", "dropout", "native_dropout", "bernoulli", "uniform", "normal", "random", "outer", "ger",
    "threshold", "silu_backward", "gelu_backward", "threshold_backward", "sigmoid_backward", "tanh_backward",
    // reductions, norms, softmax, sorting
    "sum", "mean", "std", "var", "var_mean", "prod", "max", "min", "amax", "amin", "aminmax", "argmax", "argmin", "any",
    "all", "norm", "linalg_vector_norm", "cumsum", "logsumexp", "logcumsumexp", "sort", "argsort", "topk",
    "multinomial", "nonzero", "count_nonzero", "softmax", "_softmax", "_safe_softmax", "log_softmax", "_log_softmax",
    "_softmax_backward_data", "_log_softmax_backward_data", "layer_norm", "native_layer_norm",
    "native_layer_norm_backward", "rms_norm", "_fused_rms_norm", "_fused_rms_norm_backward", "group_norm",
    "native_group_norm", "batch_norm", "native_batch_norm", "_native_batch_norm_legit", "cross_entropy_loss",
    "nll_loss", "nll_loss_forward", "nll_loss_backward", "mse_loss", "mse_loss_backward", "max_pool2d",
    "max_pool2d_with_indices", "avg_pool2d", "adaptive_avg_pool2d", "mean_dim",
    // gathers and scatters
    "embedding", "embedding_dense_backward", "embedding_backward", "index", "index_select", "index_put",
    "_index_put_impl", "index_add", "index_copy", "index_fill", "gather", "scatter", "scatter_add", "scatter_reduce",
    "take", "put", "one_hot", "bincount",
    // optimisers
    "_foreach_add", "_foreach_mul", "_foreach_addcdiv", "_foreach_addcmul", "_foreach_lerp", "_foreach_sqrt",
    "_foreach_div", "_foreach_copy", "_foreach_zero", "_foreach_norm", "_fused_adam", "_fused_adamw", "_fused_sgd",
];

/// 2·M·N·K: one multiply–add for each number of the result and each step of the inner dimension.
fn product(signature: &Signature, left: usize) -> Option<u64> {
    let inner = *signature.input(left)?.sizes.last()?;
    let made = signature.output(0)?.sizes.iter().try_fold(1u64, |n, &size| n.checked_mul(size))?;
    made.checked_mul(inner)?.checked_mul(2)
}

/// 2·B·H·Sq·Sk·features: the full square of queries and keys. Key heads that several query heads share
/// (Ainslie et al., arXiv:2305.13245) are multiplied by each of them: H are the query heads.
fn attention(signature: &Signature, query: usize, features: impl Fn(u64, u64) -> Option<u64>) -> Option<u64> {
    let of = |index: usize| <[u64; 4]>::try_from(signature.input(index)?.sizes.as_slice()).ok();
    let ([batch, heads, queries, dq], [_, _, keys, _], [_, _, _, dv]) = (of(query)?, of(query + 1)?, of(query + 2)?);
    [batch, heads, queries, keys, features(dq, dv)?].into_iter().try_fold(2u64, u64::checked_mul)
}

/// 2·N·∏out·∏kernel·C_out·C_in/groups; transposed, the same with input and output changing places. The
/// weight is [C_out, C_in/groups, kernel…], or [C_in, C_out/groups, kernel…] when transposed.
fn convolution(signature: &Signature) -> Option<u64> {
    let (input, weight) = (signature.input(0)?, signature.input(1)?);
    let transposed = matches!(signature.inputs.get(6), Some(Argument::Bool(true)));
    let met = if transposed { input } else { signature.output(0)? };
    let numbers = |sizes: &[u64]| sizes.iter().try_fold(1u64, |n, &size| n.checked_mul(size));
    numbers(&met.sizes)?.checked_mul(numbers(weight.sizes.get(1..)?)?)?.checked_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Nanos;

    fn tensor(sizes: &[u64]) -> Argument {
        Argument::Tensor(Tensor { dtype: Dtype::F32, sizes: sizes.to_vec() })
    }

    fn signature(name: &str, inputs: Vec<Argument>, output: &[u64]) -> Signature {
        Signature { name: format!("aten::{name}"), inputs, outputs: vec![tensor(output)], ..Signature::default() }
    }

    fn flops(name: &str, inputs: &[&[u64]], output: &[u64]) -> Work {
        work(&signature(name, inputs.iter().map(|sizes| tensor(sizes)).collect(), output))
    }

    /// Calls of these signatures at these depths.
    fn calls(calls: &[(u32, u16)]) -> Vec<Operator> {
        let (start, time) = (Nanos(0), Nanos(1));
        let call = |&(signature, depth): &(u32, u16)| Operator {
            signature,
            part: None,
            depth,
            thread: 0,
            start,
            time,
            sequence: None,
        };
        calls.iter().map(call).collect()
    }

    #[test]
    fn products_count_two_for_each_multiply_add() {
        let counted = |n| Work::Counted(Flops(n));
        assert_eq!(flops("mm", &[&[3, 4], &[4, 5]], &[3, 5]), counted(2 * 3 * 4 * 5));
        assert_eq!(flops("addmm", &[&[5], &[3, 4], &[4, 5]], &[3, 5]), counted(2 * 3 * 4 * 5));
        assert_eq!(flops("bmm", &[&[2, 3, 4], &[2, 4, 5]], &[2, 3, 5]), counted(2 * 2 * 3 * 4 * 5));
        assert_eq!(flops("linear", &[&[2, 3, 4], &[5, 4], &[5]], &[2, 3, 5]), counted(2 * 2 * 3 * 4 * 5));
        assert_eq!(flops("_weight_int8pack_mm", &[&[3, 4], &[5, 4], &[5]], &[3, 5]), counted(2 * 3 * 4 * 5));
        // Packed weights say nothing of K: the activations do.
        assert_eq!(
            flops("_weight_int4pack_mm_for_cpu", &[&[3, 64], &[5, 32], &[], &[2, 5, 2]], &[3, 5]),
            counted(2 * 3 * 64 * 5)
        );
    }

    #[test]
    fn attention_counts_the_full_square_for_every_query_head() {
        let (q, kv) = ([1, 9, 512, 64], [1, 3, 600, 64]);
        let square = 2 * 9 * 512 * 600 * (64 + 64);
        for name in ["scaled_dot_product_attention", "_scaled_dot_product_flash_attention_for_cpu"] {
            assert_eq!(flops(name, &[&q, &kv, &kv], &q), Work::Counted(Flops(square)));
        }
        let backward = "_scaled_dot_product_flash_attention_for_cpu_backward";
        let counted = flops(backward, &[&q, &q, &kv, &kv], &q);
        assert_eq!(counted, Work::Counted(Flops(square / 2 * 5)), "2.5 times the forward pass");
    }

    #[test]
    fn a_convolution_counts_its_window_at_every_place() {
        // 16 → 32 channels in 4 groups, 3×3, 8×8 places.
        let counted = flops("convolution", &[&[2, 16, 10, 10], &[32, 4, 3, 3]], &[2, 32, 8, 8]);
        assert_eq!(counted, Work::Counted(Flops(2 * 2 * 32 * 8 * 8 * 9 * 4)));
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        assert_eq!(flops("_cdist_forward", &[&[3, 4]], &[3, 3]), Work::Unknown);
        assert_eq!(flops("mm", &[], &[3, 3]), Work::Unknown, "without its shapes");
        assert_eq!(flops("mm", &[&[u64::MAX, 4], &[4, 5]], &[u64::MAX, 5]), Work::Unknown, "hostile shapes");
        assert_eq!(flops("silu_", &[&[3]], &[3]), Work::Counted(Flops(0)));
    }

    #[test]
    fn work_that_passes_through_several_operators_counts_once() {
        let signatures = [
            signature("linear", vec![tensor(&[3, 4]), tensor(&[5, 4])], &[3, 5]),
            signature("t", vec![tensor(&[5, 4])], &[4, 5]),
            signature("mm", vec![tensor(&[3, 4]), tensor(&[4, 5])], &[3, 5]),
            signature("my_fancy_op", vec![tensor(&[3, 4])], &[3, 5]),
        ];
        let works: Vec<Work> = signatures.iter().map(work).collect();
        let own = |these: &[(u32, u16)]| own_work(&calls(these), |signature| works[signature as usize]);
        let (nothing, product) = (Work::Counted(Flops(0)), Work::Counted(Flops(120)));
        assert_eq!(own(&[(0, 0), (1, 1), (2, 1)]), [nothing, nothing, product]);
        assert_eq!(own(&[(0, 0), (1, 1)]), [product, nothing], "it multiplies by itself");
        assert_eq!(own(&[(3, 0), (2, 1)]), [nothing, product], "unknown, but what it calls is known");
        assert_eq!(own(&[(3, 0), (1, 1)]), [Work::Unknown, nothing], "what it does beside that is not known");
        assert_eq!(own(&[(3, 0)]), [Work::Unknown]);
        assert_eq!(own(&[(0, 0), (3, 1)]), [product, Work::Unknown], "said to be unknown where it is");
    }

    #[test]
    fn traffic_is_every_input_and_result_once() {
        let bytes = |signature: &Signature| traffic(signature).unwrap().0;
        assert_eq!(bytes(&signature("add", vec![tensor(&[8]), tensor(&[8])], &[8])), 3 * 32);
        let view = Signature { aliases: true, ..signature("transpose", vec![tensor(&[8])], &[8]) };
        assert_eq!(bytes(&view), 0);
        let in_place = Signature { aliases: true, ..signature("add_", vec![tensor(&[8]), tensor(&[8])], &[8]) };
        assert_eq!(bytes(&in_place), 3 * 32);
        let copy = Signature { aliases: true, ..signature("copy_", vec![tensor(&[8]), tensor(&[8])], &[8]) };
        assert_eq!(bytes(&copy), 2 * 32, "what was there is not read");
        let named = |name: &str| Signature { name: name.to_owned(), ..in_place.clone() };
        assert_eq!(bytes(&named("blockscope::rotate_")), 3 * 32);
        assert_eq!(bytes(&named(CACHE_WRITE)), 2 * 32, "neither what was there nor what else there is");
        let gather = signature("embedding", vec![tensor(&[1000, 8]), tensor(&[2])], &[2, 8]);
        assert_eq!(bytes(&gather), 8 + 2 * 64, "only the rows that are taken");
        assert_eq!(bytes(&signature("empty", vec![], &[8])), 0);
        assert_eq!(bytes(&signature("result_type", vec![tensor(&[8]), tensor(&[8])], &[])), 0);
        assert_eq!(bytes(&signature("zeros_like", vec![tensor(&[8])], &[8])), 32);
        assert_eq!(bytes(&signature("type_as", vec![tensor(&[8]), tensor(&[100])], &[8])), 2 * 32);
        let (same, written) = ("dtype_layout".to_owned(), "IntList_out".to_owned());
        let no_cast = Signature { aliases: true, overload: same, ..signature("to", vec![tensor(&[8])], &[8]) };
        assert_eq!(bytes(&no_cast), 0, "the tensor itself was given back");
        let into =
            Signature { aliases: true, overload: written, ..signature("sum", vec![tensor(&[8]), tensor(&[1])], &[1]) };
        assert_eq!(bytes(&into), 32 + 4);
    }

    #[test]
    fn what_moves_through_several_operators_moves_once() {
        let view = |name: &str| Signature { aliases: true, ..signature(name, vec![tensor(&[8])], &[8]) };
        let signatures = [
            signature("linear", vec![tensor(&[3, 4]), tensor(&[5, 4])], &[3, 5]),
            signature("mm", vec![tensor(&[3, 4]), tensor(&[4, 5])], &[3, 5]),
            view("resolve_conj"),
            signature("sum", vec![tensor(&[8])], &[1]),
            signature("fill_", vec![tensor(&[1])], &[1]),
            signature("mean", vec![tensor(&[8])], &[1]),
            signature("div_", vec![tensor(&[1])], &[1]),
            Signature {
                inputs: vec![Argument::Tensor(Tensor { dtype: Dtype::Other, sizes: vec![8] })],
                ..Signature::default()
            },
        ];
        let own = |these: &[(u32, u16)]| -> Vec<Option<u64>> {
            let own = own_traffic(&calls(these), |number| traffic(&signatures[number as usize]));
            own.into_iter().map(|bytes| bytes.map(|bytes| bytes.0)).collect()
        };
        let product = 4 * (12 + 20 + 15);
        assert_eq!(own(&[(0, 0), (1, 1), (2, 2), (2, 2)]), [Some(0), Some(product), Some(0), Some(0)]);
        // The sum sets its result to 0, then reads its input; the mean only divides beside that.
        assert_eq!(own(&[(5, 0), (3, 1), (4, 2), (6, 1)]), [Some(0), Some(32), Some(4), Some(8)]);
        assert_eq!(own(&[(7, 0)]), [None]);
        assert_eq!(own(&[(7, 0), (3, 1)]), [Some(0), Some(36)], "unknown, but what it calls is known");
        assert_eq!(own(&[(0, 0), (7, 1)]), [Some(product), None]);
    }
}
