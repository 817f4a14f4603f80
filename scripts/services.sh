# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run services: what ClusterFuzzLite, OSS-Fuzz and a container engine would
# make of this repository, without them. It runs .clusterfuzzlite/build.sh in
# the environment that the services give it and does their own checks on what it
# leaves: those of bad_build_check and of what starts targets there. With
# --container it carries out ./Dockerfile in a Debian of its own.

readonly SERVICES=$PWD/build/services

# What runs in services and is in the image.
SHIPPED=$(targets_where use=shipped | paste -sd ' ')
readonly SHIPPED

# The builds; `library` is one with an engine that is a library and has nothing
# but a main, as other engines than libFuzzer are linked.
readonly BUILDS='address undefined coverage library'

# How the base image compiles, less the warnings that it turns off.
readonly COMMON_FLAGS='-O1 -fno-omit-frame-pointer -gline-tables-only
  -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
readonly CHECKS='array-bounds,bool,builtin,enum,function,integer-divide-by-zero'
readonly MORE_CHECKS='null,object-size,return,returns-nonnull-attribute,shift'
readonly YET_MORE='signed-integer-overflow,unreachable,vla-bound,vptr'
declare -rA BUILD_FLAGS=(
  [address]='-fsanitize=address -fsanitize-address-use-after-scope
    -fsanitize=fuzzer-no-link'
  [undefined]="-fsanitize=$CHECKS,$MORE_CHECKS,$YET_MORE
    -fsanitize=unsigned-integer-overflow
    -fno-sanitize-recover=$CHECKS,$MORE_CHECKS,$YET_MORE
    -fsanitize=fuzzer-no-link"
  [coverage]='-fprofile-instr-generate -fcoverage-mapping -pthread
    -Wl,--no-as-needed -Wl,-ldl -Wl,-lm -Wno-unused-command-line-argument'
  [library]=''
)

# How targets are started there.
readonly STARTED_WITH='-rss_limit_mb=2560 -timeout=25'
readonly ASAN='alloc_dealloc_mismatch=0:allocator_may_return_null=1:'\
'allocator_release_to_os_interval_ms=500:check_malloc_usable_size=0:'\
'detect_container_overflow=1:detect_odr_violation=0:detect_leaks=1:'\
'detect_stack_use_after_return=1:fast_unwind_on_fatal=0:handle_abort=1:'\
'handle_segv=1:handle_sigill=1:max_uar_stack_size_log=16:'\
'quarantine_size_mb=10:strict_memcmp=1:symbolize=1:use_sigaltstack=1'
readonly UBSAN='print_stacktrace=1:print_summary=1:silence_unsigned_overflow=1'

# The bars of bad_build_check: edges at least; calls of a sanitizer's runtime,
# at least where it is on and at most where it is off.
readonly EDGES=100
readonly ASAN_ON=1000 ASAN_OFF=0 UBSAN_ON=169 UBSAN_OFF=200 MSAN_OFF=3

# Libraries of the image that targets run in.
readonly LIBRARIES='ld-linux-x86-64.so.2 libc.so.6 libdl.so.2 libgcc_s.so.1
  libm.so.6 libpthread.so.0 libresolv.so.2 librt.so.1'

problems=0

# wrong MESSAGE
wrong() {
  ((++problems))
  echo "    ${RED}wrong:$PLAIN $*"
}

# copy_sources FOLDER: as a service or a container engine gets them.
copy_sources() {
  local entry excluded=()
  while read -r entry; do
    [[ -z $entry || $entry == '#'* ]] || excluded+=("--exclude=./$entry")
  done < .dockerignore
  mkdir -p "$1"
  tar -c "${excluded[@]}" . | tar -x -C "$1"
}

# --- build.sh ----------------------------------------------------------------

# Of the current build: its name; its folder; in there, what build.sh sees until
# it has ended, and where that is moved, so that nothing is found at its old
# place; where results are moved.
name='' place='' before='' after='' out=''
library=''  # the C++ standard library
flags=''    # CXXFLAGS
engine=''   # LIB_FUZZING_ENGINE

