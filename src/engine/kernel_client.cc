// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/kernel_client.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <system_error>

#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/finding.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr char kFolderVariable[] = "PXDFUZZ_KERNEL_PROGRAMS";

// A longer line is not from one of these programs.
constexpr size_t kMaxLine = 64 * 1024;
// The same for an answer, which has at most 2,048 reads.
constexpr size_t kMaxAnswer = 4 * 1024 * 1024;
// So many bytes of questions fit into a socket, and their answers too, while
// nobody reads.
constexpr size_t kMostAtOnce = 16 * 1024;

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

// The first line of a program's output, for a message.
std::string FirstLine(std::string_view text) {
  return Excerpt(text.substr(0, text.find('\n')));
}

// The case with only the last requests of `c`, from `first` on.
Case Rest(const Case& c, size_t first) {
  Case rest = c;
  rest.requests.clear();
  for (size_t i = first; i < c.requests.size(); ++i) {
    rest.requests.push_back(c.requests[i]);
  }
  return rest;
}

}  // namespace

KernelProgram::Opened KernelProgram::Open(const std::string& path) {
  std::unique_ptr<KernelProgram> program(new KernelProgram(path));
  if (std::string error = program->Start(); !error.empty()) {
    return {.program = nullptr, .error = std::move(error)};
  }
  return {.program = std::move(program), .error = {}};
}

KernelProgram::~KernelProgram() {
  Stop();
  if (errors_ >= 0) close(errors_);
}

Answers KernelProgram::Run(const Case& c, bool recorded) {
  Answers answers;
  answers.error = AskEach(c, recorded, answers.of_request);
  // A program that was not understood is not asked again.
  if (!answers.ok()) Stop();
  return answers;
}

std::vector<Answers> KernelProgram::RunAll(std::span<const Case> cases) {
  std::vector<Answers> all;
  while (all.size() < cases.size()) {
    std::string questions;
    size_t count = 0;
    for (const Case& c : cases.subspan(all.size())) {
      if (questions.size() > kMostAtOnce) break;
      questions += Concat({kJudge, HexLine(c)});
      ++count;
    }
    bool ended = !process_.runs() || !Send(questions);
    for (const Case& c : cases.subspan(all.size(), count)) {
      Answers answers;
      if (!ended) {
        answers.error =
            ReadAnswers(c.requests.size(), answers.of_request, ended);
        ended |= answers.of_request.size() != c.requests.size();
        if (ended) Stop();
      }
      // A process that has ended says only alone at which case.
      all.push_back(ended ? Run(c, /*recorded=*/false) : std::move(answers));
    }
  }
  return all;
}

std::string KernelProgram::AskEach(const Case& c, bool recorded,
                                   std::vector<Answer>& answers) {
  while (answers.size() < c.requests.size()) {
    if (!process_.runs()) {
      if (std::string error = Start(); !error.empty()) return error;
    }
    // If sending fails, the process has ended; reading shows it.
    Send(Concat(
        {recorded ? kRecord : kJudge, HexLine(Rest(c, answers.size()))}));
    const size_t before = answers.size();
    bool ended = false;
    std::string error = ReadAnswers(c.requests.size(), answers, ended);
    if (!error.empty()) return error;
    if (!ended) {
      if (answers.size() == c.requests.size()) break;
      return Error(
          Concat({"answers ", std::to_string(answers.size() - before), " of ",
                  Plural(c.requests.size() - before, "request")}));
    }
    Stop();
    // The program answers a sanitizer's end itself, and no other end.
    const bool is_answered =
        answers.size() > before && answers.back().run.end == RunEnd::kSanitizer;
    if (is_answered) continue;
    if (answers.size() == c.requests.size()) break;
    Answer& last = answers.emplace_back();
    last.run.end = RunEnd::kDied;
    last.finding =
        Name(Finding{.mode = c.mode, .walk = name(), .end = RunEnd::kDied});
  }
  return "";
}

