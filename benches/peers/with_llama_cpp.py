"""llama.cpp as a peer, through the C functions that its Python package names: the GGUF file as it is.

    python with_llama_cpp.py MODEL.gguf THREADS

A prompt of up to 512 tokens is one batch, as `llama-bench` has it; keys and values are kept in f16 and flash attention
is left to llama.cpp, both its defaults.
"""

import ctypes
import sys
from importlib.metadata import version

import numpy
from llama_cpp import llama_cpp as c
from serve import serve

CONTEXT = 1024
BATCH = 512


class LlamaCpp:
    def __init__(self, path, threads):
        c.llama_backend_init()
        # The model and the context live as long as the process.
        self.model = c.llama_model_load_from_file(path.encode(), c.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"{path}: llama.cpp cannot load it (its own words are above)")
        params = c.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = CONTEXT, BATCH, BATCH
        params.n_threads = params.n_threads_batch = threads
        self.context = c.llama_init_from_model(self.model, params)
        if not self.context:
            raise SystemExit("llama.cpp makes no context (its own words are above)")
        self.threads = threads
        self.d_vocab = c.llama_vocab_n_tokens(c.llama_model_get_vocab(self.model))

    def prefill(self, ids):
        c.llama_memory_clear(c.llama_get_memory(self.context), True)
        return self.forward(ids)

    def step(self, token):
        return self.forward([token])

    def forward(self, ids):
        self.compute(ids)
        return int(self.last().argmax())

    def compute(self, ids):
        tokens = (c.llama_token * len(ids))(*ids)
        if c.llama_decode(self.context, c.llama_batch_get_one(tokens, len(ids))) != 0:
            raise SystemExit("llama.cpp cannot compute a batch (its own words are above)")

    def last(self):
        """The logits of the last position that was computed, where they lie."""
        return numpy.ctypeslib.as_array(c.llama_get_logits_ith(self.context, -1), (self.d_vocab,))

    def logits(self, ids):
        c.llama_memory_clear(c.llama_get_memory(self.context), True)
        rows = []
        for token in ids:
            self.compute([token])
            rows.append(self.last().copy())
        return rows

    def about(self):
        return {
            "name": f"llama.cpp in llama-cpp-python {version('llama-cpp-python')}",
            "processor": c.llama_print_system_info().decode().strip(),
            "threads": self.threads,
        }


@c.llama_log_callback
def only_errors(level, text, _):
    if level == 4:  # GGML_LOG_LEVEL_ERROR
        sys.stderr.write(text.decode(errors="replace"))


c.llama_log_set(only_errors, ctypes.c_void_p())
serve(LlamaCpp(sys.argv[1], int(sys.argv[2])))
