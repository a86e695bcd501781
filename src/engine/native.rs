//! Operators of this program's own (`native/`, in C++): what LibTorch has no fast one for.
//!
//! They compute on the processor, on LibTorch's threads and in its memory, and whoever watches operators sees them as
//! `blockscope::…`. Numbers are multiplied and added in f32, and rounded once, to the format of the result. As with
//! LibTorch's plain operators, one that has no memory for its result panics with the reason.

use crate::arch::rotation::Pairing;
use std::ffi::{CStr, c_char};
use tch::{Kind, Tensor};
use torch_sys::C_tensor;

/// x·Wᵀ + b of a few rows. [.., in] → [.., out], in bf16 or f32. x: f32 or bf16. The weight [out, in]: f32, bf16 or
/// f16.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, kind: Kind) -> Tensor {
    // SAFETY: all are alive; `Matrix` holds weights contiguous, of these formats and shapes.
    made(unsafe { blockscope_linear(x.as_ptr(), weight.as_ptr(), pointer(bias), is_bf16(kind)) })
}

/// Weights of four bits, as `native/int4.h` has them.
#[derive(Clone, Copy)]
pub struct Packed<'t> {
    pub packed: &'t Tensor,
    pub groups: &'t Tensor,
    /// [out, in]
    pub shape: [i64; 2],
}

/// The same, of weights of four bits.
pub fn linear_int4(x: &Tensor, weight: Packed, bias: Option<&Tensor>, kind: Kind) -> Tensor {
    let Packed { packed, groups, shape: [out, _] } = weight;
    // SAFETY: all are alive; `Int4` made the two of these formats and shapes.
    made(unsafe {
        blockscope_linear_int4(x.as_ptr(), packed.as_ptr(), groups.as_ptr(), pointer(bias), out, is_bf16(kind))
    })
}

/// Weights of four bits as bf16. [out, in]
pub fn int4_dequantised(weight: Packed) -> Tensor {
    let Packed { packed, groups, shape: [out, inner] } = weight;
    // SAFETY: as above.
    made(unsafe { blockscope_int4_dequantise(packed.as_ptr(), groups.as_ptr(), out, inner) })
}

/// x·Wᵀ + b of many rows, all in f32, by oneDNN. `None`: this LibTorch is built without it.
pub fn linear_onednn(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Option<Tensor> {
    // SAFETY: all are alive; an operator of LibTorch's checks the rest itself.
    let result = unsafe { blockscope_linear_onednn(x.as_ptr(), weight.as_ptr(), pointer(bias)) };
    if result.is_null() && error().is_empty() { None } else { Some(made(result)) }
}

/// x / √(mean of the squares of its row + ε) ⊙ γ. [.., d], γ [d]; or [batch, heads, T, d] with one γ for each head,
/// [heads, d]. The heads of a position may lie beside each other: nothing is copied, and those of the result do, too.
pub fn rms_norm(x: &Tensor, scale: &Tensor, eps: f64) -> Tensor {
    // SAFETY: both are alive and of one format (`takes`); γ is contiguous, as it was loaded.
    made(unsafe { blockscope_rms_norm(x.as_ptr(), scale.as_ptr(), eps) })
}

/// (x − mean of its row) / √(its variance + ε) ⊙ γ + β, of the same shapes as [`rms_norm`]; β as γ.
pub fn layer_norm(x: &Tensor, scale: &Tensor, shift: Option<&Tensor>, eps: f64) -> Tensor {
    // SAFETY: all are alive and of one format (`takes`); γ and β are contiguous, as they were loaded.
    made(unsafe { blockscope_layer_norm(x.as_ptr(), scale.as_ptr(), pointer(shift), eps) })
}

/// What decides how much of a product passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Gate {
    /// x·σ(x), σ the logistic function
    Silu = 0,
    /// x·Φ(x), Φ the share of a normal distribution that lies below x
    Gelu = 1,
    /// x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2, which is near it
    GeluTanh = 2,
}

