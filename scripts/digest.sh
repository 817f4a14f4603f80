# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run digest: whether this tree computes the same numbers for all inputs as an
# earlier commit. The programs are in tests/determinism/.

readonly DIGEST=build/digest

# The commit to compare with, unless --base=REV is given: the one that this file
# names, or otherwise the one that added the program.
readonly BASE_FILE=tests/determinism/base
readonly BASE_ADDS=tests/determinism/neutral_digest.cc

# The builds. Columns: name; compiler, clang++ of the chosen version; flags;
# sanitizers; programs; the command that starts them.
readonly DIGEST_BUILDS='
gcc   | g++                 | -O2         | | neutral |
clang | clang++             | -O2         | | neutral kernel |
asan  | clang++ | -O2 -g1 -fsanitize-address-use-after-return=never | address,undefined,unsigned-integer-overflow | neutral kernel |
s390x | s390x-linux-gnu-g++ | -O2 -static | | neutral | qemu-s390x-static
'

# Generated inputs: how many in each of two sets for the models, how many of
# them are shrunk, and how many for each kernel code. An emulator gets fewer.
readonly MODEL_COUNT=200000 MODEL_SHRUNK=500 KERNEL_COUNT=50000
readonly EMULATED_COUNT=2000 EMULATED_SHRUNK=50
# A program that takes longer hangs.
readonly DIGEST_LONGEST=3600  # seconds
# How many lines of a difference are shown.
readonly SHOWN=60

base='' base_tree='' count_wish=''
corpora=()      # folders of the base
corpus_size=0   # inputs in them
differing=()

# --- Builds ------------------------------------------------------------------

digest_builds() {
  sed 's/ *| */|/g; /^$/d' <<< "$DIGEST_BUILDS"
}

build='' compiler='' flags='' sanitizers='' programs='' runner=''
read_build() {
  IFS='|' read -r build compiler flags sanitizers programs runner \
    < <(digest_builds | awk -F '|' -v name="$1" '$1 == name')
}

# configure_digest TREE FOLDER: the current build of the sources in TREE.
configure_digest() {
  local tree=$1 folder=$2 program=$compiler werror=OFF fresh=() kernel=()
  [[ $compiler != clang++ ]] || program=$(clang_tool clang++)
  program=$(command -v "$program")
  ! must_be_fresh "$folder" "$tree" "$program" || fresh=(--fresh)
  [[ ${CI:-} != true || $tree != "$ROOT" ]] || werror=ON
  [[ $programs == *kernel* ]] || kernel=(-DPXDFUZZ_KERNEL_TREE=none)
  cmake "${fresh[@]}" -G Ninja -S "$tree" -B "$folder" -DBUILD_TESTING=OFF \
    "${kernel[@]}" "-DPXDFUZZ_TREES_FOLDER=$ROOT/build/trees" \
    -DCMAKE_BUILD_TYPE= "-DCMAKE_CXX_COMPILER=$program" \
    "-DCMAKE_CXX_FLAGS=$flags" "-DCMAKE_C_FLAGS=$flags" \
    "-DPXDFUZZ_SANITIZE=$sanitizers" "-DPXDFUZZ_WERROR=$werror" \
    -DCMAKE_DISABLE_FIND_PACKAGE_absl=ON \
    -DCMAKE_DISABLE_FIND_PACKAGE_benchmark=ON
}

configure_and_build() {
  local tree=$1 folder=$2 program targets=()
  for program in $programs; do targets+=("${program}_digest"); done
  configure_digest "$tree" "$folder" &&
    cmake --build "$folder" -j "$(nproc)" --target "${targets[@]}"
}

# build_digest WHAT TREE FOLDER
build_digest() {
  needed_step "building $build of $1" "$LOGS/digest-$1-$build.log" \
    configure_and_build "$2" "$3"
}

folder_of_base() { echo "$DIGEST/builds/$base/$build"; }
folder_of_tree() { echo "$DIGEST/builds/tree/$build"; }

# --- Runs --------------------------------------------------------------------

