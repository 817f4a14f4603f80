# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run bugs [NAME...]: whether the bugs on record are found. This sets the
# machine up and builds the tool, which does the rest (src/cli/bugs/).

command_bugs() {
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[bugs]}
  build 'the tool' dev pxdfuzz_tool
  # What the user names is relative to where the user is.
  cd -- "$CALLER" || exit
  exec "$ROOT/build/dev/bin/pxdfuzz" bugs "--source=$ROOT" \
    "--compiler=$(clang_tool clang++)" "$@"
}
