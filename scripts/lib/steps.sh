# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Runs commands one after the other and prints how long each took.

step_times=()

# run_steps WARN FAIL COMMAND...: runs each COMMAND, a line of words, until one
# fails. Returns its exit code, or 1 if all of them took more than FAIL seconds;
# prints a warning above WARN seconds.
run_steps() {
  local warn=$1 fail=$2 began=$SECONDS command words status took total=0
  shift 2
  step_times=()
  (($#)) || {
    echo 'there is no step to run'
    return 3
  }
  for command in "$@"; do
    status=0 took=$SECONDS
    echo "=== $command"
    read -ra words <<< "$command"
    "${words[@]}" || status=$?
    step_times+=("$(printf '%6d s  %s' $((SECONDS - took)) "$command")")
    total=$((SECONDS - began))
    if ((status)); then
      print_times "$total"
      echo "failed with exit code $status: $command"
      return "$status"
    fi
    ((total <= fail)) || break
  done
  print_times "$total"
  if ((total > fail)); then
    echo "failed: more than $fail s; move slow steps to ./run nightly"
    return 1
  fi
  ((total <= warn)) || echo "warning: more than $warn s"
}

print_times() {
  printf '=== steps:\n'
  printf '%s\n' "${step_times[@]}"
  printf '%6d s  in all\n' "$1"
}
