#!/usr/bin/env bash
# Builds the book in docs/book into target/book, to be read in a browser. In this order:
#   1. an mdbook that is installed, of whatever version;
#   2. ${XDG_CACHE_HOME:-~/.cache}/blockscope/mdbook-0.5.4, shared by all clones, built once by cargo.
# Neither LibTorch nor a model is needed, and the text reads well on a forge without any of this.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

version=0.5.4

by_hand() {
  cat >&2 <<TEXT
To supply it by hand: put an mdbook on the PATH, from a package or https://github.com/rust-lang/mdBook/releases
Or do without it: the chapters are Markdown, $root/docs/book/src/SUMMARY.md lists them.
TEXT
  exit 1
}

# Installs mdbook into folder $1. Serving and watching are left out: they are two thirds of what would be built.
install() {
  command -v cargo >/dev/null 2>&1 || { say "error: mdbook is missing, and so is cargo, which would build it."; by_hand; }
  say "Building mdbook $version, once for all clones, into $1 (some minutes)"
  cargo install mdbook --version "$version" --locked --no-default-features --features search --root "$1" >&2 ||
    { say "error: mdbook $version could not be built (see above)."; by_hand; }
}

if ! mdbook="$(command -v mdbook)"; then
  cache="$(cache_folder)"
  mdbook="$cache/mdbook-$version/bin/mdbook"
  [ -x "$mdbook" ] || install "$cache/mdbook-$version"
fi

"$mdbook" build "$root/docs/book"
say "The book: $root/target/book/index.html"
