# What every script here needs, sourced: `root`, `die`, `cache_folder`; the program that is measured, the model, Python.
# shellcheck shell=bash source-path=SCRIPTDIR source=../scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

built="${CARGO_TARGET_DIR:-$root/target}/release/blockscope"
model="$(cache_folder)/models/SmolLM2-135M-Instruct.Q4_1.gguf"

# check_measured PROGRAM: that there is all that it takes
check_measured() {
  [ -x "$1" ] || die "$1: there is no such program; cargo build --release makes it"
  [ -f "$model" ] || die "$model: there is no such model; make model fetches it"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "Python 3.11 or newer is needed; found $(python3 --version 2>&1 || true)."
}
