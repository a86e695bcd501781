#!/usr/bin/env bash
# Points this clone's `.libtorch` at a LibTorch 2.11.0, which `.cargo/config.toml` hands to cargo. In this order:
#   1. LIBTORCH_USE_PYTORCH is set: the PyTorch of that Python;
#   2. LIBTORCH is set: the folder it names;
#   3. `.libtorch` points somewhere already, by 1 or 2 in an earlier run;
#   4. ${XDG_CACHE_HOME:-~/.cache}/blockscope/libtorch-2.11.0, shared by all clones, fetched once from the
#      Python package index (Linux on x86-64 only: nowhere else does the index hold a build we can take apart).
# Any other version is refused: the bindings (tch 0.24) speak to 2.11.0 exactly. Silent when 4 is there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=2.11.0
what="LibTorch $version"
# libtorch_cpu.so of the published build is linked to two small CUDA libraries. They need neither GPU nor driver.
torch="torch-2.11.0-cp312-cp312-manylinux_2_28_x86_64.whl"
cudart=nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl
cupti=nvidia_cuda_cupti-13.0.85-py3-none-manylinux_2_25_x86_64.whl
wheels="\
torch 2.11.0 0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756 530712279 $torch
nvidia-cuda-runtime 13.0.96 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548 2243632 $cudart
nvidia-cuda-cupti 13.0.85 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8 10715597 $cupti"
unpacked_bytes=523000000
libtorch_cpu_bytes=451209129

link="$root/.libtorch"
target="$(cache_folder)/libtorch-$version"

by_hand_own() {
  cat >&2 <<TEXT
  * A LibTorch $version of your own: LIBTORCH=/path/to/libtorch, the folder with include/ and lib/
  * A Python with PyTorch $version installed: LIBTORCH_USE_PYTORCH=1
TEXT
}

by_hand() {
  by_hand_own
  by_hand_wheels
}

# The version that the LibTorch in folder $1 states of itself, without a suffix such as +cpu; nothing if none.
version_in() {
  local header
  if [ -f "$1/build-version" ]; then
    sed -n '1s/[+[:space:]].*//;1p' "$1/build-version"
    return
  fi
  # A PyTorch package has no such file; its headers say it (newer releases in the first, older in the second).
  for header in "$1/include/torch/headeronly/version.h" "$1/include/torch/csrc/api/include/torch/version.h"; do
    [ -f "$header" ] || continue
    awk '$1 == "#define" && $2 ~ /^TORCH_VERSION_(MAJOR|MINOR|PATCH)$/ { v = v dot $3; dot = "." } END { print v }' \
      "$header" | grep . && return
  done
  return 0
}

# check_own FOLDER FROM: dies unless the folder, which the user chose through FROM, is a whole LibTorch 2.11.0.
check_own() {
  local found extension=so file
  [ -d "$1" ] || die "$2 names $1, which is no folder." "Expected LibTorch $version: a folder with include/ and lib/."
  found="$(version_in "$1")"
  [ -n "$found" ] || die "$2 names $1, and its version cannot be told." \
    "Expected LibTorch $version there: build-version or include/torch/headeronly/version.h, found neither."
  [ "$found" = "$version" ] || die "$2 names LibTorch $found, in $1." \
    "Expected LibTorch $version: the bindings that Blockscope is built on (tch 0.24) speak to no other." \
    "Point $2 at a LibTorch $version, or unset it to have one fetched."
  [ "$(uname -s)" != Darwin ] || extension=dylib
  for file in include/torch/csrc/api/include/torch/torch.h include/ATen/ATen.h \
    "lib/libtorch.$extension" "lib/libtorch_cpu.$extension" "lib/libc10.$extension"; do
    [ -e "$1/$file" ] || die "$2 names $1, which is not a whole LibTorch: $file is missing there." \
      "Expected the C++ distribution of LibTorch $version, or the 'torch' folder of a PyTorch $version package."
  done
}

# The 'torch' folder of the Python that torch-sys would ask.
pytorch_folder() {
  local python=python3 answer
  [ -z "${VIRTUAL_ENV:-}" ] || python=python
  answer="$("$python" - "$version" <<'PY'
import os, sys
try:
    import torch
except ImportError as error:
    sys.exit(f"{sys.executable} cannot import torch: {error}")
if torch.__version__.split("+")[0] != sys.argv[1]:
    sys.exit(f"{sys.executable} has PyTorch {torch.__version__}")
try:
    from torch.utils import cpp_extension
except ImportError as error:
    sys.exit(f"{sys.executable} cannot import torch.utils.cpp_extension, which tells where the library is: {error}")
print(os.path.dirname(os.path.realpath(torch.__file__)))
PY
)" || die "LIBTORCH_USE_PYTORCH is set, but $python offers no PyTorch $version (see above)." \
    "Expected PyTorch $version there, with setuptools. Activate such an environment, or unset LIBTORCH_USE_PYTORCH."
  printf '%s' "$answer"
}

