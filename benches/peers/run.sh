#!/usr/bin/env bash
# Measures Blockscope against transformers and llama.cpp: the same weights, prompts, lengths and threads, in turn, and
# writes docs/benchmarks.md. `make bench-peers` builds the program first.
#     benches/peers/run.sh [BLOCKSCOPE]
# Variables: ROUNDS (6), THREADS (2), PEERS ("transformers llama.cpp", or one of them), PAGE (docs/benchmarks.md), WAIT
# (60: so many seconds at most a round waits until nothing else keeps the processors busy).
# Each peer gets a virtual environment in the cache folder, made once for each set of versions. transformers comes with
# the index's PyTorch: on x86-64 that is the build with CUDA, 2.7 GB to download and 5 GB unpacked, since its libraries
# must be there to load it; where your index offers one without, that one is taken. llama.cpp is built from the sources
# in its Python package (77 MB, some ten minutes on two processors). A peer that cannot be had is left out, with a word.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
# shellcheck source-path=SCRIPTDIR source=../built.sh
. "$here/../built.sh"

[ $# -le 1 ] || die "expected at most one argument, the program to measure: $0 target/release/blockscope"
program="${1:-$built}"
check_measured "$program"
python3 -c 'import venv, ensurepip' 2>/dev/null ||
  die "python3 has no venv, which keeps the packages apart. (Debian, Ubuntu: apt install python3-venv)"

llama_cpp="llama-cpp-python==0.3.36"
build_options="-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF"
# Where the processor has matrix units, this llama.cpp ends at a memory fault in its code for them, in a prefill of 512.
if grep -qs amx_tile /proc/cpuinfo; then
  without="-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
  build_options+=" '-DCMAKE_C_FLAGS=$without' '-DCMAKE_CXX_FLAGS=$without'"
fi

# Where the environment of peer $1 lies: by Python, versions and how it is built, so that a change of any makes another.
environment_of() {
  local key
  key="$(python3 - "$here/requirements-$1.txt" "$llama_cpp $build_options" <<'PY'
import hashlib, sys
with open(sys.argv[1], "rb") as file:
    content = file.read() + (sys.argv[2].encode() if "llama.cpp" in sys.argv[1] else b"")
print("%d.%d-%s" % (*sys.version_info[:2], hashlib.sha256(content).hexdigest()[:12]))
PY
)"
  printf '%s/peers/%s-%s' "$(cache_folder)" "$1" "$key"
}

# packages PEER FOLDER: installs what the peer needs.
packages() {
  local pip=("$2/bin/python" -m pip install --disable-pip-version-check --no-cache-dir --quiet)
  # A build without CUDA asks for no CUDA libraries: torch says itself what it needs.
  "${pip[@]}" --only-binary=:all: -r "$here/requirements-$1.txt" >&2 || return 1
  [ "$1" = llama.cpp ] || return 0
  say "Building llama.cpp for this processor; that takes a while …"
  PATH="$2/bin:$PATH" CMAKE_ARGS="$build_options" "${pip[@]}" --no-deps --no-build-isolation \
    --no-binary=llama-cpp-python "$llama_cpp" >&2
}

# have PEER: sees to its environment; fails, with a word, where it cannot be had.
have() {
  local folder
  folder="$(environment_of "$1")"
  [ ! -e "$folder/whole" ] || return 0
  mkdir -p "$(dirname "$folder")" || die "cannot create $(dirname "$folder")."
  rm -rf "$folder"
  # A virtual environment knows its own path, so it cannot be moved into place: the file says that it is whole.
  python3 -m venv "$folder"
  say "Installing $1 into $folder"
  if ! packages "$1" "$folder"; then
    # One small package tells an index that cannot be reached from a peer that cannot be installed.
    if "$folder/bin/python" -m pip download --disable-pip-version-check --quiet --no-deps --no-cache-dir \
      --dest "$folder/probe" packaging >/dev/null 2>&1; then
      die "$1 cannot be installed (pip's own words are above)." "PEERS names those that are wanted: PEERS=transformers"
    fi
    rm -rf "$folder"
    say "left out: $1, since the Python package index cannot be reached (pip's own words are above)."
    return 1
  fi
  touch "$folder/whole"
}

peers=()
for peer in ${PEERS:-transformers llama.cpp}; do
  case "$peer" in
    transformers | llama.cpp) ;;
    *) die "PEERS names '$peer': expected transformers, llama.cpp, or both." ;;
  esac
  if have "$peer"; then peers+=(--peer "$peer=$(environment_of "$peer")/bin/python"); fi
done
[ ${#peers[@]} -gt 0 ] || {
  say "skipped: there is no peer to measure against."
  exit 0
}

# Which Blockscope it was can be said of the one that this clone builds only.
commit=()
if [ "$program" = "$built" ] && found="$(git -C "$root" describe --always --dirty 2>/dev/null)"; then
  commit=(--commit "$found")
fi
# Any of the environments has what the conductor needs.
exec "${peers[1]#*=}" -B "$here/peers.py" --program "$program" --model "$model" --rounds "${ROUNDS:-6}" \
  --threads "${THREADS:-2}" --wait "${WAIT:-60}" --page "${PAGE:-$root/docs/benchmarks.md}" --raw "$(cache_folder)/peers" \
  ${commit[@]+"${commit[@]}"} "${peers[@]}"
