#!/usr/bin/env bash
# Sees to it that the vocabularies on which llama.cpp tests its tokenizers, with texts and the ids that they must have,
# lie in the cache shared by all clones:
#   ${XDG_CACHE_HOME:-~/.cache}/blockscope/vocabularies-0.3.36/ggml-vocab-*.gguf, .inp and .out
# They come out of the sources of llama-cpp-python in the Python package index. Silent when they are there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=0.3.36
what="the set of llama.cpp's vocabularies (MIT; each as its model is licensed)"
archive=llama_cpp_python-$version.tar.gz
unpacked_bytes=75000000
wheels="llama-cpp-python $version 832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e 76589250 $archive"

target="$(cache_folder)/vocabularies-$version"

by_hand() {
  cat >&2 <<TEXT
  * From a machine with a network. There:
      python3 -m pip download --no-deps --no-binary=:all: llama-cpp-python==$version
    Then copy $archive into a folder here and run again with BLOCKSCOPE_WHEELS=/path/to/folder
TEXT
}

complete() { [ -f "$target/complete" ]; }

# In place of what fetches wheels: pip asks a package of sources for its metadata, and would install a build system to
# answer. This one answers itself.
download() {
  mkdir -p "$aside/backend/scikit_build_core" "$aside/tmp"
  printf '%s' "$1" >"$aside/requirements.txt"
  : >"$aside/backend/scikit_build_core/__init__.py"
  cat >"$aside/backend/scikit_build_core/build.py" <<PY
from pathlib import Path


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    name = "llama_cpp_python-$version.dist-info"
    (Path(folder) / name).mkdir()
    (Path(folder) / name / "METADATA").write_text("Metadata-Version: 2.1\nName: llama-cpp-python\nVersion: $version\n")
    return name
PY
  TMPDIR="$aside/tmp" PIP_REQUIRE_VIRTUALENV=0 PYTHONPATH="$aside/backend" python3 -m pip download \
    --disable-pip-version-check --no-cache-dir --no-deps --require-hashes -r "$aside/requirements.txt" \
    --dest "$aside/wheels" --no-binary=:all: --no-build-isolation \
    >&2 9>&- || fail_fetch "pip ended with an error (its own words are above)."
  rm -rf "$aside/tmp"
}

if complete; then exit 0; fi
need_python
begin "$target"
if complete; then exit 0; fi # another set-up fetched them while this one waited
get_wheels "$target" "$unpacked_bytes"
models="llama_cpp_python-$version/vendor/llama.cpp/models"
tar -xzf "$(wheel_path "$archive")" -C "$aside" "$models" || die "the vocabularies could not be unpacked (see above)."
mkdir "$aside/vocabularies"
mv "$aside/$models"/ggml-vocab-* "$aside/vocabularies/"
touch "$aside/vocabularies/complete"
put_in_place "$aside/vocabularies" "$target"