# What is compiled with what, for the current build.
choose_flags() {
  local folder
  # One word after the other, as the image has them.
  flags=$(echo "$COMMON_FLAGS ${BUILD_FLAGS[$name]}" | xargs)
  engine='-fsanitize=fuzzer'
  if has_libcxx "${clang##*-}"; then
    library=libc++
    # The image has it as an archive alone. Debian's libFuzzer wants the other
    # library for itself.
    folder=$place/lib
    mkdir -p "$folder"
    echo "INPUT($("$clang" -print-file-name=libc++.a)" \
      "$("$clang" -print-file-name=libc++abi.a))" > "$folder/libc++.a"
    flags+=" -stdlib=libc++ -L$folder"
    engine+=' -l:libstdc++.so.6'
  else
    library=libstdc++
    flags+=' -static-libstdc++'
  fi
  [[ $name != library ]] || engine=$before/libFuzzingEngine.a
}

make_engine() {
  # shellcheck disable=SC2086  # one word for each flag
  "$clang" $flags -std=c++20 -Iinclude -I. -c fuzz/engines/replay_main.cc \
    -o "$before/engine.o" &&
    ar rc "$engine" "$before/engine.o"
}

run_build_script() (
  local sanitizer=$name engine_name=libfuzzer
  mkdir -p "$before/work" "$before/out" &&
    copy_sources "$before/src/pxdfuzz" &&
    cp .clusterfuzzlite/build.sh "$before/src/" || return
  if [[ $name == library ]]; then
    make_engine || return
    sanitizer=none engine_name=other
  fi
  cd "$before/src/pxdfuzz" || return
  env -i "PATH=$PATH" "HOME=$HOME" "CC=${clang/++/}" "CXX=$clang" \
    "CFLAGS=$flags" "CXXFLAGS=$flags" "LIB_FUZZING_ENGINE=$engine" \
    "FUZZING_ENGINE=$engine_name" "SANITIZER=$sanitizer" ARCHITECTURE=x86_64 \
    FUZZING_LANGUAGE=c++ "SRC=$before/src" "WORK=$before/work" \
    "OUT=$before/out" bash -eux "$before/src/build.sh"
)

# start TARGET LOG FLAG...: as a service does, away from where it was built.
start() {
  local target=$1 log=$2
  shift 2
  # shellcheck disable=SC2086  # one word for each flag
  (cd "$out" && env -i "PATH=$PATH" HOME=/ "ASAN_OPTIONS=$ASAN" \
    "UBSAN_OPTIONS=$UBSAN" "LLVM_PROFILE_FILE=$place/$target.profraw" \
    timeout 600 "$out/$target" $STARTED_WITH "$@") > "$log" 2>&1 < /dev/null
}

# calls TARGET RUNTIME: how often its functions are called.
calls() {
  grep -cE "callq?\s+[0-9a-f]+\s+<__$2" "$place/$1.code" || true
}

check_names() {
  local target file expected
  expected=$(for target in $SHIPPED; do
    printf '%s\n' "$target" "$target.dict" "$target.options" \
      "${target}_seed_corpus.zip"
  done | sort)
  for file in $(comm -13 <(echo "$expected") <(find "$out" -mindepth 1 \
    -printf '%P\n' | sort)); do
    wrong "$file is left in \$OUT and belongs to no target"
  done
  for file in $expected; do
    [[ -s $out/$file ]] || wrong "$file is not in \$OUT, or empty"
  done
}

# What a service takes for a target, and whether it starts where it is.
check_target() {
  local target=$1 needed
  [[ -x $out/$target && $(head -c 4 "$out/$target") == $'\x7fELF' ]] ||
    wrong "$target is no program"
  grep -q LLVMFuzzerTestOneInput "$out/$target" ||
    wrong "$target has no name of an entry point: it is not seen"
  for needed in $(objdump -p "$out/$target" |
    awk '$1 == "NEEDED" {print $2}'); do
    [[ " ${LIBRARIES//$'\n'/ } " == *" $needed "* ]] && continue
    [[ $engine == *"$needed" ]] || wrong "$target needs $needed"
  done
  if strings -d "$out/$target" | grep -qF "$before"; then
    wrong "$target knows the build folder: $(strings -d "$out/$target" |
      grep -F -m 1 "$before" | cut -c 1-120)"
  fi
}

