#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds what ClusterFuzzLite and OSS-Fuzz run: fuzz targets, each with its
# seeds, options and dictionary. A service runs this script in its own image and
# configures it with environment variables:
#
#   CXX, CXXFLAGS        compiler; sanitizer, coverage and standard library
#   LIB_FUZZING_ENGINE   what targets are linked with: a flag or a library
#   FUZZING_ENGINE       its name (default: libfuzzer)
#   SRC, OUT, WORK       sources are in $SRC/pxdfuzz, results go to $OUT,
#                        everything else to $WORK
#
# This does not use CMake, since its version depends on the image. `./run
# ossfuzz` tests this script.

set -euo pipefail

: "${CXX:?}" "${LIB_FUZZING_ENGINE:?}" "${SRC:?}" "${OUT:?}" "${WORK:?}"
cd "$SRC/pxdfuzz"
# shellcheck source=scripts/lib/targets.sh
. scripts/lib/targets.sh
# Each of these may be several words, or empty.
read -ra compiler <<< "$CXX"
read -ra flags <<< "${CXXFLAGS:-}"
read -ra engine <<< "$LIB_FUZZING_ENGINE"
flags+=(-std=c++20 -Iinclude -I.)
[[ ${FUZZING_ENGINE:-libfuzzer} != libfuzzer ]] ||
  flags+=(-DPXDFUZZ_LIBFUZZER)
readonly OBJECTS=$WORK/pxdfuzz
# Coverage is of the tested code, not of the judge. It includes the targets' own
# sources: an engine may give up if the first inputs, which are empty, reach
# nothing.
TESTED=$(sed -n 's/^set(tested \(.*\))$/\1/p' src/CMakeLists.txt)
readonly TESTED
# The targets that services run.
TARGETS=$(targets_where use=shipped)
readonly TARGETS
[[ -n $TESTED && -n $TARGETS ]] || {
  echo 'build.sh: no target to build, or no tested source' >&2
  exit 3
}
mkdir -p "$OBJECTS" "$OUT"

# Sources of the model and shared sources of targets: everything but the tool,
# the targets and code for other engines.
shared_sources() {
  find src -name '*.cc' ! -path 'src/cli/*'
  find fuzz -name '*.cc' ! -name '*_fuzzer.cc' ! -name replay_main.cc \
    ! -name 'afl_*'
}

# object_of SOURCE
object_of() {
  local name=${1%.cc}
  echo "$OBJECTS/shared.${name//\//-}.o"
}

# The arguments that compile each source, one per line.
units() {
  local source target coverage
  for source in $(shared_sources); do
    coverage=-fno-sanitize=fuzzer-no-link
    [[ " $TESTED " != *" ${source#src/} "* ]] ||
      coverage=-fno-sanitize-coverage=trace-cmp
    echo "$coverage -c $source -o $(object_of "$source")"
  done
  for target in $TARGETS; do
    echo "-fno-sanitize-coverage=trace-cmp -DPXDFUZZ_TARGET=$target" \
      "-c fuzz/$(target_column "$target" source)_fuzzer.cc" \
      "-o $OBJECTS/$target.o"
  done
}

# seeds TARGET: its corpus, and the byte files of corpus/regressions.
seeds() {
  local target=$1 files
  files=("corpus/$(target_column "$target" seeds)"/* corpus/regressions/*.bin)
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
    "$OBJECTS/$target.o" "${shared[@]}" "${engine[@]}"
  seeds "$target"
  cp fuzz/case.options "$OUT/$target.options"
  cp fuzz/case.dict "$OUT/$target.dict"
done
