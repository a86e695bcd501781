"""What the interface takes: until it is there, between a key and its frame, and from a run that it shows.

    measure.py PROGRAM MODEL [ROUNDS]

Everything is measured from outside, in a terminal of 200×60, and printed as a table.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))

import machine  # noqa: E402
from ratios import interval  # noqa: E402
from screen import Screen  # noqa: E402

STARTS = 10
# Long enough that the run goes on while keys are pressed.
TOKENS = 600
KEYS = ["5", "1"] * 25
QUIET_S = 3


def main():
    program, model = map(lambda path: str(Path(path).resolve()), sys.argv[1:3])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 6
    with tempfile.TemporaryDirectory() as folder:
        print(f"others keep {machine.quiet(60):.2f} processors busy", file=sys.stderr)
        rows = [
            *starts(program, model, folder),
            *keys(program, model, folder),
            *processor_time(program, model, folder),
            *shares(program, model, folder, rounds),
        ]
    width = max(len(what) for what, _ in rows)
    for what, found in rows:
        print(f"{what:<{width}}  {found}")


def starts(program, model, folder):
    """Until the first frame, and until the model is ready; and what is written when nothing changes."""
    for toggles in ("weights=f32", "weights=int4,compute=bf16"):
        first, ready = [], []
        for _ in range(STARTS):
            screen = Screen(program, model, "--wait", "--set", toggles, folder=folder)
            first.append(screen.wait("Blockscope"))
            ready.append(screen.wait("ready"))
            while screen.written(0.3) > 0:
                pass
            idle = screen.written(QUIET_S) if len(first) == STARTS else None
            screen.end()
        yield f"start to first frame, {toggles}", milliseconds(first)
        yield f"start to model ready, {toggles}", milliseconds(ready)
    yield f"bytes written in {QUIET_S} s without a key", str(idle)


def keys(program, model, folder):
    """From a key that changes the screen to the frame, while a run computes."""
    answers = []
    while len(answers) < 100:
        screen = Screen(program, model, *run("--max-new"), folder=folder)
        screen.wait("tok/s")
        for key in KEYS:
            answers.append(screen.press(key))
            time.sleep(0.02)
        assert screen.written(0.5) > 0, "the run ended before the last key"
        screen.end()
    missed = sum(answer is None for answer in answers)
    yield "key to frame while a run computes", milliseconds([a for a in answers if a is not None]) + (
        f", {missed} without an answer" if missed else ""
    )


def shares(program, model, folder, rounds):
    """What a step takes on the screen over what it takes without, one right after the other in turn."""
    ratios = []
    for number in range(rounds):
        sides = [on_screen, headless] if number % 2 else [headless, on_screen]
        steps = {side: side(program, model, folder) for side in sides}
        ratios.append(steps[on_screen] / steps[headless])
    middle, low, high = interval(ratios)
    yield "a decode step on the screen / without", f"{middle:.3f} ({low:.3f}–{high:.3f}, {rounds} rounds)"


def processor_time(program, model, folder):
    """How long the interface's own threads compute while a run goes on, as a share of what all processors can: what they
    take from a model that uses every one of them."""
    shares, processors = [], len(os.sched_getaffinity(0))
    for _ in range(STARTS):
        screen = Screen(program, model, *run("--max-new"), folder=folder)
        screen.wait("tok/s")
        began, before = time.monotonic(), interface_time(screen.child)
        assert screen.written(5) > 0
        shares.append((interface_time(screen.child) - before) / (time.monotonic() - began) / processors)
        assert screen.written(0.5) > 0, "the run ended before the measurement"
        screen.end()
    yield "processors' time for the interface during a run", f"{median(shares):.2%}, at most {max(shares):.2%}, n = {STARTS}"


def interface_time(process):
    """Seconds that the threads which draw and listen have computed so far."""
    times = []
    for thread in Path(f"/proc/{process}/task").iterdir():
        if thread.name == str(process) or (thread / "comm").read_text().strip() in ("input", "signals"):
            times.append(int((thread / "schedstat").read_text().split()[0]) / 1e9)
    return sum(times)


def run(count):
    """The same text both ways, and under which flag the number of tokens is said."""
    return ["--prompt", " the cat sat on the mat and saw the dog" * 6, count, str(TOKENS)]


def on_screen(program, model, folder):
    screen = Screen(program, model, *run("--max-new"), folder=folder)
    screen.wait("tok/s")
    # A run that goes on shows itself several times a second; one that has ended writes nothing more.
    while screen.written(0.5) > 0:
        pass
    screen.press("w")
    screen.wait(".jsonl")
    screen.end()
    [file] = Path(folder).glob("*.jsonl")
    return step_of(file)


def headless(program, model, folder):
    file = Path(folder, "headless.jsonl")
    subprocess.run(
        [program, "profile", model, *run("--new-tokens"), "--repeats", "1", "--out", file], check=True, capture_output=True
    )
    return step_of(file)


def step_of(file):
    """The median latency of the tokens after the first, of a run of one repeat."""
    latencies = []
    for line in file.read_text().splitlines():
        event = json.loads(line)
        if event.get("event") == "token":
            latencies.append(event["latency_ns"])
    file.unlink()
    return median(latencies[1:])


def milliseconds(seconds):
    """The median and the 99th percentile, or the greatest where there are fewer."""
    ordered = sorted(seconds)
    last = ordered[math.ceil(0.99 * len(ordered)) - 1]
    greatest = "p99" if len(ordered) >= 100 else "at most"
    return f"{median(ordered) * 1e3:.1f} ms, {greatest} {last * 1e3:.1f} ms, n = {len(ordered)}"


if __name__ == "__main__":
    main()
