# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run determinism: all inputs in every build. Each configuration prints its
# results, line by line (tests/determinism/digest.cc); all must print the same.

readonly DETERMINISM=build/determinism

# The configurations. Columns:
#
#   name        also of its folder in build/determinism/
#   compiler    a command, of clang++ the version that is chosen; or =NAME, for
#               what that configuration has built
#   flags       of the compiler, also for linking
#   sanitizers  as -fsanitize= takes them
#   on          what else it takes, see below
#
# All others are compared with the first one that is run.
readonly CONFIGURATIONS='
gcc-O0       | g++     | -O0                                  | |
gcc-O2       | g++     | -O2 -g1                              | |
gcc-checked  | g++     | -O1 -D_GLIBCXX_DEBUG                 | |
gcc-san      | g++     | -O1 -g1 | address,undefined |
clang-O0     | clang++ | -O0 -ftrivial-auto-var-init=pattern  | |
clang-O2     | clang++ | -O2                                  | |
clang-san    | clang++ | -O2 -g1 | address,undefined,unsigned-integer-overflow |
clang-libc++ | clang++ | -O2 -stdlib=libc++                   | | libc++
valgrind     | =gcc-O2 |                                      | | valgrind
s390x-gcc    | s390x-linux-gnu-g++ | -O1 -static              | | s390x
s390x-clang  | clang++ | -O0 -static --target=s390x-linux-gnu | | s390x
'
# For --short: both compilers, no and full optimisation, both byte orders.
readonly SHORT='gcc-O0 clang-O2 s390x-gcc'

# By the last column: packages without which the configuration is skipped, by
# the names of packages_of; and the command that starts the program.
declare -rA EXTRA_NEEDS=(
  [libc++]='libc++'
  [s390x]='g++-s390x-linux-gnu qemu-user-static'
  [valgrind]='valgrind'
)
declare -rA RUNNERS=(
  [s390x]='qemu-s390x-static'
  [valgrind]='valgrind --error-exitcode=9 -q'
)

# Copied before anything is run, so that files that change during the run do not
# look like a difference.
readonly CORPORA=(corpus bench/corpus*/)
# A program that takes longer hangs.
readonly LONGEST=900  # seconds

# --- The table ---------------------------------------------------------------

# One line per configuration, without the blanks around columns.
configurations() {
  sed 's/ *| */|/g; /^$/d' <<< "$CONFIGURATIONS"
}

configuration_names() {
  configurations | cut -d '|' -f 1
}

# read_configuration NAME: sets the variables below.
name='' compiler='' flags='' sanitizers='' extra='' runner=''
read_configuration() {
  IFS='|' read -r name compiler flags sanitizers extra \
    < <(configurations | awk -F '|' -v name="$1" '$1 == name')
  runner=''
  [[ -z $extra ]] || runner=${RUNNERS[$extra]:-}
}

# The packages that the current configuration lacks.
missing_of_current() {
  # shellcheck disable=SC2086  # one word for each need
  [[ -z $extra ]] || missing_of ${EXTRA_NEEDS[$extra]}
}

# --- Building and running ----------------------------------------------------

# configure_build: the current configuration.
configure_build() {
  local folder=$DETERMINISM/$name program=$compiler werror=OFF fresh=()
  [[ $compiler != clang++ ]] || program=$(clang_tool clang++)
  program=$(command -v "$program")
  ! must_be_fresh "$folder" "$ROOT" "$program" || fresh=(--fresh)
  [[ ${CI:-} != true ]] || werror=ON
  # CMake must not find packages of this machine for another one; they are not
  # needed.
  cmake "${fresh[@]}" -G Ninja -B "$folder" -S . -DBUILD_TESTING=OFF \
    -DPXDFUZZ_KERNEL_TREE=none \
    -DCMAKE_BUILD_TYPE= "-DCMAKE_CXX_COMPILER=$program" \
    "-DCMAKE_CXX_FLAGS=$flags" "-DPXDFUZZ_SANITIZE=$sanitizers" \
    "-DPXDFUZZ_WERROR=$werror" -DCMAKE_DISABLE_FIND_PACKAGE_absl=ON \
    -DCMAKE_DISABLE_FIND_PACKAGE_benchmark=ON
}

