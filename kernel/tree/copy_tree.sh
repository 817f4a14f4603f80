#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: copy_tree.sh TREE FOLDER
#
# Copies what is compiled of a Linux tree, a folder or an archive, to FOLDER,
# which it replaces: the files and folders that the patterns of parts.txt name,
# as far as the tree has them. The build and ./run call it. Exit codes: 0 done, 2
# wrong usage, 3 there is no such tree; FOLDER is not there then.

set -euo pipefail

(($# == 2)) || {
  echo 'usage: copy_tree.sh TREE FOLDER' >&2
  exit 2
}
tree=$1 to=$2
mapfile -t parts < "${BASH_SOURCE[0]%/*}/parts.txt"
export LC_ALL=C

fail() {
  rm -rf "$to.part"
  echo "$tree: $1" >&2
  exit 3
}

rm -rf "$to" "$to.part"
mkdir -p "$to.part"
if [[ -d $tree ]]; then
  to_part=$(realpath -- "$to.part")
  (
    cd "$tree" || exit 1
    shopt -s nullglob
    # shellcheck disable=SC2068  # patterns
    for part in ${parts[@]}; do
      [[ ! -e $part ]] || cp -r --parents "$part" "$to_part" || exit 1
    done
  ) || fail 'cannot be copied'
elif [[ -f $tree ]]; then
  # Not every tree has every part, which tar says of each.
  said=$(tar -xf "$tree" -C "$to.part" --strip-components=1 --wildcards \
    --no-wildcards-match-slash "${parts[@]/#/*/}" 2>&1) || true
  broken=$(grep -v -e 'Not found in archive' -e '^tar: Exiting with' \
    -e '^tar: Child returned' <<< "$said" | head -n 1) || true
  [[ -z $broken ]] || fail "no archive, or one that is cut short: $broken"
else
  fail 'no such folder or archive'
fi
[[ -f $to.part/Makefile && -f $to.part/mm/gup.c ]] ||
  fail 'no Linux tree: it has no Makefile or no mm/gup.c'
mv "$to.part" "$to"
