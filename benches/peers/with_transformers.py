"""transformers as a peer: the weights of the GGUF file, as it dequantises them itself, in f32 or bf16.

    python with_transformers.py MODEL.gguf f32|bf16 THREADS

Its forward is called step by step with a cache, which leaves out what `generate` does around it; as `generate` does, it
asks for the last position's logits only.
"""

import sys
from pathlib import Path

import torch
import transformers
from serve import serve

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


class Transformers:
    def __init__(self, path, dtype, threads):
        torch.set_num_threads(threads)
        path = Path(path)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=DTYPES[dtype], attn_implementation="sdpa"
        ).eval()
        self.cache = None

    def prefill(self, ids):
        self.cache = transformers.DynamicCache(config=self.model.config)
        return self.forward(ids)

    def step(self, token):
        return self.forward([token])

    @torch.inference_mode()
    def forward(self, ids):
        seen = self.model(torch.tensor([ids]), past_key_values=self.cache, use_cache=True, logits_to_keep=1)
        return int(seen.logits[0, -1].argmax())

    @torch.inference_mode()
    def logits(self, ids):
        return self.model(torch.tensor([ids])).logits[0].float().numpy()

    def about(self):
        return {
            "name": f"transformers {transformers.__version__}, PyTorch {torch.__version__}",
            "attention": self.model.config._attn_implementation,
            "dtype": str(next(self.model.parameters()).dtype),
            "threads": torch.get_num_threads(),
        }


serve(Transformers(sys.argv[1], sys.argv[2], int(sys.argv[3])))