# build_digest NAME
build_digest() {
  read_configuration "$1"
  configure_build && cmake --build "$DETERMINISM/$name" -j "$(nproc)" \
    --target digest
}

# The configuration whose program the current one runs.
builder() {
  if [[ $compiler == =* ]]; then echo "${compiler#=}"; else echo "$name"; fi
}

program_of_current() {
  echo "$DETERMINISM/$(builder)/bin/digest"
}

made_up=()  # inputs besides the corpora, as flags of digest

# digest OUTPUT: the current configuration on all inputs. Its results go to the
# file OUTPUT, everything else to OUTPUT.log.
digest() {
  local output=$ROOT/$1 program words=()
  program=$ROOT/$(program_of_current)
  read -ra words <<< "$runner"
  (
    cd "$DETERMINISM/inputs" || exit 3
    ASAN_OPTIONS=detect_stack_use_after_return=1 \
      UBSAN_OPTIONS=print_stacktrace=1 \
      timeout "$LONGEST" "${words[@]}" "$program" "${made_up[@]}" \
      "${CORPORA[@]}" > "$output" 2> "$output.log" < /dev/null
  )
}

# --- Comparing ---------------------------------------------------------------

# first_difference FILE FILE: the number of the first line that differs, its
# inputs, and how many lines differ; separated by tabs.
first_difference() {
  awk -F '\t' -v OFS='\t' '
    FNR == NR {expected[FNR] = $0; lines = FNR; next}
    # The digests at the end differ whenever any line does.
    $0 == expected[FNR] || /^digest / && expected[FNR] ~ /^digest / {next}
    !differing++ {
      line = FNR
      split(expected[FNR], fields, FS)
      input = $1 == fields[1] ? $1 : fields[1] " or " $1
    }
    END {
      if (FNR < lines && !differing++) {line = FNR; input = "the end"}
      print line, input, differing
    }' "$1" "$2"
}

# field_differences FILE FILE LINE: what differs in that line, field by field.
field_differences() {
  awk -F '\t' -v line="$3" '
    FNR != line {next}
    FNR == NR {fields = split($0, of_first, FS); next}
    {
      if (NF > fields) fields = NF
      for (i = 1; i <= fields; ++i) {
        if ($i == of_first[i] || ++differing > 8) continue
        print "  < " of_first[i] "\n  > " $i
      }
      if (differing > 8) print "    and " differing - 8 " more"
    }' "$1" "$2"
}

# difference NAME FILE NAME FILE: the differences between the two lines of the
# first input for which two configurations have different results.
difference() {
  local line input count configuration
  IFS=$'\t' read -r line input count < <(first_difference "$2" "$4")
  echo "  inputs that differ: $count; the first: $input"
  echo "  < $1, line $line of $2"
  echo "  > $3, line $line of $4"
  field_differences "$2" "$4" "$line" | sed 's/^/  /'
  [[ -f $DETERMINISM/inputs/$input ]] || return 0
  echo '  the text behind the hash:'
  for configuration in "$1" "$3"; do
    read_configuration "$configuration"
    echo "    $runner${runner:+ }$(program_of_current) --reports" \
      "$DETERMINISM/inputs/$input"
  done
}

# show_end LOG
show_end() {
  tail -n 25 "$1" | cut -c 1-400 | sed 's/^/  | /'
  echo "  the whole log: $1"
}

# --- The command -------------------------------------------------------------

reference=''  # the configuration that the others are compared with
agreed=() failed=() skipped=()

# figure FILE EXPRESSION: a number from the output of digest.
figure() {
  sed -n "s/^$2\$/\\1/p" "$1"
}

# determinism NAME: runs one configuration and prints one line.
determinism() {
  local output=$DETERMINISM/$1.lines log=$LOGS/determinism-$1.log status=0
  local missing began
  read_configuration "$1"
  missing=$(missing_of_current)
  if [[ -n $missing ]]; then
    skipped+=("$1")
    printf '  %-12s skipped; missing: %s\n' "$1" "$missing"
    return
  fi

  printf '  %-12s ' "$1"
  began=$SECONDS
  (build_digest "$(builder)") > "$log" 2>&1 < /dev/null || {
    echo "${RED}cannot be built$PLAIN"
    show_failure "$log"
    die 3 "determinism: $1 cannot be built"
  }
  printf '%7s ' $((SECONDS - began))

  began=$SECONDS
  digest "$output" || status=$?
  printf '%7s ' $((SECONDS - began))
  if ((status != 0)); then
    failed+=("$1")
    echo "${RED}failed$PLAIN with exit code $status"
    show_end "$output.log"
    return
  fi
  printf '%7s %8s  %s' \
    "$(figure "$output.log" 'replayed \([0-9]*\) files.*')" \
    "$(figure "$output.log" 'replayed .* in \([0-9.]*\) s')" \
    "$(figure "$output" 'digest \([0-9a-f]*\) .*')"

  reference=${reference:-$1}
  if cmp -s "$output" "$DETERMINISM/$reference.lines"; then
    agreed+=("$1")
    echo
  else
    failed+=("$1")
    echo "  ${RED}differs from $reference$PLAIN"
    difference "$reference" "$DETERMINISM/$reference.lines" "$1" "$output"
  fi
}

summarize() {
  echo
  echo "${#agreed[@]} of $((${#agreed[@]} + ${#failed[@]} + ${#skipped[@]}))" \
    "configurations agree, in $SECONDS s"
  ((${#skipped[@]} == 0)) || echo "skipped: ${skipped[*]}"
  ((${#failed[@]} == 0)) || die 1 "determinism: failed: ${failed[*]}"
  [[ ${CI:-} != true || ${#skipped[@]} == 0 ]] ||
    die 3 'determinism: in CI nothing may be skipped'
  # A single configuration shows nothing.
  ((${#agreed[@]} > 1)) || die 3 'determinism: nothing to compare with'
}

# Installs the missing packages of these configurations, as far as possible.
install_extras() {
  local configuration missing
  for configuration in "$@"; do
    read_configuration "$configuration"
    missing=$(missing_of_current)
    # shellcheck disable=SC2086  # one word for each package
    [[ -z $missing ]] || try_to_install $missing
  done
}

command_determinism() {
  local argument names=() short=''
  for argument in "$@"; do
    case $argument in
      --short) short=1 ;;
      -*) usage_error "determinism: unknown flag '$argument'" ;;
      *)
        configuration_names | grep -qxF -e "$argument" ||
          usage_error "determinism: no configuration '$argument', but $(
            configuration_names | paste -sd ' ')"
        names+=("$argument")
        ;;
    esac
  done
  [[ -z $short || ${#names[@]} == 0 ]] ||
    usage_error 'determinism: --short, or names of configurations'
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[determinism]}
  if [[ -n $short ]]; then
    read -ra names <<< "$SHORT"
    made_up=(--random=50)
  else
    ((${#names[@]})) || mapfile -t names < <(configuration_names)
    made_up=(--random=500 --tiny)
  fi
  install_extras "${names[@]}"

  mkdir -p "$DETERMINISM" "$LOGS" || die 3 "cannot write in $ROOT"
  rm -rf "$DETERMINISM/inputs"
  mkdir -p "$DETERMINISM/inputs/bench"
  for argument in "${CORPORA[@]}"; do
    cp -r "$argument" "$DETERMINISM/inputs/${argument%/}"
  done
  SECONDS=0
  echo "all inputs in ${#names[@]} configurations; every input three times," \
    'the last time backwards'
  printf '%s  %-12s %7s %7s %7s %8s  %s%s\n' "$BOLD" '' build/s run/s files \
    replay/s digest "$PLAIN"
  for argument in "${names[@]}"; do
    determinism "$argument"
  done
  summarize
}
