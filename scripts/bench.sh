# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run bench: how fast the fuzz targets are. Times are user time and targets
# run in turn, so a machine that is busy with something else spoils little. What
# can be compared between machines is the ratios.

readonly BENCH=build/bench-runs
readonly SEED=1
readonly MAX_LENGTH=700  # what the case format can say
readonly PLAIN_RUNS=200000 SANITIZED_RUNS=60000
# How much faster an empty target is, about: all are to run for as long.
readonly EMPTY_FACTOR=5

# What is asked for, by preset: the rate of gup_fuzzer as a part of
# empty_fuzzer's, on cases of at most 32 pages; and the gain of the arena.
declare -rA RATIO_BAR=([fuzz]=0.11 [fuzz-asan]=0.14)
declare -rA RATIO_GOAL=([fuzz]=0.15 [fuzz-asan]=0.20)
declare -rA ARENA_BAR=([fuzz]=2 [fuzz-asan]=5)
# Pages returned a request, per cent of cases that cross a folded boundary,
# requests a second with four a case over those with one.
readonly PAGES_BAR=4 CROSSED_BAR=20 FOUR_BAR=2

declare -rA BUILD_NAME=([fuzz]=plain [fuzz-asan]=sanitized)
# Where the body is measured: without an engine's hooks.
declare -rA BODY_PRESET=([fuzz]=bench [fuzz-asan]=bench-asan)

# Each target with the mutator, which here leaves the number of requests as it
# is, and with one that changes nothing.
readonly PROGRAMS=(gup_held_requests empty_held_requests gup_unmutated
  empty_unmutated)

declare -A times=()  # the seconds of each round, by "preset program set"
missed=0             # bars that were not met

# --- Measuring ---------------------------------------------------------------

# The files of a set as libFuzzer takes them. They are no corpus to it, so it
# writes none of its own beside them.
write_list() {
  local set=$1
  shift
  find "$@" -type f | sort | paste -sd, > "$BENCH/$set.list"
}

# runs_of PRESET PROGRAM
runs_of() {
  local runs=$PLAIN_RUNS
  [[ $1 == fuzz ]] || runs=$SANITIZED_RUNS
  [[ $2 == gup* ]] || ((runs *= EMPTY_FACTOR))
  echo "$runs"
}

# Runs a target once and notes its user time. The address spaces are those of
# the corpus, so figures stay comparable when architectures are added.
measure() {
  local preset=$1 program=$2 set=$3 log took TIMEFORMAT=%U
  log=$BENCH/$preset.$program.$set
  took=$({ time PXDFUZZ_ONLY=s390 PXDFUZZ_SIGNATURE='' \
    PXDFUZZ_STATS="$log.stats" "build/$preset/bin/$program" \
    "-seed=$SEED" "-runs=$(runs_of "$preset" "$program")" \
    "-max_len=$MAX_LENGTH" -keep_seed=1 "-artifact_prefix=$BENCH/" \
    "-seed_inputs=@$BENCH/$set.list" > "$log.log" 2>&1 < /dev/null
  } 2>&1) || {
    echo
    show_failure "$log.log"
    die 3 "$program ($preset) ended before its time"
  }
  times["$preset $program $set"]+="$took "
}

measure_all() {
  local rounds=$1 round preset set program
  for ((round = 1; round <= rounds; ++round)); do
    for preset in fuzz fuzz-asan; do
      printf '%s' "measuring (${BUILD_NAME[$preset]}, round $round of" \
        " $rounds) ... "
      SECONDS=0
      for set in small whole; do
        for program in "${PROGRAMS[@]}"; do
          measure "$preset" "$program" "$set"
        done
      done
      measure "$preset" gup_held_requests four
      measure "$preset" gup_unmutated four
      echo "$SECONDS s"
    done
  done
}

# measure_body PRESET ROUNDS: what Google Benchmark says: the parts as a CSV
# file, the times of the whole in nanoseconds.
measure_body() {
  local preset=$1 rounds=$2 round tables filter=.
  local program=build/${BODY_PRESET[$preset]}/bin/body_bench
  needed_step "measuring the body (${BUILD_NAME[$preset]})" \
    "$LOGS/bench-body-$preset.log" \
    "$program" "--benchmark_filter=$filter" --benchmark_min_time=0.03 \
    --benchmark_repetitions=3 --benchmark_report_aggregates_only=true \
    --benchmark_enable_random_interleaving=true \
    "--benchmark_out=$BENCH/body-$preset.csv" --benchmark_out_format=csv
  # The whole body with both kinds of tables in turn.
  for ((round = 1; round <= rounds; ++round)); do
    for tables in '' _heap; do
      "$program$tables" '--benchmark_filter=^Body' --benchmark_format=csv \
        --benchmark_repetitions=3 \
        2>> "$LOGS/bench-body-$preset.log" |
        awk -F, '/^"Body.*500",/ {print $4}' >> "$BENCH/body$tables-$preset.times"
    done
  done
}

