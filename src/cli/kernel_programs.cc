// SPDX-License-Identifier: MIT

#include "src/cli/kernel_programs.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/commands.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "kernel-";
constexpr char kFolderVariable[] = "PXDFUZZ_KERNEL_PROGRAMS";

// A line is longer where no program of ours answers: the longest says 512
// pages.
constexpr size_t kMaxLine = 64 * 1024;
// So is an answer. One has at most 2,048 reads.
constexpr size_t kMaxAnswer = 4 * 1024 * 1024;

std::string HexLine(const Case& c) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t size = Encode(c, bytes);
  std::string line;
  for (const uint8_t byte : std::span(bytes).first(size)) {
    line += kDigits[byte >> 4];
    line += kDigits[byte & 15];
  }
  return line + '\n';
}

// The first line of what a program said, for a message.
std::string FirstLine(std::string_view text) {
  return Excerpt(text.substr(0, text.find('\n')));
}

// The case that has the last requests of `c` alone, from `first` on.
Case Rest(const Case& c, size_t first) {
  Case rest = c;
  rest.requests.clear();
  for (size_t i = first; i < c.requests.size(); ++i) {
    rest.requests.push_back(c.requests[i]);
  }
  return rest;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KernelProgram>> KernelProgram::Open(
    const std::string& path) {
  std::unique_ptr<KernelProgram> program(new KernelProgram(path));
  if (const absl::Status status = program->Start({"--describe"});
      !status.ok()) {
    return status;
  }
  std::string lines;
  while (lines.size() <= kMaxLine) {
    const absl::StatusOr<std::string> line = program->ReadLine();
    if (!line.ok()) return line.status();
    if (line->empty()) break;
    lines += *line;
  }
  program->Stop();
  const std::optional<KernelText> text = TextFromLines(lines);
  if (!text.has_value()) {
    return program->Error(
        lines.empty()
            ? Concat({"says nothing to --describe", program->Complaint()})
            : Concat({"answers --describe as no program with kernel "
                      "text does: ",
                      FirstLine(lines)}));
  }
  program->text_ = *text;
  return program;
}

KernelProgram::~KernelProgram() {
  Stop();
  if (errors_ >= 0) close(errors_);
}

absl::StatusOr<std::vector<KernelAnswer>> KernelProgram::Ask(const Case& c,
                                                             bool reads) {
  absl::StatusOr<std::vector<KernelAnswer>> answers = AskEach(c, reads);
  // One that was not understood is not asked again.
  if (!answers.ok()) Stop();
  return answers;
}

absl::StatusOr<std::vector<KernelAnswer>> KernelProgram::AskEach(const Case& c,
                                                                 bool reads) {
  std::vector<KernelAnswer> answers;
  if (process_.runs() && reads != reads_) Stop();
  while (answers.size() < c.requests.size()) {
    if (!process_.runs()) {
      reads_ = reads;
      if (const absl::Status status =
              Start(reads ? std::vector<std::string>{"--reads"}
                          : std::vector<std::string>());
          !status.ok()) {
        return status;
      }
    }
    // One that cannot be sent to has ended, which shows when it is read.
    Send(HexLine(Rest(c, answers.size())));
    const size_t before = answers.size();
    bool ended = false;
    std::string lines;
    while (true) {
      const absl::StatusOr<std::string> line = ReadLine();
      if (!line.ok()) return line.status();
      if (line->empty() || line->back() != '\n') {
        ended = true;
        break;
      }
      if (lines.empty() && *line == kCaseEnd) break;
      lines += *line;
      if (lines.size() > kMaxAnswer) {
        return Error("answers without an end");
      }
      if (*line != kAnswerEnd) continue;
      std::optional<KernelAnswer> answer = AnswerFromLines(lines);
      if (!answer.has_value() || answers.size() == c.requests.size()) {
        return Error(Concat({"gives a strange answer: ", FirstLine(lines)}));
      }
      answers.push_back(*std::move(answer));
      lines.clear();
    }
    if (!ended) {
      if (answers.size() == c.requests.size()) break;
      return Error(
          Concat({"answers ", std::to_string(answers.size() - before), " of ",
                  Plural(c.requests.size() - before, "request")}));
    }
    Stop();
    // A sanitizer's end is told as an answer; any other end is told here.
    const bool told = answers.size() > before &&
                      answers.back().finding.ends_with(".sanitizer");
    if (told) continue;
    if (answers.size() == c.requests.size()) break;
    answers.push_back(
        {.end = KernelAnswer::End::kFault,
         .finding = Concat({text_.name, ".", Name(c.space.arch), "-",
                            std::to_string(c.space.levels), ".died"})});
  }
  return answers;
}

absl::Status KernelProgram::Start(std::vector<std::string> flags) {
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error(Concat({"cannot be talked to: ", std::strerror(errno)}));
  }
  if (errors_ >= 0) close(errors_);
  errors_ = memfd_create("stderr", MFD_CLOEXEC);
  flags.insert(flags.begin(), path_);
  const std::string error = process_.Start({.words = std::move(flags),
                                            .in = ends[1],
                                            .out = ends[1],
                                            .error = errors_});
  close(ends[1]);
  if (!error.empty()) {
    close(ends[0]);
    return absl::UnavailableError(error);
  }
  socket_ = ends[0];
  received_.clear();
  return absl::OkStatus();
}

