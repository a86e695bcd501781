"""How time and memory of `capture`, `profile --trace` and `compare` grow with the prompt.

    measure.py PROGRAM MODEL PICTURE.svg

Each is a process of its own at each length: the time from its start to its end, and the most memory that it ever had.
Printed is a table, drawn a chart.
"""

import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

LENGTHS = [256, 512, 1024, 2048, 4096]
TIMES = 1
# Without the lens and who wrote what: these take as long for every position, which is linear, and minutes for thousands.
COMMANDS = {
    "capture": ["capture", "{model}", "--ids", "{ids}", "--lens", "none", "--out", "{out}", "--force"],
    "profile --trace": ["profile", "{model}", "--prompt-tokens", "{n}", "--new-tokens", "1", "--repeats", "1", "--trace"],
    "compare": [
        "compare", "{model}", "--a", "fuse=separate", "--b", "fuse=joined", "--prompt-tokens", "{n}", "--new-tokens", "1",
        "--rounds", "2", "--no-parts", "--no-quality",
    ],  # fmt: skip
}
COLOURS = {"capture": "#4a9fd4", "profile --trace": "#d4884a", "compare": "#6bb36b"}


def main():
    program, model = (str(Path(path).resolve()) for path in sys.argv[1:3])
    found = {name: [cost(program, model, command, n) for n in LENGTHS] for name, command in COMMANDS.items()}
    print("| prompt | " + " | ".join(f"{name}, s | MB" for name in found) + " |")
    print("| ---: |" + " ---: | ---: |" * len(found))
    for row, n in enumerate(LENGTHS):
        cells = " | ".join(f"{seconds:.2f} | {mb:.0f}" for seconds, mb in (costs[row] for costs in found.values()))
        print(f"| {n} | {cells} |")
    powers = {
        name: [power([cost[what] for cost in costs]) for what in (0, 1)] for name, costs in found.items()
    }
    for name, (of_time, of_memory) in powers.items():
        print(f"{name}: from {LENGTHS[-2]} to {LENGTHS[-1]} tokens time grows with n^{of_time:.2f}, memory with n^{of_memory:.2f}")
    Path(sys.argv[3]).write_text(chart(found))


def cost(program, model, command, n):
    """Seconds and megabytes at most, the median of several."""
    ids = ",".join(str(1000 + i * 7919 % 40000) for i in range(n))
    costs = []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory() as folder:
            words = {"model": model, "n": n, "ids": ids, "out": Path(folder, "out.safetensors")}
            arguments = [program, *(word.format(**words) for word in command)]
            began = time.monotonic()
            child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            said = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            if status != 0:
                raise SystemExit(f"{' '.join(arguments)[:200]}: {said.decode()}")
            costs.append((time.monotonic() - began, usage.ru_maxrss * 1024 / 1e6))
    return median(seconds for seconds, _ in costs), median(mb for _, mb in costs)


def power(costs):
    """With which power of the length the cost grows at its end."""
    return math.log2(costs[-1] / costs[-2])


def chart(found):
    """Two charts side by side, both axes logarithmic: a straight line is a power, its slope the exponent."""
    width, height, left, top = 380, 260, 60, 40
    parts = []
    for place, (what, unit) in enumerate([("time", "s"), ("most memory", "MB")]):
        values = [cost[place] for costs in found.values() for cost in costs]
        low, high = math.floor(math.log10(min(values)) * 3) / 3, math.ceil(math.log10(max(values)) * 3) / 3
        x0 = left + place * (width + 90)
        x = lambda n: x0 + (math.log2(n) - 8) / 4 * width  # noqa: E731, B023
        y = lambda value: top + height - (math.log10(value) - low) / (high - low) * height  # noqa: E731, B023
        parts.append(f'<text x="{x0}" y="{top - 14}" class="title">{what}, {unit}</text>')
        parts.append(f'<path d="M{x0} {top}V{top + height}H{x0 + width}" class="axis"/>')
        for n in LENGTHS:
            parts.append(f'<text x="{x(n):.1f}" y="{top + height + 18}" text-anchor="middle">{n}</text>')
        for tick in ticks(low, high):
            parts.append(f'<path d="M{x0} {y(tick):.1f}h{width}" class="grid"/>')
            parts.append(f'<text x="{x0 - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
        for name, costs in found.items():
            points = [(x(n), y(cost[place])) for n, cost in zip(LENGTHS, costs, strict=True)]
            line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
            parts.append(f'<polyline points="{line}" stroke="{COLOURS[name]}"/>')
            parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{COLOURS[name]}"/>' for a, b in points]
        # What is linear is parallel to this.
        start, end = 10**low * 1.1, LENGTHS[0]
        stop = min(LENGTHS[-1], end * 10**high / start)
        parts.append(f'<path d="M{x(end):.1f} {y(start):.1f}L{x(stop):.1f} {y(start * stop / end):.1f}" class="linear"/>')
    for row, name in enumerate([*found, "linear"]):
        colour = COLOURS.get(name)
        style = f'stroke="{colour}" stroke-width="2"' if colour else 'class="linear"'
        at = left + row * 150
        parts.append(f'<path d="M{at} {top + height + 50}h24" {style}/>')
        parts.append(f'<text x="{at + 30}" y="{top + height + 54}">{name}</text>')
    parts.append(f'<text x="{left + 620}" y="{top + height + 54}">prompt tokens, f32, SmolLM2-135M</text>')
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + 2 * width + 120}" height="{top + height + 70}" font-family="sans-serif" font-size="12">
<style>
text {{ fill: #555 }} .title {{ font-weight: bold }} polyline {{ fill: none; stroke-width: 2 }}
.axis {{ fill: none; stroke: #888 }} .grid {{ stroke: #8884 }} .linear {{ stroke: #888; stroke-dasharray: 4 4; fill: none }}
</style>
{chr(10).join(parts)}
</svg>
"""


def ticks(low, high):
    return [m * 10**e for e in range(-3, 6) for m in (1, 2, 5) if low <= math.log10(m * 10**e) <= high]


if __name__ == "__main__":
    main()
