"""The machine, and how busy others keep it."""

import os
import platform
import time
from pathlib import Path

# With fewer processors busy than this, a machine is taken to be left alone.
QUIET = 0.1


def describe():
    return {
        "processor": first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": memory(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def memory():
    line = first("/proc/meminfo", "MemTotal")
    return int(line.split()[0]) * 1024 if line else None


def first(file, name):
    """The first line `name: value` of a file of such lines."""
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def quiet(patience):
    """Waits until others leave the machine alone, so many seconds at most; how many processors they keep busy then."""
    until = time.monotonic() + patience
    while (busy := others()) is not None and busy > QUIET and time.monotonic() < until:
        pass
    return busy


def others(seconds=1.0):
    """How many processors are busy while nothing of ours is measured; None where the system does not say."""
    before = times()
    if before is None:
        return None
    time.sleep(seconds)
    after = times()
    passed = [b - a for a, b in zip(before, after, strict=True)]
    idle = passed[3] + passed[4]  # idle and waiting for a disk
    return (1 - idle / max(1, sum(passed))) * os.cpu_count()


def stolen():
    """Seconds of processor time that the host of a virtual machine gave to others since it started."""
    spent = times()
    return None if spent is None else spent[7] / os.sysconf("SC_CLK_TCK")


def times():
    """Ticks of all processors: user, nice, system, idle, iowait, irq, softirq, steal."""
    try:
        return [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return None
