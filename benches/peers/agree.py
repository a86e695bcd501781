"""Whether contenders run the same model: logits over a text, held against Blockscope's in f32."""

import json

import numpy

# Largest difference of a logit between two f32 implementations of the same weights; and, for formats that round, the
# mean divergence of the predictions. A model with other weights, or rotated otherwise, is farther off by orders.
SAME_LOGITS = 1e-3
SAME_MODEL_KL = 0.05


def read(file):
    """The tensor `logits` of a safetensors file, [position, vocabulary]."""
    with open(file, "rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        entry = json.loads(opened.read(length))["logits"]
        if entry["dtype"] != "F32":
            raise SystemExit(f"{file}: logits are {entry['dtype']}; expected F32")
        begin, end = entry["data_offsets"]
        opened.seek(8 + length + begin)
        return numpy.frombuffer(opened.read(end - begin), "<f4").reshape(entry["shape"][-2:])


def compare(reference, other):
    """How far predictions are from the reference's."""
    expected, found = log_softmax(reference), log_softmax(other)
    return {
        "max_logit": float(numpy.abs(reference.astype(float) - other).max()),
        "kl_mean": float((numpy.exp(expected) * (expected - found)).sum(-1).mean()),
        "top1": float((reference.argmax(-1) == other.argmax(-1)).mean()),
    }


def log_softmax(logits):
    shifted = logits.astype(float) - logits.max(-1, keepdims=True)
    return shifted - numpy.log(numpy.exp(shifted).sum(-1, keepdims=True))


def hold(name, found, is_f32):
    """Ends everything, in words, where a contender runs another model."""
    if is_f32 and found["max_logit"] > SAME_LOGITS:
        raise SystemExit(
            f"{name}: logits differ from Blockscope's in f32 by up to {found['max_logit']:.2g}; "
            f"expected at most {SAME_LOGITS}. Weights differ, or one of the two is wrong: nothing is timed."
        )
    if found["kl_mean"] > SAME_MODEL_KL:
        raise SystemExit(
            f"{name}: predictions diverge from Blockscope's in f32 by {found['kl_mean']:.2g} nats; "
            f"expected at most {SAME_MODEL_KL}. Weights differ, or one of the two is wrong: nothing is timed."
        )
