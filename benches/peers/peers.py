"""Measures Blockscope against its peers: the same weights, tokens, lengths and threads, in turn, in several rounds.

    python peers.py --program BLOCKSCOPE --model MODEL.gguf --peer transformers=PYTHON --peer llama.cpp=PYTHON …

See run.sh, which sets all of this up. First every contender must run the same model; then what each holds in memory is
looked at; then the rounds. In each of them both sides of a row run one right after the other, and which goes first
changes from round to round. What was measured goes to a file of JSON, what it amounts to to a page.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import agree
import machine
import numpy
import page
import plan
from with_blockscope import Blockscope, bandwidth, output

HERE = Path(__file__).resolve().parent


class Worker:
    """A peer in a process of its own."""

    def __init__(self, python, file, arguments, threads):
        quiet = {
            "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error",
            "TQDM_DISABLE": "1", "CUDA_VISIBLE_DEVICES": "",
        }  # fmt: skip
        self.name = Path(file).name
        self.process = subprocess.Popen(
            [python, "-B", HERE / file, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **quiet},
        )  # fmt: skip

    def ask(self, do, **more):
        try:
            self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended; what it said last is all there is
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(
                f"{self.name} ended before it answered (its own words are above, or the system's in dmesg). "
                "PEERS names those to measure, without it."
            )
        return json.loads(line)

    def prefill(self, ids, times):
        return self.ask("prefill", ids=ids, times=times + 1)["seconds"][1:]

    def decode(self, ids, steps, times):
        return self.ask("decode", ids=ids, steps=steps, times=times + 1)["seconds"][1:]

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def main():
    options = arguments()
    pythons = dict(peer.split("=", 1) for peer in options.peer)
    theirs = {name: start for name, start in plan.THEIRS.items() if start[0] in pythons}
    blockscope = options.program, options.model
    ours = {name: Blockscope(*blockscope, toggles, options.threads) for name, toggles in plan.OURS.items()}
    shape = json.loads(output([options.program, "inspect", options.model, "--json"]))
    found = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine.describe(),
        "model": {"name": Path(options.model).name, "bytes": Path(options.model).stat().st_size},
        "threads": options.threads,
        "blockscope": output([options.program, "--version"]).strip(),
        "commit": options.commit,
        "toggles": plan.OURS,
        "left_out": sorted({start[0] for start in plan.THEIRS.values()} - set(pythons)),
    }
    workers = {}
    try:
        for name, (peer, file, middle) in theirs.items():
            say(f"starting {name}")
            workers[name] = Worker(pythons[peer], file, [options.model, *middle, str(options.threads)], options.threads)
        found["peers"] = {name: worker.ask("about") for name, worker in workers.items()}
        found["agreement"] = agreement(options, ours, workers)
        prompts = {n: plan.prompt(n, shape["d_vocab"]) for n in (plan.PROMPT, plan.BEFORE)}
        found["memory"] = memory(ours, workers, prompts)
        found["kv_bytes"] = kv_bytes(shape, plan.BEFORE + plan.STEPS + 1)
        found["bytes_of_step"] = {
            name: contender.bytes_of_step(plan.BEFORE, plan.STEPS) for name, contender in ours.items()
        }
        found |= rounds(options, ours, workers, prompts)
    finally:
        for worker in workers.values():
            worker.end()
    keep(found, options)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--peer", action="append", required=True, help="transformers=PYTHON or llama.cpp=PYTHON")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--wait", type=float, default=60, help="seconds that a round waits for others to be done")
    parser.add_argument("--commit", help="what the program was built from")
    parser.add_argument("--page", type=Path, required=True)
    parser.add_argument("--raw", type=Path, required=True, help="folder for what was measured")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"ROUNDS is {options.rounds}: expected at least 1")
    return options


def agreement(options, ours, workers):
    """How far each contender's predictions are from Blockscope's in f32; ends everything where they are too far."""
    tokenized = json.loads(output([options.program, "tokenize", options.model, plan.TEXT, "--json"]))
    ids = [token["id"] for token in tokenized["tokens"]]
    found = {"tokens": len(ids), "contenders": {}}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "logits")
        ours["f32"].logits(ids, file)
        reference = agree.read(file).copy()

        def hold(name, logits):
            found["contenders"][name] = agree.compare(reference, logits)
            agree.hold(name, found["contenders"][name], name.endswith("f32"))
            say(f"{name} runs the same model: KL {found['contenders'][name]['kl_mean']:.1e} nats")

        for name, worker in workers.items():
            worker.ask("logits", ids=ids, to=f"{file}.npy")
            hold(name, numpy.load(f"{file}.npy"))
        for name in ("bf16", "int4"):
            ours[name].logits(ids, file)
            hold(f"Blockscope {name}", agree.read(file))
    return found


def memory(ours, workers, prompts):
    """What each process holds after decoding and after a prefill, in that order: what was held once may stay."""
    found = {}
    for name, contender in ours.items():
        say(f"memory of Blockscope {name}")
        found[f"Blockscope {name}"] = {
            "decode": contender.memory(plan.BEFORE, plan.STEPS + 1),
            "prefill": contender.memory(plan.PROMPT, 1),
            "nothing": contender.memory_of_nothing(plan.BEFORE, plan.STEPS + 1),
        }
    for name, worker in workers.items():
        say(f"memory of {name}")
        worker.decode(prompts[plan.BEFORE], plan.STEPS, 1)
        decode = worker.ask("memory")
        worker.prefill(prompts[plan.PROMPT], 1)
        found[name] = {"decode": decode, "prefill": worker.ask("memory")}
    return found


def rounds(options, ours, workers, prompts):
    """The times of every round, and how busy the machine was otherwise."""
    cases = [case for case in plan.CASES if case.theirs in workers]
    times, busy, read, began, stolen = {case.name: [] for case in cases}, [], [], time.monotonic(), machine.stolen()
    for number in range(options.rounds):
        busy.append(machine.quiet(options.wait))
        read.append(bandwidth(options.program, options.threads))
        for case in cases:
            say(f"round {number + 1}/{options.rounds}: {case.name}")
            sides = [("ours", ours[case.ours]), ("theirs", workers[case.theirs])]
            if number % 2:
                sides.reverse()
            times[case.name].append({side: measure(contender, case, prompts) for side, contender in sides})
    return {
        "times_s": times,
        "busy_processors": busy,
        "bandwidth": read,
        "took_s": time.monotonic() - began,
        "stolen_s": None if stolen is None else machine.stolen() - stolen,
    }


def measure(contender, case, prompts):
    if case.work == "prefill":
        return contender.prefill(prompts[plan.PROMPT], plan.TIMES)
    return contender.decode(prompts[plan.BEFORE], plan.STEPS, plan.TIMES)


def kv_bytes(shape, positions):
    """The KV cache by its formula, in bf16."""
    return 2 * shape["n_layers"] * positions * shape["n_kv_heads"] * shape["d_head"] * 2


def keep(found, options):
    options.raw.mkdir(parents=True, exist_ok=True)
    raw = options.raw / f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}.json"
    raw.write_text(json.dumps(found, indent=1) + "\n")
    text = page.write(found)
    options.page.write_text(text)
    print(text)
    say(f"What was measured: {raw}")
    say(f"The page: {options.page}")


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
