#!/usr/bin/env bash
# Has the program in folder $1/release write its completions into $1/completions, under the names that shells look for, and
# its manual pages into $1/man.
set -euo pipefail

target="$1"
blockscope="$target/release/blockscope"
mkdir -p "$target/completions"
"$blockscope" completions bash >"$target/completions/blockscope"
"$blockscope" completions zsh >"$target/completions/_blockscope"
"$blockscope" completions fish >"$target/completions/blockscope.fish"
"$blockscope" man --out "$target/man"
cat <<TEXT
Completions are in $target/completions, manual pages in $target/man. To install them for yourself:
  bash: copy blockscope to \${XDG_DATA_HOME:-~/.local/share}/bash-completion/completions/
  zsh:  copy _blockscope to a folder of \$fpath
  fish: copy blockscope.fish to \${XDG_CONFIG_HOME:-~/.config}/fish/completions/
  man:  copy the pages to \${XDG_DATA_HOME:-~/.local/share}/man/man1/
TEXT
