"""Blockscope as a contender: its command line, one process for each question.

Loading is not in the times. `profile` warms up with a run that it does not count, then makes runs whose parts are timed
and plain ones in turn; the plain ones are taken, read from the run file: a token's latency is its pass and its choice.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

# A model of next to nothing: what a process that runs it holds is the program and LibTorch.
NOTHING = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 64,
    "intermediate_size": 128, "num_attention_heads": 2, "num_key_value_heads": 1, "num_hidden_layers": 1,
    "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True,
    "vocab_size": 256,
}  # fmt: skip
EVERY_S = 0.01


class Blockscope:
    def __init__(self, program, model, toggles, threads):
        self.program, self.model = str(program), str(model)
        self.toggles = f"{toggles},threads={threads}"

    def prefill(self, ids, times):
        """Seconds from the prompt to the first token, of each of several runs."""
        return [latencies[0] for latencies in self.runs(len(ids), 1, times)]

    def decode(self, ids, steps, times):
        """Seconds for all the steps that follow a prompt, of each of several runs."""
        return [sum(latencies[1:]) for latencies in self.runs(len(ids), steps + 1, times)]

    def runs(self, prompt, new, times):
        """The latencies of every token, of each plain run."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "run.jsonl")
            self.profile(prompt, new, times, "--out", file)
            return list(plain(file).values())

    def profile(self, prompt, new, repeats, *more):
        return json.loads(output(self.profiling(prompt, new, repeats, *more)))

    def profiling(self, prompt, new, repeats, *more, model=None):
        lengths = ["--prompt-tokens", str(prompt), "--new-tokens", str(new), "--repeats", str(repeats)]
        base = [self.program, "profile", model or self.model, "--set", self.toggles, "--json"]
        return [*base, *lengths, *map(str, more)]

    def logits(self, ids, to):
        """Writes the logits of every position to a safetensors file."""
        ids = ",".join(map(str, ids))
        names = ["--hooks", "logits", "--out", str(to), "--force"]
        output([self.program, "capture", self.model, "--set", self.toggles, "--ids", ids, *names])

    def bytes_of_step(self, prompt, steps):
        """What a mean decode step must read and write by formula: weights, keys and values, inputs and outputs."""
        parts = self.profile(prompt, steps + 1, 2)["parts"]
        decode = [part for part in parts if part["phase"] == "decode"]
        names = {part["name"] for part in decode}
        # A part inside of another one is in its bytes already.
        outer = [part for part in decode if part["name"].rpartition(".")[0] not in names]
        return sum(part["bytes"] for part in outer) / steps

    def memory(self, prompt, new, model=None):
        """Bytes that the process holds while it computes, and the most that it ever held."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "run.jsonl")
            return watch(self.profiling(prompt, new, 2, "--out", file, model=model), file)

    def memory_of_nothing(self, prompt, new):
        """The same with a model of next to nothing, in the same formats."""
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "config.json")
            config.write_text(json.dumps(NOTHING))
            return self.memory(prompt, new, f"random:{config}")


def plain(file):
    """Latencies in seconds by repeat, of the repeats in which nobody looked."""
    latencies, is_plain = {}, False
    for line in file.read_text().splitlines()[1:]:
        event = json.loads(line)
        if event["event"] == "pass":
            is_plain = not event["recorded"]
        elif event["event"] == "token" and is_plain:
            latencies.setdefault(event["repeat"], []).append(event["latency_ns"] / 1e9)
    return latencies


def watch(command, file):
    """Looks at what a process holds until it ends: the median since this file is there, which is written when the model
    is loaded, and its high-water mark."""
    seen, peak = [], 0
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None:
        try:
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        except OSError:
            break
        sizes = {words[0]: int(words[1]) * 1024 for words in map(str.split, lines) if words[-1] == "kB"}
        peak = sizes.get("VmHWM:", peak)
        if "VmRSS:" in sizes and file.exists():
            seen.append(sizes["VmRSS:"])
        time.sleep(EVERY_S)
    _, errors = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors.decode()}")
    if not seen:
        return {"resident": None, "peak": None}
    return {"resident": median(seen), "peak": peak}


def bandwidth(program, threads):
    """Memory reads as `doctor` measures them, anew and apart from what is kept for this machine: bytes a second."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(program), "doctor", "--refresh", "--threads", str(threads), "--json"]
        peaks = json.loads(output(command, XDG_CACHE_HOME=folder))["peaks"]
    return {"reader": peaks["reader"], **peaks["bandwidth"]}


def output(command, **environment):
    """What a command prints; the end of everything where it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **environment}
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout
