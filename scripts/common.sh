# What every script here begins with: the repository as working folder, its own environment before any other.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ -d .venv/bin ] && PATH="$PWD/.venv/bin:$PATH"

# A check that cannot be done here says so, with the reason; scripts/test says it again at its end.
leave_out() {
  echo "left out: $1"
  [ -z "${SHIFTSCOPE_LEFT_OUT:-}" ] || echo "$1" >>"$SHIFTSCOPE_LEFT_OUT"
}
