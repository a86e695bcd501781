#!/usr/bin/env bash
# Runs a measuring script in Python on the built program and the default model: measure.sh SCRIPT [ARGUMENT…]
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=built.sh
. "$(dirname "${BASH_SOURCE[0]}")/built.sh"

check_measured "$built"
script="$1"
shift
exec python3 "$script" "$built" "$model" "$@"