impl Gate {
    pub const ALL: [Self; 3] = [Self::Silu, Self::Gelu, Self::GeluTanh];
}

/// gate(x) ⊙ up. [.., n], all three
pub fn gated(gate: Gate, x: &Tensor, up: &Tensor) -> Tensor {
    // SAFETY: both are alive and of one format (`takes`); that they are of one shape is checked.
    made(unsafe { blockscope_gated(gate as i32, x.as_ptr(), up.as_ptr()) })
}

/// Of the angles by which positions turn features. [T, pairs], both
#[derive(Clone, Copy)]
pub struct Angles<'t> {
    pub cos: &'t Tensor,
    pub sin: &'t Tensor,
}

/// x with the first 2n features of each position turned in pairs, in place. [batch, heads, T, d], in which the features of
/// a head lie beside each other; cos and sin [T, n], f32. A rotation of other features is one of a view of them.
pub fn rotated(x: &Tensor, angles: Angles, pairing: Pairing) -> Tensor {
    let Angles { cos, sin } = angles;
    let interleaved = pairing == Pairing::Interleaved;
    // SAFETY: all are alive, x of a format that it `takes`, cos and sin contiguous, as they were made.
    made(unsafe { blockscope_rotate(x.as_ptr(), cos.as_ptr(), sin.as_ptr(), interleaved) })
}

/// Writes x [batch, heads, T, d] to positions `start ..` of a store [batch, heads, room, d] of the same format.
/// → its first `length` positions
pub fn cache_written(store: &Tensor, x: &Tensor, start: i64, length: i64) -> Tensor {
    // SAFETY: both are alive and of one format; the store has the room.
    made(unsafe { blockscope_cache_write(store.as_ptr(), x.as_ptr(), start, length) })
}

/// How scores come from queries and keys, and who sees whom. The queries are the last of as many positions as there are
/// keys.
#[derive(Debug, Clone, Copy)]
pub struct AttentionOptions<'a> {
    /// What products of queries and keys are multiplied by: 1/√d in most models.
    pub scale: f64,
    /// A score s becomes cap·tanh(s / cap), before anything is hidden (Gemma 2, arXiv:2408.00118).
    pub softcap: Option<f64>,
    /// Only positions less than so many away are seen, a query's own always. What no query sees is not computed.
    pub window: Option<i64>,
    /// Whether no position sees a later one.
    pub causal: bool,
    /// ALiBi (arXiv:2108.12409): slope · (key's position − query's) is added to a score. [n_heads], f32
    pub slopes: Option<&'a Tensor>,
    /// A score among the others, behind which there is no value (gpt-oss, arXiv:2508.10925). [n_heads], f32
    pub sinks: Option<&'a Tensor>,
}

impl AttentionOptions<'_> {
    /// No position sees a later one, and that is all.
    pub fn causal(scale: f64) -> Self {
        Self { scale, softcap: None, window: None, causal: true, slopes: None, sinks: None }
    }
}

/// softmax(scores)·V of each head. q [batch, n_heads, T, d], k [batch, n_kv_heads, keys, d], v [batch, n_kv_heads, keys,
/// features] → [batch, n_heads, T, features], in which the heads of a position lie beside each other. Where every query
/// sees every key, and no slope asks how far it is, the order of keys does not matter, as in a cache that is a ring.
/// Whoever watches operators sees the keys that some query sees and no others.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, options: &AttentionOptions) -> Tensor {
    let options = COptions {
        scale: options.scale,
        softcap: options.softcap.unwrap_or(f64::INFINITY),
        window: options.window.unwrap_or(i64::MAX),
        slopes: pointer(options.slopes),
        sinks: pointer(options.sinks),
        causal: options.causal,
    };
    // SAFETY: all are alive and of one format (`takes`); formats and shapes are checked.
    made(unsafe { blockscope_attention(q.as_ptr(), k.as_ptr(), v.as_ptr(), &raw const options) })
}

