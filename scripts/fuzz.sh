# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run fuzz: shows that a known bug is found from nothing, then fuzzes all
# walks for the rest of the time. What is said at the end is what the targets'
# own statistics say. With --target it is a campaign (campaign.sh).

readonly DEMO=build/demo
readonly BIN=build/fuzz/bin
readonly BUG_EXECUTIONS=1000000  # of which it takes a few hundred
# Any finding would do to show that something is wrong. In 2020 it was wrong
# pages, and it is 3-level processes that are common, so the demonstration looks
# for these.
readonly BUG_SIGNATURE='s390-3.*.wrong-page.*'
readonly LEAST_SECONDS=5         # for the second part

# A line that is rewritten needs a terminal that can.
LIVE=''
[[ ! -t 1 || ${TERM:-dumb} == dumb ]] || LIVE=1
readonly LIVE

target=''       # the running target's process, or nothing
interrupted=''  # 1 after Ctrl-C

# What became of the two parts: nothing yet, `found` (a report that is whole),
# `ended` (no report, exit code 0), `died` (neither), `cut` (by Ctrl-C).
bug='' bug_executions=0 bug_milliseconds=0
main='' main_executions=0 main_milliseconds=0

# --- Reading what a target wrote ---------------------------------------------

# The value of a key in a file of statistics, 0 where it is not there.
statistic() {
  local file=$1 wanted=$2 key value
  if [[ -f $file ]]; then
    while read -r key value; do
      [[ $key != "$wanted" ]] || { echo "$value" && return; }
    done < "$file"
  fi
  echo 0
}

# The executions as the engine counted them at its end, otherwise as the target
# did now and then.
executions_of() {
  local part=$1 counted
  counted=$(sed -n 's/^stat::number_of_executed_units: *//p' "$DEMO/$part.log")
  echo "${counted:-$(statistic "$DEMO/$part.stats" executions)}"
}

# The report in a target's output, without the line that marks its end. Fails
# where there is none, or only a part of one.
report_of() {
  awk '
    /^(\033\[[0-9;]*m)*pxdfuzz: FINDING/ {inside = 1}
    /^(\033\[[0-9;]*m)*pxdfuzz: end of report/ {whole = inside; exit}
    inside {print}
    END {exit !whole}' "$DEMO/$1.log"
}

# Nothing where there is no whole one.
print_report() {
  local report
  report=$(report_of "$1") || return 0
  printf '\n%s\n\n' "$report"
}

signature_of() {
  first_signature < "$DEMO/$1.log"
}

# --- Running a target --------------------------------------------------------

# start_target PART SIGNATURE PROGRAM ARGUMENT...: PART names its log and
# statistics; SIGNATURE is what to look for, nothing for every finding.
start_target() {
  local part=$1 signature=$2 program=$3 color=never
  shift 3
  [[ -z $COLOR ]] || color=always
  env -u PXDFUZZ_ONLY PXDFUZZ_SIGNATURE="$signature" \
    PXDFUZZ_COLOR="$color" PXDFUZZ_STATS="$DEMO/$part.stats" \
    "$BIN/$program" -print_final_stats=1 "$@" \
    > "$DEMO/$part.log" 2>&1 < /dev/null &
  target=$!
}

stop_target() {
  [[ -n $target ]] || return 0
  local turn
  kill -TERM "$target" 2> /dev/null || return 0
  for ((turn = 0; turn < 30; ++turn)); do
    kill -0 "$target" 2> /dev/null || return 0
    sleep 0.1 || true
  done
  kill -KILL "$target" 2> /dev/null || true
}

interrupt() {
  interrupted=1
  stop_target
}

# Prints nothing; `outcome` says how the target ended.
outcome=''
wait_for_target() {
  local part=$1 status=0
  wait "$target" || status=$?
  # A trapped signal ends the first wait before the target has ended.
  [[ -z $interrupted ]] || wait "$target" 2> /dev/null || true
  target=''
  if report_of "$part" > /dev/null; then
    outcome='found'
  elif [[ -n $interrupted ]]; then
    outcome='cut'
  elif ((status == 0)); then
    outcome='ended'
  else
    outcome='died'
    explain_death "$part" "$status"
  fi
}

explain_death() {
  local part=$1 status=$2
  {
    echo "${RED}run: the target ended with exit code $status and no" \
      "report$PLAIN; the end of $DEMO/$part.log:"
    tail -n 15 "$DEMO/$part.log" | sed 's/^/  | /'
  } >&2
}

# --- The two parts -----------------------------------------------------------

cost_of_bug() {
  echo "$(grouped "$bug_executions") executions" \
    "($(as_seconds "$bug_milliseconds") s)"
}

find_known_bug() {
  local started
  printf '%s' 'looking for a wrong page at 3 levels, from an empty corpus ... '
  started=$(milliseconds)
  mkdir -p "$DEMO/known-bug.corpus"
  start_target known-bug "$BUG_SIGNATURE" gup_strict_fuzzer \
    "-runs=$BUG_EXECUTIONS" "-exact_artifact_path=$DEMO/known-bug" \
    "$DEMO/known-bug.corpus"
  wait_for_target known-bug
  bug_milliseconds=$(($(milliseconds) - started))
  bug_executions=$(executions_of known-bug)
  bug=$outcome
  # Found is what the walk with the bug of 2020 got wrong on s390, and no other.
  if [[ $bug == found &&
    $(signature_of known-bug) != s390-*.static-by-value.* ]]; then
    bug='other'
  fi

  case $bug in
    found) echo "${GREEN}found$PLAIN after $(cost_of_bug)" ;;
    other) echo "${RED}another one found$PLAIN after $(cost_of_bug)" ;;
    ended) echo "${RED}not found$PLAIN in $(cost_of_bug)" ;;
    died) echo "${RED}failed$PLAIN" ;;
    *) echo 'interrupted' ;;
  esac
}

