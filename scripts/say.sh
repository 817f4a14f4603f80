# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What `run` says, and how. Steps that take a while write to a file in
# build/log/, of which the part that matters is shown when they fail.

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

# 1234 milliseconds as 1.2.
as_seconds() {
  printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100))
}

milliseconds() {
  printf '%s' $((${EPOCHREALTIME/./} / 1000))
}

# The part of a log that tells why: from the first error on, or the end.
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

# step WHAT LOG COMMAND...: runs it with its output in the file LOG, and says
# what it does and how long that took. Returns what the command returned.
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

# The same for a step without which nothing goes on.
needed_step() {
  step "$@" && return
  show_failure "$2"
  die 3 "$1: failed"
}

# The signature of the first finding that a target's output on stdin tells.
first_signature() {
  sed -n $'s/\e\\[[0-9;]*m//g; s/^ *DEDUP_TOKEN: *//p' | sed -n 1p
}