# The flags for the number of inputs, and how many lines there are for them. The
# program for kernel code has as many for each code that was built.
size_flags=() expected=0
set_sizes() {
  local program=$1 count shrunk=0
  if [[ $program == kernel ]]; then
    count=${count_wish:-$KERNEL_COUNT}
    expected=$((corpus_size + count))
  else
    count=${count_wish:-$MODEL_COUNT}
    shrunk=$MODEL_SHRUNK
    [[ -n $runner ]] && ((count > EMULATED_COUNT)) && count=$EMULATED_COUNT
    # Few inputs have few findings.
    ((count >= 20000)) || shrunk=$EMULATED_SHRUNK
    ((count >= 1000)) || shrunk=0
    expected=$((corpus_size + 2 * count + shrunk))
  fi
  size_flags=("--count=$count" "--shrunk=$shrunk")
}

# run_digest PROGRAM FOLDER [FLAG]...: runs it on the inputs of the base.
run_digest() {
  local program=$ROOT/$2/bin/$1_digest words=()
  read -ra words <<< "$runner"
  (
    cd "$base_tree" || exit 3
    UBSAN_OPTIONS=print_stacktrace=1 timeout "$DIGEST_LONGEST" \
      "${words[@]}" "$program" "${size_flags[@]}" "${@:3}" "${corpora[@]}" \
      < /dev/null
  )
}

# write_lines PROGRAM FOLDER OUTPUT
write_lines() {
  rm -f "$3"
  run_digest "$1" "$2" > "$3.part" && mv "$3.part" "$3"
}

# need_lines WHAT PROGRAM FOLDER OUTPUT: ends the script if there are other than
# one line for each input, or for each input and kernel code.
need_lines() {
  local lines
  needed_step "$2 inputs in $build of $1" "$4.log" \
    write_lines "$2" "$3" "$4"
  lines=$(wc -l < "$4")
  ((lines > 0)) || {
    rm -f "$4"
    die 3 "digest: $build of $1 digested nothing"
  }
  if ((lines == expected)) ||
    { [[ $2 == kernel ]] && ((lines % expected == 0)); }; then
    return
  fi
  rm -f "$4"
  die 3 "digest: $build of $1 has $(grouped "$lines") lines, and $(
    grouped "$expected") were asked for"
}

# --- Comparing ---------------------------------------------------------------

# The first input with a different line, as SET:INDEX, and how many there are.
first_differing() {
  awk '
    FNR == NR {expected[$1 " " $2] = $3; next}
    expected[$1 " " $2] != $3 {if (!count++) first = $1 ":" $2}
    END {print first, count + 0}' "$1" "$2"
}

# show_difference PROGRAM BASE_LINES LINES
show_difference() {
  local program=$1 input count side details=$DIGEST/detail
  read -r input count < <(first_differing "$2" "$3")
  echo "  ${RED}$(grouped "$count") inputs differ$PLAIN; the first: $input"
  build_digest base "$base_tree" "$(folder_of_base)"
  run_digest "$program" "$(folder_of_base)" "--detail=$input" \
    > "$details.base" || true
  run_digest "$program" "$(folder_of_tree)" "--detail=$input" \
    > "$details.tree" || true
  diff -U 3 "$details.base" "$details.tree" > "$details.diff" || true
  head -n "$SHOWN" "$details.diff" | cut -c 1-200 | sed 's/^/  | /'
  echo "  all of it: $details.diff; the numbers of any input:"
  for side in "$(folder_of_base)" "$(folder_of_tree)"; do
    echo "    (cd $base_tree &&" "$runner" "$ROOT/$side/bin/${program}_digest" \
      "${size_flags[*]} --detail=$input ${corpora[*]})"
  done
  if ! cmp -s <(grep -m 1 '^input = ' "$details.base") \
    <(grep -m 1 '^input = ' "$details.tree"); then
    echo '  The inputs themselves differ: the generator makes others.'
  fi
}

