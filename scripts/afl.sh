# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run afl: the fuzz targets under AFL++. How many executions the bug of 2020
# costs from one seed, what a target costs beside one that does nothing, and
# whether inputs have the same coverage each time.

readonly AFL=build/afl-runs
readonly AFL_BIN=build/afl/bin
readonly DICTIONARY=fuzz/case.dict
readonly MAX_LENGTH=700          # what the case format can say
readonly BUG_BUDGET=300000       # executions, after which a search is given up
readonly RATIO_EXECUTIONS=300000
readonly RACE_EXECUTIONS=100000

# What is asked for: the median of the executions to the bug, the rate of
# gup_fuzzer as a part of empty_fuzzer's, and the stability.
readonly BUG_BAR=30000 RATIO_BAR=0.90 STABILITY_BAR=100.00%

# The ways to look for the bug, and what they add to AFL++'s own mutations.
readonly WAYS=(alone dictionary mutator)
declare -rA WAY_FLAGS=([dictionary]="-x $DICTIONARY")
declare -rA WAY_SETTINGS=(
  [mutator]="AFL_CUSTOM_MUTATOR_LIBRARY=$ROOT/$AFL_BIN/case_mutator.so")

core=0               # that everything is pinned to
unstable=''          # the first run whose inputs did not repeat, and how far
missed=0             # bars that were not met
declare -A found=()  # executions of each run, by "way levels"
rates_gup='' rates_empty='' ratios=''
taken=0 processes=''

# --- Running afl-fuzz --------------------------------------------------------

# The last core that this process may run on.
last_core() {
  local list
  list=$(taskset -cp "$$" 2> /dev/null) || list=0
  echo "${list##*[!0-9]}"
}

# start_afl LOG ENVIRONMENT... -- ARGUMENT...: in the background, as `$!`.
start_afl() {
  local log=$1 settings=()
  shift
  while [[ $1 != -- ]]; do
    settings+=("$1")
    shift
  done
  shift
  env -u PXDFUZZ_ONLY -u PXDFUZZ_SIGNATURE -u PXDFUZZ_FINDINGS \
    -u PXDFUZZ_STATS -u AFL_CUSTOM_MUTATOR_LIBRARY AFL_NO_UI=1 \
    AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 \
    AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 "${settings[@]}" \
    taskset -c "$core" afl-fuzz -G "$MAX_LENGTH" -i "$AFL/seeds" "$@" \
    > "$log" 2>&1 < /dev/null &
}

# statistic RUN KEY: of the file that afl-fuzz leaves.
statistic() {
  sed -n "s/^$2  *: //p" "$AFL/$1/default/fuzzer_stats" 2> /dev/null || true
}

# Ends the script where a run left no statistics.
check_run() {
  local run=$1 stability
  if [[ -z $(statistic "$run" execs_done) ]]; then
    echo
    show_failure "$AFL/$run.log"
    die 3 "afl-fuzz ended before its time"
  fi
  stability=$(statistic "$run" stability)
  [[ $stability == "$STABILITY_BAR" || -n $unstable ]] ||
    unstable="$stability in $AFL/$run"
}

# --- Executions to the bug ---------------------------------------------------

# hunt WAY LEVELS SEED: looks for it once and notes what it took.
hunt() {
  local way=$1 levels=$2 seed=$3 run=$1.$2.$3 flags settings
  read -ra flags <<< "${WAY_FLAGS[$way]:-}"
  settings=("PXDFUZZ_ONLY=s390/$levels" AFL_BENCH_UNTIL_CRASH=1)
  [[ -z ${WAY_SETTINGS[$way]:-} ]] || settings+=("${WAY_SETTINGS[$way]}")
  start_afl "$AFL/$run.log" "${settings[@]}" -- \
    -s "$seed" -E "$BUG_BUDGET" -o "$AFL/$run" "${flags[@]}" -- \
    "$AFL_BIN/gup_strict_fuzzer"
  wait "$!" || true
  check_run "$run"
  if [[ $(statistic "$run" saved_crashes) == 0 ]]; then
    found["$way $levels"]+="$BUG_BUDGET "
  else
    found["$way $levels"]+="$(statistic "$run" execs_done) "
  fi
}

