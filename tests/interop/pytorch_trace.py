"""Writes a trace of a tiny model with PyTorch's own profiler, as tests/fixtures/pytorch-trace was made.

    cd tests/interop && python pytorch_trace.py tiny.json && gzip -9n tiny.json

Needs PyTorch (2.11 made the fixture). CPU only, seeded; the times are of the machine that runs it.
"""

import sys

import torch
from torch.profiler import ProfilerActivity, profile, schedule


class Mlp(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.up = torch.nn.Linear(16, 32)
        self.down = torch.nn.Linear(32, 16)

    def forward(self, x):
        return x + self.down(torch.nn.functional.gelu(self.up(x)))


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(50, 16)
        self.blocks = torch.nn.ModuleList(Mlp() for _ in range(2))
        self.head = torch.nn.Linear(16, 50, bias=False)

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Model()
    ids = torch.arange(8).reshape(1, 8)
    steps = schedule(wait=0, warmup=1, active=2)
    with torch.no_grad(), profile(
        activities=[ProfilerActivity.CPU],
        schedule=steps,
        record_shapes=True,
        profile_memory=True,
        with_stack=True,
        with_modules=True,
        on_trace_ready=lambda prof: prof.export_chrome_trace(sys.argv[1]),
    ) as prof:
        for _ in range(3):
            model(ids)
            prof.step()


main()
