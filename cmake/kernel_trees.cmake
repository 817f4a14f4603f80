# SPDX-License-Identifier: MIT

# Finds the Linux trees whose code is compiled.

set(PXDFUZZ_TREES_FOLDER ${CMAKE_BINARY_DIR}/trees CACHE PATH
    "The folder in which archives of trees are unpacked")

# "6.1", from the top Makefile; fails if there is none.
function(pxdfuzz_tree_version tree result)
  set(version "")
  if(EXISTS ${tree}/Makefile)
    file(STRINGS ${tree}/Makefile lines LIMIT_COUNT 6
         REGEX "^(VERSION|PATCHLEVEL) = [0-9]+$")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^.* = " "" number "${line}")
      list(APPEND version ${number})
    endforeach()
    list(JOIN version "." version)
  endif()
  if(NOT version MATCHES "^[0-9]+[.][0-9]+$")
    message(FATAL_ERROR "${tree}: no Makefile with the VERSION of a kernel; "
                        "name the top folder or an archive of a Linux tree")
  endif()
  set(${result} ${version} PARENT_SCOPE)
endfunction()

# Unpacks an archive once.
function(pxdfuzz_unpack_tree archive result)
  get_filename_component(name ${archive} NAME)
  string(REGEX REPLACE "[.](tar.*|t[gx]z)$" "" name ${name})
  file(SIZE ${archive} size)
  set(folder ${PXDFUZZ_TREES_FOLDER}/${name}-${size})
  set(${result} ${folder} PARENT_SCOPE)
  if(EXISTS ${folder})
    return()
  endif()
  message(STATUS "Unpacking ${archive}")
  execute_process(
    COMMAND ${PROJECT_SOURCE_DIR}/kernel/tree/copy_tree.sh ${archive} ${folder}
    ERROR_VARIABLE error RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${error}")
  endif()
endfunction()

# The folders of the trees in PXDFUZZ_KERNEL_TREE.
function(pxdfuzz_find_kernel_trees result)
  set(${result} "" PARENT_SCOPE)
  set(named ${PXDFUZZ_KERNEL_TREE})
  if(named STREQUAL "none")
    return()
  elseif(NOT named)
    foreach(version IN ITEMS 6.1 6.12)
      set(archive /usr/src/linux-source-${version}.tar.xz)
      if(EXISTS ${archive})
        list(APPEND named ${archive})
      else()
        message(STATUS "No kernel code of Linux ${version}: the package "
                       "linux-source-${version} is not installed")
      endif()
    endforeach()
  endif()
  set(trees "")
  foreach(place IN LISTS named)
    if(IS_DIRECTORY ${place})
      list(APPEND trees ${place})
    elseif(EXISTS ${place})
      pxdfuzz_unpack_tree(${place} folder)
      list(APPEND trees ${folder})
    else()
      message(FATAL_ERROR "PXDFUZZ_KERNEL_TREE: ${place}: no such folder or "
                          "archive; name the top folder of a Linux tree")
    endif()
  endforeach()
  set(${result} ${trees} PARENT_SCOPE)
endfunction()
