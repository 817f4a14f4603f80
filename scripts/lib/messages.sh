# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Messages, errors and steps of ./run. A step writes its output to a file in
# build/log/; if it fails, the relevant part is shown.

readonly LOGS=build/log

# shellcheck disable=SC2034  # those that only the commands use
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  readonly COLOR=1 BOLD=$'\e[1m' RED=$'\e[1;31m' GREEN=$'\e[32m' PLAIN=$'\e[m'
else
  readonly COLOR='' BOLD='' RED='' GREEN='' PLAIN=''
fi

# die CODE MESSAGE
die() {
  printf '%srun: %s%s\n' "$RED" "$2" "$PLAIN" >&2
  exit "$1"
}

usage_error() {
  die 2 "$1; see ./run help"
}

# 1310720 as 1,310,720.
grouped() {
  local digits=$1 groups=''
  while ((${#digits} > 3)); do
    groups=,${digits: -3}$groups
    digits=${digits:0:-3}
  done
  printf '%s' "$digits$groups"
}

# The part of a log that shows the cause: the lines from the first error, or the
# end.
show_failure() {
  local log=$1
  awk '
    /^FAILED: |^CMake Error|^E: |[Ee]rror:/ {if (!first) first = NR}
    {line[NR] = $0}
    END {
      if (!first || first < NR - 400) first = NR - 19
      if (first < 1) first = 1
      for (i = first; i < first + 40 && i <= NR; ++i)
        print "  | " substr(line[i], 1, 400)
    }' "$log" >&2
  echo "  the whole log: $log" >&2
}

# step WHAT LOG COMMAND...: runs the command with its output in the file LOG, and
# prints WHAT and the seconds it took. Returns the command's exit code.
step() {
  local what=$1 log=$2 started=$SECONDS status=0
  shift 2
  mkdir -p "$LOGS" || die 3 "cannot write in $ROOT"
  printf '%s ... ' "$what"
  "$@" > "$log" 2>&1 < /dev/null || status=$?
  if ((status == 0)); then
    echo "$((SECONDS - started)) s"
  else
    echo "${RED}failed${PLAIN} after $((SECONDS - started)) s"
  fi
  return "$status"
}

# The same for a step that must not fail.
needed_step() {
  step "$@" && return
  show_failure "$2"
  die 3 "$1: failed"
}
