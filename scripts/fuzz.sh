# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run fuzz: shows that a known bug is found without seeds, then fuzzes all
# walks for the rest of the time. With --target it is a campaign (campaign.sh).
# The tool does the work (src/cli/campaign/).

# The seed corpus of a target.
seeds_of() {
  echo "corpus/$(target_column "$1" seeds)"
}

# Adds a flag that all campaigns have to `out` and `flags` of the caller. Fails
# for other flags.
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
  local flag flags=(--seconds=60)
  if [[ " $* " == *' --kernel-tree'[=\ ]* ]]; then
    local arguments=()
    for flag in "$@"; do
      # The tree may be the next word.
      [[ $flag == --kernel-tree ]] || arguments+=("${flag#--kernel-tree=}")
    done
    # shellcheck source=scripts/check.sh
    . scripts/check.sh
    command_check "${arguments[@]}"
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
      --seconds=*) campaign_flag "$flag" ;;
      --engine=* | --jobs=* | --known=* | --out=* | --resume)
        usage_error "fuzz: $flag requires --target=NAME" ;;
      --patch=*) usage_error "fuzz: $flag requires --kernel-tree=TREE" ;;
      *) usage_error "fuzz: unknown flag '$flag'" ;;
    esac
  done

  cat << TEXT
pxdfuzz generates page tables and lets several walks collect the pages of a
range, as the kernel's get_user_pages_fast() does. A walk that returns other
pages than the hardware would is a finding. First this finds a real bug, that of
2020 on s390, without seeds. Then it fuzzes all walks. It counts expected
failures, and should have no new finding.

TEXT
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[fuzz]}
  build 'the tool' dev pxdfuzz_tool
  build 'fuzz targets' fuzz gup_fuzzer gup_strict_fuzzer
  rm -rf build/demo
  exec build/dev/bin/pxdfuzz campaign build/fuzz/bin --demonstration \
    --out=build/demo "--seeds=$(seeds_of gup_fuzzer)" "${flags[@]: -1}"
}