# The same finding by fewer bytes, which are easier to read; its report.
shrink_known_bug() {
  local started small=$DEMO/known-bug.small
  printf '%s' 'making the input smaller ... '
  started=$(milliseconds)
  start_target shrinking "$(signature_of known-bug)" gup_strict_fuzzer \
    -minimize_crash=1 -runs=20000 "-exact_artifact_path=$small" \
    "$DEMO/known-bug"
  wait "$target" || true
  target=''
  # Where the engine finds no smaller one, the one that was found is shown.
  [[ -f $small ]] || cp "$DEMO/known-bug" "$small"
  echo "$(wc -c < "$DEMO/known-bug") to $(wc -c < "$small") bytes" \
    "($(as_seconds $(($(milliseconds) - started))) s)"
  start_target small '' gup_strict_fuzzer "$small"
  wait_for_target small
  print_report small
}

# progress MILLISECONDS TOTAL-SECONDS
progress() {
  local ran=$1 total=$2 stats=$DEMO/main.stats executions line
  executions=$(statistic "$stats" executions)
  line="  $((ran / 1000))/$total s"
  line+="  $(grouped "$executions") executions"
  line+="  $(grouped $((ran ? executions * 1000 / ran : 0)))/s"
  line+="  cells $(grouped "$(statistic "$stats" cells-reached)")"
  line+=" of $(grouped "$(statistic "$stats" cells-possible)")"
  line+="  findings $(statistic "$stats" findings)"
  if [[ -n $LIVE ]]; then
    printf '\r%s\e[K' "$line"
  else
    echo "$line"
  fi
}

# fuzz_all_walks SECONDS
fuzz_all_walks() {
  local total=$1 started ran next=10000 flags=() folders
  # The engine ends in the second after the one that it is given.
  flags=("-max_total_time=$((total - 1))"
         "-artifact_prefix=$DEMO/findings/")
  [[ ! -f fuzz/gup_fuzzer.dict ]] || flags+=(-dict=fuzz/gup_fuzzer.dict)
  folders=("$DEMO/main.corpus")
  [[ ! -d corpus/gup_fuzzer ]] || folders+=(corpus/gup_fuzzer)
  mkdir -p "$DEMO/findings" "$DEMO/main.corpus"

  echo "fuzzing all walks for $total s; Ctrl-C stops it"
  started=$(milliseconds)
  start_target main '' gup_fuzzer "${flags[@]}" "${folders[@]}"
  [[ -z $LIVE ]] || next=1000
  while kill -0 "$target" 2> /dev/null; do
    ran=$(($(milliseconds) - started))
    if ((ran >= next)) && [[ -f $DEMO/main.stats ]]; then
      progress "$ran" "$total"
      if [[ -n $LIVE ]]; then next=$((ran + 500)); else ((next += 10000)); fi
    fi
    sleep 0.2 || true
  done
  main_milliseconds=$(($(milliseconds) - started))
  [[ -z $LIVE ]] || printf '\r\e[K'
  wait_for_target main
  main=$outcome
  main_executions=$(executions_of main)
  if [[ $main == ended && ! -f $DEMO/main.stats ]]; then
    main='died'
    explain_death main 0
  fi
  if [[ $main == found ]]; then
    echo "${RED}a finding after $(grouped "$main_executions") executions$PLAIN"
    print_report main
  fi
}

# --- The summary -------------------------------------------------------------

# row LABEL TEXT
row() {
  printf '  %-17s %s\n' "$1" "$2"
}

summarize_known_bug() {
  local what
  case $bug in
    found) what="${GREEN}found$PLAIN after" ;;
    other) what="${RED}not found$PLAIN, but another, after" ;;
    ended) what="${RED}not found$PLAIN in" ;;
    *) what='not found: interrupted after' ;;
  esac
  row 'known bug' "$what $(cost_of_bug)"
  if [[ $bug == found || $bug == other ]]; then
    row '  signature' "$(signature_of known-bug)"
    row '  input' "$DEMO/known-bug, and smaller: $DEMO/known-bug.small"
  fi
}

