"""Writes one of the two models in glassllm's wheel as a folder in Hugging Face layout, of a llama's shape.

    glassllm.py WHEEL FOLDER LANGUAGE       LANGUAGE: en or pt

NumPy's archives and safetensors are simple formats: Python's own library is enough (3.6 or newer). What changes:
  * glassllm computes x·W, a llama x·Wᵀ: matrices are transposed;
  * glassllm rotates neighbours (0,1) (2,3) …, a llama the halves of a head (0,h/2) (1,h/2+1) …: the rows of W_Q and
    W_K are put in that order, so that the same pairs meet; scores stay the same;
  * its tokenizer (NFC, a mark for each space, words that keep the spaces before them, merges of characters) is
    written as a tokenizer.json.
The numbers stay what they are, in 16 bits.
"""

import ast
import io
import json
import struct
import sys
import zipfile
from array import array
from pathlib import Path

SPECIAL = ["<pad>", "<unk>", "<bos>", "<eos>"]
SPACE = "▁"


def load(archive, name):
    """The bytes, NumPy's name of the type, and the shape of one array."""
    content = archive.read(name + ".npy")
    if content[:8] != b"\x93NUMPY\x01\x00":
        sys.exit(f"{name}.npy: expected NumPy's format 1.0, found {content[:8]!r}")
    (length,) = struct.unpack("<H", content[8:10])
    header = ast.literal_eval(content[10 : 10 + length].decode("latin-1"))
    if header["fortran_order"]:
        sys.exit(f"{name}.npy: expected rows one after the other, found columns")
    return content[10 + length :], header["descr"], header["shape"]


def matrix(archive, name, shape):
    """A float16 array of this shape, as 16-bit patterns."""
    content, kind, found = load(archive, name)
    if kind != "<f2" or found != shape:
        sys.exit(f"{name}.npy: expected <f2 {shape}, found {kind} {found}")
    numbers = array("H")
    numbers.frombytes(content)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def transposed(numbers, rows, columns):
    turned = array("H")
    for column in range(columns):
        turned.extend(numbers[column : rows * columns : columns])
    return turned


def halves(numbers, heads, width, columns):
    """The rows of each head: first those that were even, then those that were odd."""
    ordered = array("H")
    for head in range(heads):
        for row in list(range(0, width, 2)) + list(range(1, width, 2)):
            start = (head * width + row) * columns
            ordered.extend(numbers[start : start + columns])
    return ordered


def tensors(archive, config):
    """Name, shape and numbers of each tensor of a llama."""
    d, heads, kv_heads = config["d_model"], config["n_heads"], config["n_kv_heads"]
    width, hidden = d // heads, int(8 * d / 3)  # as glassllm's SwiGLU says

    def turned(name, rows, columns):
        return transposed(matrix(archive, name, (rows, columns)), rows, columns)

    yield "model.embed_tokens.weight", [config["vocab_size"], d], matrix(archive, "E", (config["vocab_size"], d))
    yield "model.norm.weight", [d], matrix(archive, "norm_f.gamma", (d,))
    for layer in range(config["n_layers"]):
        theirs, ours = f"blocks.{layer}.", f"model.layers.{layer}."
        for one, other in (("norm1", "input_layernorm"), ("norm2", "post_attention_layernorm")):
            yield f"{ours}{other}.weight", [d], matrix(archive, f"{theirs}{one}.gamma", (d,))
        for letter, count in (("Q", heads), ("K", kv_heads)):
            rows = halves(turned(f"{theirs}attn.W_{letter}", d, count * width), count, width, d)
            yield f"{ours}self_attn.{letter.lower()}_proj.weight", [count * width, d], rows
        for one, other, rows, columns in (
            ("attn.W_V", "self_attn.v_proj", kv_heads * width, d),
            ("attn.W_O", "self_attn.o_proj", d, heads * width),
            ("ffn.W1", "mlp.gate_proj", hidden, d),
            ("ffn.W3", "mlp.up_proj", hidden, d),
            ("ffn.W2", "mlp.down_proj", d, hidden),
        ):
            yield f"{ours}{other}.weight", [rows, columns], turned(theirs + one, columns, rows)


def write_safetensors(path, entries):
    header, data = {"__metadata__": {"format": "pt"}}, io.BytesIO()
    for name, shape, numbers in entries:
        if sys.byteorder == "big":
            numbers.byteswap()
        start = data.tell()
        data.write(numbers.tobytes())
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, data.tell()]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data.getvalue())


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def llama_config(config):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": config["d_model"],
        "intermediate_size": int(8 * config["d_model"] / 3),
        "max_position_embeddings": config["max_len"],
        "num_attention_heads": config["n_heads"],
        "num_hidden_layers": config["n_layers"],
        "num_key_value_heads": config["n_kv_heads"],
        "rms_norm_eps": config["eps"],
        "rope_theta": config["rope_base"],
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "vocab_size": config["vocab_size"],
    }


def tokenizer_json(alphabet, merges):
    pieces = SPECIAL + alphabet + [first + second for first, second in merges]
    replaced = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
    marks = {"type": "Replace", "pattern": {"String": SPACE}, "content": " "}
    # The chunks that merges cannot cross.
    chunks = {"Regex": f"\\n|{SPACE}*[^{SPACE}\\n]+|{SPACE}+"}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [dict(flags, id=number, content=content) for number, content in enumerate(SPECIAL)],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, replaced]},
        "pre_tokenizer": {"type": "Split", "pattern": chunks, "behavior": "Isolated", "invert": False},
        "post_processor": None,
        # ByteFallback has nothing to do here, but vocabularies that mark spaces so have it, and are known by it.
        "decoder": {"type": "Sequence", "decoders": [marks, {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {piece: number for number, piece in enumerate(pieces)},
            "merges": [list(pair) for pair in merges],
        },
    }


def main():
    wheel, folder, language = sys.argv[1:]
    folder = Path(folder)
    try:
        folder.mkdir(parents=True)
        with zipfile.ZipFile(wheel) as package:
            vocabulary = json.loads(package.read(f"glassllm/weights/{language}.tokenizer.json").decode("utf-8"))
            with zipfile.ZipFile(io.BytesIO(package.read(f"glassllm/weights/{language}.npz"))) as archive:
                config = json.loads(load(archive, "__config__")[0].decode("utf-32-le"))
                write_safetensors(folder / "model.safetensors", tensors(archive, config))
            licence = next(name for name in package.namelist() if name.endswith("/LICENSE"))
            (folder / "LICENSE").write_bytes(package.read(licence))
        write_json(folder / "config.json", llama_config(config))
        write_json(folder / "tokenizer.json", tokenizer_json(vocabulary["alphabet"], vocabulary["merges"]))
    except (OSError, zipfile.BadZipFile) as error:
        sys.exit(f"{wheel}: {error}")
    except (KeyError, ValueError, StopIteration) as error:
        sys.exit(f"{wheel}: it is not what glassllm 0.1.0 holds: {error!r}")
    except KeyboardInterrupt:
        sys.exit(130)


main()
