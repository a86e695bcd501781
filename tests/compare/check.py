"""Runs comparisons of the default model and says which of them came out as they must."""

import json
import subprocess
import sys

# What is claimed, the phase, what B must be against A, and the flags. The baseline is executed twice a round, so it is
# the quicker of two where the other takes long.
CLAIMS = [
    (
        "KV cache on against off, 128 new tokens",
        ("decode", "slower"),
        "--prompt-tokens 8 --new-tokens 128 --a kv_cache=on --b kv_cache=off",
    ),
    (
        "fused against eager attention, 1,024 prompt tokens",
        ("prefill", "faster"),
        "--prompt-tokens 1024 --new-tokens 1 --a attention=eager --b attention=fused",
    ),
    (
        "bf16 against f32, prefill",
        ("prefill", "faster"),
        "--prompt-tokens 256 --new-tokens 1 --a weights=f32 --b weights=bf16,compute=bf16",
    ),
    (
        "int4 against bf16 weights, decode",
        ("decode", "faster"),
        "--prompt-tokens 8 --new-tokens 24 --a weights=bf16 --b weights=int4",
    ),
]
# A configuration against itself, so often, and how often at least no difference is to be seen. A shared machine is
# noisy: as many rounds are made as narrow intervals take.
SAME, REPETITIONS, SEEN = "--prompt-tokens 96 --new-tokens 16 --rounds 6..80", 20, 19
TIMES = {"prefill": "ttft", "decode": "tpot"}


def compare(program, flags):
    command = [program, "compare", "smollm2", "--no-parts", "--no-quality", "--json", *flags.split()]
    result = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: ended with {result.returncode}")
    return json.loads(result.stdout)["comparisons"][0]


def words(figure):
    ratio = figure["ratio"]
    return f"{figure['verdict']}, {ratio['ratio']:.3f} ({ratio['low']:.3f} to {ratio['high']:.3f}, {ratio['n']} pairs)"


def main():
    program = sys.argv[1]
    failed = 0
    for claim, (phase, wanted), flags in CLAIMS:
        figure = compare(program, f"{flags} --rounds 6")[phase][TIMES[phase]]
        ratio = figure["ratio"]
        excludes_one = ratio["high"] < 1 if wanted == "faster" else ratio["low"] > 1
        holds = figure["verdict"] == wanted and excludes_one
        failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {claim}: B is {words(figure)}", flush=True)
    seen = {phase: 0 for phase in TIMES}
    for repetition in range(REPETITIONS):
        comparison = compare(program, f"{SAME} --a kv_cache=on --b kv_cache=on")
        figures = {phase: comparison[phase][time] for phase, time in TIMES.items()}
        for phase, figure in figures.items():
            seen[phase] += figure["verdict"] == "no_difference"
        found = "; ".join(f"{phase} {words(figure)}" for phase, figure in figures.items())
        print(f"     A against A, {repetition + 1} of {REPETITIONS}: {found}", flush=True)
    for phase, count in seen.items():
        holds = count >= SEEN
        failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} A against A, {phase}: no difference seen in {count} of {REPETITIONS}")
    sys.exit(1 if failed else 0)


main()