/// Whether they are of one format, of those in which these operators read and write.
pub fn takes(these: &[&Tensor]) -> bool {
    let kind = these[0].kind();
    matches!(kind, Kind::Float | Kind::BFloat16) && these.iter().all(|tensor| tensor.kind() == kind)
}

fn is_bf16(kind: Kind) -> bool {
    kind == Kind::BFloat16
}

fn pointer(tensor: Option<&Tensor>) -> *const C_tensor {
    tensor.map_or(std::ptr::null(), Tensor::as_ptr)
}

fn made(result: *mut C_tensor) -> Tensor {
    assert!(!result.is_null(), "{}", error());
    // SAFETY: a tensor of its own, which nobody else has.
    unsafe { Tensor::from_ptr(result) }
}

/// Whether the processor multiplies tiles of bf16 (AMX), several times as fast as anything in f32. LibTorch uses that.
pub fn has_bf16_tiles() -> bool {
    // SAFETY: it asks the processor, and touches nothing.
    unsafe { blockscope_has_bf16_tiles() }
}

/// `blockscope_attention_options` of `native/attention.h`, where its layout is asserted, too.
#[repr(C)]
struct COptions {
    scale: f64,
    softcap: f64,
    window: i64,
    slopes: *const C_tensor,
    sinks: *const C_tensor,
    causal: bool,
}

const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<COptions>() == 48);
    assert!(
        offset_of!(COptions, scale) == 0 && offset_of!(COptions, softcap) == 8 && offset_of!(COptions, window) == 16
    );
    assert!(
        offset_of!(COptions, slopes) == 24 && offset_of!(COptions, sinks) == 32 && offset_of!(COptions, causal) == 40
    );
};

/// What the last operator of this thread that made nothing says of it.
fn error() -> String {
    // SAFETY: a string that stays until this thread's next operator.
    unsafe { CStr::from_ptr(blockscope_error()) }.to_string_lossy().into_owned()
}

// native/operator.h, native/linear.h, native/int4.h, native/pointwise.h, native/attention.h
unsafe extern "C" {
    fn blockscope_error() -> *const c_char;
    fn blockscope_linear(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        as_bf16: bool,
    ) -> *mut C_tensor;
    fn blockscope_linear_int4(
        x: *const C_tensor,
        packed: *const C_tensor,
        groups: *const C_tensor,
        bias: *const C_tensor,
        out: i64,
        as_bf16: bool,
    ) -> *mut C_tensor;
    fn blockscope_linear_onednn(x: *const C_tensor, weight: *const C_tensor, bias: *const C_tensor) -> *mut C_tensor;
    fn blockscope_int4_dequantise(
        packed: *const C_tensor,
        groups: *const C_tensor,
        out: i64,
        inner: i64,
    ) -> *mut C_tensor;
    fn blockscope_attention(
        q: *const C_tensor,
        k: *const C_tensor,
        v: *const C_tensor,
        options: *const COptions,
    ) -> *mut C_tensor;
    fn blockscope_has_bf16_tiles() -> bool;
    fn blockscope_rms_norm(x: *const C_tensor, scale: *const C_tensor, eps: f64) -> *mut C_tensor;
    fn blockscope_layer_norm(
        x: *const C_tensor,
        scale: *const C_tensor,
        shift: *const C_tensor,
        eps: f64,
    ) -> *mut C_tensor;
    fn blockscope_gated(gate: i32, x: *const C_tensor, up: *const C_tensor) -> *mut C_tensor;
    fn blockscope_rotate(
        x: *const C_tensor,
        cos: *const C_tensor,
        sin: *const C_tensor,
        interleaved: bool,
    ) -> *mut C_tensor;
    fn blockscope_cache_write(store: *const C_tensor, x: *const C_tensor, start: i64, length: i64) -> *mut C_tensor;
}

#[cfg(test)]
mod tests;