summarize_defects() {
  local label='known defects' key walk cause count
  while read -r key walk cause count; do
    [[ $key == known-defect ]] || continue
    row "$label" "$(printf '%-22s %-10s %14s times' "$walk" "$cause" \
      "$(grouped "$count")")"
    label=''
  done < "$DEMO/main.stats"
  [[ -z $label ]] || row "$label" 'none was met'
}

summarize_findings() {
  local file
  if [[ $main != found ]]; then
    row 'findings' "$(statistic "$DEMO/main.stats" findings)"
    return
  fi
  row 'findings' "${RED}1$PLAIN, at which fuzzing stopped"
  row '  signature' "$(signature_of main)"
  for file in "$DEMO"/findings/*; do
    row '  input' "$file"
  done
}

summarize() {
  local stats=$DEMO/main.stats rate=0 note=''
  echo
  echo "${BOLD}Summary$PLAIN"
  summarize_known_bug
  if [[ -z $main ]]; then
    row 'all walks' 'not fuzzed'
    return
  fi
  ((main_milliseconds == 0)) ||
    rate=$((main_executions * 1000 / main_milliseconds))
  [[ $main != died ]] || note=' until the target died'
  [[ $main != cut ]] || note=' until it was interrupted'
  row 'all walks' "fuzzed for $(as_seconds "$main_milliseconds") s$note"
  row 'executions' \
    "$(grouped "$main_executions"), $(grouped "$rate") a second"
  if [[ ! -f $stats ]]; then
    row 'findings' 'not known: the target wrote no statistics'
    return
  fi
  row 'cells reached' "$(grouped "$(statistic "$stats" cells-reached)") of $(
    grouped "$(statistic "$stats" cells-possible)") kinds of situation"
  summarize_defects
  summarize_findings
}

# --- The command -------------------------------------------------------------

# The exit code that goes with what was found.
verdict() {
  if [[ -n $interrupted ]]; then
    echo 130
  elif [[ $bug == died || $main == died ]]; then
    echo 3
  elif [[ $bug == found && $main == ended &&
    $(statistic "$DEMO/main.stats" findings) == 0 ]]; then
    echo 0
  else
    echo 1
  fi
}

# The corpus that a target begins with.
seeds_of() {
  echo "corpus/$(target_column "$1" seeds)"
}

# A flag that every campaign has, taken into `out` and `flags` of the caller.
# Fails where it is another.
campaign_flag() {
  local flag=$1
  case $flag in
    --out=?*) out=${flag#*=} ;;
    --jobs=* | --seconds=*)
      [[ ${flag#*=} =~ ^[0-9]{1,7}$ && $((10#${flag#*=})) != 0 ]] ||
        usage_error "fuzz: ${flag%%=*} wants a whole number from 1 on"
      flags+=("$flag")
      ;;
    --resume | --known=?*) flags+=("$flag") ;;
    *) return 1 ;;
  esac
}

command_fuzz() {
  local seconds=60 flag left
  if [[ " $* " == *' --kernel-tree='* ]]; then
    # shellcheck source=scripts/kernel.sh
    . scripts/kernel.sh
    fuzz_kernel_tree "$@"
    return
  fi
  if [[ " $* " == *' --target='* ]]; then
    # shellcheck source=scripts/campaign.sh
    . scripts/campaign.sh
    fuzz_target "$@"
    return
  fi
  for flag in "$@"; do
    case $flag in
      --engine=* | --jobs=* | --known=* | --out=* | --resume)
        usage_error "fuzz: $flag goes with --target=NAME" ;;
      --patch=*) usage_error "fuzz: $flag goes with --kernel-tree=TREE" ;;
    esac
    [[ $flag == --seconds=* ]] || usage_error "fuzz: it takes no '$flag'"
    seconds=${flag#*=}
    [[ $seconds =~ ^[0-9]{1,7}$ && $((10#$seconds)) != 0 ]] || usage_error \
      "fuzz: --seconds wants a whole number from 1 on, not '$seconds'"
    seconds=$((10#$seconds))
  done

  cat << TEXT
pxdfuzz makes up page tables and lets several walks collect the pages of a
range, as the kernel's get_user_pages_fast() does. A walk that returns other
pages than the hardware would see is a finding. First it shows a real one: the
bug of 2020 on s390, found from nothing. Then it fuzzes all walks, what is known
to be wrong with them excused: there, nothing new should turn up.

TEXT
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[fuzz]}
  build 'fuzz targets' fuzz gup_fuzzer gup_strict_fuzzer
  rm -rf "$DEMO"
  mkdir -p "$DEMO" || die 3 "cannot write in $ROOT"

  trap stop_target EXIT
  trap interrupt INT TERM
  SECONDS=0
  find_known_bug
  [[ $bug != died ]] || exit 3
  if [[ $bug == found && -z $interrupted ]]; then
    shrink_known_bug
  else
    print_report known-bug
  fi
  if [[ -z $interrupted ]]; then
    left=$((seconds - SECONDS))
    fuzz_all_walks $((left > LEAST_SECONDS ? left : LEAST_SECONDS))
  fi
  summarize
  exit "$(verdict)"
}
