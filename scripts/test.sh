# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run test: all tests, in every build. The last lines of its output are
# ctest's summary.

# Runs the tests of one preset; the output goes to the screen and to a log.
run_suite() {
  local preset=$1 status=0
  echo
  echo "${BOLD}tests ($preset)$PLAIN"
  ctest --preset "$preset" -j "$(nproc)" 2>&1 < /dev/null |
    tee "$LOGS/test-$preset.log" || status=$?
  need_tests "$preset" "$LOGS/test-$preset.log"
  return "$status"
}

# need_tests PRESET LOG: ends the script if ctest has run no test.
need_tests() {
  grep -qE 'tests passed, .* out of [1-9]' "$2" ||
    die 3 "test: no test was run ($1); see $2"
}

command_test() {
  no_arguments test "$@"
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[test]}
  # shellcheck source=scripts/kernel.sh
  . scripts/kernel.sh
  install_kernel_sources
  [[ ${CI:-} != true ]] || compgen -G '/usr/src/linux-source-*' > /dev/null ||
    die 3 'test: in CI nothing may be skipped: there are no kernel sources'
  # A test renders a page in a browser if there is one. The browser is large, so
  # only CI requires it.
  [[ ${CI:-} != true ]] || try_to_install chromium
  local preset failed=() symbolizer
  # The sanitizers only find it under this name.
  symbolizer=$(realpath -- "$(clang_tool llvm-symbolizer)")
  export ASAN_SYMBOLIZER_PATH=${ASAN_SYMBOLIZER_PATH:-$symbolizer}

  for preset in dev fuzz fuzz-asan; do
    build 'everything' "$preset"
  done
  for preset in dev fuzz-asan fuzz; do
    run_suite "$preset" || failed+=("$preset")
  done
  ((${#failed[@]})) || return 0

  # ctest's summary of a preset that passed must not be the last output.
  echo
  echo "${RED}FAILED: the tests of ${failed[*]}$PLAIN"
  for preset in "${failed[@]}"; do
    echo
    echo "tests ($preset), from $LOGS/test-$preset.log:"
    awk '/tests passed, /{found = 1} {if (found) print; last = $0}
         END {if (!found) print last}' "$LOGS/test-$preset.log"
  done
  return 1
}
