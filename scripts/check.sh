# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run check TREE: whether the page table walks of a kernel tree are right.
# This sets the machine up and builds the tool, which does the rest
# (src/cli/check/).

prepare_check() {
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[check]}
  build 'the tool' dev pxdfuzz_tool
}

command_check() {
  # 128 stops `git bisect run`, to which 3 would be a bad revision.
  if [[ " $* " == *' --bisect'* ]]; then
    (prepare_check) || exit 128
    choose_clang
  else
    prepare_check
  fi
  # What the user names is relative to where the user is.
  cd -- "$CALLER" || exit
  exec "$ROOT/build/dev/bin/pxdfuzz" check "--source=$ROOT" \
    "--compiler=$(clang_tool clang++)" "$@"
}