# The signature of the first finding that a file shows.
signature_of() {
  # In a shell of its own, whose word on the abort is not wanted.
  ("$AFL_BIN/gup_strict_fuzzer" "$1" 2>&1 || true) 2> /dev/null |
    first_signature
}

# afl-tmin knows no signatures: the target is told which one counts. Makes a
# crash of the hunts smaller so, and sees whether it still shows the same.
make_smaller() {
  local crash small=$AFL/smaller signature
  crash=$(find "$AFL"/*/default/crashes -name 'id:*' | sort | sed -n 1p)
  if [[ -z $crash ]]; then
    echo 'nothing was found'
    return
  fi
  signature=$(signature_of "$crash")
  PXDFUZZ_SIGNATURE=$signature afl-tmin -i "$crash" -o "$small" -- \
    "$AFL_BIN/gup_strict_fuzzer" > "$AFL/smaller.log" 2>&1 ||
    die 3 "afl-tmin failed; see $AFL/smaller.log"
  if [[ $(signature_of "$small") != "$signature" ]]; then
    echo "${RED}lost$PLAIN: $signature"
    missed=1
    return
  fi
  echo "$(wc -c < "$crash") to $(wc -c < "$small") bytes, still $signature"
}

# Of numbers in one word: the middle one, the least, the largest.
middle() {
  tr ' ' '\n' <<< "$1" | sed '/^$/d' | sort -g | awk '
    {value[NR] = $1} END {print value[int((NR + 1) / 2)], value[1], value[NR]}'
}

# --- The rate ----------------------------------------------------------------

# family PROCESS: it and all that it started, in `processes`.
family() {
  local process=$1 children=() child
  processes+=" $process"
  read -ra children 2> /dev/null \
    < "/proc/$process/task/$process/children" || true
  for child in "${children[@]}"; do
    family "$child"
  done
}

# ticks_of PROCESS: its user and system time, or nothing when it is gone.
ticks_of() {
  local line fields
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 0
  read -ra fields <<< "${line##*) }"
  echo $((fields[11] + fields[12]))
}

# pace TARGET SEED: the executions in a second of processor time, in `pace`.
# That is what a core to itself would do in a second, whatever else the machine
# does. The target is not waited for by those who end it, so `time` would not
# count it: everybody's time is read while they run.
pace=0
pace() {
  local target=$1 seed=$2 run=$1.pace main process ticks sum=0 TIMEFORMAT=''
  local -A spent=()
  rm -rf "${AFL:?}/$run"
  start_afl "$AFL/$run.log" -- -s "$seed" -E "$RATIO_EXECUTIONS" \
    -o "$AFL/$run" -- "$AFL_BIN/${target}_fuzzer"
  main=$!
  while kill -0 "$main" 2> /dev/null; do
    processes=''
    family "$main"
    for process in $processes; do
      ticks=$(ticks_of "$process")
      [[ -z $ticks ]] || spent[$process]=$ticks
    done
    sleep 0.1
  done
  wait "$main" || true
  check_run "$run"
  for ticks in "${spent[@]}"; do
    ((sum += ticks))
  done
  ((sum)) || die 3 "the times of processes cannot be read in /proc"
  pace=$(($(statistic "$run" execs_done) * $(getconf CLK_TCK) / sum))
}

measure_rates() {
  local rounds=$1 round gup empty
  for ((round = 1; round <= rounds; ++round)); do
    pace gup "$round"
    gup=$pace
    pace empty "$round"
    empty=$pace
    rates_gup+="$gup "
    rates_empty+="$empty "
    ratios+="$(awk "BEGIN {printf \"%.3f\", $gup / $empty}") "
  done
}

# Whether inputs have the same coverage each time where tables change, too.
run_race() {
  start_afl "$AFL/race.log" \
    "AFL_CUSTOM_MUTATOR_LIBRARY=$ROOT/$AFL_BIN/case_mutator.so" -- \
    -s 1 -E "$RACE_EXECUTIONS" -o "$AFL/race" -- "$AFL_BIN/gup_race_fuzzer"
  wait "$!" || true
  check_run race
  [[ $(statistic race saved_crashes) == 0 ]] ||
    die 1 "gup_race_fuzzer found something; see $AFL/race/default/crashes"
}

# --- What is printed ---------------------------------------------------------

# bar MET TEXT: the verdict, in `verdict`.
verdict=''
bar() {
  if [[ $1 == 1 ]]; then
    verdict="($2: ${GREEN}met$PLAIN)"
  else
    verdict="($2: ${RED}missed$PLAIN)"
    ((++missed))
  fi
}

# line LABEL TEXT
line() {
  printf '  %-34s %s\n' "$1" "$2"
}

# print_hunts LEVELS: each way, as a median and from the least to the largest.
print_hunts() {
  local levels=$1 way median least largest alone=0 text
  for way in "${WAYS[@]}"; do
    read -r median least largest < <(middle "${found["$way $levels"]}")
    text="$(printf %8s "$(grouped "$median")")"
    text+=", $(grouped "$least") to $(grouped "$largest")"
    case $way in
      alone)
        alone=$median
        bar $((median <= BUG_BAR)) "at most $(grouped "$BUG_BAR")"
        line "at $levels levels, from one seed" "$text  $verdict"
        ;;
      dictionary) line '  with the dictionary' "$text" ;;
      *)
        # A mutator that does not help would be one too many.
        bar $((median < alone)) 'less than without it'
        line '  with the mutator' "$text  $verdict"
        ;;
    esac
  done
}

print_summary() {
  local ratio least largest gup empty rest
  echo
  echo "${BOLD}Executions to the bug of 2020$PLAIN (median, range)"
  print_hunts 3
  print_hunts 4
  read -r ratio least largest < <(middle "$ratios")
  read -r gup rest < <(middle "$rates_gup")
  read -r empty rest < <(middle "$rates_empty")
  echo
  echo "${BOLD}Speed$PLAIN (executions in a second of processor time)"
  line 'empty_fuzzer' "$(printf %8s "$(grouped "$empty")")"
  line 'gup_fuzzer' "$(printf %8s "$(grouped "$gup")")"
  bar "$(awk "BEGIN {print ($ratio >= $RATIO_BAR)}")" "at least $RATIO_BAR"
  line '  of empty_fuzzer, in turn' \
    "$(printf %8s "$ratio"), $least to $largest  $verdict"
  echo
  [[ -z $unstable ]]
  bar "$((!$?))" "$STABILITY_BAR"
  line 'stability, in all runs' "${unstable:-$STABILITY_BAR}  $verdict"
  echo
  line "on core $core" "$taken s"
}

# --- The command -------------------------------------------------------------

stop_afl() {
  local process
  for process in $(jobs -p); do
    kill -TERM "$process" 2> /dev/null || true
  done
}

command_afl() {
  local rounds=5 flag round way levels
  for flag in "$@"; do
    [[ $flag == --rounds=* ]] || usage_error "afl: it takes no '$flag'"
    rounds=${flag#*=}
    [[ $rounds =~ ^[0-9]{1,3}$ && $((10#$rounds)) != 0 ]] || usage_error \
      "afl: --rounds wants a whole number from 1 on, not '$rounds'"
    rounds=$((10#$rounds))
  done

  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[afl]}
  build 'fuzz targets' afl empty_fuzzer gup_fuzzer gup_strict_fuzzer \
    gup_race_fuzzer translate_fuzzer walks_fuzzer case_mutator
  rm -rf "$AFL"
  mkdir -p "$AFL/seeds" || die 3 "cannot write in $ROOT"
  printf '\1AAAAAAAAAAAAAAA' > "$AFL/seeds/version-and-fifteen-letters"
  core=$(last_core)

  trap stop_afl EXIT
  SECONDS=0
  for levels in 3 4; do
    printf '%s' "looking for the bug at $levels levels ... "
    for ((round = 1; round <= rounds; ++round)); do
      for way in "${WAYS[@]}"; do
        hunt "$way" "$levels" "$round"
      done
    done
    echo 'done'
  done
  printf '%s' 'making a crash smaller with afl-tmin ... '
  make_smaller
  printf '%s' 'fuzzing tables that change ... '
  run_race
  echo 'done'
  printf '%s' 'measuring the speed ... '
  measure_rates "$rounds"
  echo 'done'
  taken=$SECONDS
  print_summary
  ((missed == 0)) || exit 1
}
