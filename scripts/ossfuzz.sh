# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run ossfuzz: builds what ClusterFuzzLite and OSS-Fuzz would build from this
# repository, and checks it (tests/ossfuzz/check.cc). With --container it builds
# both images of ./Dockerfile with Debian's buildah, which needs no daemon, and
# tests them.

readonly CONTAINER=$PWD/build/ossfuzz/container
# The names of the images, and of the containers that test them.
readonly IMAGE=pxdfuzz-trial CHECK_IMAGE=pxdfuzz-check-trial
# The tree that the second image checks.
readonly TREE_VERSION=6.12

problems=0

# wrong MESSAGE
wrong() {
  ((++problems))
  echo "    ${RED}wrong:$PLAIN $*"
}

# Buildah with a separate store.
in_store() {
  buildah --root "$CONTAINER/store" --runroot "$CONTAINER/run" \
    --storage-driver vfs "$@"
}

# The base image, made from Debian packages with this machine's apt
# configuration, since a registry may be out of reach.
make_base() {
  local base=$CONTAINER/base container
  if in_store inspect --type image debian:bookworm-slim; then return; fi
  rm -rf "$base"
  debootstrap --variant=minbase bookworm "$base" || return
  rm -rf "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/*
  rm -f "$base/etc/apt/sources.list"
  cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d "$base/etc/apt/" || return
  container=$(in_store from scratch) &&
    in_store add -q "$container" "$base" / &&
    in_store commit --signature-policy "$CONTAINER/policy.json" "$container" \
      docker.io/library/debian:bookworm-slim &&
    in_store rm "$container" && rm -rf "$base"
}

# build_image NAME [FLAG]...
build_image() {
  local name=$1
  shift
  ! in_store inspect --type container "$name" > /dev/null 2>&1 ||
    in_store rm "$name"
  in_store bud --signature-policy "$CONTAINER/policy.json" --isolation chroot \
    --network host --pull-never --layers "$@" -t "$name" . &&
    in_store from --signature-policy "$CONTAINER/policy.json" --pull-never \
      --name "$name" "$name"
}

# inside [FLAG]... COMMAND...: runs it in the container, as the image's user or
# another.
inside() {
  in_store run --isolation chroot --network host "$@" < /dev/null
}

limit=300  # time limit of a command in seconds

# The container that in_image uses, and flags, such as volumes.
image=$IMAGE
mounts=()

# in_image STATUS PATTERN COMMAND...: the expected exit code and output of the
# entry point.
in_image() {
  local expected=$1 pattern=$2 log=$CONTAINER/run.log status=0 words
  shift 2
  inside "${mounts[@]}" "$image" -- timeout "$limit" "$entry" "$@" \
    > "$log" 2>&1 || status=$?
  if ((status != expected)) || ! grep -qE -e "$pattern" "$log"; then
    wrong "the image's '$*' ends with $status and prints:"
    tail -n 12 "$log" | cut -c 1-160 | sed 's/^/      | /'
  else
    words=${*:-(nothing)}
    printf '    %-36s %s\n' "${words//\/opt\/pxdfuzz\/corpus\//}" \
      "$(grep -m 1 -oE -e "$pattern" "$log")"
  fi
}

