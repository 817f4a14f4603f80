# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run mutants: searches for each planted bug as the fuzz targets search for
# real ones (tests/mutants/census.h), and in small worlds. The fuzz targets
# would miss a bug that this search does not find.

command_mutants() {
  local argument named='' missing=0
  for argument in "$@"; do
    case $argument in
      --seeds=*) ;;
      -*) usage_error "mutants: unknown flag '$argument'" ;;
      *) named=1 ;;
    esac
  done
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[mutants]}
  build 'planted bugs' fuzz mutants_fuzzer
  [[ -n $named ]] || build 'planted bugs' dev mutants_worlds
  build/fuzz/bin/mutants_fuzzer --census build/mutants "$@" || missing=$?
  ((missing <= 1)) || exit "$missing"
  if [[ -z $named ]]; then
    echo
    build/dev/bin/mutants_worlds || missing=$?
  fi
  return "$missing"
}
