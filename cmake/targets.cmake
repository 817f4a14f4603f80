# SPDX-License-Identifier: MIT

# pxdfuzz_read_targets(SOURCE NAMES): sets NAMES to the names of the rows of
# fuzz/targets.def with source SOURCE, and PXDFUZZ_RUNS_name to the column
# `runs` of each row.
function(pxdfuzz_read_targets source names)
  set(table ${PROJECT_SOURCE_DIR}/fuzz/targets.def)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})
  file(STRINGS ${table} rows REGEX "^TARGET\\(")
  set(found "")
  foreach(row IN LISTS rows)
    string(REGEX REPLACE "^TARGET\\(|\\)$" "" row "${row}")
    string(REGEX REPLACE ", *" ";" row "${row}")
    list(GET row 0 name)
    list(GET row 1 of_source)
    list(GET row 3 runs)
    if(source STREQUAL of_source)
      list(APPEND found ${name})
      set(PXDFUZZ_RUNS_${name} ${runs} PARENT_SCOPE)
    endif()
  endforeach()
  set(${names} ${found} PARENT_SCOPE)
endfunction()
