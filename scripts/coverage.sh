# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run coverage: which lines the corpus covers, and which kinds of situation it
# reaches. Uses a separate build, by clang, whose programs replay files.

readonly COVERAGE=build/coverage
mapfile -t COVERED_TARGETS < <(targets_where use=shipped)
readonly COVERED_TARGETS

configure_coverage() {
  local flags='-O1 -g -fprofile-instr-generate -fcoverage-mapping'
  cmake -S . -B "$COVERAGE" -G Ninja "-DCMAKE_CXX_COMPILER=$(
    clang_tool clang++)" "-DCMAKE_CXX_FLAGS=$flags" -DBUILD_TESTING=OFF \
    -DPXDFUZZ_KERNEL_TREE=none
}

# Replays the corpora; fails if one shows a finding.
replay_corpora() {
  local target
  for target in "${COVERED_TARGETS[@]}"; do
    LLVM_PROFILE_FILE=$COVERAGE/$target.profraw \
      PXDFUZZ_STATS=$COVERAGE/$target.stats \
      "$COVERAGE/bin/$target" "corpus/$target" corpus/regressions
  done
}

write_lines() {
  local target objects=()
  for target in "${COVERED_TARGETS[@]}"; do
    objects+=(-object "$COVERAGE/bin/$target")
  done
  "$(clang_tool llvm-profdata)" merge -sparse -o "$COVERAGE/all.profdata" \
    "$COVERAGE"/*.profraw
  "$(clang_tool llvm-cov)" show -format=html -output-dir="$COVERAGE/lines" \
    "-instr-profile=$COVERAGE/all.profdata" "${objects[@]:1}" \
    -ignore-filename-regex='^/usr/'
  "$(clang_tool llvm-cov)" report "-instr-profile=$COVERAGE/all.profdata" \
    "${objects[@]:1}" -ignore-filename-regex='^/usr/' > "$COVERAGE/lines.txt"
}

# Prints the totals. A corpus that covers nothing was not replayed.
print_coverage() {
  local covered
  covered=$(awk '$1 == "TOTAL" {print $8 - $9}' "$COVERAGE/lines.txt")
  ((covered)) || die 3 "coverage: no line is covered; see $LOGS/coverage.log"
  grep -q '^cells reached: [1-9]' "$COVERAGE/cells.txt" ||
    die 3 "coverage: no cell is reached; see $LOGS/coverage.log"
  echo
  awk '$1 == "TOTAL" {print "lines covered: " $8 - $9 " of " $8}' \
    "$COVERAGE/lines.txt"
  sed -n 1p "$COVERAGE/cells.txt"
  echo "the report: $COVERAGE/index.html"
}

command_coverage() {
  no_arguments coverage "$@"
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[coverage]}
  needed_step 'configuring (coverage)' "$LOGS/configure-coverage.log" \
    configure_coverage
  needed_step 'building fuzz targets (coverage)' "$LOGS/build-coverage.log" \
    cmake --build "$COVERAGE" -j "$(nproc)" \
    --target "${COVERED_TARGETS[@]}" cell_map
  rm -rf "$COVERAGE"/*.profraw "$COVERAGE/lines"
  needed_step 'replaying the corpus' "$LOGS/coverage.log" replay_corpora
  needed_step 'writing the lines' "$LOGS/coverage-lines.log" write_lines
  # Only for targets with tables that do not change: translate_fuzzer reaches no
  # cells, and cells do not describe what a walk meets after a change.
  local stats
  mapfile -t stats < <(targets_where use=shipped tables=still)
  stats=("${stats[@]/%/.stats}")
  stats=("${stats[@]/#/$COVERAGE/}")
  "$COVERAGE/bin/cell_map" HTML "${stats[@]}" > "$COVERAGE/index.html"
  "$COVERAGE/bin/cell_map" TEXT "${stats[@]}" > "$COVERAGE/cells.txt"
  print_coverage
}
