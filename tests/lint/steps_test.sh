#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Tests scripts/lib/steps.sh.

set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/lib/steps.sh
. scripts/lib/steps.sh
failures=0

end_with() {
  return "$1"
}

# expect STATUS PATTERN ABSENT ARGUMENT...: runs run_steps; ABSENT must not
# match.
expect() {
  local status=0 output
  output=$(run_steps "${@:4}") || status=$?
  if ((status != $1)) || ! grep -qE -e "$2" <<< "$output" ||
    grep -qE -e "$3" <<< "$output"; then
    ((++failures))
    echo "line ${BASH_LINENO[0]}: want exit code $1, '$2' and no '$3', got" \
      "$status and:"
    echo "$output"
  fi
}

expect 0 '^ +0 s  echo one two$' 'warning|failed' 9 9 'echo one two' true
expect 0 '^one two$' 'warning|failed' 9 9 'echo one two' true
expect 0 '^ +[1-9] s  in all$' 'warning|failed' 99 99 'sleep 1' true
expect 0 '^warning: more than 0 s$' 'failed' 0 9 'sleep 1' true
expect 1 '^failed: more than 0 s' 'after' 0 0 'sleep 1' 'echo after'
expect 1 '^failed with exit code 1: false$' 'after' 9 9 false 'echo after'
expect 3 '^failed with exit code 3: end_with 3$' 'after' 9 9 'end_with 3' \
  'echo after'
expect 3 '^there is no step to run$' 's  in all' 9 9

((failures == 0)) || exit 1
echo 'the tests of steps.sh pass'
