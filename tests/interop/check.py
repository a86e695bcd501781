"""Exports runs of a tiny model and reads them back with the tools of others, which must find what the run files say.

    python check.py BLOCKSCOPE     the program; see check.sh, which sets all of this up

With PYTORCH_PYTHON, a Python that has PyTorch 2.11, PyTorch reads them too.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import run_file
import with_hta
import with_perfetto
import with_tensorboard
from run_file import expect

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODEL = "random:tests/fixtures/golden/llama/config.json"
READERS = [
    ("Holistic Trace Analysis", with_hta),
    ("PyTorch Profiler TensorBoard plugin", with_tensorboard),
    ("Perfetto", with_perfetto),
]
# How the model is run, how the trace's file is called, and whether PyTorch can count all of the work: it knows no
# fused attention on a CPU.
RUNS = {
    "eager attention": (["--trace", "--repeats", "2", "--set", "threads=1,attention=eager"], "eager.json", True),
    "fused attention in bf16, no cache": (
        ["--trace", "--repeats", "1", "--set", "threads=2,kv_cache=off,weights=bf16,compute=bf16"],
        "fused.json.gz",
        False,
    ),
    "parts only": (["--repeats", "1", "--set", "threads=1"], "parts.json", False),
}


def main():
    program = Path(sys.argv[1]).resolve()
    if not os.access(program, os.X_OK):
        sys.exit(f"error: {program} is no program; expected a built blockscope")
    with tempfile.TemporaryDirectory() as folder:
        for name, (args, file_name, is_counted) in RUNS.items():
            print(f"{name} ({file_name}):")
            file, trace = Path(folder, "run.jsonl"), Path(folder, file_name)
            base = [program, "profile", MODEL, "--prompt-tokens", "24", "--new-tokens", "4", "--json", "--force"]
            profile = json.loads(output([*base, "--out", file, *args]))
            output([program, "export", file, "--to", "perfetto", "--out", trace, "--force"])
            with (gzip.open if file_name.endswith(".gz") else open)(trace, "rt") as written:
                expect(output([program, "export", file, "--to", "perfetto"]), written.read(), "what goes to a pipe")
            run = run_file.read(file)
            for reader, module in READERS:
                try:
                    print(f"  {reader}: {module.check(str(trace), run)}", flush=True)
                except SystemExit as error:
                    sys.exit(f"{error}\n  in {name}, as {reader} reads it")
            if is_counted:
                torch(trace, profile)
    print(f"{len(RUNS)} traces passed, 0 failed")


def torch(trace, profile):
    python = os.environ.get("PYTORCH_PYTHON")
    if not python:
        return print("  PyTorch: not asked (PYTORCH_PYTHON names no Python that has it)")
    flops = int(output([python, HERE / "with_torch.py", trace]))
    counted = profile["flops_counted"] * profile["repeats"]["recorded"]
    expect(flops, counted, "the FLOPs that PyTorch makes of the shapes, against those that Blockscope counted")
    print(f"  PyTorch: {flops:,} FLOPs, as counted")


def output(command):
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} ended with {done.returncode} (see above)")
    return done.stdout


main()
