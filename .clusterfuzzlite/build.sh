#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds what ClusterFuzzLite and OSS-Fuzz run: fuzz targets, and beside each
# its seeds, options and dictionary. A service runs this in its own image and
# says by the environment how:
#
#   CXX, CXXFLAGS        compiler; sanitizer, coverage and standard library
#   LIB_FUZZING_ENGINE   what targets are linked with: a flag or a library
#   FUZZING_ENGINE       its name; libfuzzer unless told
#   SRC, OUT, WORK       sources are in $SRC/pxdfuzz, results go to $OUT,
#                        everything else to $WORK
#
# No CMake: which version of it there is depends on the image. `./run services`
# tries this script.

set -euo pipefail

# What runs for ever. Not here: targets that are made to find known bugs, one
# that does nothing, one that links with more than the standard library.
readonly TARGETS='gup_fuzzer walks_fuzzer translate_fuzzer gup_race_fuzzer'

# What is tested, and so what coverage is of; the rest judges. The same as in
# src/CMakeLists.txt, and the target's own source: an engine may give up where
# the first inputs, which are empty, reach nothing.
readonly TESTED='run_changing_walk.cc run_walk.cc translate_rules.cc'

# By target, flags of its own sources.
declare -rA TARGET_FLAGS=(
  [translate_fuzzer]='-DPXDFUZZ_TABLES=kRaw'
  [gup_race_fuzzer]='-DPXDFUZZ_TABLES=kChanging'
)

: "${CXX:?}" "${LIB_FUZZING_ENGINE:?}" "${SRC:?}" "${OUT:?}" "${WORK:?}"
cd "$SRC/pxdfuzz"
# Each of these may be several words, or none.
read -ra compiler <<< "$CXX"
read -ra flags <<< "${CXXFLAGS:-}"
read -ra engine <<< "$LIB_FUZZING_ENGINE"
flags+=(-std=c++20 -Iinclude -I.)
[[ ${FUZZING_ENGINE:-libfuzzer} != libfuzzer ]] ||
  flags+=(-DPXDFUZZ_LIBFUZZER)
readonly OBJECTS=$WORK/pxdfuzz
mkdir -p "$OBJECTS" "$OUT"

# Sources of the model and of what targets share: all but the tool, the targets
# and what belongs to other engines.
shared_sources() {
  find src -name '*.cc' ! -path 'src/cli/*'
  find fuzz -name '*.cc' ! -name '*_fuzzer.cc' ! -name custom_mutator.cc \
    ! -name replay_main.cc ! -name 'afl_*'
}

# object_of SOURCE [TARGET]
object_of() {
  local name=${1%.cc}
  echo "$OBJECTS/${2:-shared}.${name//\//-}.o"
}

# unit SOURCE [TARGET]: the arguments that compile it.
unit() {
  local coverage=-fno-sanitize=fuzzer-no-link
  [[ " $TESTED ${2:-}.cc " != *" ${1##*/} "* ]] ||
    coverage=-fno-sanitize-coverage=trace-cmp
  echo "$coverage ${TARGET_FLAGS[${2:-shared}]:-} -c $1 -o $(object_of "$@")"
}

units() {
  local source target
  for source in $(shared_sources); do
    unit "$source"
  done
  for target in $TARGETS; do
    unit fuzz/engines/custom_mutator.cc "$target"
    unit "fuzz/$target.cc" "$target"
  done
}

# seeds TARGET: its corpus, and the cases of regressions as bytes.
seeds() {
  local target=$1 files
  files=("corpus/$target"/* corpus/regressions/*.bin)
  rm -f "$OUT/${target}_seed_corpus.zip"
  if command -v zip > /dev/null; then
    zip -q -j "$OUT/${target}_seed_corpus.zip" "${files[@]}"
  else
    python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" "${files[@]}"
  fi
}

units | xargs -P "$(nproc)" -L 1 "${compiler[@]}" "${flags[@]}"

shared=()
for source in $(shared_sources | sort); do
  shared+=("$(object_of "$source")")
done
for target in $TARGETS; do
  "${compiler[@]}" "${flags[@]}" -o "$OUT/$target" \
    "$(object_of "fuzz/$target.cc" "$target")" \
    "$(object_of fuzz/engines/custom_mutator.cc "$target")" \
    "${shared[@]}" "${engine[@]}"
  seeds "$target"
  cp "fuzz/$target.options" "$OUT/"
  cp fuzz/case.dict "$OUT/$target.dict"
done
