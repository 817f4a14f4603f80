# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run mutants: looks for each planted bug, as the fuzz targets look for real
# ones, and prints what that took. A bug that is not found is one that the fuzz
# targets would miss.

readonly CENSUS=build/mutants
readonly HUNTER=build/fuzz/bin/mutants_fuzzer
readonly BUDGET=30000        # executions; a bug that takes more is not found
readonly MEDIAN_BAR=2000     # of a bug's seeds
readonly MORE_SEEDS=5        # where the median of the first ones is above it
export CENSUS HUNTER BUDGET  # for the processes that hunt

census=''  # the process that starts the others, or nothing

# hunt NAME ARCHITECTURE SEED: looks for one bug, in the spaces of its
# architecture or in `all`, and prints the exit code.
hunt() {
  local name=$1 only=$2 seed=$3 base=$CENSUS/runs/$1.$3 status=0
  [[ $only != all ]] || only=''
  # Names in the stack of a planted bug tell nothing, and take the longest.
  env -u PXDFUZZ_SIGNATURE -u PXDFUZZ_FINDINGS PXDFUZZ_ONLY="$only" \
    UBSAN_OPTIONS=symbolize=0 \
    PXDFUZZ_MUTANT="$name" PXDFUZZ_STATS="$base.stats" \
    "$HUNTER" "-seed=$seed" "-runs=$BUDGET" -timeout=30 \
    "-exact_artifact_path=$base.input" > "$base.log" 2>&1 < /dev/null ||
    status=$?
  echo "$name $seed $status"
}

stop_census() {
  [[ -z $census ]] || kill "$census" 2> /dev/null || true
}

# --- Running -----------------------------------------------------------------

# The bugs to look for, out of those in the file `list`: all, or those of these
# names. Name, where it is, architecture, the known answer that tells it, the
# reason why it is none, what is wrong, what it copies; with tabs. What has no
# bug goes by the name `no-bug`: to see a survivor.
choose() {
  local name
  if [[ $# == 0 ]]; then
    cp "$CENSUS/list" "$CENSUS/chosen"
    return
  fi
  : > "$CENSUS/chosen"
  for name in "$@"; do
    if [[ $name == no-bug ]]; then
      printf '%s\t' no-bug walk s390 - - 'The walk as it is.' >> \
        "$CENSUS/chosen"
      echo - >> "$CENSUS/chosen"
      continue
    fi
    awk -F '\t' -v name="$name" '$1 == name {print; found = 1}
      END {exit !found}' "$CENSUS/list" >> "$CENSUS/chosen" || die 2 \
      "mutants: there is no bug '$name'; $HUNTER --list says which there are"
  done
}

# jobs_of LIST FIRST LAST: one line a job, of those bugs of a list that can be
# fuzzed for, each with each seed from the first to the last.
jobs_of() {
  awk -F '\t' -v first="$2" -v last="$3" '$2 != "answers" && $5 == "-" {
    for (seed = first; seed <= last; ++seed) print $1, $3, seed}' "$1"
}

# hunt_all LIST FIRST LAST
hunt_all() {
  local jobs finished=0 live=''
  [[ ! -t 1 || ${TERM:-dumb} == dumb ]] || live=1
  jobs=$(jobs_of "$@" | wc -l)
  : > "$CENSUS/exits"
  export -f hunt
  # shellcheck disable=SC2016  # those who are started expand it
  jobs_of "$@" | xargs -r -n 3 -P "$(nproc)" \
    bash -c 'hunt "$@"' _ >> "$CENSUS/exits" &
  census=$!
  while kill -0 "$census" 2> /dev/null; do
    finished=$(wc -l < "$CENSUS/exits")
    [[ -z $live ]] || printf '\r  %s of %s runs, %s s\e[K' \
      "$(grouped "$finished")" "$(grouped "$jobs")" "$SECONDS"
    sleep 0.5 || true
  done
  [[ -z $live ]] || printf '\r\e[K'
  wait "$census" || true
  census=''
}

# A median of a few runs is rough: bugs for which it is above the bar are looked
# for with MORE_SEEDS times as many seeds before that is believed.
hunt_slow() {
  local seeds=$1
  awk -F '\t' -v bar="$MEDIAN_BAR" 'NR == FNR {
      if ($6 != "-" && $6 + 0 > bar) slow[$1]
      next
    }
    $1 in slow' "$CENSUS/table.tsv" "$CENSUS/chosen" > "$CENSUS/slow"
  [[ -s $CENSUS/slow ]] || return 0
  hunt_all "$CENSUS/slow" $((seeds + 1)) $((seeds * MORE_SEEDS))
  check_exits
  write_table "$seeds"
}

