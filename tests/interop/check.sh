#!/usr/bin/env bash
# Reads exported traces back with the tools of others: Holistic Trace Analysis, the PyTorch Profiler TensorBoard
# plugin, Perfetto's trace processor; and with PyTorch itself where PYTORCH_PYTHON names a Python that has 2.11.
#     tests/interop/check.sh BLOCKSCOPE
# Their packages (requirements.txt, a download of 120 MB, 560 MB unpacked) go into a virtual environment in the cache
# folder, made once for each set of versions. Where the package index cannot be reached this says so and is skipped.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
# shellcheck source-path=SCRIPTDIR source=../../scripts/common.sh
. "$here/../../scripts/common.sh"

[ $# -eq 1 ] || die "expected one argument, the program to check: $0 target/debug/blockscope"

# The oldest Python for which all the pinned versions are published.
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  die "Python 3.11 or newer is needed; found $(python3 --version 2>&1 || true)."
python3 -c 'import venv, ensurepip' 2>/dev/null ||
  die "python3 has no venv, which keeps the packages apart. (Debian, Ubuntu: apt install python3-venv)"

# By Python and versions, so that a change of either makes another.
key="$(python3 - "$here/requirements.txt" <<'PY'
import hashlib, sys
with open(sys.argv[1], "rb") as file:
    print("%d.%d-%s" % (*sys.version_info[:2], hashlib.sha256(file.read()).hexdigest()[:12]))
PY
)"
target="$(cache_folder)/interop-$key"

install() {
  local folder
  mkdir -p "$(dirname "$target")" || die "cannot create $(dirname "$target")."
  rm -rf "$target"
  folder="$target"
  # A virtual environment knows its own path, so it cannot be moved into place: the file says that it is whole.
  python3 -m venv "$folder"
  say "Installing the readers of others into $folder"
  if ! "$folder/bin/python" -m pip install --disable-pip-version-check --quiet --no-deps --only-binary=:all: \
    -r "$here/requirements.txt" >&2; then
    # One small package tells an index that cannot be reached from versions that it does not have.
    if "$folder/bin/python" -m pip download --disable-pip-version-check --quiet --no-deps --no-cache-dir \
      --dest "$folder/probe" packaging >/dev/null 2>&1; then
      die "the packages of tests/interop/requirements.txt cannot be installed (pip's own words are above)."
    fi
    rm -rf "$folder"
    say "skipped: the Python package index cannot be reached (pip's own words are above)," \
      "so no reader of others was asked."
    exit 0
  fi
  touch "$folder/whole"
}

[ -e "$target/whole" ] || install
exec "$target/bin/python" -B "$here/check.py" "$1"
