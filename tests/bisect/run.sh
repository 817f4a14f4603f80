#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# usage: tests/bisect/run.sh [TREE]
#
# Has `git bisect run` look for a mistake in 30 made-up commits to a copy of what
# is compiled of TREE, a folder or an archive (default: Debian's package
# linux-source-6.12). Most commits change a comment. On the way are one without
# enough time, one that does not build, one that reaches what nothing stands in
# for, and one with another finding; those that git passes by are checked after
# that. Exit codes: 0 found, 1 not found or another exit code of a check, 3 there
# is no such tree.

set -euo pipefail

cd -- "${BASH_SOURCE[0]%/*}/../.."
root=$PWD
tree=${1:-/usr/src/linux-source-6.12.tar.xz}
[[ -e $tree ]] || {
  echo "$tree: there is no such tree" >&2
  exit 3
}

# By number of the commit. `git bisect` begins in the middle.
readonly SHORT=15 BROKEN=28 OTHER=11 TRAP=21 BAD=26
readonly WISH=long

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
repository=$folder/linux
"$root/kernel/tree/copy_tree.sh" "$tree" "$repository"
chmod -R u+w "$repository"

in_git() { git -C "$repository" -c user.name=A -c user.email=a@b "$@"; }

# Replaces the first place in mm/gup.c, which must be there.
edit() {
  FROM=$1 TO=$2 perl -0pi -e \
    's/\Q$ENV{FROM}\E/$ENV{TO}/ or die "mm/gup.c lacks $ENV{FROM}\n"' \
    "$repository/mm/gup.c"
}

commit() {
  in_git add -A
  in_git commit -q -m "$1"
  in_git tag "$1"
}

make_commits() {
  local i original
  local special=$'} else if (pte_special(pte))\n\t\t\tgoto pte_unmap;\n'
  local include='#include "internal.h"'
  in_git init -q
  commit 0
  for ((i = 1; i <= 30; ++i)); do
    echo "/* $i */" >> "$repository/mm/gup.c"
    # It stays from there on.
    ((i != BAD)) || edit "$special" $'}\n'
    original=$(< "$repository/mm/gup.c")
    case $i in
      "$BROKEN") edit 'if (pte_protnone(pte))' 'if (pte_protnone(pte) + none)' ;;
      "$TRAP")
        edit "$include" "$include"$'\nbool made_up(pte_t pte);'
        edit 'pte_special(pte)' 'made_up(pte)'
        ;;
      "$OTHER")
        edit $'ptep_get(ptep)))) {\n\t\t\tgup_put_folio(folio, 1, flags);' \
          'ptep_get(ptep)))) {'
        ;;
    esac
    commit "$i"
    # The commits above are the only ones with that.
    printf '%s\n' "$original" > "$repository/mm/gup.c"
  done
}

# What `git bisect run` runs: a check, whose exit code it writes down.
write_step() {
  cat > "$folder/step" << EOF
#!/usr/bin/env bash
number=\$(git describe --tags --exact-match)
flags=()
[[ \$number != $SHORT ]] || flags=(--seconds=1)
code=0
"$root/run" check . --arch=x86 --walkers=gup_fast --bisect=$WISH \\
  "\${flags[@]}" || code=\$?
echo "\$number \$code" >> "$folder/codes"
exit "\$code"
EOF
  chmod +x "$folder/step"
}

# Whether the check of a commit had that exit code. Which commits git visits
# after one that it has to skip depends on their hashes.
expect() {
  if ! grep -q "^$1 " "$folder/codes"; then
    in_git checkout -q "$1"
    (cd "$repository" && "$folder/step") || true
  fi
  grep -qx "$1 $2" "$folder/codes" && return
  echo "commit $1: its check did not exit with $2" >&2
  failed=1
}

make_commits
write_step
in_git bisect start 30 0
(cd "$repository" && git bisect run "$folder/step") | tee "$folder/log"
in_git bisect reset > /dev/null
failed=0
expect "$SHORT" 125
expect "$BROKEN" 125
expect "$TRAP" 125
expect "$OTHER" 0
expect "$BAD" 1
grep -q "^$(in_git rev-parse "$BAD") is the first bad commit" "$folder/log" || {
  echo "commit $BAD is not the first bad one that was found" >&2
  failed=1
}
exit "$failed"
