// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_KERNEL_PROGRAMS_H_
#define PXDFUZZ_SRC_CLI_KERNEL_PROGRAMS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernel/answer.h"
#include "pxdfuzz/base/process.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/space.h"

namespace pxdfuzz {

// A program that holds the fast walk of a kernel tree, and a process of it that
// answers. Kernel text is never linked here: it is asked.
class KernelProgram {
 public:
  // Asks the program at `path` what it is. Errors are one line.
  static absl::StatusOr<std::unique_ptr<KernelProgram>> Open(
      const std::string& path);
  ~KernelProgram();
  KernelProgram(const KernelProgram&) = delete;
  KernelProgram& operator=(const KernelProgram&) = delete;

  const KernelText& text() const { return text_; }
  // Whether it holds text of that kind of space.
  bool Takes(Space space) const { return Name(space.arch) == text_.arch; }

  // What it does with each request of `c`, which is of a space that it takes;
  // reads are told where `reads` says so. One process answers for many cases.
  // Where it ends in the middle of a case, that request came to a fault, and a
  // new process goes on with the next.
  absl::StatusOr<std::vector<KernelAnswer>> Ask(const Case& c, bool reads);

 private:
  explicit KernelProgram(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<std::vector<KernelAnswer>> AskEach(const Case& c, bool reads);
  absl::Status Start(std::vector<std::string> flags);
  // Ends the process that is running, if any, and waits for it.
  void Stop();
  // Up to and with the next end of line; without one where it has ended.
  absl::StatusOr<std::string> ReadLine();
  bool Send(std::string_view bytes);
  // The same as an error: what is wrong with the program.
  absl::Status Error(std::string_view what) const;
  // The first line that it wrote to standard error, with ": " before it.
  std::string Complaint() const;

  std::string path_;
  KernelText text_;
  Process process_;
  int socket_ = -1;  // its standard input and output
  int errors_ = -1;  // a file without a name: its standard error
  bool reads_ = false;
  std::string received_;
};

// Which request to tell where none is named: the first with a finding;
// otherwise the first with one that is known, that was walked, or that there
// is.
size_t RequestToTell(const std::vector<KernelAnswer>& answers);

// The folder in which programs with kernel text are looked for: that in
// PXDFUZZ_KERNEL_PROGRAMS, or the one that this program is in.
std::string KernelFolder();

// Names of all programs kernel-* there, sorted.
std::vector<std::string> KernelProgramNames();

// "no program with kernel text in FOLDER: ...": what to do where there is none.
std::string NoKernelPrograms();

// Whether a walk of that name would be a program's.
bool IsKernelName(std::string_view walk);

// The program of that name. Errors are one line: NotFound where there is none
// of that name, with those that there are.
absl::StatusOr<std::unique_ptr<KernelProgram>> OpenKernelProgram(
    const std::string& name);

// The same for the command of that name: where it cannot be opened it says so,
// gives null, and `exit_code` is how the command ends.
std::unique_ptr<KernelProgram> OpenKernelProgramFor(std::string_view command,
                                                    const std::string& name,
                                                    int& exit_code);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_KERNEL_PROGRAMS_H_