check_start() {
  local target=$1 log=$place/$1.start.log edges=0
  start "$target" "$log" -- -seed=1337 -runs=4 ||
    wrong "$target ends with exit code $?; see $log"
  grep -q 'Done 4 runs' "$log" || wrong "$target did not run; see $log"
  [[ $name != coverage ]] || return 0  # of another kind, see check_coverage
  ! grep -q 'no interesting inputs' "$log" ||
    wrong "$target has no coverage of an empty input"
  edges=$(sed -nE \
    's/^INFO: Loaded [0-9]+ module.*\(.*(counters|guards)\): ([0-9]+) .*/\2/p' \
    "$log")
  : "${edges:=0}"
  figures+="  edges $(grouped "$edges")"
  ((edges >= EDGES)) || wrong "$target has $edges edges of at least $EDGES"
}

check_calls() {
  local target=$1 asan ubsan msan
  objdump -dC "$out/$target" > "$place/$target.code"
  asan=$(calls "$target" asan)
  ubsan=$(calls "$target" ubsan)
  msan=$(calls "$target" msan)
  rm "$place/$target.code"
  figures+="  asan $(grouped "$asan")  ubsan $(grouped "$ubsan")"
  case $name in
    address)
      ((asan >= ASAN_ON && ubsan <= UBSAN_OFF)) ||
        wrong "$target is not built with the address sanitizer alone"
      ;;
    undefined)
      ((ubsan >= UBSAN_ON && asan <= ASAN_OFF)) ||
        wrong "$target is not built with the undefined sanitizer alone"
      ;;
  esac
  ((msan <= MSAN_OFF)) || wrong "$target is built with the memory sanitizer"
}

