# What the tools share; sourced, not run. Sets the folder, says things, and fixes ccache's settings.

# The project's root, wherever a tool is called from.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Debian's own interpreter sees Debian's own modules; the first on the PATH may be another.
python=/usr/bin/python3

# Compiler caching belongs to the project, not to a home directory: a fresh clone at another path
# finds what an earlier one compiled.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '%s\n' "[$(date +%H:%M:%S)] $*"; }

die() {
  printf '%s\n' "${0##*/}: $*" >&2
  exit 1
}