check_image() {
  local program target shipped mounted entry
  shipped=$(targets_where use=shipped | paste -sd ' ')
  mounted=$(in_store mount "$IMAGE")
  entry=$(in_store inspect --format \
    '{{index .OCIv1.Config.Entrypoint 0}}' --type container "$IMAGE")
  [[ -n $shipped && -d $mounted && -n $entry ]] ||
    die 3 'ossfuzz: there is no image to test'
  echo "  the image: $(du -sxm "$mounted" | cut -f 1) MiB, of which pxdfuzz $(
    du -sxm "$mounted/opt/pxdfuzz" | cut -f 1) MiB"
  for program in cc gcc g++ clang clang++ ld as cmake ninja make; do
    ! inside "$IMAGE" -- sh -c "command -v $program" > /dev/null 2>&1 ||
      wrong "the image has $program"
  done
  [[ $(inside "$IMAGE" -- id -u) == 1000 ]] ||
    wrong 'the image does not run as the user 1000'
  ! inside "$IMAGE" -- sh -c 'touch /opt/pxdfuzz/x || touch /x' \
    2> /dev/null || wrong 'the user of the image can write what it runs'
  for program in "$mounted"/opt/pxdfuzz/bin/*; do
    [[ " $shipped pxdfuzz start " == *" ${program##*/} "* ]] ||
      wrong "the image has ${program##*/}"
  done

  in_image 0 'usage: docker run' help
  # Without a command it never ends.
  limit=10
  in_image 124 'seed corpus: files: [0-9]+'
  limit=300
  for target in $shipped; do
    in_image 0 'Done 20000 runs' fuzz "$target" -runs=20000
  done
  inside "$IMAGE" -- sh -c 'ls corpus/gup_fuzzer/* && test -s gup_fuzzer.stats' \
    > /dev/null 2>&1 || wrong 'nothing was kept in /data'
  in_image 2 "there is no target 'nonsense'" fuzz nonsense
  in_image 0 'expected failure' replay \
    /opt/pxdfuzz/corpus/regressions/thread-wrong-page.bin
  in_image 0 '[0-9]+ expected failure.*' replay /opt/pxdfuzz/corpus/regressions
  in_image 0 'static-by-value returns a wrong page' explain \
    /opt/pxdfuzz/corpus/regressions/thread-wrong-page.yaml
  in_image 0 'pxdfuzz [0-9.]+' --version
  in_image 3 'docker build --target check' check /linux
}

# The image with compilers, on a tree that it cannot write to.
check_check_image() {
  local tree=$CONTAINER/linux image=$CHECK_IMAGE mounts entry
  kernel/tree/copy_tree.sh "/usr/src/linux-source-$TREE_VERSION.tar.xz" "$tree"
  mounts=(-v "$tree:/linux:ro")
  entry=$(in_store inspect --format \
    '{{index .OCIv1.Config.Entrypoint 0}}' --type container "$image")
  [[ $(inside "$image" -- id -u) == 1000 ]] ||
    wrong "the image 'check' does not run as the user 1000"
  ! inside "${mounts[@]}" "$image" -- sh -c 'touch /linux/x' 2> /dev/null ||
    wrong 'the tree can be written to'
  [[ -z $(inside "$image" -- find / -xdev -name gup.c) ]] ||
    wrong "the image 'check' has kernel code"
  limit=1200
  in_image 0 'holds in [0-9]+ cells.*' check /linux --arch=s390
  in_image 2 'no such tree' check /nothing
}

try_container() {
  [[ $EUID == 0 ]] || die 3 'ossfuzz: --container needs root'
  set_up buildah debootstrap "linux-source-$TREE_VERSION"
  mkdir -p "$CONTAINER" "$LOGS" || die 3 "cannot write in $ROOT"
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' \
    > "$CONTAINER/policy.json"
  needed_step 'making the base image' "$LOGS/container-base.log" make_base
  needed_step 'building the Dockerfile' "$LOGS/container-image.log" \
    build_image "$IMAGE"
  check_image
  in_store rm "$IMAGE" > /dev/null
  needed_step 'building its image check' "$LOGS/container-check.log" \
    build_image "$CHECK_IMAGE" --target check
  check_check_image
  in_store rm "$CHECK_IMAGE" > /dev/null
  ((problems == 0)) || die 1 "ossfuzz: $problems problems"
}

command_ossfuzz() {
  local argument names=() container=''
  for argument in "$@"; do
    case $argument in
      --container) container=1 ;;
      -*) usage_error "ossfuzz: unknown flag '$argument'" ;;
      *) names+=("$argument") ;;
    esac
  done
  [[ -z $container || ${#names[@]} == 0 ]] ||
    usage_error 'ossfuzz: --container, or names of builds'
  if [[ -n $container ]]; then
    try_container
    return
  fi
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[ossfuzz]}
  try_to_install libc++
  build 'the check' dev ossfuzz_check
  exec build/dev/bin/ossfuzz_check "$(clang_tool clang++)" "${names[@]}"
}
