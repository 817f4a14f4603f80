# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run check: what can be said of the sources without building them.

# The one version: each formats a little differently.
readonly FORMATTER=clang-format-19

# sources PATTERN...: files of the project with such names, one a line.
sources() {
  local pattern names=()
  for pattern in "$@"; do
    names+=(-o -name "$pattern")
  done
  find . \( -name .git -o -path ./build \) -prune -o \
    -type f \( "${names[@]:1}" \) -print | sort
}

cxx_sources() {
  sources '*.cc' '*.h' '*.c'
}

shell_sources() {
  printf '%s\n' ./run ./.ci/run
  sources '*.sh'
}

check_format() {
  if ! is_there "$FORMATTER"; then
    echo "formatting: not looked at, there is no $FORMATTER"
    return
  fi
  local file wrong=()
  while IFS= read -r file; do
    "$FORMATTER" --dry-run --Werror -- "$file" > /dev/null 2>&1 ||
      wrong+=("$file")
  done < <(cxx_sources)
  ((${#wrong[@]})) || return 0
  echo "not as .clang-format has it; this mends it:"
  echo "  $FORMATTER -i ${wrong[*]}"
  return 1
}

check_scripts() {
  shell_sources | tr '\n' '\0' | xargs -0 shellcheck -x
}

check_licences() {
  local file without=0
  while IFS= read -r file; do
    head -n 5 -- "$file" | grep -q 'SPDX-License-Identifier: ' && continue
    echo "$file: no SPDX-License-Identifier in its first lines"
    without=1
  done < <(cxx_sources; sources CMakeLists.txt '*.cmake'; shell_sources)
  return "$without"
}

# check WHAT FUNCTION
check() {
  local what=$1 log=$LOGS/$2.log
  if step "checking $what" "$log" "$2"; then
    # What it had to say although nothing is wrong.
    sed 's/^/  /' "$log"
    return
  fi
  head -n 40 "$log"
  failed+=("$what")
}

command_check() {
  no_arguments check "$@"
  local failed=()
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[check]}
  # Older releases do not have it: then that check is left out, and says so.
  if ! is_there "$FORMATTER" && [[ $EUID == 0 ]] && has_command apt-get; then
    step "installing $FORMATTER" "$LOGS/apt-format.log" \
      apt_get install --no-install-recommends "$FORMATTER" || true
  fi
  check 'licence lines' check_licences
  check 'scripts' check_scripts
  check 'formatting' check_format
  ((${#failed[@]} == 0)) || {
    local IFS=,
    die 1 "check failed: ${failed[*]}"
  }
}
