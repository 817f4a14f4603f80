// SPDX-License-Identifier: MIT

#include "src/cli/check/against.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "src/cli/check/findings/findings.h"
#include "src/cli/input.h"
#include "src/cli/interrupt.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

std::vector<Event> Only(const std::vector<Event>& events, bool reads) {
  std::vector<Event> chosen;
  for (const Event& event : events) {
    const bool is_reference =
        event.kind == Event::Kind::kGrab || event.kind == Event::Kind::kPut;
    if (reads ? event.is_read() : is_reference) chosen.push_back(event);
  }
  return chosen;
}

bool IsSameRead(const Event& a, const Event& b) {
  return a.kind == b.kind && a.level == b.level && a.value == b.value &&
         a.place.kind == b.place.kind &&
         // What stands for a place beyond a local differs from run to run.
         (a.place.kind != Place::Kind::kTable ||
          a.place.physical == b.place.physical);
}

bool IsSameReference(const Event& a, const Event& b) {
  return a.kind == b.kind && a.count == b.count;
}

// Two programs, and what the same cases come to in both.
class Pair {
 public:
  Pair(const std::string& out, CheckVerdict::Against& against)
      : out_(out), against_(against) {}

  absl::Status Open(const std::string& program, const std::string& other) {
    for (const auto& [path, place] :
         {std::pair(&program, &program_), std::pair(&other, &other_)}) {
      KernelProgram::Opened opened = KernelProgram::Open(*path);
      if (!opened.ok()) return absl::UnavailableError(opened.error);
      *place = std::move(opened.program);
    }
    return absl::OkStatus();
  }

  absl::Status Compare(const std::string& file, const CheckCell& cell) {
    const absl::StatusOr<Case> c = ReadCase(file);
    if (!c.ok()) return c.status();
    if (c->empty() || c->mode != cell.mode ||
        c->concurrent.empty() == cell.walker.changing) {
      return absl::OkStatus();
    }
    const Answers a = program_->Run(*c, /*recorded=*/true);
    const Answers b = other_->Run(*c, /*recorded=*/true);
    for (const Answers* answers : {&a, &b}) {
      if (!answers->ok()) return absl::UnavailableError(answers->error);
    }
    ++against_.cases;
    for (size_t i = 0; i < a.of_request.size(); ++i) {
      const std::string_view difference =
          DifferenceOf(a.of_request[i].run, b.of_request[i].run);
      if (difference.empty()) continue;
      ++against_.different[std::string(difference)];
      if (!against_.case_file.empty()) break;
      return Keep(*c, cell, i, difference);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Keep(const Case& c, const CheckCell& cell, size_t request,
                    std::string_view difference) {
    std::error_code error;
    fs::create_directories(out_ + "/against", error);
    against_.case_file = out_ + "/against/case.yaml";
    against_.first =
        Concat({difference, " of request ", std::to_string(request + 1), ", ",
                Name(cell.mode), " ", cell.configuration,
                cell.walker.changing ? ", while tables change" : ""});
    for (const KernelProgram* program : {program_.get(), other_.get()}) {
      against_.programs.emplace_back(program->name());
    }
    return WriteFile(against_.case_file,
                     Concat({"# differs: ", against_.first, "\n", ToText(c)}),
                     /*force=*/true);
  }

  const std::string& out_;
  CheckVerdict::Against& against_;
  std::unique_ptr<KernelProgram> program_;
  std::unique_ptr<KernelProgram> other_;
};

}  // namespace

std::string_view DifferenceOf(const Recording& a, const Recording& b) {
  if (a.end != b.end) return "end";
  const auto is_same_page = [](const ReturnedPage& x, const ReturnedPage& y) {
    return x.physical == y.physical;
  };
  if (a.count != b.count ||
      !std::equal(a.pages.begin(), a.pages.end(), b.pages.begin(),
                  b.pages.end(), is_same_page)) {
    return "pages";
  }
  const auto differ = [&](bool reads, const auto& is_same) {
    const std::vector<Event> x = Only(a.events, reads);
    const std::vector<Event> y = Only(b.events, reads);
    return !std::equal(x.begin(), x.end(), y.begin(), y.end(), is_same);
  };
  if (a.held != b.held || differ(false, IsSameReference)) return "references";
  return differ(true, IsSameRead) ? "entries read" : "";
}

absl::StatusOr<CheckVerdict::Against> CompareBuilds(
    const std::vector<CheckCell>& cells, const KernelBuild& build,
    const KernelBuild& other, const std::string& source, const std::string& out,
    Steps& steps) {
  CheckVerdict::Against against;
  std::error_code error;
  fs::remove_all(out + "/against", error);
  size_t done = 0;
  for (const CheckCell& cell : cells) {
    steps.Tick(
        Concat({std::to_string(done++), " of ", Plural(cells.size(), "cell"),
                ", ", Grouped(against.cases), " cases"}));
    const KernelBuild::Sliced* slice =
        other.FindSlice(cell.mode.arch, cell.configuration);
    if (slice == nullptr || cell.walker.name != "gup_fast") continue;
    Pair pair(out, against);
    absl::Status status = pair.Open(Concat({build.bin, "/", cell.program}),
                                    Concat({other.bin, "/", slice->same_as}));
    if (!status.ok()) return status;
    const auto files = CaseFilesOf(cell, source, out);
    if (!files.ok()) return files.status();
    for (const std::string& file : *files) {
      if (IsInterrupted()) return absl::CancelledError("interrupted");
      status = pair.Compare(file, cell);
      if (!status.ok()) return status;
    }
  }
  if (against.cases == 0) {
    return absl::UnavailableError("--against: no case ran on both trees");
  }
  return against;
}

}  // namespace pxdfuzz
