# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Kernel code: Debian's packages with sources, and ./run fuzz
# --kernel-tree=TREE, which fuzzes the fast walk of any tree, with or without a
# patch.

# Packages of kernel sources. If a suite lacks one, it is left out.
readonly KERNEL_SOURCES='linux-source-6.1 linux-source-6.12'

readonly TREES=$PWD/build/trees

install_kernel_sources() {
  local package
  for package in $KERNEL_SOURCES; do
    try_to_install "$package"
    has_package "$package" ||
      echo "  (left out: kernel code of $package, which is not installed)"
  done
}

# Applies a mail or diff to the copy, or ends the script.
apply_patch() {
  local patch=$1 tree=$2 includes=() part changed
  while read -r part; do
    includes+=("--include=$part" "--include=$part/*")
  done < kernel/tree/parts.txt
  # Outside this repository, since git would otherwise take the paths relative
  # to it.
  local -x GIT_CEILING_DIRECTORIES=$TREES
  patch=$(realpath -- "$patch")
  if ! (cd "$tree" && git apply "${includes[@]}" "$patch") \
    2> "$LOGS/patch.log"; then
    rm -rf "$tree"
    die 3 "$patch does not apply: $(head -n 1 "$LOGS/patch.log")"
  fi
  changed=$(cd "$tree" && git apply --numstat "${includes[@]}" "$patch" |
    cut -f 3)
  [[ -n $changed ]] || {
    rm -rf "$tree"
    die 3 "$patch changes nothing that is compiled here, such as mm/gup.c"
  }
  echo 'the patch changes, of what is compiled here:'
  printf '%s\n' "$changed" | sed 's/^/  /'
}

# ./run fuzz --kernel-tree=TREE [--patch=FILE] [FLAG]...
fuzz_kernel_tree() {
  local flag tree='' patch='' target=kernel_gup_fuzzer out='' flags=()
  for flag in "$@"; do
    case $flag in
      --kernel-tree=?*) tree=${flag#*=} ;;
      --patch=?*) patch=${flag#*=} ;;
      --target=*)
        target=${flag#*=}
        [[ $(target_column "$target" source) == kernel ]] || usage_error \
          "fuzz: $flag: with --kernel-tree there are $(
            targets_where source=kernel | paste -sd ' ')"
        ;;
      *) campaign_flag "$flag" ||
        usage_error "fuzz: unknown flag '$flag' with --kernel-tree" ;;
    esac
  done
  [[ -z $patch || -f $patch ]] || usage_error "fuzz: --patch=$patch: no file"
  [[ -n $out ]] || out=build/campaigns/kernel-tree
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[fuzz]}
  mkdir -p "$LOGS" || die 3 "cannot write in $ROOT"
  kernel/tree/copy_tree.sh "$tree" "$TREES/named" 2> "$LOGS/copy-tree.log" ||
    die 3 "$(tail -n 1 "$LOGS/copy-tree.log")"
  [[ -z $patch ]] || apply_patch "$patch" "$TREES/named"
  build 'the tool' dev pxdfuzz_tool
  needed_step 'configuring (kernel)' "$LOGS/configure-kernel.log" \
    configure kernel "-DPXDFUZZ_KERNEL_TREE=$TREES/named"
  if ! step "building $target (kernel)" "$LOGS/build-kernel.log" \
    cmake --build --preset kernel -j "$(nproc)" \
    --target "$target" "${target}_programs"; then
    die 3 "$tree: $(grep -m 1 -e '^pxdfuzz_slice: ' -e 'error: ' \
      "$LOGS/build-kernel.log" || echo 'its text does not compile here')"
  fi
  # What the slicer took, and from where.
  cat build/kernel/kernel/*.log
  mkdir -p "$(dirname "$out")" || die 3 "cannot write in $ROOT"
  echo 'fuzzing; Ctrl-C stops it and keeps everything'
  exec build/dev/bin/pxdfuzz campaign "build/kernel/bin/$target" \
    "--out=$out" "--seeds=$(seeds_of "$target")" "${flags[@]}"
}
