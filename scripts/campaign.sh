# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run fuzz --target=NAME: a campaign on one target. This builds it; the tool
# does the rest (src/cli/campaign/campaign.h).

fuzz_target() {
  local flag target='' engine=libfuzzer out='' preset flags=() mutator=()
  for flag in "$@"; do
    case $flag in
      --target=*) target=${flag#*=} ;;
      --engine=libfuzzer | --engine=afl)
        engine=${flag#*=}
        flags+=("$flag")
        ;;
      --engine=*) usage_error "fuzz: $flag: there are libfuzzer and afl" ;;
      *) campaign_flag "$flag" ||
        usage_error "fuzz: unknown flag '$flag'" ;;
    esac
  done
  [[ -n $(target_column "$target" name) ]] || usage_error \
    "fuzz: there is no target '$target'; there are $(
      targets_where | paste -sd ' ')"
  [[ -n $out ]] || out=build/campaigns/$target-$engine
  if [[ $(target_column "$target" source) == kernel ]]; then
    [[ $engine == libfuzzer ]] || usage_error \
      "fuzz: $target holds kernel code, GPL-2.0-only: AFL++ may not be linked"
    # shellcheck source=scripts/kernel.sh
    . scripts/kernel.sh
  fi

  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[fuzz]}
  [[ $target != kernel_* ]] || install_kernel_sources
  preset=fuzz
  if [[ $engine == afl ]]; then
    # shellcheck disable=SC2086  # one word for each need
    set_up ${NEEDS[afl]}
    preset=afl
    mutator=(case_mutator)
    flags+=(--dict=fuzz/case.dict)
  fi
  build 'the tool' dev pxdfuzz_tool
  build 'the target' "$preset" "$target" "${mutator[@]}"
  mkdir -p "$(dirname "$out")" || die 3 "cannot write in $ROOT"
  echo "fuzzing; Ctrl-C stops it and keeps everything"
  exec build/dev/bin/pxdfuzz campaign "build/$preset/bin/$target" \
    "--out=$out" "--seeds=$(seeds_of "$target")" "${flags[@]}"
}
