# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run fuzz --target=NAME: a campaign on one target. This builds it; the tool
# does the rest (src/cli/campaign/campaign.h).

# Targets that are fuzzed in campaigns; the strict ones show known bugs.
readonly CAMPAIGN_TARGETS='gup_fuzzer walks_fuzzer translate_fuzzer
  gup_race_fuzzer gup_strict_fuzzer gup_race_strict_fuzzer kernel_gup_fuzzer
  kernel_gup_by_value_fuzzer kernel_pgtable_size_fuzzer kernel_race_fuzzer
  kernel_race_strict_fuzzer'

fuzz_target() {
  local flag target='' engine=libfuzzer out='' preset flags=() mutators=()
  for flag in "$@"; do
    case $flag in
      --target=*) target=${flag#*=} ;;
      --engine=libfuzzer | --engine=afl)
        engine=${flag#*=}
        flags+=("$flag")
        ;;
      --engine=*) usage_error "fuzz: $flag: there are libfuzzer and afl" ;;
      *) campaign_flag "$flag" ||
        usage_error "fuzz: it takes no '$flag'" ;;
    esac
  done
  # shellcheck disable=SC2086  # one word for each target
  printf '%s\n' $CAMPAIGN_TARGETS | grep -qx -- "$target" || usage_error \
    "fuzz: there is no target '$target'; there are$(
      printf ' %s' $CAMPAIGN_TARGETS)"
  [[ -n $out ]] || out=build/campaigns/$target-$engine
  if [[ $target == kernel_* ]]; then
    [[ $engine == libfuzzer ]] || usage_error \
      "fuzz: $target holds kernel text, GPL-2.0-only: AFL++ may not be linked"
    # shellcheck source=scripts/kernel.sh
    . scripts/kernel.sh
  fi

  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[test]}
  [[ $target != kernel_* ]] || install_kernel_sources
  preset=fuzz
  if [[ $engine == afl ]]; then
    # shellcheck disable=SC2086  # one word for each need
    set_up ${NEEDS[afl]}
    preset=afl
    mutators=(case_mutator raw_case_mutator race_case_mutator)
    flags+=(--dict=fuzz/case.dict)
  fi
  build 'the tool' dev pxdfuzz_tool
  build 'the target' "$preset" "$target" "${mutators[@]}"
  mkdir -p "$(dirname "$out")" || die 3 "cannot write in $ROOT"
  echo "fuzzing; Ctrl-C stops it and keeps everything"
  exec build/dev/bin/pxdfuzz campaign "build/$preset/bin/$target" \
    "--out=$out" "--seeds=$(seeds_of "$target")" "${flags[@]}"
}
