# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run nightly: the tests that are too slow for .ci/run.

readonly LAST_NIGHTLY=build/last-nightly  # seconds since 1970, commit
readonly NIGHTLY_SECONDS=$((6 * 3600))

# The age of the last full run, and its commit.
nightly_age() {
  local time commit hours
  if ! read -r time commit 2> /dev/null < "$LAST_NIGHTLY"; then
    echo 'last full run: none in this folder'
    return
  fi
  hours=$((($(date +%s) - time) / 3600))
  echo "last full run: $((hours / 24)) days and $((hours % 24)) hours ago, of" \
    "$commit"
}

command_nightly() {
  no_arguments nightly "$@"
  # shellcheck source=scripts/lib/steps.sh
  . scripts/lib/steps.sh
  export CI=true  # as in .ci/run
  nightly_age
  run_steps "$NIGHTLY_SECONDS" "$NIGHTLY_SECONDS" \
    './run mutants --seeds=20' \
    './run bugs --seeds=11' \
    './run hardware' \
    './run determinism' \
    './run ossfuzz' \
    './run ossfuzz --container' \
    './run coverage' \
    './run trees' \
    'tests/bisect/run.sh' \
    'tests/host/without_apt.sh check --arch=s390 --configurations=as-is'\
' /usr/src/linux-source-6.12.tar.xz' \
    './run afl'
  mkdir -p build
  echo "$(date +%s) $(git rev-parse --short HEAD 2> /dev/null || echo '-')" \
    > "$LAST_NIGHTLY"
  nightly_age
}