# --- The tables --------------------------------------------------------------

# The census, one line a bug, with tabs: name, where, architecture, seeds,
# found, median, largest, means, signature, inputs of the corpus that find it,
# what is wrong, what it copies. Executions are `-` where none were needed.
#
# The signature is that of most seeds; of as many, that of the first.
write_table() {
  local seeds=$1
  awk -F '\t' -v OFS='\t' -v seeds="$seeds" -v more="$MORE_SEEDS" \
    -v runs="$CENSUS/runs/" '
    function read_run(name, seed,    line, base, words) {
      base = runs name "." seed
      signature = executions = ""
      while ((getline line < (base ".log")) > 0) {
        if (sub(/^DEDUP_TOKEN: /, "", line)) signature = line
      }
      close(base ".log")
      while ((getline line < (base ".stats")) > 0) {
        split(line, words, " ")
        if (words[1] == "executions") executions = words[2]
      }
      close(base ".stats")
    }
    FILENAME ~ /corpus$/ {corpus[$1] = $2; next}
    FILENAME ~ /slow$/ {slow[$1]; next}
    $5 != "-" {next}
    $2 == "answers" {
      print $1, $2, $3, "-", "-", "-", "-", "answers", $4, "-", $6, $7
      next
    }
    {
      found = 0
      split("", count)
      best = ""
      tried = $1 in slow ? seeds * more : seeds
      for (seed = 1; seed <= tried; ++seed) {
        read_run($1, seed)
        if (signature == "") continue
        took[++found] = executions
        if (++count[signature] > count[best] + 0 || best == "") {
          best = signature
        }
      }
      # In order, by insertion.
      for (i = 2; i <= found; ++i) {
        for (j = i; j > 1 && took[j - 1] + 0 > took[j] + 0; --j) {
          swap = took[j]; took[j] = took[j - 1]; took[j - 1] = swap
        }
      }
      means = $2 == "manual" ? "rules" : "walks"
      if ($4 != "-") means = found ? means ", answers" : "answers"
      print $1, $2, $3, tried, found, \
        found ? took[int((found + 1) / 2)] : "-", found ? took[found] : "-", \
        found || $4 != "-" ? means : "-", found ? best : "-", \
        corpus[$1] == "" ? "-" : corpus[$1], $6, $7
    }' "$CENSUS/corpus" "$CENSUS/slow" "$CENSUS/chosen" > "$CENSUS/table.tsv"
}

# What is missing is red.
print_table() {
  awk -F '\t' -v red="$RED" -v plain="$PLAIN" -v bold="$BOLD" '
    BEGIN {
      form = "%-39s %6s %7s %8s %7s  %-15s %s"
      printf bold form plain "\n", "bug", "found", "median", "largest", \
        "corpus", "means", "signature"
    }
    {
      found = $4 == "-" ? "-" : $5 " of " $4
      line = sprintf(form, $1, found, $6, $7, $10, $8, $9)
      print ($4 != "-" && $5 < $4 || $10 == "0" ? red line plain : line)
    }' "$CENSUS/table.tsv"
  awk -F '\t' '$5 != "-" {
      if (!begun++) print "\nno bugs, and so not looked for:"
      print "  " $1 ": " $6 " " $5
    }' "$CENSUS/chosen"
}

