# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run ossfuzz: what ClusterFuzzLite and OSS-Fuzz would make of this repository
# (tests/ossfuzz/check.cc). With --container it carries out ./Dockerfile in a
# Debian of its own.

readonly OSSFUZZ=$PWD/build/ossfuzz

# What runs in services and is in the image.
SHIPPED=$(targets_where use=shipped | paste -sd ' ')
readonly SHIPPED

problems=0

# wrong MESSAGE
wrong() {
  ((++problems))
  echo "    ${RED}wrong:$PLAIN $*"
}

# copy_sources FOLDER: as a service or a container engine gets them.
copy_sources() {
  local entry excluded=()
  while read -r entry; do
    [[ -z $entry || $entry == '#'* ]] || excluded+=("--exclude=./$entry")
  done < .dockerignore
  mkdir -p "$1"
  tar -c "${excluded[@]}" . | tar -x -C "$1"
}

# --- The container -----------------------------------------------------------

readonly CONTAINER=$OSSFUZZ/container
readonly SYSTEM_PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Of the last stage of ./Dockerfile.
image='' user='' folder=/
entry=()

# As sh runs it, with what `inside` gets.
# shellcheck disable=SC2016  # sh expands it
readonly CHROOT='
  image=$1 user=$2 folder=$3
  shift 3
  mount -t proc proc "$image/proc" 2> /dev/null || :
  exec chroot --userspec="$user" "$image" /bin/sh -c \
    "cd \"\$0\" && exec \"\$@\"" "$folder" "$@"'

# inside IMAGE USER FOLDER COMMAND...: as the first process there, with /proc,
# as far as this machine lets that be done.
inside() {
  local image=$1 user=$2 folder=$3
  shift 3
  "${unshare[@]}" env -i "PATH=$SYSTEM_PATH" HOME=/ LC_ALL=C \
    ${http_proxy:+"http_proxy=$http_proxy"} sh -c "$CHROOT" \
    sh "$image" "$user" "$folder" "$@" < /dev/null
}