# --- Figures -----------------------------------------------------------------

# calculate FORMAT EXPRESSION
calculate() {
  awk "BEGIN {printf \"$1\", ($2)}"
}

# The middle one of the rounds.
seconds_of() {
  local taken
  read -ra taken <<< "${times["$*"]}"
  printf '%s\n' "${taken[@]}" | sort -n |
    sed -n "$(((${#taken[@]} + 1) / 2))p"
}

# rate_of PRESET PROGRAM SET: executions a second.
rate_of() {
  calculate %.0f "$(runs_of "$1" "$2") / $(seconds_of "$@")"
}

# sum_of FILE: executions, cases judged, requests, pages and cases that cross a
# folded boundary, as the target counted them.
sum_of() {
  awk '
    $1 == "executions" || $1 == "judged" || $1 == "requests" ||
      $1 == "pages" {sum[$1] = $2}
    $1 == "space" {for (i = 3; i < NF; i += 2) sum[$i] += $(i + 1)}
    END {print sum["executions"], sum["judged"], sum["requests"],
               sum["pages"], sum["crossed"]}' "$1"
}

# bar VALUE BAR [GOAL]: says whether it is met.
bar() {
  local value=$1 least=$2 goal=${3:-}
  local text="at least $least"
  [[ -z $goal ]] || text+=", better $goal"
  if [[ $(calculate %d "$value >= $least") == 1 ]]; then
    [[ -z $goal || $(calculate %d "$value >= $goal") == 0 ]] ||
      text="at least $least, better $goal: both"
    verdict="($text: ${GREEN}met$PLAIN)"
  else
    verdict="($text: ${RED}missed$PLAIN)"
    ((++missed))
  fi
}

# line LABEL TEXT
line() {
  printf '  %-24s %s\n' "$1" "$2"
}

# A rate in a column.
column() {
  printf '%9s' "$(grouped "$1")"
}

# print_set PRESET SET: both targets on one set.
print_set() {
  local preset=$1 set=$2 gup empty ratio verdict=''
  local executions judged requests pages crossed seconds value
  gup=$(rate_of "$preset" gup_held_requests "$set")
  empty=$(rate_of "$preset" empty_held_requests "$set")
  ratio=$(calculate %.3f "$gup / $empty")
  [[ $set != small ]] ||
    bar "$ratio" "${RATIO_BAR[$preset]}" "${RATIO_GOAL[$preset]}"
  line 'empty_fuzzer' "$(column "$empty") executions"
  line 'gup_fuzzer' "$(column "$gup") executions"
  line '  of empty_fuzzer' "    $ratio $verdict"

  seconds=$(seconds_of "$preset" gup_held_requests "$set")
  read -r executions judged requests pages crossed \
    <<< "$(sum_of "$BENCH/$preset.gup_held_requests.$set.stats")"
  line '  requests' "$(column "$(calculate %.0f "$requests / $seconds")")"
  line '  pages returned' "$(column "$(calculate %.0f "$pages / $seconds")")"
  line '  requests a case' \
    "$(calculate %9.2f "$requests / $judged"), of those that are comparable ($(
      calculate %.0f "100 * $judged / $executions") % of executions)"
  value=$(calculate %.1f "$pages / $requests")
  bar "$value" "$PAGES_BAR"
  line '  pages a request' "$(printf '%9s' "$value") $verdict"
  value=$(calculate %.0f "100 * $crossed / $judged")
  bar "$value" "$CROSSED_BAR"
  line '  cases that cross' \
    "$(printf '%9s' "$value") % a folded boundary $verdict"

  gup=$(rate_of "$preset" gup_unmutated "$set")
  empty=$(rate_of "$preset" empty_unmutated "$set")
  line 'nothing mutated' "$(column "$gup") of $(grouped "$empty"): $(
    calculate %.3f "$gup / $empty") of empty"
}

# requests_of PRESET PROGRAM SET: requests a second, of the cases it ran.
requests_of() {
  local executions judged requests pages crossed
  read -r executions judged requests pages crossed \
    <<< "$(sum_of "$BENCH/$1.$2.$3.stats")"
  calculate %.0f "$requests / $(seconds_of "$@")"
}

