# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run afl: builds what bench/measure_afl.cc measures, and runs it.

command_afl() {
  local flag
  for flag in "$@"; do
    [[ $flag =~ ^--rounds=[1-9][0-9]{0,2}$ ]] ||
      usage_error "afl: unknown flag '$flag'"
  done
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[afl]}
  build 'fuzz targets' afl empty_fuzzer gup_fuzzer gup_strict_fuzzer \
    gup_race_fuzzer case_mutator
  build 'what measures' dev measure_afl
  exec build/dev/bin/measure_afl "$@"
}
