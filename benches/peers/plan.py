"""What is measured against what, and what is wanted of it."""

from dataclasses import dataclass

PROMPT = 512
BEFORE, STEPS = 16, 64
# Runs that count in a round, after one that does not: the caches and the cores are still another program's.
TIMES = 2

# Blockscope's configurations. Joined products change nothing in the mathematics (docs/optimizations.md).
OURS = {
    "f32": "weights=f32,compute=f32,fuse=joined",
    "bf16": "weights=bf16,compute=bf16,fuse=joined",
    "int4": "weights=int4,compute=bf16,fuse=joined",
}
# How peers are started: the worker's file, and its arguments between the model and the threads.
THEIRS = {
    "transformers f32": ("transformers", "with_transformers.py", ["f32"]),
    "transformers bf16": ("transformers", "with_transformers.py", ["bf16"]),
    "llama.cpp Q4_1": ("llama.cpp", "with_llama_cpp.py", []),
}


@dataclass(frozen=True)
class Case:
    """One row: Blockscope's configuration, the peer, and how many times its tokens per second are wanted."""

    work: str  # "prefill" or "decode"
    ours: str
    theirs: str
    target: float

    @property
    def name(self):
        what = f"prefill {PROMPT}" if self.work == "prefill" else f"decode {STEPS} after {BEFORE}"
        return f"{what}, {self.ours}"

    @property
    def tokens(self):
        return PROMPT if self.work == "prefill" else STEPS


CASES = [
    Case("prefill", "f32", "transformers f32", 1.3),
    Case("prefill", "bf16", "transformers bf16", 1.3),
    Case("prefill", "int4", "llama.cpp Q4_1", 2.0),
    Case("decode", "f32", "transformers f32", 2.5),
    Case("decode", "bf16", "transformers bf16", 2.5),
    Case("decode", "int4", "llama.cpp Q4_1", 1.2),
]
# Decoding against what the measured bandwidth allows for the bytes of a step.
OF_BANDWIDTH = {"f32": 0.60, "bf16": 0.50, "int4": 0.35}
# What a process with int4 weights holds, less LibTorch's own and the KV cache, over the model's file.
OF_FILE = 1.5

# The contenders' predictions are compared over this.
TEXT = (
    "A lighthouse keeper writes down the weather every evening. On most days there is little to say: the wind "
    "came from the west, two ships passed, and the lamp was lit at six. But in the spring of 1871 the pages "
    "change. The handwriting becomes smaller, the sentences longer, and for eleven nights in a row he notes the "
    "same sound from the water, which he calls a bell although no bell was ever found there."
)


def prompt(n, d_vocab):
    """The tokens that `blockscope profile` makes a prompt of."""
    return [(position * 2_654_435_761 + 1) % d_vocab for position in range(n)]
