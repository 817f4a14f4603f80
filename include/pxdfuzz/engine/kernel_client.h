// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_KERNEL_CLIENT_H_
#define PXDFUZZ_ENGINE_KERNEL_CLIENT_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/base/process.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// A program that holds the fast walk of a kernel tree, and a process of it that
// answers requests. Nothing here links kernel code.
class KernelProgram : public Engine {
 public:
  struct Opened;

  // Starts the program at `path` and reads which kernel code it holds.
  static Opened Open(const std::string& path);
  ~KernelProgram() override;
  KernelProgram(const KernelProgram&) = delete;
  KernelProgram& operator=(const KernelProgram&) = delete;

  const Walker& walker() const override { return walker_; }
  bool Takes(PagingMode mode) const override {
    return Name(mode.arch) == walker_.kernel->arch;
  }
  // One process answers for many cases. If it ends during a case, the request
  // ended in that way, and a new process continues with the next request.
  Answers Run(const Case& c, bool recorded) override;
  std::vector<Answers> RunAll(std::span<const Case> cases) override;

 private:
  explicit KernelProgram(std::string path) : path_(std::move(path)) {}

  // These return an error in one line, or nothing.
  std::string AskEach(const Case& c, bool recorded,
                      std::vector<Answer>& answers);
  // Reads the answers to that many requests, up to the end of the case or of
  // the process.
  std::string ReadAnswers(size_t requests, std::vector<Answer>& answers,
                          bool& ended);
  // Starts a process and reads its greeting.
  std::string Start();
  // Ends the process that is running, if any, and waits for it.
  void Stop();
  // Reads up to and including the next end of line; without one if the process
  // ended.
  std::string ReadLine(std::string& line);
  bool Send(std::string_view bytes);
  // Describes what is wrong with the program.
  std::string Error(std::string_view what) const;
  // The first line of its standard error, with ", but " before it.
  std::string Complaint() const;

  std::string path_;
  Walker walker_;
  Process process_;
  int socket_ = -1;  // its standard input and output
  int errors_ = -1;  // an unnamed file: its standard error
  std::string received_;
};

// A program, or an error in one line.
struct KernelProgram::Opened {
  std::unique_ptr<KernelProgram> program;
  std::string error;
  // There is no program of that name.
  bool is_unknown = false;

  bool ok() const { return program != nullptr; }
};

// The folder of the programs with kernel code: PXDFUZZ_KERNEL_PROGRAMS, or the
// folder of this program.
std::string KernelFolder();

// Names of all programs kernel-* there, sorted.
std::vector<std::string> KernelProgramNames();

// "no program with kernel code in FOLDER: ...": what to do if there is none.
std::string NoKernelPrograms();

// The program of that name.
KernelProgram::Opened OpenKernelProgram(const std::string& name);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_KERNEL_CLIENT_H_
