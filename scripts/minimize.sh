# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# ./run minimize: makes a corpus smaller, together with corpora of campaigns,
# and verifies that nothing was lost. Changes corpus/ only with --write.

readonly SMALLER=build/minimize
readonly MAX_LENGTH=800  # the longest case

# Files that tests use by name (tests/known_cases.h): libFuzzer's files are
# named by their content instead.
is_named() {
  [[ ! $1 =~ ^[0-9a-f]{40}$ ]]
}

# Moves the result into the corpus of a target, completely or not at all.
write_corpus() {
  local target=$1 kept=$2 file draft=corpus/.$1.new
  rm -rf "$draft"
  cp -r "$kept" "$draft" || die 3 "cannot write in $ROOT/corpus"
  for file in "corpus/$target"/*; do
    ! is_named "${file##*/}" || cp "$file" "$draft/"
  done
  # Inputs that a named file contains are left out.
  (cd "$draft" && sha1sum ./* | sort | awk '
    {name = $2; sub(/^\.\//, "", name)
     if ($1 == last && name ~ /^[0-9a-f]+$/ && length(name) == 40) print name
     else if ($1 == last && last_name ~ /^[0-9a-f]+$/ &&
              length(last_name) == 40) print last_name
     last = $1; last_name = name}' | xargs -r rm --)
  mv "corpus/$target" "corpus/.$target.old" && mv "$draft" "corpus/$target" &&
    rm -r "corpus/.$target.old"
}

# merge_inputs FOLDER TO: copies inputs, named by their content, so that names
# do not clash.
merge_inputs() {
  local inputs sum file
  mapfile -t inputs < <(find "$1" -type f ! -name '*.yaml' -exec sha1sum {} +)
  ((${#inputs[@]})) || die 3 "minimize: $1: there is no input in it"
  while read -r sum file; do
    cp -- "$file" "$2/$sum"
  done < <(printf '%s\n' "${inputs[@]}")
}

command_minimize() {
  local flag target=gup_fuzzer from=() write='' merged kept folder
  for flag in "$@"; do
    case $flag in
      --target=*)
        target=${flag#*=}
        [[ $(target_column "$target" use) == shipped ]] || usage_error \
          "minimize: $flag: there are $(
            targets_where use=shipped | paste -sd ' ')"
        ;;
      --from=?*)
        [[ -d ${flag#*=} ]] ||
          usage_error "minimize: ${flag#*=}: there is no such folder"
        from+=("${flag#*=}")
        ;;
      --write) write=1 ;;
      *) usage_error "minimize: unknown flag '$flag'" ;;
    esac
  done
  # shellcheck disable=SC2086  # one word for each need
  set_up ${NEEDS[minimize]}
  build 'the target' fuzz "$target"
  build 'the proof' dev corpus_cover
  merged=$SMALLER/$target/merged kept=$SMALLER/$target/kept
  rm -rf "${SMALLER:?}/$target"
  mkdir -p "$merged" "$kept" || die 3 "cannot write in $ROOT"
  for folder in "corpus/$target" "${from[@]}"; do
    merge_inputs "$folder" "$merged"
  done
  needed_step 'selecting inputs that cover everything' \
    "$LOGS/minimize-$target.log" "build/fuzz/bin/$target" -set_cover_merge=1 \
    "-max_len=$MAX_LENGTH" "$kept" "$merged"
  build/dev/bin/corpus_cover "$merged" "$kept" || case $? in
    1) die 1 "minimize: something would be lost; nothing was written" ;;
    *) die 3 'minimize: nothing was compared; nothing was written' ;;
  esac
  if [[ -n $write ]]; then
    write_corpus "$target" "$kept"
    echo "written to corpus/$target, $(find "corpus/$target" -type f |
      wc -l) files"
  else
    echo "the result is in $kept; --write moves it to corpus/$target"
  fi
}
