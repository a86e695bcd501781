#!/usr/bin/env bash
# Checks what must be installed before anything is built, and says all that is missing at once.
# With the argument `lint`, rustfmt and clippy too. (The scripts that fetch ask for python3 and pip themselves,
# and only when there is something to fetch.)
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root" # rustup may choose another toolchain for this folder

problems=0
problem() {
  problems=$((problems + 1))
  printf 'error: %s\n' "$@" >&2
}

# at_least MAJOR.MINOR VERSION
at_least() {
  awk -v need="$1" -v have="$2" 'BEGIN {
    split(need, n, "."); split(have, h, ".")
    exit !(h[1] + 0 > n[1] + 0 || (h[1] + 0 == n[1] + 0 && h[2] + 0 >= n[2] + 0))
  }'
}

check_rust() {
  local need found hint="Install it with rustup, or your system's packages if they are new enough."
  need="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
  if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
    [ ! -x "${HOME:-}/.cargo/bin/cargo" ] || hint="It is in ~/.cargo/bin, which is not on your PATH: run '. ~/.cargo/env'."
    problem "Rust $need or newer is needed; found no cargo and rustc on the PATH. $hint"
  elif ! found="$(rustc --version | awk '{ print $2 }')"; then
    problem "Rust $need or newer is needed; rustc does not start (see above)."
  elif ! at_least "$need" "$found"; then
    problem "Rust $need or newer is needed; found $found. With rustup: rustup update stable"
  fi
}

check_compiler() {
  local folder gomp=""
  # The variables may hold several words, such as 'ccache g++'; cargo's cc crate reads them the same way.
  local -a cxx
  read -r -a cxx <<<"${CXX:-c++}"
  folder="$(mktemp -d)"
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$folder'" EXIT
  cat >"$folder/probe.cpp" <<'CPP'
#include <optional>
int main() {
  std::optional<int> zero = 0;
  if constexpr (sizeof(int) > 1) return *zero;
}
CPP
  # LibTorch's bindings are linked with GNU OpenMP on Linux; it comes with gcc.
  [ "$(uname -s)" != Linux ] || gomp=-lgomp
  if ! command -v "${cxx[0]}" >/dev/null; then
    problem "a C++17 compiler is needed; found no '${cxx[0]}'. (Debian, Ubuntu: apt install g++; Fedora: dnf install \
gcc-c++; macOS: xcode-select --install. Another one: CXX=…)"
  elif ! "${cxx[@]}" -std=c++17 "$folder/probe.cpp" -o "$folder/probe" 2>"$folder/log"; then
    problem "a C++17 compiler is needed; '${cxx[*]}' cannot build a program of three lines:"
    head -n 5 "$folder/log" >&2
  elif [ -n "$gomp" ] && ! "${cxx[@]}" -std=c++17 "$folder/probe.cpp" -o "$folder/probe" $gomp 2>"$folder/log"; then
    problem "the GNU OpenMP library is needed; '${cxx[*]}' does not find it. It comes with gcc (Debian, Ubuntu: apt \
install gcc)."
  fi
  command -v cc >/dev/null || problem "rustc links through 'cc', and there is none. It comes with gcc or clang."
}

check_lint() {
  cargo fmt --version >/dev/null 2>&1 || problem "rustfmt is needed. With rustup: rustup component add rustfmt"
  cargo clippy --version >/dev/null 2>&1 || problem "clippy is needed. With rustup: rustup component add clippy"
}

check_rust
check_compiler
if [ "${1:-}" = lint ] && [ "$problems" -eq 0 ]; then check_lint; fi
[ "$problems" -eq 0 ] || exit 1
