"""Reads a trace with the PyTorch Profiler TensorBoard plugin, TensorBoard left out."""

from collections import defaultdict

from run_file import CATEGORIES, expect
from torch_tb_profiler.profiler.data import RunProfileData
from torch_tb_profiler.profiler.run_generator import RunGenerator


def merged(slices):
    """The operators as the plugin counts them: one that calls nothing but another of its own name swallows that."""
    operators = sorted((s for s in slices if s.kind == "cpu_op"), key=lambda s: (s.thread, s.start, s.depth))
    children, open_ones = defaultdict(list), []
    for index, operator in enumerate(operators):
        ends = lambda outer: outer.thread != operator.thread or outer.depth >= operator.depth
        while open_ones and (ends(operators[open_ones[-1]]) or end(operators[open_ones[-1]]) < end(operator)):
            open_ones.pop()
        if open_ones:
            children[open_ones[-1]].append(index)
        open_ones.append(index)
    swallowed = set()
    for outer, operator in enumerate(operators):
        inner = children[outer]
        while len(inner) == 1 and operators[inner[0]].name == operator.name:
            swallowed.add(inner[0])
            inner = children[inner[0]]
    return [operator for index, operator in enumerate(operators) if index not in swallowed]


def end(piece):
    return piece.start + piece.time


def check(path, run):
    """What was found, in words."""
    data = RunProfileData.parse("worker", None, path, None)
    expect(data.distributed_info, {"rank": 0}, "the rank")
    expect(data.steps_names, [str(step) for step in range(len(run.steps))], "the steps")

    calls, times = defaultdict(int), defaultdict(int)
    for piece in merged(run.slices):
        calls[piece.name, str(piece.dims)] += 1
        times[piece.name] += piece.time
    found = sorted((agg.name, agg.input_shape, agg.calls) for agg in data.op_list_groupby_name_input)
    expect(found, sorted((*key, n) for key, n in calls.items()), "calls by name and shapes")
    found = sorted((agg.name, round(agg.host_duration * 1000)) for agg in data.op_list_groupby_name)
    expect(found, sorted(times.items()), "time by name, in nanoseconds")

    profile = RunGenerator("worker", None, data).generate_run_profile()
    views = sorted(view.display_name for view in profile.views)
    expect(views, ["Memory"] * bool(run.memory) + ["Operator", "Overview", "Trace"], "its views")
    if not run.memory:
        return f"{sum(calls.values())} operators, {len(run.steps)} steps, no memory"
    (device, peak), = data.memory_snapshot.get_peak_memory().items()
    # It sees what is alive after each piece that came or went.
    first = {at for at, _ in run.memory[:1]}
    expect(peak, max(sum(level) for at, level in run.memory if at not in first), "the most memory alive")
    records = sorted((round(r.ts * 1000), r.bytes) for r in data.memory_snapshot.memory_records)
    expect(records, sorted(run.pieces), "the pieces of memory")
    return (
        f"{sum(calls.values())} operators of {len(times)} names, {len(run.steps)} steps, {len(records)} changes of "
        f"{device[0].name} memory ({len(CATEGORIES)} categories), {peak:,} bytes at most"
    )
