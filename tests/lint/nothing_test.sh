#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests that each command of ./run fails with a message if it has nothing to do.

set -euo pipefail
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
readonly ROOT
failures=0 tests=0

# expect STATUS PATTERN FILE FUNCTION [ARGUMENT]...: runs a function of
# scripts/FILE.sh in a new folder that `prepare` fills. If `prepare` is unset,
# the folder is empty.
expect() {
  local want=$1 pattern=$2 file=$3 status=0 output
  shift 3
  ((++tests))
  output=$(
    exec 2>&1
    set -e
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    cp -r "$ROOT/scripts" "$folder"
    mkdir "$folder/fuzz"
    cp "$ROOT/fuzz/targets.def" "$folder/fuzz"
    cd "$folder"
    for name in lib/{messages,packages,build,targets} "$file"; do
      # shellcheck source=/dev/null
      . "scripts/$name.sh"
    done
    rm -r scripts fuzz
    eval "${prepare:-}"
    "$@"
  ) || status=$?
  if ((status != want)) || ! grep -qE -e "$pattern" <<< "$output"; then
    ((++failures))
    echo "$file: $*: want exit code $want and '$pattern', got $status and:"
    echo "$output"
  fi
}

no_files='^there is no file to check$'
prepare='is_there() { :; }'
expect 3 "$no_files" lint check_format
prepare=''
expect 3 "$no_files" lint check_scripts
expect 3 "$no_files" lint check_licences
prepare='check_licences() { return 3; }'
expect 3 'lint: licences: nothing was checked$' lint check licences \
  check_licences

prepare='echo "No tests were found!!!" > log'
expect 3 'test: no test was run \(dev\); see log$' test need_tests dev log
prepare='echo "100% tests passed, 0 tests failed out of 0" > log'
expect 3 'test: no test was run' test need_tests dev log
prepare='echo "99% tests passed, 1 tests failed out of 20" > log'
expect 0 '^$' test need_tests dev log

prepare='mkdir from to; echo text > from/case.yaml'
expect 3 'minimize: from: there is no input in it$' minimize merge_inputs from to
prepare='mkdir from to; echo input > from/a; cp from/a from/b'
expect 0 '^$' minimize merge_inputs from to

# fake_coverage LINES MISSED CELLS: files in the formats of llvm-cov and
# cell_map.
fake_coverage() {
  prepare="mkdir -p \$COVERAGE
    echo TOTAL 9 1 88% 9 1 88% $1 $2 50% > \$COVERAGE/lines.txt
    echo 'cells reached: $3 of 50' > \$COVERAGE/cells.txt"
}
fake_coverage 100 100 5
expect 3 'coverage: no line is covered' coverage print_coverage
fake_coverage 100 50 0
expect 3 'coverage: no cell is reached' coverage print_coverage
fake_coverage 100 50 5
expect 0 '^lines covered: 50 of 100$' coverage print_coverage

((failures == 0)) || exit 1
echo "$tests tests of commands that have nothing to do pass"
