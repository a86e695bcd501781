"""docs/benchmarks.md: what was measured, as a page. Nothing in it is written by hand."""

from statistics import mean, median

import plan
from ratios import interval, verdict

TOP = """\
# Benchmarks

Blockscope beside transformers and llama.cpp: the same weights, tokens, lengths and threads, in turn. The command
`make bench-peers` writes this page anew, on your machine; nothing in it is by hand. Absolute figures are those of one
machine at one time: what is wanted is wanted of the ratios.
"""

HOW = """\
## How this is measured

- **Weights** are those of one GGUF file. transformers dequantises it, as Blockscope does for `f32` and `bf16`;
  llama.cpp and Blockscope's `int4` use its four-bit groups as they are. (The file's embedding, which is the LM head
  too, is Q8_0; Blockscope keeps it in int8.) Before anything is timed, predictions are compared: see above.
- **A round** measures both sides of each row, one right after the other; which goes first changes from round to
  round. It waits a while for others to leave the machine alone. A measurement is {times} runs after one that does not
  count, and their mean is the round's. Peers are processes that have loaded already and tell the time of the runs
  alone, so neither loading nor Python's start is in it; Blockscope's is the latency of tokens in the plain repeats of
  `blockscope profile`. A peer is one process in all rounds, Blockscope a new one in each: how times differ from
  process to process is in its spread, and not in theirs.
- **prefill**: from the prompt to the first token: one pass from an empty cache, the logits of the last position, the
  likeliest token. **decode**: {steps} steps after a prompt of {before} and its first token, each with its choice.
- transformers' forward is called directly, with `DynamicCache`, in inference mode: what `generate` does around it is
  not in its times. llama.cpp is called through its C functions, built for this processor, with its defaults (f16 keys
  and values, flash attention as it decides), the prompt as one batch.
- **ratio** is Blockscope's tokens per second over the peer's, of each round; shown are the median and its 95%
  interval, from drawing the rounds again (bootstrap, seeded). *met* and *not met* say that the whole interval lies on
  that side of what is wanted; otherwise it is *too close to say*, and with fewer than 6 rounds *too few rounds*. Beside
  each rate stand the least and the greatest of all rounds.
- **measured**: times, memory, bandwidth, predictions. **modelled** (°): the bytes of a step and what follows from
  them.

## How to run it again

```sh
make bench-peers                                   # {rounds} rounds
ROUNDS=20 PEERS=llama.cpp make bench-peers         # more of them, against one peer
```

It needs Python 3.11 with venv, and a C++ compiler; the packages, pinned in `benches/peers`, go into the cache folder
once: transformers with PyTorch (some 2.7 GB to download and 5 GB unpacked where the index has PyTorch with CUDA only)
and llama.cpp (77 MB of sources, built in some ten minutes). Every time that was measured is kept as JSON in the cache
folder, under `peers/`. Leave the machine alone meanwhile; the line *others* at the top says whether it was.
"""


def write(found):
    parts = [TOP, conditions(found), ratios(found), bandwidth(found), memory(found), agreement(found)]
    rounds = max(len(times) for times in found["times_s"].values())
    how = HOW.format(times=plan.TIMES, steps=plan.STEPS, before=plan.BEFORE, rounds=rounds)
    return "\n".join(parts) + "\n" + how


def conditions(found):
    machine = found["machine"]
    gib = f", {machine['memory_bytes'] / 2**30:.0f} GiB" if machine["memory_bytes"] else ""
    rounds = max(len(times) for times in found["times_s"].values())
    built = f", built from {found['commit']}" if found["commit"] else ", a program given by hand"
    rows = [
        ["date", found["date"]],
        ["machine", f"{machine['processor']}, {machine['processors']} processors{gib}, {machine['system']}"],
        ["Blockscope", found["blockscope"].removeprefix("blockscope ") + built],
        ["peers", "; ".join(dict.fromkeys(peer["name"] for peer in found["peers"].values()))],
        ["model", f"{found['model']['name']}, {mb(found['model']['bytes'])}"],
        ["threads, batch", f"{found['threads']}, 1"],
        ["rounds", f"{rounds}, in {found['took_s'] / 60:.0f} minutes"],
        ["others", busy(found)],
    ]
    if found["left_out"]:
        rows.append(["left out", ", ".join(found["left_out"])])
    return table(["", ""], rows, "ll")


def busy(found):
    """How busy the machine was otherwise, in words."""
    seen = [number for number in found["busy_processors"] if number is not None]
    if not seen:
        return "the system does not say"
    text = f"before each round {median(seen):.2f} processors were busy with something else, at most {max(seen):.2f}"
    if found["stolen_s"] is not None:
        text += f"; the host took {found['stolen_s']:.1f} s of processor time for others meanwhile"
    return text