# A Debian, and the way that this machine's apt reaches its packages.
make_base() {
  [[ ! -f $CONTAINER/base.is-whole ]] || return 0
  rm -rf "$CONTAINER/base"
  mkdir -p "$CONTAINER/base"
  debootstrap --variant=minbase bookworm "$CONTAINER/base" || return
  rm -rf "$CONTAINER"/base/var/cache/apt/archives/*.deb \
    "$CONTAINER"/base/var/lib/apt/lists/*
  apt-config dump Acquire > "$CONTAINER/base/etc/apt/apt.conf.d/99machine"
  touch "$CONTAINER/base.is-whole"
}

# stage NUMBER|NAME: its root.
stage() {
  echo "$CONTAINER/stage-$1"
}

# carry_out: ./Dockerfile, as far as it goes: what it cannot do is an error.
carry_out() {
  local word arguments count=0
  while read -r word arguments; do
    case $word in
      '' | '#'*) continue ;;
    esac
    echo "--- $word $arguments"
    case $word in
      FROM)
        [[ $arguments =~ ^debian:bookworm-slim(' AS '([a-z]+))?$ ]] ||
          return
        image=$(stage "${BASH_REMATCH[2]:-$((count++))}") user=root folder=/
        cp -a "$CONTAINER/base" "$image" || return
        ;;
      COPY) copy_in "$arguments" || return ;;
      RUN)
        inside "$image" "$user" "$folder" /bin/sh -c "$arguments" || return
        ;;
      USER) user=$arguments ;;
      WORKDIR) folder=$arguments ;;
      VOLUME) [[ -d $image$arguments ]] || return ;;
      ENTRYPOINT)
        [[ $arguments =~ ^\[\"([^\"]*)\"\]$ ]] || return
        entry=("${BASH_REMATCH[1]}")
        ;;
      *)
        echo "cannot do $word"
        return 1
        ;;
    esac
  done < Dockerfile
}

# copy_in ARGUMENTS: of COPY, which is `[--from=STAGE] FROM TO`.
copy_in() {
  local words
  read -ra words <<< "$1"
  case ${words[0]} in
    --from=*)
      mkdir -p "$image$(dirname "${words[2]}")"
      cp -a "$(stage "${words[0]#*=}")${words[1]}" "$image${words[2]}"
      ;;
    .) copy_sources "$image${words[1]}" ;;
    *) cp -a "${words[0]}" "$image${words[1]}" ;;
  esac
}

limit=300  # seconds that a command gets

# in_image STATUS PATTERN COMMAND...: what the entry point is to end with and to
# say.
in_image() {
  local expected=$1 pattern=$2 log=$CONTAINER/run.log status=0 said
  shift 2
  inside "$image" "$user" "$folder" timeout "$limit" "${entry[@]}" "$@" \
    > "$log" 2>&1 || status=$?
  if ((status != expected)) || ! grep -qE -e "$pattern" "$log"; then
    wrong "the image's '$*' ends with $status and says:"
    tail -n 12 "$log" | cut -c 1-160 | sed 's/^/      | /'
  else
    said=${*:-(nothing)}
    printf '    %-36s %s\n' "${said//\/opt\/pxdfuzz\/corpus\//}" \
      "$(grep -m 1 -oE -e "$pattern" "$log")"
  fi
}

megabytes() {
  local folder total=0
  for folder in "$@"; do
    ((total += $(du -sxk "$folder" | cut -f 1)))
  done
  echo "$((total / 1024)) MiB"
}

check_image() {
  local program target
  for program in cc gcc g++ clang clang++ ld as cmake ninja make; do
    ! inside "$image" "$user" / sh -c "command -v $program" > /dev/null ||
      wrong "the image has $program"
  done
  [[ $user != root && $(inside "$image" "$user" / id -u) != 0 ]] ||
    wrong 'the image runs as root'
  ! inside "$image" "$user" / sh -c 'touch /opt/pxdfuzz/x || touch /x' \
    2> /dev/null || wrong 'the image lets its user write what it runs'
  [[ ! -e $image/install.sh ]] || wrong 'the image holds a script of its build'
  for program in "$image"/opt/pxdfuzz/bin/*; do
    [[ " $SHIPPED pxdfuzz start " == *" ${program##*/} "* ]] ||
      wrong "the image has ${program##*/}"
  done

  in_image 0 'usage: docker run' help
  # Without a command it never ends.
  limit=10
  in_image 124 'seed corpus: files: [0-9]+'
  limit=300
  for target in $SHIPPED; do
    in_image 0 'Done 20000 runs' fuzz "$target" -runs=20000
  done
  [[ -n $(find "$image/data/corpus/gup_fuzzer" -type f -print -quit) &&
     -s $image/data/gup_fuzzer.stats ]] || wrong 'nothing was kept in /data'
  in_image 2 "there is no target 'nonsense'" fuzz nonsense
  in_image 0 'expected failure' replay \
    /opt/pxdfuzz/corpus/regressions/thread-wrong-page.bin
  in_image 0 '[0-9]+ expected failure.*' replay /opt/pxdfuzz/corpus/regressions
  in_image 0 'RULE BROKEN' explain \
    /opt/pxdfuzz/corpus/regressions/thread-wrong-page.yaml
  in_image 0 'pxdfuzz [0-9.]+' --version
}

try_container() {
  local unshare=()
  if [[ $EUID != 0 ]]; then
    echo 'ossfuzz: the container is skipped: it needs root'
    return
  fi
  try_to_install debootstrap
  if ! has_command debootstrap; then
    echo 'ossfuzz: the container is skipped: it needs debootstrap'
    return
  fi
  if unshare --mount --pid --fork true 2> /dev/null; then
    unshare=(unshare --mount --pid --fork)
  fi
  mkdir -p "$CONTAINER"
  rm -rf "$CONTAINER"/stage-*
  needed_step 'making a Debian 12' "$LOGS/ossfuzz-debootstrap.log" make_base
  needed_step 'carrying out the Dockerfile' "$LOGS/ossfuzz-image.log" carry_out
  echo "  the image: $(megabytes "$image"), of which Debian's base" \
    "$(megabytes "$CONTAINER/base") and pxdfuzz $(
      megabytes "$image/opt/pxdfuzz"); the stage that builds it: $(
      megabytes "$(stage build)")"
  rm -rf "$(stage build)"
  check_image
}

# --- The command -------------------------------------------------------------

command_ossfuzz() {
  local argument names=() container=''
  for argument in "$@"; do
    case $argument in
      --container) container=1 ;;
      -*) usage_error "ossfuzz: it takes no '$argument'" ;;
      *) names+=("$argument") ;;
    esac
  done
  [[ -z $container || ${#names[@]} == 0 ]] ||
    usage_error 'ossfuzz: --container, or names of builds'
  mkdir -p "$LOGS" "$OSSFUZZ" || die 3 "cannot write in $ROOT"
  if [[ -n $container ]]; then
    try_container
    ((problems == 0)) || die 1 "ossfuzz: $problems things are wrong"
    return
  fi
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[ossfuzz]}
  try_to_install libc++
  build 'the check' dev ossfuzz_check
  exec build/dev/bin/ossfuzz_check "$(clang_tool clang++)" "${names[@]}"
}
