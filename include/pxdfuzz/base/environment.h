// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BASE_ENVIRONMENT_H_
#define PXDFUZZ_BASE_ENVIRONMENT_H_

#include <optional>
#include <string>

namespace pxdfuzz {

// The environment variables that fuzz targets and the tool read. An empty one
// counts as unset.
struct Environment {
  // The variables as they are now.
  static Environment Read();

  // Fuzz targets alone:

  // PXDFUZZ_ONLY=s390/3,x86-64: skips cases of other paging modes.
  std::string only;
  // PXDFUZZ_SIGNATURE=s390-3.*: ignores findings whose signature does not
  // match; a pattern with * as in a shell.
  std::string signature;
  // PXDFUZZ_STATS=FILE: writes statistics there while the target runs.
  std::string stats;
  // PXDFUZZ_FINDINGS=FOLDER: stores findings there by signature, and continues
  // where the target would abort.
  std::string findings;
  // PXDFUZZ_KERNEL=NAME,...: runs only this kernel code.
  std::string kernel;

  // PXDFUZZ_OTHER_SIDE=goes-on: a bug of the environment of kernel code: a
  // process that unshares a page table does not wait for walks in it (default:
  // waits).
  bool other_side_goes_on = false;

  // The tool alone:

  // PXDFUZZ_KERNEL_PROGRAMS=FOLDER: where programs of kernel code are
  // (default: the folder of the tool).
  std::string kernel_programs;

  // Both:

  // PXDFUZZ_COLOR=always or never; NO_COLOR=1 is never. By default output has
  // colour if it goes to a terminal.
  std::optional<bool> color;

  // Whether output to that descriptor has colour.
  bool HasColor(int descriptor) const;

  // What is wrong with a variable, in one line, or nothing.
  std::string error;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BASE_ENVIRONMENT_H_