void KernelProgram::Stop() {
  if (!process_.runs()) return;
  // It keeps nothing that would have to be saved.
  close(socket_);
  socket_ = -1;
  process_.Kill();
}

absl::StatusOr<std::string> KernelProgram::ReadLine() {
  while (true) {
    const size_t end = received_.find('\n');
    if (end != received_.npos) {
      std::string line = received_.substr(0, end + 1);
      received_.erase(0, end + 1);
      return line;
    }
    if (received_.size() > kMaxLine) {
      return Error(Concat({"gives a strange answer: ", FirstLine(received_)}));
    }
    std::array<char, 64 * 1024> buffer;
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::exchange(received_, "");
    received_.append(buffer.data(), static_cast<size_t>(got));
  }
}

bool KernelProgram::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

absl::Status KernelProgram::Error(std::string_view what) const {
  return absl::UnavailableError(Concat({path_, ": ", what}));
}

std::string KernelProgram::Complaint() const {
  std::array<char, 512> buffer;
  const ssize_t got = pread(errors_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return "";
  return Concat({", but ", FirstLine({buffer.data(), static_cast<size_t>(got)}),
                 " on standard error"});
}

size_t RequestToTell(const std::vector<KernelAnswer>& answers) {
  const auto first = [&answers](auto is_it) {
    return static_cast<size_t>(
        std::find_if(answers.begin(), answers.end(), is_it) - answers.begin());
  };
  for (const size_t choice :
       {first([](const KernelAnswer& a) { return !a.finding.empty(); }),
        first([](const KernelAnswer& a) { return !a.known.empty(); }),
        first([](const KernelAnswer& a) { return !a.reads.empty(); })}) {
    if (choice < answers.size()) return choice;
  }
  return 0;
}

std::string KernelFolder() {
  const std::string folder = Environment::Read().kernel_programs;
  if (!folder.empty()) return folder;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? "." : self.parent_path().string();
}

std::vector<std::string> KernelProgramNames() {
  std::vector<std::string> names;
  std::error_code error;
  for (auto it = fs::directory_iterator(KernelFolder(), error);
       !error && it != fs::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;
    if (IsKernelName(name) && it->is_regular_file(ignored)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string NoKernelPrograms() {
  return Concat({"no program with kernel text in ", KernelFolder(),
                 ": build with linux-source-6.1 installed, or say in ",
                 kFolderVariable, " which folder has them"});
}

bool IsKernelName(std::string_view walk) {
  return walk.starts_with(kPrefix) && walk.find('/') == walk.npos;
}

absl::StatusOr<std::unique_ptr<KernelProgram>> OpenKernelProgram(
    const std::string& name) {
  const std::vector<std::string> names = KernelProgramNames();
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return KernelProgram::Open((fs::path(KernelFolder()) / name).string());
  }
  if (names.empty()) {
    return absl::NotFoundError(
        Concat({"there is no walk '", name, "': ", NoKernelPrograms()}));
  }
  return absl::NotFoundError(
      Concat({"there is no walk '", name, "' in ", KernelFolder(),
              "; of kernel text there are ", Enumerate(names)}));
}

std::unique_ptr<KernelProgram> OpenKernelProgramFor(std::string_view command,
                                                    const std::string& name,
                                                    int& exit_code) {
  auto program = OpenKernelProgram(name);
  if (program.ok()) return *std::move(program);
  PrintError(Concat({command, ": ", std::string(program.status().message())}));
  exit_code = absl::IsNotFound(program.status()) ? kUsage : kUnreadable;
  return nullptr;
}

}  // namespace pxdfuzz
