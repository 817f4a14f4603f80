#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests house.awk: each check passes a small good tree and fails on a bad one.

set -euo pipefail
LINT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
readonly LINT
cd -- "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
failures=0 tests=0

# Writes a good tree, with rules that it barely keeps.
good_tree() {
  rm -rf ./*
  mkdir -p include/pxdfuzz/{base,paging,walk} src/{walk,reference} tests
  cat > rules.txt << 'TEXT'
layer base
layer paging
layer walk reference
layer cli
never walk base
files 3
run 3
exempt-folder tests/bugs
counted include src
lines 15
TEXT
  echo '# none' > exemptions.txt
  printf '%s\n' '// a comment' '' 'int b;  // code' '/* two' 'lines */' \
    'namespace n {' 'struct B {};' '}  // namespace n' \
    > include/pxdfuzz/base/b.h
  printf '%s\n' '#include "pxdfuzz/base/b.h"' 'int p = R"(' '// no comment' \
    ')"[0];' > include/pxdfuzz/paging/p.h
  printf '%s\n' '#include "pxdfuzz/paging/p.h"' 'int w = "/*"[0];' 'int x;' \
    'int y;' > src/walk/w.cc
  printf '%s\n' '#include "pxdfuzz/paging/p.h"' 'int x;' 'int y;' \
    > src/reference/r.cc
}

# expect STATUS PATTERN: runs house.awk in this folder.
expect() {
  local status=0 output files
  ((++tests))
  mapfile -t files < <(find src include tests -type f 2> /dev/null | sort)
  output=$(awk -f "$LINT/house.awk" rules.txt exemptions.txt "${files[@]}") ||
    status=$?
  if ((status != $1)) || ! grep -qE -e "$2" <<< "$output"; then
    ((++failures))
    echo "line ${BASH_LINENO[0]}: want exit code $1 and '$2', got $status and:"
    echo "$output"
  fi
}

good_tree
expect 0 '^4 files, 3 includes .* 15 lines of code of at most 15$'

# Layers.
good_tree
sed -i 's/paging.p/walk\/w/' src/reference/r.cc
expect 1 '^src/reference/r.cc:1: reference must not include walk: '
echo 'include src/reference/r.cc walk' > exemptions.txt
expect 0 ' 15 lines of code'
good_tree
sed -i 's/int b;/# include <pxdfuzz\/paging\/p.h>/' include/pxdfuzz/base/b.h
expect 1 '^include/pxdfuzz/base/b.h:3: base must not include paging: '
good_tree
sed -i 's/paging.p/base\/b/' src/walk/w.cc
expect 1 '^src/walk/w.cc:1: walk must not include base: '
good_tree
sed -i 's/pxdfuzz.paging/src\/cli/' src/walk/w.cc
expect 1 '^src/walk/w.cc:1: walk must not include cli: '
good_tree
sed -i 's/paging.p/cellar\/c/' src/walk/w.cc
expect 1 '^src/walk/w.cc:1: pxdfuzz/cellar/c.h is in no room'
good_tree
sed -i 's/pxdfuzz.paging/..\/paging/' src/walk/w.cc
expect 1 '^src/walk/w.cc:1: includes a relative path'
good_tree
sed -i 's/pxdfuzz.paging/tests/' src/walk/w.cc
expect 1 '^src/walk/w.cc:1: includes tests/p.h, a test or benchmark'
good_tree
mv src/walk/w.cc src/w.cc
expect 1 '^src/w.cc: is in no room'

# Folders.
good_tree
touch src/walk/{a,b}.cc
echo 'int a;' | tee src/walk/{a,b}.cc > src/walk/c.cc
sed -i 's/lines 15/lines 18/' rules.txt
expect 1 '^src/walk: 4 files, at most 3$'
echo 'folder src/walk' > exemptions.txt
expect 0 ' 18 lines of code'
mkdir -p tests/bugs
mv src/walk/{a,b,c}.cc tests/bugs
echo 'int a;' > tests/bugs/d.cc
echo '# none' > exemptions.txt
expect 0 '8 files'

# Repeated lines, without blanks, blank lines and includes.
good_tree
printf '%s\n' '  int w = "/*"[0]; ' '#include "pxdfuzz/base/b.h"' '' 'int x;' \
  'int y;' > src/reference/r.cc
expect 1 '^src/walk/w.cc:2: 3 lines are equal to src/reference/r.cc:1$'
echo 'repeat src/reference/r.cc src/walk/w.cc' > exemptions.txt
sed -i 's/lines 15/lines 16/' rules.txt
expect 0 ' 16 lines of code'
sed -i 's/int y/int z/' src/reference/r.cc
expect 1 'not needed: repeat src/reference/r.cc src/walk/w.cc$'
good_tree
printf '%s\n' {1..4} 'int x;' {1..4} > src/reference/r.cc
sed -i 's/lines 15/lines 21/' rules.txt
expect 1 '^src/reference/r.cc:6: 4 lines are equal to src/reference/r.cc:1$'

# Classes.
good_tree
echo 'struct B {' >> include/pxdfuzz/paging/p.h
expect 1 '^16 lines'
sed -i 's/lines 15/lines 40/' rules.txt
expect 0 ' 2 classes, '
printf '%s\n' 'namespace n {' 'namespace {' 'struct B {' '}  // namespace' \
  '}  // namespace n' >> src/walk/w.cc
expect 0 ' 2 classes, '
printf '%s\n' 'namespace n {' 'struct B;' 'struct B<int> {' 'struct B {' \
  '}  // namespace n' >> include/pxdfuzz/paging/p.h
expect 1 '^include/pxdfuzz/paging/p.h:9: include/pxdfuzz/base/b.h defines n::B '
echo 'class n::B' > exemptions.txt
expect 0 ' 3 classes, '

# Size.
good_tree
echo 'int more;' >> src/walk/w.cc
expect 1 '^16 lines of code, at most 15$'
good_tree
echo '  # a comment' > src/CMakeLists.txt
expect 0 ' 15 lines of code'
echo 'add_library(x)  # code' >> src/CMakeLists.txt
expect 1 '^16 lines of code, at most 15$'

# Unneeded exemptions; bad rules; nothing to check.
good_tree
echo 'include src/walk/w.cc reference' > exemptions.txt
expect 1 'not needed: include src/walk/w.cc reference$'
echo 'folder src/walk' > exemptions.txt
expect 1 'not needed: folder src/walk$'
good_tree
echo 'lines many' >> rules.txt
expect 1 '^rules.txt:11: unknown rule: lines many$'
good_tree
rm -r src include
echo 'int t;' > tests/t.cc
expect 3 '^nothing to check: '

((failures == 0)) || exit 1
echo "$tests tests of house.awk pass"
