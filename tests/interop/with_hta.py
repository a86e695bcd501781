"""Reads a trace with Holistic Trace Analysis, and its metadata with the streaming parser that it brings as well."""

import gzip
import logging
import os

os.environ["HTA_DISABLE_NS_ROUNDING"] = "1"  # else it rounds to whole microseconds, of any trace

from hta.common.call_stack import CallGraph
from hta.common.trace import Trace
from hta.common.trace_parser import parse_metadata_ijson
from hta.configs.parser_config import ParserConfig
from hta.trace_analysis import TraceAnalysis
from hta.utils.validate_trace import validate_trace_format
from run_file import expect

logging.getLogger("hta").setLevel(logging.ERROR)


def check(path, run):
    """What was found, in words."""
    for level in ("minimal", "standard", "complete"):
        ok, problems = validate_trace_format(path, level)
        expect((ok, problems), (True, {}), f"its validation at level {level}")
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
        expect(parse_metadata_ijson(file)["distributedInfo"], {"rank": 0}, "the rank by its streaming parser")

    trace = Trace([path], parser_config=ParserConfig(ParserConfig.ARGS_COMPLETE))
    expect(list(trace.trace_files), [0], "the ranks")
    trace.load_traces(include_last_profiler_step=True, use_multiprocessing=False)
    trace.decode_symbol_ids(use_shorten_name=False)
    expect([int(step) for step in trace.get_iterations()], list(range(len(run.steps))), "the steps")
    CallGraph(trace)
    frame = trace.get_trace(0)

    # It counts from the first slice.
    first = min(piece.start for piece in run.slices)
    nanos = lambda micros: round(micros * 1000)
    found = sorted(
        (row.s_cat, row.s_name, row.tid - 1, nanos(row.ts), nanos(row.dur), int(row.depth))
        for row in frame.itertuples()
    )
    expected = sorted((s.kind, s.name, s.thread, s.start - first, s.time, s.depth) for s in run.slices)
    expect(found, expected, "the slices")
    operators = frame[frame.s_cat == "cpu_op"]
    found = sorted((nanos(row.ts), str(row.input_dims), str(row.input_type)) for row in operators.itertuples())
    expected = sorted((s.start - first, str(s.dims), str(s.types)) for s in run.slices if s.kind == "cpu_op")
    expect(found, expected, "the inputs of operators")

    # Its own analyses look at GPUs; without one there is nothing to find, and they must say so themselves.
    analysis = TraceAnalysis(trace_files=[path])
    kernels, _ = analysis.get_gpu_kernel_breakdown(visualize=False)
    expect(len(kernels), 0, "kernels on a GPU")
    return f"{len(operators)} operators with inputs, {len(frame) - len(operators)} annotations, {len(run.steps)} steps"
