# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Finds missing packages, and installs them if possible.

# The oldest version with which the fuzz targets build, and the preferred one.
readonly CLANG_OLDEST=16 CLANG_PREFERRED=19

# The chosen version of clang; empty if choose_clang found none.
clang_version=''

has_command() {
  command -v "$1" > /dev/null
}

has_header() {
  [[ -e /usr/include/$1 || -e /usr/local/include/$1 ]]
}

# The major version of a program of LLVM.
llvm_version_of() {
  "$1" --version 2> /dev/null | sed -nE 's/.*version ([0-9]+)\..*/\1/p' |
    head -n 1
}

# The command for a program of LLVM in that version: clang++-19, or clang++ if
# that is the version of it. Fails if there is none.
llvm_command() {
  local program=$1 version=$2
  if has_command "$program-$version"; then
    echo "$program-$version"
  else
    has_command "$program" && [[ $(llvm_version_of "$program") == "$version" ]] &&
      echo "$program"
  fi
}

has_libfuzzer() {
  local compiler resources
  compiler=$(llvm_command clang++ "$1") &&
    resources=$("$compiler" -print-resource-dir 2> /dev/null) &&
    compgen -G "$resources/lib/*/libclang_rt.fuzzer*.a" > /dev/null
}

has_libcxx() {
  local compiler
  compiler=$(llvm_command clang++ "$1") || return
  [[ $("$compiler" -print-file-name=libc++.so 2> /dev/null) == /* &&
     $("$compiler" -print-file-name=libc++abi.so 2> /dev/null) == /* ]]
}

has_package() {
  has_command dpkg &&
    dpkg -s "$1" 2> /dev/null | grep -q '^Status: install ok installed'
}

# Whether the machine has what a Debian package provides, from any source.
is_there() {
  local package=$1 version
  version=${package//[!0-9]/}
  case $package in
    afl++) has_command afl-fuzz ;;
    binutils) has_command objdump ;;
    clang-format-*) llvm_command clang-format "$version" > /dev/null ;;
    clang-*) llvm_command clang++ "$version" > /dev/null ;;
    g++-s390x-linux-gnu) has_command s390x-linux-gnu-g++ ;;
    gcc-s390x-linux-gnu) has_command s390x-linux-gnu-gcc ;;
    libbenchmark-dev) has_header benchmark/benchmark.h ;;
    libabsl-dev) has_header absl/status/statusor.h ;;
    libc++-* | libc++abi-*) has_libcxx "$version" ;;
    libclang-rt-*) has_libfuzzer "$version" ;;
    libgmock-dev) has_header gmock/gmock.h ;;
    libgtest-dev) has_header gtest/gtest.h ;;
    libyaml-cpp-dev) has_header yaml-cpp/parser.h ;;
    llvm-*) llvm_command llvm-symbolizer "$version" > /dev/null ;;
    linux-source-*) has_package "$package" ;;
    ninja-build) has_command ninja ;;
    nlohmann-json3-dev) has_header nlohmann/json.hpp ;;
    qemu-system-misc) has_command qemu-system-s390x ;;
    qemu-system-x86) has_command qemu-system-x86_64 ;;
    qemu-user-static) has_command qemu-s390x-static ;;
    *) has_command "$package" ;;
  esac || has_package "$package"
}

# Versions of clang++-N and clang++ that have libFuzzer.
installed_clangs() {
  local version
  while IFS= read -r version; do
    ! has_libfuzzer "$version" || echo "$version"
  done < <({
    compgen -c clang++- | sed -n 's/^clang++-\([0-9]*\)$/\1/p'
    ! has_command clang++ || llvm_version_of clang++
  } | sort -u)
}

# Versions N for which apt-get could install clang-N.
installable_clangs() {
  has_command apt-cache || return 0
  local names
  names=$(apt-cache pkgnames clang- | grep -x 'clang-[0-9]*') || return 0
  # shellcheck disable=SC2086  # one word for each name
  apt-cache policy $names | awk '
    /^clang-/ {version = $1; gsub(/[^0-9]/, "", version)}
    $1 == "Candidate:" && $2 != "(none)" {print version}'
}

# Of the suitable versions on stdin, the preferred one or the newest.
best_clang() {
  awk -v oldest="$CLANG_OLDEST" -v preferred="$CLANG_PREFERRED" '
    $1 < oldest {next}
    $1 == preferred {found = 1}
    $1 > newest {newest = $1}
    END {if (found) print preferred; else if (newest) print newest}'
}

choose_clang() {
  clang_version=$(installed_clangs | best_clang)
  [[ -z $clang_version ]] || return 0
  clang_version=$(installable_clangs | best_clang)
}

# The path of a program of the chosen version: clang_tool clang++.
clang_tool() {
  command -v "$(llvm_command "$1" "$clang_version")"
}

# The Debian packages for a command's needs, one per line.
packages_of() {
  local need
  for need in "$@"; do
    case $need in
      clang) printf '%s\n' "clang-$clang_version" \
               "libclang-rt-$clang_version-dev" ;;
      libc++) printf '%s\n' "libc++-$clang_version-dev" \
                "libc++abi-$clang_version-dev" ;;
      llvm) echo "llvm-$clang_version" ;;
      *) echo "$need" ;;
    esac
  done
}

# The missing packages among these needs, on one line.
missing_of() {
  local package packages=()
  for package in $(packages_of "$@"); do
    is_there "$package" || packages+=("$package")
  done
  echo "${packages[*]}"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o DPkg::Lock::Timeout=120 "$@"
}

# Prints the packages that cannot be installed from here, as a command line to
# copy.
ask_for() {
  local missing=$1 as_root=''
  ! has_command sudo || as_root='sudo '
  if has_command apt-get; then
    echo "These Debian packages are missing; as root, run:" >&2
    echo "  ${as_root}apt-get update &&" \
      "${as_root}apt-get install --no-install-recommends $missing" >&2
  else
    echo "These packages of Debian, or their equivalents, are missing:" >&2
    echo "  $missing" >&2
  fi
  die 3 'packages are missing; nothing was done'
}

install_missing() {
  local needs=("$@") missing
  if ! step 'updating the lists of packages' \
         "$LOGS/apt-update.log" apt_get update; then
    echo '  (continuing with the existing lists)'
  fi
  choose_clang
  missing=$(missing_of "${needs[@]}")
  [[ $missing != *clang-\ * ]] ||
    die 3 "apt-get offers no clang of version $CLANG_OLDEST or later"
  # shellcheck disable=SC2086  # one word for each package
  needed_step "installing $missing" "$LOGS/apt-install.log" \
    apt_get install --no-install-recommends $missing
}

# set_up NEED...: installs missing packages, or ends the script.
set_up() {
  local needs=("$@") missing
  choose_clang
  missing=$(missing_of "${needs[@]}")
  [[ -n $missing ]] || return 0
  if [[ $EUID != 0 ]] || ! has_command apt-get; then
    [[ -n $clang_version ]] || clang_version=$CLANG_PREFERRED
    ask_for "$(missing_of "${needs[@]}")"
  fi
  install_missing "${needs[@]}"
  hash -r
  choose_clang
  missing=$(missing_of "${needs[@]}")
  [[ -z $missing ]] || die 3 "still missing after apt-get: $missing"
}

# Whether this run has tried to update the lists of packages.
lists_asked_for=''

# try_to_install NEED...: for an optional part of a command. Never ends the
# script.
try_to_install() {
  local missing
  missing=$(missing_of "$@")
  [[ -n $missing && $EUID == 0 ]] || return 0
  has_command apt-get || return 0
  [[ -n $lists_asked_for ]] ||
    step 'updating the lists of packages' "$LOGS/apt-update.log" \
      apt_get update || true
  lists_asked_for=1
  # shellcheck disable=SC2086  # one word for each package
  step "installing $missing" "$LOGS/apt-optional.log" \
    apt_get install --no-install-recommends $missing || true
  hash -r
}

# Packages of kernel sources. Where a suite lacks one, it is left out.
readonly KERNEL_SOURCES='linux-source-6.1 linux-source-6.12'

install_kernel_sources() {
  local package
  for package in $KERNEL_SOURCES; do
    try_to_install "$package"
    has_package "$package" ||
      echo "  (left out: kernel code of $package, which is not installed)"
  done
}