# unpack_seeds TARGET: into a folder, whose files are counted in `seeds`.
unpack_seeds() {
  local target=$1 folder=$place/$1.seeds file lacking=()
  mkdir -p "$folder"
  unzip -q -o "$out/${target}_seed_corpus.zip" -d "$folder" \
    > "$place/$target.unzip.log" 2>&1 ||
    wrong "${target}_seed_corpus.zip cannot be unpacked"
  seeds=$(find "$folder" -type f | wc -l)
  for file in "corpus/$target"/* corpus/regressions/*.bin; do
    cmp -s "$file" "$folder/${file##*/}" || lacking+=("$file")
  done
  ((${#lacking[@]} == 0)) || wrong \
    "${target}_seed_corpus.zip lacks ${#lacking[@]} files, as ${lacking[0]}"
}

# options_of TARGET: as flags, one a line; nothing where a line is none.
options_of() {
  awk '
    /^[[:space:]]*(#.*)?$/ {next}
    /^\[[a-z]+\]$/ {section = $0; next}
    section == "[libfuzzer]" && /^[a-z_]+ *= *[^ ]+$/ {
      gsub(/ /, "")
      print "-" $0
      next
    }
    {exit}' "$out/$1.options"
}

# Seeds, options and dictionary, all at once, as when fuzzing begins.
check_inputs() {
  local target=$1 log=$place/$1.inputs.log options=() seeds loaded largest
  unpack_seeds "$target"
  mapfile -t options < <(options_of "$target")
  ((${#options[@]})) || wrong "$target.options has no option, or another line"
  start "$target" "$log" "${options[@]}" "-dict=$target.dict" -runs=0 \
    "$place/$target.seeds" || wrong "$target fails on its seeds; see $log"
  ! grep -q 'unrecognized flag' "$log" ||
    wrong "$target.options: $(grep -m 1 'unrecognized flag' "$log")"
  loaded=$(sed -nE 's/^INFO: seed corpus: files: ([0-9]+) .*/\1/p' "$log")
  ((${loaded:=0} == seeds && seeds > 0)) ||
    wrong "$target loads $loaded of $seeds seeds"
  largest=$(find "$place/$target.seeds" -type f -printf '%s\n' | sort -n |
    tail -n 1)
  if [[ ! " ${options[*]} " =~ ' -max_len='([0-9]+)' ' ]] ||
    ((BASH_REMATCH[1] < ${largest:-0})); then
    wrong "$target.options has no max_len, or one below $largest"
  fi
  figures+="  seeds $loaded"
  if [[ $name != coverage ]]; then
    figures+="  features $(sed -nE 's/.*INITED.* ft: ([0-9]+) .*/\1/p' "$log")"
  fi
  figures+="  words $(sed -nE 's/^Dictionary: ([0-9]+) entries/\1/p' "$log")"
  grep -qE '^Dictionary: [1-9]' "$log" || wrong "$target.dict cannot be read"
}

# The coverage of the seeds, with the sources elsewhere.
check_coverage() {
  local target=$1 log=$place/$1.coverage.log profile=$place/$1.profdata
  local file=$after/src/pxdfuzz/include/pxdfuzz/walk/walk.h shown
  [[ $target != translate_fuzzer ]] || file=${file/walk\/walk.h/reference/translate.h}
  mkdir -p "$place/$target.merged"
  start "$target" "$log" -merge=1 "$place/$target.merged" \
    "$place/$target.seeds" || wrong "$target cannot merge; see $log"
  "$(clang_tool llvm-profdata)" merge -sparse "$place/$target.profraw" \
    -o "$profile" > "$log" 2>&1 || wrong "$target writes no profile"
  shown=$("$(clang_tool llvm-cov)" show "$out/$target" \
    "-instr-profile=$profile" "-path-equivalence=$before,$after" "$file" \
    2>> "$log" | grep -cE '^ *[0-9]+\| *[1-9]') || true
  figures+="  lines of ${file##*/} $shown"
  ((shown > 0)) || wrong "$target: no line of ${file##*/} is covered; see $log"
}

# A target whose engine replays files.
check_replay() {
  local target=$1 log=$place/$1.replay.log seeds
  unpack_seeds "$target"
  (cd "$out" && exec "$out/$target" "$place/$target.seeds") > "$log" 2>&1 ||
    wrong "$target fails on its seeds; see $log"
  grep -q ": $seeds inputs, no finding" "$log" ||
    wrong "$target does not replay $seeds seeds; see $log"
  figures+="  seeds $seeds"
}

# What can be said of the workflows without running them.
check_workflows() {
  local file line
  for file in .github/workflows/*.yml; do
    grep -q '^permissions:' "$file" || wrong "$file: no permissions at the top"
    while IFS= read -r line; do
      [[ $line =~ uses:\ [a-z/-]+[a-z_/-]+@v[0-9]+$ ]] ||
        wrong "$file: not pinned by a tag: $line"
    done < <(grep 'uses:' "$file")
    ! python3 -c 'import yaml' 2> /dev/null ||
      python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' \
        "$file" || wrong "$file is no YAML"
  done
}

# try_build NAME
try_build() {
  local target took figures
  name=$1 place=$SERVICES/$1
  before=$place/build after=$place/moved out=$place/not-out
  rm -rf "$place"
  mkdir -p "$before" "$out"
  choose_flags
  printf '  %-10s ' "$name"
  took=$(milliseconds)
  if ! run_build_script > "$LOGS/services-$name.log" 2>&1; then
    echo
    wrong 'build.sh fails'
    show_failure "$LOGS/services-$name.log"
    return
  fi
  echo "built in $(as_seconds $(($(milliseconds) - took))) s with $library"
  find "$before/out" -mindepth 1 -maxdepth 1 -exec mv -t "$out" {} +
  mv "$before" "$after"

  check_names
  for target in $SHIPPED; do
    [[ -f $out/$target ]] || continue
    figures=''
    check_target "$target"
    if [[ $name == library ]]; then
      check_replay "$target"
    else
      check_start "$target"
      [[ $name == coverage ]] || check_calls "$target"
      check_inputs "$target"
      [[ $name != coverage ]] || check_coverage "$target"
    fi
    printf '    %-17s%s  %s KiB\n' "$target" "$figures" \
      "$(grouped $(($(stat -c %s "$out/$target") / 1024)))"
  done
}

# --- The container -----------------------------------------------------------

readonly CONTAINER=$SERVICES/container
readonly SYSTEM_PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Of the last stage of ./Dockerfile.
image='' user='' folder=/
entry=()

# As sh runs it, with what `inside` gets.
# shellcheck disable=SC2016  # sh expands it
readonly CHROOT='
  image=$1 user=$2 folder=$3
  shift 3
  mount -t proc proc "$image/proc" 2> /dev/null || :
  exec chroot --userspec="$user" "$image" /bin/sh -c \
    "cd \"\$0\" && exec \"\$@\"" "$folder" "$@"'

# inside IMAGE USER FOLDER COMMAND...: as the first process there, with /proc,
# as far as this machine lets that be done.
inside() {
  local image=$1 user=$2 folder=$3
  shift 3
  "${unshare[@]}" env -i "PATH=$SYSTEM_PATH" HOME=/ LC_ALL=C \
    ${http_proxy:+"http_proxy=$http_proxy"} sh -c "$CHROOT" \
    sh "$image" "$user" "$folder" "$@" < /dev/null
}

# A Debian, and the way that this machine's apt reaches its packages.
make_base() {
  [[ ! -f $CONTAINER/base.is-whole ]] || return 0
  rm -rf "$CONTAINER/base"
  mkdir -p "$CONTAINER/base"
  debootstrap --variant=minbase bookworm "$CONTAINER/base" || return
  rm -rf "$CONTAINER"/base/var/cache/apt/archives/*.deb \
    "$CONTAINER"/base/var/lib/apt/lists/*
  apt-config dump Acquire > "$CONTAINER/base/etc/apt/apt.conf.d/99machine"
  touch "$CONTAINER/base.is-whole"
}

# stage NUMBER|NAME: its root.
stage() {
  echo "$CONTAINER/stage-$1"
}

# carry_out: ./Dockerfile, as far as it goes: what it cannot do is an error.
carry_out() {
  local word arguments count=0
  while read -r word arguments; do
    case $word in
      '' | '#'*) continue ;;
    esac
    echo "--- $word $arguments"
    case $word in
      FROM)
        [[ $arguments =~ ^debian:bookworm-slim(' AS '([a-z]+))?$ ]] ||
          return
        image=$(stage "${BASH_REMATCH[2]:-$((count++))}") user=root folder=/
        cp -a "$CONTAINER/base" "$image" || return
        ;;
      COPY) copy_in "$arguments" || return ;;
      RUN)
        inside "$image" "$user" "$folder" /bin/sh -c "$arguments" || return
        ;;
      USER) user=$arguments ;;
      WORKDIR) folder=$arguments ;;
      VOLUME) [[ -d $image$arguments ]] || return ;;
      ENTRYPOINT)
        [[ $arguments =~ ^\[\"([^\"]*)\"\]$ ]] || return
        entry=("${BASH_REMATCH[1]}")
        ;;
      *)
        echo "cannot do $word"
        return 1
        ;;
    esac
  done < Dockerfile
}

# copy_in ARGUMENTS: of COPY, which is `[--from=STAGE] FROM TO`.
copy_in() {
  local words
  read -ra words <<< "$1"
  case ${words[0]} in
    --from=*)
      mkdir -p "$image$(dirname "${words[2]}")"
      cp -a "$(stage "${words[0]#*=}")${words[1]}" "$image${words[2]}"
      ;;
    .) copy_sources "$image${words[1]}" ;;
    *) cp -a "${words[0]}" "$image${words[1]}" ;;
  esac
}

limit=300  # seconds that a command gets

# in_image STATUS PATTERN COMMAND...: what the entry point is to end with and to
# say.
in_image() {
  local expected=$1 pattern=$2 log=$CONTAINER/run.log status=0 said
  shift 2
  inside "$image" "$user" "$folder" timeout "$limit" "${entry[@]}" "$@" \
    > "$log" 2>&1 || status=$?
  if ((status != expected)) || ! grep -qE -e "$pattern" "$log"; then
    wrong "the image's '$*' ends with $status and says:"
    tail -n 12 "$log" | cut -c 1-160 | sed 's/^/      | /'
  else
    said=${*:-(nothing)}
    printf '    %-36s %s\n' "${said//\/opt\/pxdfuzz\/corpus\//}" \
      "$(grep -m 1 -oE -e "$pattern" "$log")"
  fi
}

megabytes() {
  local folder total=0
  for folder in "$@"; do
    ((total += $(du -sxk "$folder" | cut -f 1)))
  done
  echo "$((total / 1024)) MiB"
}

check_image() {
  local program target
  for program in cc gcc g++ clang clang++ ld as cmake ninja make; do
    ! inside "$image" "$user" / sh -c "command -v $program" > /dev/null ||
      wrong "the image has $program"
  done
  [[ $user != root && $(inside "$image" "$user" / id -u) != 0 ]] ||
    wrong 'the image runs as root'
  ! inside "$image" "$user" / sh -c 'touch /opt/pxdfuzz/x || touch /x' \
    2> /dev/null || wrong 'the image lets its user write what it runs'
  [[ ! -e $image/install.sh ]] || wrong 'the image holds a script of its build'
  for program in "$image"/opt/pxdfuzz/bin/*; do
    [[ " $SHIPPED pxdfuzz start " == *" ${program##*/} "* ]] ||
      wrong "the image has ${program##*/}"
  done

  in_image 0 'usage: docker run' help
  # Without a command it never ends.
  limit=10
  in_image 124 'seed corpus: files: [0-9]+'
  limit=300
  for target in $SHIPPED; do
    in_image 0 'Done 20000 runs' fuzz "$target" -runs=20000
  done
  [[ -n $(find "$image/data/corpus/gup_fuzzer" -type f -print -quit) &&
     -s $image/data/gup_fuzzer.stats ]] || wrong 'nothing was kept in /data'
  in_image 2 "there is no target 'nonsense'" fuzz nonsense
  in_image 0 'known defect' replay \
    /opt/pxdfuzz/corpus/regressions/thread-wrong-page.bin
  in_image 0 '[0-9]+ known defect.*' replay /opt/pxdfuzz/corpus/regressions
  in_image 0 'RULE BROKEN' explain \
    /opt/pxdfuzz/corpus/regressions/thread-wrong-page.yaml
  in_image 0 'pxdfuzz [0-9.]+' --version
}

try_container() {
  local unshare=()
  if [[ $EUID != 0 ]]; then
    echo 'services: the container is skipped: it needs root'
    return
  fi
  try_to_install debootstrap
  if ! has_command debootstrap; then
    echo 'services: the container is skipped: it needs debootstrap'
    return
  fi
  if unshare --mount --pid --fork true 2> /dev/null; then
    unshare=(unshare --mount --pid --fork)
  fi
  mkdir -p "$CONTAINER"
  rm -rf "$CONTAINER"/stage-*
  needed_step 'making a Debian 12' "$LOGS/services-debootstrap.log" make_base
  needed_step 'carrying out the Dockerfile' "$LOGS/services-image.log" carry_out
  echo "  the image: $(megabytes "$image"), of which Debian's base" \
    "$(megabytes "$CONTAINER/base") and pxdfuzz $(
      megabytes "$image/opt/pxdfuzz"); the stage that builds it: $(
      megabytes "$(stage build)")"
  rm -rf "$(stage build)"
  check_image
}

# --- The command -------------------------------------------------------------

command_services() {
  local argument names=() container='' clang
  for argument in "$@"; do
    case $argument in
      --container) container=1 ;;
      -*) usage_error "services: it takes no '$argument'" ;;
      *)
        [[ " $BUILDS " == *" $argument "* ]] || usage_error \
          "services: there is no build '$argument', but $BUILDS"
        names+=("$argument")
        ;;
    esac
  done
  [[ -z $container || ${#names[@]} == 0 ]] ||
    usage_error 'services: --container, or names of builds'
  mkdir -p "$LOGS" "$SERVICES" || die 3 "cannot write in $ROOT"
  SECONDS=0
  if [[ -n $container ]]; then
    try_container
  else
    # shellcheck disable=SC2086  # one word for each need
    set_up ${NEEDS[services]}
    try_to_install libc++
    clang=$(clang_tool clang++)
    ((${#names[@]})) || read -ra names <<< "$BUILDS"
    echo "what services would build and run (.clusterfuzzlite/build.sh)"
    check_workflows
    for argument in "${names[@]}"; do
      try_build "$argument"
    done
  fi
  ((problems == 0)) || die 1 "services: $problems things are wrong"
  echo "services: all is well, in $SECONDS s"
}