std::string KernelProgram::ReadAnswers(size_t requests,
                                       std::vector<Answer>& answers,
                                       bool& ended) {
  std::string lines;
  while (true) {
    std::string line;
    if (std::string error = ReadLine(line); !error.empty()) return error;
    ended = line.empty() || line.back() != '\n';
    if (ended || (lines.empty() && line == kCaseEnd)) return "";
    lines += line;
    if (lines.size() > kMaxAnswer) return Error("answers without an end");
    if (line != kAnswerEnd) continue;
    std::optional<Answer> answer = ReadAnswer(lines);
    if (!answer.has_value() || answers.size() == requests) {
      return Error(Concat({"gives a strange answer: ", FirstLine(lines)}));
    }
    answers.push_back(*std::move(answer));
    lines.clear();
  }
}

std::string KernelProgram::Start() {
  std::array<int, 2> ends;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error(Concat({"cannot be talked to: ", std::strerror(errno)}));
  }
  if (errors_ >= 0) close(errors_);
  errors_ = memfd_create("stderr", MFD_CLOEXEC);
  std::string error = process_.Start(
      {.words = {path_}, .in = ends[1], .out = ends[1], .error = errors_});
  close(ends[1]);
  if (!error.empty()) {
    close(ends[0]);
    return error;
  }
  socket_ = ends[0];
  received_.clear();

  std::string lines;
  while (!lines.ends_with(kGreetingEnd) && lines.size() <= kMaxLine) {
    std::string line;
    error = ReadLine(line);
    if (!error.empty()) break;
    lines += line;
    // Another version may continue with anything.
    if (line.empty() || !lines.starts_with(kProtocolLine)) break;
  }
  const std::optional<KernelCode> code = ReadGreeting(lines);
  if (code.has_value()) {
    walker_ = KernelWalker(*code);
    std::ifstream in(fs::path(path_).replace_filename(kTreeFile));
    std::getline(in, walker_.kernel->tree);
    std::getline(in, walker_.kernel->check);
    std::getline(in, walker_.kernel->check_folder);
    return "";
  }
  Stop();
  if (!error.empty()) return error;
  if (lines.empty()) return Error(Concat({"says nothing", Complaint()}));
  return Error(Concat(
      {"greets with ", FirstLine(lines), " where ",
       FirstLine(lines.starts_with(kProtocolLine) ? kGreetingEnd
                                                  : kProtocolLine),
       lines.starts_with(kProtocolLine) ? " comes last" : " is wanted"}));
}

void KernelProgram::Stop() {
  if (!process_.runs()) return;
  // The process has no state to save.
  close(socket_);
  socket_ = -1;
  process_.Kill();
}

std::string KernelProgram::ReadLine(std::string& line) {
  while (true) {
    const size_t end = received_.find('\n');
    if (end != received_.npos) {
      line = received_.substr(0, end + 1);
      received_.erase(0, end + 1);
      return "";
    }
    if (received_.size() > kMaxLine) {
      return Error(Concat({"gives a strange answer: ", FirstLine(received_)}));
    }
    std::array<char, 64 * 1024> buffer;
    const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      line = std::exchange(received_, "");
      return "";
    }
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

std::string KernelProgram::Error(std::string_view what) const {
  return Concat({path_, ": ", what});
}

std::string KernelProgram::Complaint() const {
  std::array<char, 512> buffer;
  const ssize_t got = pread(errors_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return "";
  return Concat({", but ", FirstLine({buffer.data(), static_cast<size_t>(got)}),
                 " on standard error"});
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
  return Concat({"no program with kernel code in ", KernelFolder(),
                 ": build with linux-source-6.1 installed, or say in ",
                 kFolderVariable, " which folder has them"});
}

KernelProgram::Opened OpenKernelProgram(const std::string& name) {
  const std::vector<std::string> names = KernelProgramNames();
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return KernelProgram::Open((fs::path(KernelFolder()) / name).string());
  }
  const std::string none = Concat({"there is no walk '", name, "'"});
  return {.program = nullptr,
          .error = names.empty() ? Concat({none, ": ", NoKernelPrograms()})
                                 : Concat({none, " in ", KernelFolder(),
                                           "; of kernel code there are ",
                                           Enumerate(names)}),
          .is_unknown = true};
}

}  // namespace pxdfuzz
