#!/bin/sh
# SPDX-License-Identifier: MIT
#
# All steps of the image (../Dockerfile), so that they can be tried without a
# container engine: ./run ossfuzz --container does. As root on Debian 12:
#
#   install.sh tools                   what the build needs
#   install.sh build SOURCE PREFIX     builds SOURCE, puts what ships in PREFIX
#   install.sh runtime                 libraries, user and volume of the image

set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

clang=19

packages() {
  apt-get -q update
  apt-get -q -y install --no-install-recommends "$@"
  apt-get clean
  rm -rf /var/lib/apt/lists/*
}

tools() {
  packages cmake ninja-build g++ "clang-$clang" "libclang-rt-$clang-dev" \
    libabsl-dev libyaml-cpp-dev nlohmann-json3-dev
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

build() {
  cd "$1"
  prefix=$2
  targets=$(sed -n 's/^TARGET(\([a-z_]*\),.* shipped)$/\1/p' fuzz/targets.def)
  preset dev g++ pxdfuzz_tool
  # shellcheck disable=SC2086  # one word for each target
  preset fuzz "clang++-$clang" $targets
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
}

runtime() {
  packages libabsl20220623 libstdc++6 libyaml-cpp0.7
  useradd --system --user-group --home-dir /data --shell /usr/sbin/nologin \
    --uid 1000 pxdfuzz
  install -d -o pxdfuzz -g pxdfuzz /data
}

case ${1:-} in
  tools | runtime) [ $# = 1 ] ;;
  build) [ $# = 3 ] ;;
  *) false ;;
esac || {
  echo 'usage: install.sh tools|runtime, or install.sh build SOURCE PREFIX' >&2
  exit 2
}
"$@"
