#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh PREFIX: builds the sources in this folder, and installs what the
# image (../Dockerfile) ships into PREFIX.

set -eu
export LC_ALL=C

[ $# = 1 ] || {
  echo 'usage: container/build.sh PREFIX' >&2
  exit 2
}
prefix=$1
targets=$(sed -n 's/^TARGET(\([a-z_]*\),.* shipped)$/\1/p' fuzz/targets.def)
[ -n "$targets" ] || {
  echo 'build.sh: fuzz/targets.def has no target with use=shipped' >&2
  exit 3
}

# preset NAME COMPILER TARGET...
preset() {
  name=$1
  compiler=$2
  shift 2
  cmake --preset "$name" "-DCMAKE_CXX_COMPILER=$compiler" -DBUILD_TESTING=OFF \
    -DPXDFUZZ_KERNEL_TREE=none
  cmake --build --preset "$name" --target "$@"
}

preset dev g++ pxdfuzz_tool
# shellcheck disable=SC2086  # one word for each target
preset fuzz clang++-19 $targets
mkdir -p "$prefix/bin" "$prefix/corpus"
strip -o "$prefix/bin/pxdfuzz" build/dev/bin/pxdfuzz
for target in $targets; do
  strip -o "$prefix/bin/$target" "build/fuzz/bin/$target"
  cp -R "corpus/$target" "$prefix/corpus/"
done
cp -R corpus/regressions "$prefix/corpus/"
cp fuzz/case.dict LICENSE "$prefix/"
install -m 755 container/start.sh "$prefix/bin/start"
chmod -R a+rX,go-w "$prefix"
