# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run bench: builds what bench/measure_speed.cc measures, and runs it.

command_bench() {
  local flag preset
  for flag in "$@"; do
    [[ $flag =~ ^--rounds=[1-9][0-9]?$ ]] ||
      usage_error "bench: unknown flag '$flag'"
  done
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[bench]}
  for preset in fuzz fuzz-asan; do
    build 'fuzz targets' "$preset" gup_held_requests empty_held_requests \
      gup_unmutated empty_unmutated
  done
  for preset in bench bench-asan; do
    build 'the body' "$preset" body_bench body_bench_heap
  done
  build 'what measures' dev measure_speed
  exec build/dev/bin/measure_speed "$@"
}
