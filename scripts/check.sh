# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run check TREE: whether the page table walks of a kernel tree are right.
# This sets the machine up and builds the tool, which does the rest
# (src/cli/check/).

command_check() {
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[check]}
  build 'the tool' dev pxdfuzz_tool
  # What the user names is relative to where the user is.
  cd -- "$CALLER"
  exec "$ROOT/build/dev/bin/pxdfuzz" check "--source=$ROOT" \
    "--compiler=$(clang_tool clang++)" "$@"
}