def ratios(found):
    rows = []
    for case in plan.CASES:
        if case.name not in found["times_s"]:
            continue
        rounds = [{side: mean(times) for side, times in pair.items()} for pair in found["times_s"][case.name]]
        middle, low, high = interval([pair["theirs"] / pair["ours"] for pair in rounds])
        rate = {side: spread([case.tokens / pair[side] for pair in rounds]) for side in ("ours", "theirs")}
        rows.append([
            case.name, rate["ours"], case.theirs, rate["theirs"], f"**{middle:.2f}** ({low:.2f}–{high:.2f})",
            f"≥ {case.target:g}", verdict(rounds, low, high, case.target),
        ])  # fmt: skip
    head = ["what", "Blockscope, tokens/s", "peer", "its tokens/s", "ratio (95% interval)", "wanted", ""]
    toggles = "; ".join(f"{name}: `--set {toggles}`" for name, toggles in found["toggles"].items())
    return f"## Speed\n\n{table(head, rows, 'lrlrrrl')}\nBlockscope's configurations: {toggles}.\n"


def bandwidth(found):
    best = [measured["best"] for measured in found["bandwidth"]]
    rows = []
    for case in plan.CASES:
        if case.work != "decode" or case.name not in found["times_s"]:
            continue
        moved = found["bytes_of_step"][case.ours]
        pairs = zip(found["times_s"][case.name], best, strict=True)
        shares = [case.tokens / mean(pair["ours"]) * moved / of_round for pair, of_round in pairs]
        middle, low, high = interval(shares)
        wanted = plan.OF_BANDWIDTH[case.ours]
        rows.append([
            case.name, mb(moved), f"{median(best) / moved:.0f}", f"**{middle:.0%}** ({low:.0%}–{high:.0%})",
            f"≥ {wanted:.0%}", verdict(shares, low, high, wanted),
        ])  # fmt: skip
    head = ["what", "bytes a step °", "limit °, tokens/s", "reached ° (95% interval)", "wanted", ""]
    each = f"{median(best) / 1e9:.1f} GB/s ({min(best) / 1e9:.1f}–{max(best) / 1e9:.1f})"
    return f"""\
## Decoding and the memory's bandwidth

{table(head, rows, "lrrrrl")}
A step must read the weights in their format, and the keys and values, and write what comes out: bytes by formula, as
`blockscope profile --json` has them. Memory reads were measured at the beginning of each round, as
`blockscope doctor` does: {each}, the best of {found["bandwidth"][0]["n"]} reads each. The limit is the median of these
over the bytes; what was reached in a round is held against that round's.
"""


def memory(found):
    rows = []
    for name, seen in found["memory"].items():
        rows.append([name, size(seen["decode"]["resident"]), size(seen["prefill"]["resident"]),
                     size(max_or_none(seen["decode"]["peak"], seen["prefill"]["peak"]))])  # fmt: skip
    phases = [f"while decoding {plan.STEPS} after {plan.BEFORE}", f"with a prefill of {plan.PROMPT}"]
    head = ["process", *phases, "most ever"]
    text = f"## Memory\n\nResident, as the operating system says it.\n\n{table(head, rows, 'lrrr')}\n"
    int4 = found["memory"]["Blockscope int4"]
    held, nothing = int4["decode"]["resident"], int4["nothing"]["resident"]
    if held is None or nothing is None:
        return text + "What int4 weights take could not be measured here.\n"
    own = held - nothing - found["kv_bytes"]
    share, file = own / found["model"]["bytes"], mb(found["model"]["bytes"])
    is_met = "met" if share <= plan.OF_FILE else "not met"
    last = f"""\
LibTorch and the program alone, measured on a model of next to nothing with the same toggles, hold {mb(nothing)}; the KV
cache ° takes {mb(found["kv_bytes"])}. What is left of Blockscope int4 while decoding is {mb(own)}: **{share:.2f}** of
the GGUF file's {file}; wanted ≤ {plan.OF_FILE:g}: {is_met}. Peers' processes hold Python, too.
"""
    return text + last


def agreement(found):
    rows = [
        [name, f"{seen['max_logit']:.2g}", f"{seen['kl_mean']:.1e}", f"{seen['top1']:.1%}"]
        for name, seen in found["agreement"]["contenders"].items()
    ]
    head = ["", "largest difference of a logit", "KL mean, nats", "same first choice"]
    return f"""\
## The same model

Predictions over {found["agreement"]["tokens"]} tokens of a text, against Blockscope's in f32.

{table(head, rows, "lrrr")}"""


def spread(rates):
    """`512 (498–520)`: the median, the least and the greatest."""
    return f"{median(rates):.4g} ({min(rates):.4g}–{max(rates):.4g})"


def mb(count):
    return f"{count / 1e6:,.1f} MB" if count < 100e6 else f"{count / 1e6:,.0f} MB"


def size(count):
    return "–" if count is None else mb(count)


def max_or_none(*counts):
    known = [count for count in counts if count is not None]
    return max(known) if known else None


def table(head, rows, alignment):
    rule = ["---:" if side == "r" else "---" for side in alignment]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [head, rule, *rows])