# print_four PRESET PROGRAM: one request a case and four.
print_four() {
  local preset=$1 program=$2 one four ratio verdict=''
  one=$(requests_of "$preset" "$program" small)
  four=$(requests_of "$preset" "$program" four)
  ratio=$(calculate %.2f "$four / $one")
  [[ $program == gup_unmutated ]] || bar "$ratio" "$FOUR_BAR"
  line 'one request a case' "$(column "$one") requests"
  line 'four' "$(column "$four") requests"
  line '  times as many' "$(printf '%9s' "$ratio") $verdict"
}

# body_of TABLES PRESET: nanoseconds a case in the fastest run. What else a
# machine does only ever makes a run slower, and slows the two unequally.
body_of() {
  local cases fastest
  cases=$(find bench/corpus/small -type f | wc -l)
  fastest=$(sort -g "$BENCH/body$1-$2.times" | head -n 1)
  calculate %.0f "$fastest / $cases"
}

print_body() {
  local preset=$1 arena heap ratio verdict
  arena=$(body_of '' "$preset")
  heap=$(body_of _heap "$preset")
  ratio=$(calculate %.1f "$heap / $arena")
  bar "$ratio" "${ARENA_BAR[$preset]}"
  line 'tables in the arena' "$(column "$arena") ns a case"
  line 'tables on the heap' "$(column "$heap") ns"
  line '  gain of the arena' "$(printf '%9s' "$ratio") $verdict"
}

# A row for each part; columns are pages/records.
print_parts() {
  awk -F, '
    match($1, /\/pages:/) && /_median"/ {
      name = substr($1, 2, RSTART - 2)
      shape = $1
      gsub(/.*pages:|_median"/, "", shape)
      sub(/records:/, "", shape)
      if (!(name in seen)) names[++rows] = name
      seen[name] = 1
      time[name, shape] = $4
    }
    END {
      columns = split("1/1 8/1 64/1 512/1 64/4 64/16", shapes, " ")
      printf "  %-40s", "pages/records"
      for (i = 1; i <= columns; ++i) printf "%8s", shapes[i]
      print ""
      for (r = 1; r <= rows; ++r) {
        printf "  %-40s", names[r]
        for (i = 1; i <= columns; ++i) printf "%8.0f", time[names[r], shapes[i]]
        print ""
      }
    }' "$BENCH/body-fuzz.csv"
}

print_all() {
  local preset set what
  cat << TEXT

Per second of user time; medians. Both targets link the same mutator and pay
for it; that is most of what empty_fuzzer does. Here it leaves the number of
requests as it is, and makes cases longer: the figures of gup_fuzzer are of the
cases that were run. "Nothing mutated" is both targets on the corpus as it is,
with a mutator that changes nothing.
TEXT
  for preset in fuzz fuzz-asan; do
    for set in small whole; do
      what='cases of at most 32 pages'
      [[ $set == small ]] || what='the whole corpus'
      echo
      echo "$BOLD${BUILD_NAME[$preset]}, $what$PLAIN"
      print_set "$preset" "$set"
    done
    echo
    echo "$BOLD${BUILD_NAME[$preset]}, requests a case$PLAIN (at most 32 pages)"
    print_four "$preset" gup_held_requests
    echo "$BOLD${BUILD_NAME[$preset]}, the same, nothing mutated$PLAIN"
    print_four "$preset" gup_unmutated
    echo
    echo "$BOLD${BUILD_NAME[$preset]}, the body without an engine$PLAIN" \
      "(at most 32 pages, nothing mutated)"
    print_body "$preset"
  done
  echo
  echo "${BOLD}plain, the parts of the body$PLAIN (ns; one request)"
  print_parts
}

# --- The command -------------------------------------------------------------

command_bench() {
  local rounds=3 flag preset
  for flag in "$@"; do
    [[ $flag =~ ^--rounds=([1-9][0-9]?)$ ]] ||
      usage_error "bench: it takes no '$flag'"
    rounds=${BASH_REMATCH[1]}
  done
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[bench]}
  local bodies=(body_bench body_bench_heap)
  build 'fuzz targets' fuzz "${PROGRAMS[@]}"
  build 'fuzz targets' fuzz-asan "${PROGRAMS[@]}"
  build 'the body' bench "${bodies[@]}"
  build 'the body' bench-asan "${bodies[@]}"
  rm -rf "$BENCH"
  mkdir -p "$BENCH" || die 3 "cannot write in $ROOT"
  write_list small bench/corpus/small
  write_list whole bench/corpus
  write_list four bench/corpus-four/small

  measure_all "$rounds"
  for preset in fuzz fuzz-asan; do
    measure_body "$preset" "$rounds"
  done
  print_all
  ((missed == 0)) || {
    echo
    die 1 "bench: $missed of the bars missed"
  }
}
