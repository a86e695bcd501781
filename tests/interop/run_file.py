"""What a run file says, read from its lines alone: the facts that every reader of its trace must find again.

Nothing here knows how the trace is written, so that a mistake there cannot hide here. Times are in nanoseconds since
the run began.
"""

import json
from collections import Counter, namedtuple

# `path` is that of a part, `dims` and `types` are an operator's inputs in PyTorch's words.
Slice = namedtuple("Slice", "kind name thread start time depth path dims types")
Run = namedtuple("Run", "steps slices memory pieces")

TYPES = {
    "f64": "double", "f32": "float", "f16": "c10::Half", "bf16": "c10::BFloat16", "i64": "long int", "i32": "int",
    "i16": "short int", "i8": "signed char", "u8": "unsigned char", "bool": "bool", "other": "",
}  # fmt: skip
CATEGORIES = ["weights", "kv_cache", "activations", "temporaries"]


def read(path):
    """The facts: the length of each step, every slice, the levels of memory, and how many pieces came and went."""
    with open(path) as file:
        lines = [json.loads(line) for line in file]
    parts, depths, signatures = [], [], []
    steps, slices, memory, pieces = [], [], [], []
    begin, spans, operators, of_memory = 0, [], [], None
    for line in lines[1:]:
        event = line["event"]
        if event == "part":
            depths.append(0 if line.get("parent") is None else depths[line["parent"]] + 1)
            parts.append(line["path"])
        elif event == "signature":
            signatures.append(line)
        elif event == "pass":
            begin, spans, operators, of_memory = line["start_ns"], [], [], None
            phase = "prefill" if line["phase"] == "prefill" else f"decode {line['step'] + 1}"
        elif event == "spans":
            spans += line["spans"]
        elif event == "operators":
            operators += line["operators"]
        elif event == "memory":
            of_memory = line
        elif event == "cut":
            raise SystemExit(f"{path}: this run was cut; nothing can be compared with it")
        elif event == "pass_end":
            time = line["time_ns"]
            slices.append(annotation(f"ProfilerStep#{len(steps)}", begin, time, 0))
            slices.append(annotation(phase, begin, time, 1))
            slices += [of_span(span, begin, parts, depths) for span in spans]
            slices += [of_operator(operator, begin, signatures, depths) for operator in operators]
            if of_memory is not None:
                levels, changes = curve(of_memory, begin)
                memory += levels
                pieces += changes
            steps.append(time)
    return Run(steps, slices, memory, pieces)


def annotation(name, start, time, depth, path=None):
    return Slice("user_annotation", name, 0, start, time, depth, path, None, None)


def of_span(span, begin, parts, depths):
    part, start, time, *_ = span
    before, _, name = parts[part].rpartition(".")
    name = f"block {name}" if before == "blocks" else name.replace("_", " ")
    return annotation(name, begin + start, time, 2 + depths[part], parts[part])


def of_operator(operator, begin, signatures, depths):
    signature, part, depth, start, time, *more = operator
    thread = more[0] if more else 0
    inputs = [argument(text) for text in signatures[signature]["inputs"]]
    if thread == 0:
        depth += 2 if part is None else 3 + depths[part]
    dims, types = [dims for dims, _ in inputs], [of_type for _, of_type in inputs]
    return Slice("cpu_op", signatures[signature]["name"], thread, begin + start, time, depth, None, dims, types)


def argument(text):
    """`f32[2,3]`, `(f32[2],f32[3])`, `-1`, `true` or nothing, as its sizes and its type in PyTorch's words."""
    if text.startswith("("):
        tensors = text[1:-1].replace("],", "];").split(";") if text != "()" else []
        return [argument(tensor)[0] for tensor in tensors], "TensorList"
    if text.endswith("]"):
        dtype, sizes = text[:-1].split("[")
        return [int(size) for size in sizes.split(",") if size], TYPES[dtype]
    return [], "Scalar" if text else ""


def curve(memory, begin):
    """Live bytes by category: before the pass, and after each change; and the changes. Taking comes before freeing."""
    changes = []
    for _, _, category, start, end, size in memory["allocations"]:
        changes += [] if start is None else [(begin + start, 0, category, size)]
        changes += [] if end is None else [(begin + end, 1, category, -size)]
    level = list(memory["before"])
    levels = [(begin, tuple(level))]
    for at, _, category, size in sorted(changes, key=lambda change: change[:2]):
        level[category] += size
        levels.append((at, tuple(level)))
    return levels, [(at, size) for at, _, _, size in changes]


def expect(found, expected, what):
    """Ends in words unless both are the same. Of long lists the first differences are shown."""
    if found == expected:
        return
    if isinstance(found, list) and isinstance(expected, list):
        missing = list((Counter(expected) - Counter(found)).elements())
        extra = list((Counter(found) - Counter(expected)).elements())
        shown = f"of {len(expected)} are missing {missing[:3]} …, and of {len(found)} are not expected {extra[:3]} …"
        raise SystemExit(f"error: {what}: {shown}")
    raise SystemExit(f"error: {what}: expected {expected}, found {found}")
