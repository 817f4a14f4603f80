# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run hardware: compares Translate with QEMU's own translation. Nothing else
# needs QEMU, so an architecture whose QEMU is missing is skipped, but not in
# CI.

# By architecture: the Debian packages, and their commands.
declare -rA QEMU_NEEDS=(
  [s390]='qemu-system-misc gcc-s390x-linux-gnu'
  [x86-64]='qemu-system-x86'
)
declare -rA QEMU_COMMANDS=(
  [s390]='qemu-system-s390x s390x-linux-gnu-gcc'
  [x86-64]='qemu-system-x86_64'
)

# Whether all commands that ARCHITECTURE needs exist.
can_ask() {
  local program
  for program in ${QEMU_COMMANDS[$1]}; do
    has_command "$program" || return 1
  done
}

command_hardware() {
  local flag flags=() architecture architectures=() wanted='' skipped=''
  for flag in "$@"; do
    case $flag in
      --cases=* | --seed=*)
        [[ ${flag#*=} =~ ^[0-9]{1,12}$ && $flag != --cases=0* ]] ||
          usage_error "hardware: ${flag%%=*} wants a number, not '${flag#*=}'"
        ;;
      --plant | --plant=*) ;;
      *) usage_error "hardware: unknown flag '$flag'" ;;
    esac
    flags+=("$flag")
  done

  for architecture in "${!QEMU_NEEDS[@]}"; do
    can_ask "$architecture" || wanted+=" ${QEMU_NEEDS[$architecture]}"
  done
  # shellcheck disable=SC2086  # one word for each package
  try_to_install $wanted
  for architecture in s390 x86-64; do
    if can_ask "$architecture"; then
      architectures+=("$architecture")
    else
      skipped+="${skipped:+; }$architecture (it needs"
      skipped+=" ${QEMU_NEEDS[$architecture]})"
    fi
  done
  if [[ -n $skipped ]]; then
    echo "hardware: skipped, QEMU is missing: $skipped"
    [[ ${CI:-} != true ]] || die 3 'hardware: in CI nothing may be skipped'
  fi
  ((${#architectures[@]})) || die 3 'hardware: nothing to ask'

  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[hardware]}
  build 'the hardware check' dev hardware_check
  build/dev/bin/hardware_check "${architectures[@]}" "${flags[@]}"
}
