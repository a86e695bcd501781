#!/usr/bin/env bash
# Holds the comparisons that the project is proudest of against the default model on this machine: each must be seen,
# with an interval that excludes 1, and a configuration against itself must show no difference. Some ten minutes on two
# processors, with nothing else running; by hand, since a busy machine measures itself.
#     tests/compare/check.sh [BLOCKSCOPE]
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
# shellcheck source-path=SCRIPTDIR source=../../scripts/common.sh
. "$here/../../scripts/common.sh"

[ $# -le 1 ] || die "expected at most one argument, the program to check: $0 target/release/blockscope"
program="${1:-$here/../../target/release/blockscope}"
[ -x "$program" ] || die "$program: there is no such program; cargo build --release makes it"
exec python3 "$here/check.py" "$program"
