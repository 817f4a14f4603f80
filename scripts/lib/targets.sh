# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The rows of fuzz/targets.def, which explains their columns.

# targets_where COLUMN=WORD...: the names of the targets with these words, one
# per line.
targets_where() {
  local wish wishes=''
  for wish in "$@"; do wishes+=" && of[\"${wish%=*}\"] == \"${wish#*=}\""; done
  target_rows "{if (1$wishes) print of[\"name\"]}"
}

# target_column NAME COLUMN
target_column() {
  target_rows "of[\"name\"] == \"$1\" {print of[\"$2\"]}"
}

target_rows() {
  awk -F ' *[(),] *' '
    $1 == "// TARGET" {for (i = 2; i < NF; ++i) column[i] = $i}
    $1 != "TARGET" {next}
    {for (i in column) of[column[i]] = $i}
    '"$1" fuzz/targets.def
}
