# Shared by the scripts beside it: messages and checks of what they need. Sourced, not run.

# Else a function whose output is taken would go on after a command that failed: `program=$(build_program …)` would name
# what an earlier build had left.
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT

# die MESSAGE [ADVICE]: ends the script with a message, and what to do about it.
die() {
  printf 'error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '  %s\n' "$2" >&2; fi
  exit 1
}

say() { printf '%s\n' "$*" >&2; }

# skipped NAME REASON: says that a part was not run, and notes it for the summary of scripts/test.
skipped() {
  say "SKIPPED: $1: $2"
  if [ -n "${ATTACHE_SKIPPED:-}" ]; then printf '%s\t%s\n' "$1" "$2" >>"$ATTACHE_SKIPPED"; fi
}

have() { command -v "$1" >/dev/null 2>&1; }

# show_help SCRIPT: prints the comment that opens a script.
show_help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p;}' "$1"; }

need_cargo() {
  have cargo || die "cargo is not on the path" "install Rust from https://rustup.rs, then open a new shell"
}

need_python() {
  have python3 || die "python3 is not on the path" "install Python 3.8 or newer"
}

# What Cargo is to build a package with: on its own, or, where `cargo xtask ci` has set ATTACHE_WHOLE_WORKSPACE, with the
# features of the whole workspace, so that no dependency is built once for each set of features.
scope() {
  if [ -n "${ATTACHE_WHOLE_WORKSPACE:-}" ]; then
    printf '%s\n' --workspace --all-features
  else
    printf '%s\n' --package "$@"
  fi
}

# build_program PACKAGE NAME: builds one of our own programs and prints its path.
build_program() {
  local scope
  mapfile -t scope < <(scope "$1")
  (cd "$ROOT" && cargo build --quiet "${scope[@]}" --bin "$2" >&2) || return
  printf '%s\n' "${CARGO_TARGET_DIR:-$ROOT/target}/debug/$2"
}

# xtask TASK [ARGUMENT...]: ends the script with what a task of xtask does.
xtask() {
  local program
  need_cargo
  program=$(build_program xtask xtask)
  exec "$program" "$@"
}