# Points .libtorch at folder $1.
point() {
  local before
  before="$(readlink "$link" || true)"
  [ "$before" != "$1" ] || return 0
  [ -z "$before" ] || rm "$link"
  ln -s "$1" "$link"
  # The folder is written into the binaries (rpath). cargo does not look behind the link: have build.rs run again.
  [ -z "$before" ] || touch "$root/build.rs"
}

# point_own FOLDER FROM: uses the LibTorch that the user chose.
point_own() {
  check_own "$1" "$2"
  point "$1"
  say "LibTorch $version: $1 (from $2)"
}

complete() {
  local file
  [ "$(cat "$target/build-version" 2>/dev/null || true)" = "$version" ] || return 1
  for file in include/ATen/ATen.h include/torch/csrc/api/include/torch/torch.h \
    lib/libtorch.so lib/libtorch_cpu.so lib/libc10.so lib/libgomp.so.1 lib/libcudart.so.13 lib/libcupti.so.13; do
    [ -s "$target/$file" ] || return 1
  done
  [ "$(size_of "$target/lib/libtorch_cpu.so")" = "$libtorch_cpu_bytes" ]
}

# A ready-made LibTorch can be taken out of the package index for Linux with glibc on x86-64, and there only.
need_platform() {
  local here glibc
  here="$(uname -s) $(uname -m)"
  glibc="$(getconf GNU_LIBC_VERSION 2>/dev/null | awk '{ print $2 }')" || true
  if [ "$here" != "Linux x86_64" ]; then
    printf 'error: %s is missing, and no ready-made one is fetched on %s (only on Linux x86_64).\n' "$what" "$here" >&2
  elif ! printf '%s\n' "${glibc:-0.0}" | awk -F. '{ exit !($1 > 2 || ($1 == 2 && $2 >= 28)) }'; then
    printf 'error: %s is missing, and the ready-made one needs glibc 2.28 or newer; found %s.\n' \
      "$what" "${glibc:-another C library}" >&2
  else
    return 0
  fi
  say "To supply it by hand:"
  by_hand_own
  exit 1
}

fetch() {
  need_platform
  need_python
  begin "$target"
  if complete; then return; fi # another set-up fetched it while this one waited
  [ ! -e "$target" ] || say "The LibTorch in $target is not complete; fetching it again."
  get_wheels "$target" "$unpacked_bytes"
  say "Unpacking the CPU part of it ($(megabytes "$unpacked_bytes") MB) …"
  {
    python3 "$root/scripts/wheel.py" unpack "$(wheel_path "$torch")" "$aside/libtorch" torch/include/=include/ \
      torch/lib/libc10.so=lib/libc10.so torch/lib/libtorch_cpu.so=lib/libtorch_cpu.so \
      torch/lib/libgomp.so.1=lib/libgomp.so.1 &&
      python3 "$root/scripts/wheel.py" unpack "$(wheel_path "$cudart")" "$aside/libtorch" \
        nvidia/cu13/lib/libcudart.so.13=lib/libcudart.so.13 &&
      python3 "$root/scripts/wheel.py" unpack "$(wheel_path "$cupti")" "$aside/libtorch" \
        nvidia/cu13/lib/libcupti.so.13=lib/libcupti.so.13
  } || die "LibTorch could not be unpacked (see above)."
  # torch-sys asks the linker for libtorch. The published one only pulls in the CUDA libraries.
  ln -s libtorch_cpu.so "$aside/libtorch/lib/libtorch.so"
  echo "$version" >"$aside/libtorch/build-version"
  put_in_place "$aside/libtorch" "$target"
}

# Does .libtorch point at the shared one, of this or an earlier version of Blockscope?
link_is_shared() {
  case "$(readlink "$link" || true)" in
    "$(cache_folder)"/libtorch-*) return 0 ;;
    *) return 1 ;;
  esac
}

own="${LIBTORCH-unset}"
case "$own" in
  "$link" | "$link/") own="" ;; # what .cargo/config.toml tells the programs that cargo starts
  unset) own="" ;;
  /*) ;;
  *) die "LIBTORCH is '$own': expected an absolute path, since cargo reads it from other folders." \
    "Or unset it, to have LibTorch $version fetched." ;;
esac

if [ -n "${LIBTORCH_USE_PYTORCH+set}" ]; then # torch-sys asks only whether it is set
  folder="$(pytorch_folder)"
  point_own "$folder" LIBTORCH_USE_PYTORCH
elif [ -n "$own" ]; then
  [ ! -d "$own" ] || own="$(cd "$own" && pwd -P)"
  point_own "$own" LIBTORCH
elif [ -e "$link" ] && ! link_is_shared; then
  folder="$(cd "$link" && pwd -P)"
  check_own "$folder" ".libtorch in this clone"
  say "LibTorch $version: $folder (chosen earlier; remove .libtorch to go back to the shared one)"
else
  complete || fetch
  point "$target"
fi