# compare_digests PROGRAM: for the current build.
compare_digests() {
  local program=$1 of_base of_tree
  set_sizes "$program"
  # Kernel code may change with a package update.
  of_base=$DIGEST/lines/$base-$build-$program-$expected-$(
    stat -c %s /usr/src/linux-source-*.tar.xz 2> /dev/null | paste -sd -)
  of_tree=$DIGEST/lines/tree-$build-$program
  if [[ ! -s $of_base ]]; then
    [[ -n $base_is_built ]] ||
      build_digest base "$base_tree" "$(folder_of_base)"
    base_is_built=1
    need_lines base "$program" "$(folder_of_base)" "$of_base"
  fi
  need_lines tree "$program" "$(folder_of_tree)" "$of_tree"
  if cmp -s "$of_base" "$of_tree"; then
    echo "  ${GREEN}equal$PLAIN: $(grouped "$(wc -l < "$of_tree")") lines"
    return
  fi
  differing+=("$program/$build")
  show_difference "$program" "$of_base" "$of_tree"
}

base_is_built=''
digest() {
  local program
  read_build "$1"
  base_is_built=''
  build_digest tree "$ROOT" "$(folder_of_tree)"
  for program in $programs; do compare_digests "$program"; done
}

# --- The base ----------------------------------------------------------------

find_base() {
  local revision=$1
  if [[ -z $revision && -f $BASE_FILE ]]; then
    read -r revision < "$BASE_FILE" || true
  fi
  [[ -n $revision ]] ||
    revision=$(git log --diff-filter=A --format=%H -- "$BASE_ADDS" | tail -n 1)
  [[ -n $revision ]] || die 3 "digest: no commit has added $BASE_ADDS"
  base=$(git rev-parse --verify --quiet "$revision^{commit}") ||
    die 2 "digest: --base: there is no commit '$revision'"
  base_tree=$ROOT/$DIGEST/base/$base
  # With --force: the worktree's folder may have been removed without git
  # knowing.
  [[ -f $base_tree/CMakeLists.txt ]] ||
    needed_step "checking out $base" "$LOGS/digest-base.log" \
      git worktree add --force --force --detach "$base_tree" "$base"
  [[ -f $base_tree/$BASE_ADDS ]] ||
    die 3 "digest: $base does not have $BASE_ADDS"
  mapfile -t corpora < <(cd "$base_tree" && ls -d corpus bench/corpus*/)
  corpus_size=$(cd "$base_tree" &&
    find "${corpora[@]}" -type f ! -name '*.yaml' | wc -l)
  ((corpus_size > 0)) || die 3 "digest: the corpus of $base is empty"
}

command_digest() {
  local argument names=() revision=''
  for argument in "$@"; do
    case $argument in
      --base=?*) revision=${argument#*=} ;;
      --count=[1-9]*)
        count_wish=${argument#*=}
        [[ $count_wish != *[!0-9]* ]] || usage_error "digest: $argument"
        ;;
      -*) usage_error "digest: unknown flag '$argument'" ;;
      *)
        digest_builds | cut -d '|' -f 1 | grep -qxF -e "$argument" ||
          usage_error "digest: there is no build '$argument', but $(
            digest_builds | cut -d '|' -f 1 | paste -sd ' ')"
        names+=("$argument")
        ;;
    esac
  done
  ((${#names[@]})) ||
    mapfile -t names < <(digest_builds | cut -d '|' -f 1)
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[digest]}
  for argument in "${names[@]}"; do
    read_build "$argument"
    # shellcheck disable=SC2086  # one word for each need
    [[ $programs != *kernel* ]] || set_up $KERNEL_SOURCES
    [[ $build != s390x ]] || set_up g++-s390x-linux-gnu qemu-user-static
  done

  mkdir -p "$DIGEST/lines" "$LOGS" || die 3 "cannot write in $ROOT"
  find_base "$revision"
  SECONDS=0
  echo "compared with $base, on $(grouped "$corpus_size") inputs of its corpus" \
    'and on generated inputs'
  for argument in "${names[@]}"; do digest "$argument"; done
  ((${#differing[@]} == 0)) ||
    die 1 "digest: differs from $base in: ${differing[*]}"
  echo "the same in ${#names[@]} builds, in $SECONDS s"
}
