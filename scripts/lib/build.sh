# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Configures and builds a CMake preset.

# The value of a variable in the build folder of a preset, or an empty line.
cached() {
  local preset=$1 variable=$2 cache=build/$1/CMakeCache.txt
  [[ -f $cache ]] || return 0
  sed -n "s/^$variable:[A-Z]*=//p" "$cache"
}

# must_be_fresh FOLDER SOURCES COMPILER: whether CMake must forget the build
# folder. It can change neither the compiler nor the place of the sources
# without losing other settings. An empty COMPILER matches any.
must_be_fresh() {
  local preset=${1#build/}
  [[ -f $1/CMakeCache.txt ]] && {
    [[ $(cached "$preset" CMAKE_HOME_DIRECTORY) != "$2" ]] ||
      [[ -n $3 && $(cached "$preset" CMAKE_CXX_COMPILER) != "$3" ]]
  }
}

configure() {
  local preset=$1 compiler='' flags=("${@:2}")
  if [[ $preset == @(afl|bench|fuzz|kernel)* ]]; then
    compiler=$(clang_tool clang++)
    flags+=("-DCMAKE_CXX_COMPILER=$compiler")
  fi
  ! must_be_fresh "build/$preset" "$ROOT" "$compiler" || flags+=(--fresh)
  if [[ ${CI:-} == true ]]; then
    flags+=(-DPXDFUZZ_WERROR=ON)
  else
    flags+=(-DPXDFUZZ_WERROR=OFF)
  fi
  cmake --preset "$preset" "${flags[@]}"
}

# build WHAT PRESET [TARGET...]: ends the script if it fails.
build() {
  local what=$1 preset=$2 targets=()
  shift 2
  [[ $# == 0 ]] || targets=(--target "$@")
  needed_step "configuring ($preset)" "$LOGS/configure-$preset.log" \
    configure "$preset"
  needed_step "building $what ($preset)" "$LOGS/build-$preset.log" \
    cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}"
}
