# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run trees: checks trees of Debian's suites as they are, and renews the table
# of docs/false-alarms.md.

readonly TREES='debian:5.10 debian:6.1 debian:6.12 debian:newest-1 debian:newest'
readonly TREES_PAGE=docs/false-alarms.md
# The page keeps the lines up to this one.
readonly TREES_MARK='<!-- ./run trees writes what follows. -->'

command_trees() {
  local argument seconds=600 how_long tree verdict verdicts=() status failed=0
  for argument in "$@"; do
    case $argument in
      --seconds=auto) seconds=auto ;;
      --seconds=*[!0-9]* | --seconds= | --seconds=0)
        usage_error 'trees: --seconds=N, a whole number from 1 on, or auto' ;;
      --seconds=*) seconds=${argument#*=} ;;
      *) usage_error "trees: unknown argument '$argument'" ;;
    esac
  done
  grep -qxF -e "$TREES_MARK" "$TREES_PAGE" ||
    die 3 "trees: $TREES_PAGE lacks the line '$TREES_MARK'"
  how_long="$seconds seconds for each tree"
  [[ $seconds != auto ]] || how_long='until every floor was reached'
  mkdir -p build/verdicts
  for tree in $TREES; do
    verdict=build/verdicts/${tree#debian:}.json
    rm -f "$verdict"
    status=0
    ./run check "$tree" "--seconds=$seconds" "--json=$verdict" || status=$?
    verdicts+=("$verdict")
    ((status == 0)) || {
      echo "trees: the check of $tree ended with $status" >&2
      ((failed > status)) || failed=$status
    }
  done
  # Nothing is written unless every tree was checked.
  build/dev/bin/pxdfuzz verdicts "${verdicts[@]}" > build/verdicts/table.md ||
    die 3 "trees: $TREES_PAGE was not renewed"
  {
    awk -v mark="$TREES_MARK" '{print} $0 == mark {exit}' "$TREES_PAGE"
    echo
    echo "Commit $(git rev-parse --short=12 HEAD), $(date -u +%F)," \
      "$how_long:"
    echo
    cat build/verdicts/table.md
  } > build/verdicts/page.md
  cp build/verdicts/page.md "$TREES_PAGE"
  return "$failed"
}