# The last lines; fails where a bug is missing or a bar not held.
print_summary() {
  awk -F '\t' -v bar="$MEDIAN_BAR" -v seconds="$SECONDS" -v budget="$BUDGET" \
    -v took="$1" -v red="$RED" -v green="$GREEN" -v plain="$PLAIN" '
    function row(label, text) {printf "  %-17s %s\n", label, text}
    function median(    i, j, swap) {
      for (i = 2; i <= fuzzed; ++i) {
        for (j = i; j > 1 && medians[j - 1] > medians[j]; --j) {
          swap = medians[j]; medians[j] = medians[j - 1]; medians[j - 1] = swap
        }
      }
      return fuzzed ? medians[int((fuzzed + 1) / 2)] : "-"
    }
    {
      ++bugs
      ++of[$2]
      if ($4 == "-") next
      if ($10 == 0) in_none = in_none " " $1
      if ($5 < $4) {
        missing = missing " " $1
        next
      }
      medians[++fuzzed] = $6 + 0
      if ($7 + 0 > largest) largest = $7 + 0
      if ($6 + 0 > bar) slow = slow " " $1
    }
    END {
      print ""
      row("planted bugs", bugs ": in walks " of["walk"] + 0 \
        ", in the contract " of["contract"] + 0 ", in the manual " \
        of["manual"] + 0 ", known to answers alone " of["answers"] + 0)
      row("found", missing == "" ? green "all" plain : \
        red "not with every seed, by " budget " executions:" plain missing)
      row("executions", "median of medians " median() ", largest " largest + 0)
      if (slow != "") {
        row("", red "median above " bar ":" plain slow)
      }
      row("corpus", in_none == "" ? green "alone finds all" plain \
        ", in " took " s" : red "does not find:" plain in_none)
      row("time", seconds " s")
      exit missing != "" || slow != "" || in_none != ""
    }' "$CENSUS/table.tsv"
}

# Runs that ended by neither a finding nor the budget.
check_exits() {
  local name seed status
  while read -r name seed status; do
    [[ $status == 0 || $status == 77 ]] && continue
    tail -n 15 "$CENSUS/runs/$name.$seed.log" | sed 's/^/  | /' >&2
    die 3 "mutants: $name with seed $seed ended with exit code $status; the \
whole log: $CENSUS/runs/$name.$seed.log"
  done < "$CENSUS/exits"
}

# --- The command -------------------------------------------------------------

command_mutants() {
  local seeds=5 argument names=() began missing=0
  for argument in "$@"; do
    case $argument in
      --seeds=*)
        seeds=${argument#*=}
        [[ $seeds =~ ^[0-9]{1,4}$ && $((10#$seeds)) != 0 ]] || usage_error \
          "mutants: --seeds wants a whole number from 1 on, not '$seeds'"
        seeds=$((10#$seeds))
        ;;
      -*) usage_error "mutants: it takes no '$argument'" ;;
      *) names+=("$argument") ;;
    esac
  done
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[mutants]}
  build 'planted bugs' fuzz mutants_fuzzer
  [[ ${#names[@]} != 0 ]] || build 'planted bugs' dev mutants_worlds
  rm -rf "$CENSUS"
  mkdir -p "$CENSUS/runs" || die 3 "cannot write in $ROOT"
  "$HUNTER" --list > "$CENSUS/list" || die 3 "$HUNTER: cannot be run"
  choose "${names[@]}"

  trap stop_census EXIT
  SECONDS=0
  echo "looking for $(grep -c '' "$CENSUS/chosen") planted bugs, each from an" \
    "empty corpus with $seeds seeds"
  began=$(milliseconds)
  "$HUNTER" --corpus corpus > "$CENSUS/corpus" ||
    die 3 "$HUNTER: cannot read corpus/"
  began=$(as_seconds $(($(milliseconds) - began)))
  : > "$CENSUS/slow"
  hunt_all "$CENSUS/chosen" 1 "$seeds"
  check_exits
  write_table "$seeds"
  hunt_slow "$seeds"
  echo
  print_table
  print_summary "$began" || missing=1
  if [[ ${#names[@]} == 0 ]]; then
    echo
    build/dev/bin/mutants_worlds || missing=1
  fi
  return "$missing"
}
