# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Kernel code: Debian's packages of it, and ./run fuzz --kernel-tree=TREE, which
# fuzzes the fast walk of any tree, with a patch or without.

# Packages of kernel sources. Where a suite lacks one, it is left out.
readonly KERNEL_SOURCES='linux-source-6.1 linux-source-6.12'

# Files of a tree that a patch may change to any effect; as git apply has it.
readonly TREE_PARTS='Makefile include/asm-generic/* include/linux/*
  include/uapi/linux/* include/vdso/* kernel/events/core.c mm/gup.c
  mm/pgtable-generic.c arch/arm64/include/* arch/arm64/mm/hugetlbpage.c
  arch/s390/include/* arch/s390/mm/hugetlbpage.c arch/x86/include/*
  arch/x86/mm/hugetlbpage.c'

readonly TREES=$PWD/build/trees

install_kernel_sources() {
  local package
  for package in $KERNEL_SOURCES; do
    try_to_install "$package"
    has_package "$package" ||
      echo "  (left out: kernel code of $package, which is not installed)"
  done
}

# Copies what is looked at of a tree, a folder or an archive, to a folder, or
# ends the script and leaves nothing.
copy_tree() {
  local tree=$1 to=$2
  rm -rf "$to" "$to.part"
  mkdir -p "$LOGS"
  mkdir -p "$to.part" || die 3 "cannot write in $ROOT"
  if [[ -d $tree ]]; then
    [[ -f $tree/Makefile && -f $tree/mm/gup.c ]] || {
      rm -rf "$to.part"
      die 3 "$tree: no Linux tree: it has no Makefile and mm/gup.c"
    }
    (
      cd "$tree"
      shopt -s nullglob
      # shellcheck disable=SC2086  # patterns
      cp -r --parents $TREE_PARTS "$to.part"
    ) || die 3 "cannot copy $tree"
  else
    [[ -f $tree ]] || die 3 "$tree: no such folder or archive"
    local patterns=() part broken
    for part in $TREE_PARTS; do patterns+=("*/$part"); done
    # Not every tree has every part, and tar says so of each.
    tar -xf "$tree" -C "$to.part" --strip-components=1 --wildcards \
      --no-wildcards-match-slash "${patterns[@]}" 2> "$LOGS/unpack.log" || true
    broken=$(grep -v -e 'Not found in archive' -e '^tar: Exiting with' \
      -e '^tar: Child returned' "$LOGS/unpack.log" | head -n 1) || true
    if [[ -n $broken ]]; then
      rm -rf "$to.part"
      die 3 "$tree: no archive, or one that is cut short: $broken"
    fi
    [[ -f $to.part/Makefile && -f $to.part/mm/gup.c ]] || {
      rm -rf "$to.part"
      die 3 "$tree: no archive of a Linux tree: it has no mm/gup.c"
    }
  fi
  mv "$to.part" "$to"
}

# Applies a mail or diff to the copy, or ends the script.
apply_patch() {
  local patch=$1 tree=$2 includes=() part changed
  for part in $TREE_PARTS; do includes+=("--include=$part"); done
  # Outside of this repository, or git would take its paths for ours.
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
        usage_error "fuzz: with --kernel-tree it takes no '$flag'" ;;
    esac
  done
  [[ -z $patch || -f $patch ]] || usage_error "fuzz: --patch=$patch: no file"
  [[ -n $out ]] || out=build/campaigns/kernel-tree
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[fuzz]}
  copy_tree "$tree" "$TREES/named"
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
  # What was cut, and from where.
  cat build/kernel/kernel/*.log
  mkdir -p "$(dirname "$out")" || die 3 "cannot write in $ROOT"
  echo 'fuzzing; Ctrl-C stops it and keeps everything'
  exec build/dev/bin/pxdfuzz campaign "build/kernel/bin/$target" \
    "--out=$out" "--seeds=$(seeds_of "$target")" "${flags[@]}"
}
