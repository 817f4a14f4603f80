#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: without_apt.sh COMMAND...
#
# Runs ./run COMMAND... as on a host without Debian's package tools and its names
# for clang: PATH has every program of this machine but these, and clang++ is
# the newest clang++-N.

set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
(($# > 0)) || {
  echo 'usage: without_apt.sh COMMAND...' >&2
  exit 2
}
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
IFS=: read -ra folders <<< "$PATH"
for folder in "${folders[@]}"; do
  [[ -d $folder ]] || continue
  find -L "$folder" -maxdepth 1 -type f -executable \
    ! -name 'apt*' ! -name 'dpkg*' ! -name 'clang*' ! -name 'llvm-*' \
    -exec ln -st "$programs" {} + 2> /dev/null ||
    true  # An earlier folder has that program.
done
newest=$(compgen -c clang++- | sed -n 's/^clang++-\([0-9]*\)$/\1/p' | sort -n |
  tail -n 1)
for program in clang clang++ clang-format llvm-cov llvm-profdata \
  llvm-symbolizer; do
  ! place=$(command -v "$program-$newest") ||
    ln -s "$place" "$programs/$program"
done
[[ -x $programs/bash ]] || {
  echo "without_apt.sh: no programs in $PATH" >&2
  exit 3
}
for program in apt-get dpkg "clang++-$newest"; do
  ! PATH=$programs command -v "$program" > /dev/null || {
    echo "without_apt.sh: $program is still there" >&2
    exit 3
  }
done
PATH=$programs ./run "$@"
