#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The entry point of the image (../Dockerfile).

set -eu

prefix=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
# Findings are stored here.
data=${PXDFUZZ_DATA:-/data}
# The sources, in the image that has compilers.
source=/source

# "a, b, c"
targets() {
  (cd "$prefix/bin" && echo *_fuzzer) | sed 's/ /, /g'
}

help() {
  cat << TEXT
pxdfuzz finds where two ways of walking Linux page tables disagree.

usage: docker run IMAGE [COMMAND]

  fuzz                    fuzz gup_fuzzer until something is found
  fuzz TARGET [FLAG...]   the same with any target, and flags of libFuzzer
  replay FILE...          judge cases: files that a target left behind, or texts
  explain FILE            explain how a walk went through a case
  check TREE              check a kernel tree, with the flags of check; needs
                          the image of \`docker build --target check\`
  tool COMMAND            run the tool: docker run IMAGE tool --help
  help                    print this

Targets: $(targets).
Corpora, findings and statistics are in the volume /data. Mount your files to
use them:

  docker run -v "\$PWD:/in:ro" IMAGE replay /in/FILE
TEXT
}

fuzz() {
  target=${1:-gup_fuzzer}
  [ $# = 0 ] || shift
  case ", $(targets)," in
    *", $target,"*) ;;
    *)
      echo "fuzz: there is no target '$target'; there are $(targets)" >&2
      exit 2
      ;;
  esac
  mkdir -p "$data/corpus/$target" "$data/findings" 2> /dev/null || true
  if ! [ -w "$data/corpus/$target" ] || ! [ -w "$data/findings" ]; then
    echo "fuzz: $data cannot be written by user $(id -u); mount a volume" \
      'that can' >&2
    exit 3
  fi
  PXDFUZZ_STATS=${PXDFUZZ_STATS:-$data/$target.stats}
  export PXDFUZZ_STATS
  exec "$prefix/bin/$target" "-artifact_prefix=$data/findings/" \
    "-dict=$prefix/case.dict" -max_len=800 "$@" "$data/corpus/$target" \
    "$prefix/corpus/$target"
}

# check TREE [FLAG...]
check() {
  if ! [ -d "$source" ]; then
    echo 'check: this image has no compilers; build one that has:' \
      'docker build --target check' >&2
    exit 3
  fi
  # All output of the command, in the volume.
  out=$(readlink "$source/build/check")
  mkdir -p "$out" 2> /dev/null || true
  if ! [ -w "$out" ]; then
    echo "check: $out cannot be written by user $(id -u); mount a volume" \
      'that can' >&2
    exit 3
  fi
  exec "$prefix/bin/pxdfuzz" check "--source=$source" --compiler=clang++-19 "$@"
}

case ${1:-fuzz} in
  check)
    shift
    check "$@"
    ;;
  fuzz)
    [ $# = 0 ] || shift
    fuzz "$@"
    ;;
  help | --help | -h) help ;;
  tool)
    shift
    exec "$prefix/bin/pxdfuzz" "$@"
    ;;
  *) exec "$prefix/bin/pxdfuzz" "$@" ;;
esac
