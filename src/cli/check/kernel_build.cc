// SPDX-License-Identifier: MIT

#include "src/cli/check/kernel_build.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "src/cli/check/tree/run_command.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// The value of a variable in a build folder.
std::string Cached(const std::string& folder, const std::string& variable) {
  std::ifstream in(folder + "/CMakeCache.txt");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(variable + ":")) continue;
    return line.substr(line.find('=') + 1);
  }
  return "";
}

// The first line of a log that names an error, shortened.
std::string ErrorIn(std::string_view log) {
  std::istringstream lines{std::string(log)};
  for (std::string line; std::getline(lines, line);) {
    for (const std::string_view mark :
         {"error: ", "pxdfuzz_slice: ", "CMake Error"}) {
      const size_t at = line.find(mark);
      if (at == line.npos) continue;
      if (mark.starts_with("CMake")) {
        std::getline(lines, line);
        return line.substr(std::min(line.size(), line.find_first_not_of(' ')));
      }
      // "mm/gup.c:12:3: error: ..." stays; the folder of the build says
      // nothing.
      return mark.starts_with("error") && !line.starts_with('/')
                 ? line
                 : line.substr(at);
    }
  }
  return "";
}

class Builder {
 public:
  Builder(const BuildWish& wish, Steps& steps) : wish_(wish), steps_(steps) {}

  absl::StatusOr<KernelBuild> Build() {
    std::vector<CheckedArch> arches = wish_.arches;
    while (!arches.empty()) {
      if (absl::Status status = Configure(arches); !status.ok()) return status;
      build_.targets = ReadTargets();
      if (build_.targets.empty()) break;
      const absl::StatusOr<std::vector<CheckedArch>> failed = Compile(arches);
      if (!failed.ok()) return failed.status();
      if (failed->empty()) return Keep();
      std::erase_if(arches, [&](const CheckedArch& arch) {
        return std::any_of(
            failed->begin(), failed->end(),
            [&](const CheckedArch& other) { return other.id == arch.id; });
      });
    }
    build_.targets.clear();
    return build_;
  }

  absl::Status Configure(const std::vector<CheckedArch>& arches) {
    std::vector<std::string> names;
    for (const CheckedArch& arch : arches) names.emplace_back(arch.in_tree);
    const std::vector<std::string> configurations(std::begin(kConfigurations),
                                                  std::end(kConfigurations));
    const std::pair<std::string, std::string> variables[] = {
        {"PXDFUZZ_KERNEL_TREE", wish_.tree},
        {"PXDFUZZ_KERNEL_ARCHES", absl::StrJoin(names, ";")},
        {"PXDFUZZ_KERNEL_VARIANTS", absl::StrJoin(configurations, ";")},
        {"PXDFUZZ_KERNEL_COVERAGE", "ON"},
        // Smaller, faster to link, and a stack still has its lines.
        {"CMAKE_CXX_FLAGS_RELWITHDEBINFO", "-O2 -g1"},
        {"CMAKE_C_FLAGS_RELWITHDEBINFO", "-O2 -g1"}};
    CommandLine command = {
        .words = {"cmake", "--preset", "kernel", "-B", wish_.folder,
                  "-DCMAKE_CXX_COMPILER=" + wish_.compiler},
        .folder = wish_.source,
        .log = Log("configure"),
        .tick = [this] { steps_.Tick("configuring"); }};
    const std::string home = Cached(wish_.folder, "CMAKE_HOME_DIRECTORY");
    const bool is_other =
        !home.empty() &&
        (home != wish_.source ||
         Cached(wish_.folder, "CMAKE_CXX_COMPILER") != wish_.compiler);
    if (is_other) command.words.push_back("--fresh");
    bool is_done = fs::exists(wish_.folder + "/build.ninja") && !is_other;
    for (const auto& [name, value] : variables) {
      is_done &= Cached(wish_.folder, name) == value;
      command.words.push_back(Concat({"-D", name, "=", value}));
    }
    if (!is_done) {
      const absl::StatusOr<CommandResult> result = RunCommand(command);
      if (!result.ok()) return result.status();
      if (!result->ok()) {
        // So that the next attempt does not take it for done.
        std::error_code ignored;
        fs::remove(wish_.folder + "/build.ninja", ignored);
        const std::string reason = ErrorIn(result->out);
        return absl::UnavailableError(
            Concat({reason.empty() ? "it cannot be configured" : reason,
                    "; see ", command.log}));
      }
    }
    return absl::OkStatus();
  }

 private:
  std::string Log(std::string_view step) const {
    return Concat(
        {fs::path(wish_.folder).parent_path().string(), "/", step, ".log"});
  }

  // The targets that are wished for, as far as there is code for them.
  std::vector<KernelBuild::Target> ReadTargets() const {
    std::vector<KernelBuild::Target> targets;
    std::ifstream in(wish_.folder + "/kernel_targets.txt");
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      KernelBuild::Target target;
      words >> target.name;
      if (std::find(wish_.targets.begin(), wish_.targets.end(), target.name) ==
          wish_.targets.end()) {
        continue;
      }
      for (std::string code; words >> code;) target.codes.push_back(code);
      targets.push_back(std::move(target));
    }
    return targets;
  }

  // "12 of 30, 8 s left", by the last line that ninja wrote.
  std::string Progress() const {
    const std::string log = ReadFile(Log("build")).value_or("");
    const size_t at = log.rfind("\n[");
    unsigned done = 0;
    unsigned all = 0;
    if (at == log.npos ||
        std::sscanf(log.c_str() + at, "\n[%u/%u]", &done, &all) != 2 ||
        done == 0) {
      return "compiling";
    }
    return absl::StrFormat("%d of %d, about %.0f s left", done, all,
                           steps_.step_seconds() / done * (all - done));
  }

  // The architectures whose code does not compile.
  absl::StatusOr<std::vector<CheckedArch>> Compile(
      const std::vector<CheckedArch>& arches) {
    CommandLine command = {.words = {"cmake", "--build", wish_.folder, "-j",
                                     std::to_string(wish_.jobs), "--target"},
                           .log = Log("build"),
                           .tick = [this] { steps_.Tick(Progress()); }};
    for (const KernelBuild::Target& target : build_.targets) {
      command.words.push_back(target.name);
      command.words.insert(command.words.end(), target.codes.begin(),
                           target.codes.end());
    }
    // All that fails is to be seen.
    command.words.insert(command.words.end(), {"--", "-k", "0"});
    const absl::StatusOr<CommandResult> result = RunCommand(command);
    if (!result.ok()) return result.status();
    if (result->ok()) return std::vector<CheckedArch>();
    std::vector<CheckedArch> failed;
    for (const CheckedArch& arch : arches) {
      const std::string reason = WhyFailed(result->out, arch);
      if (reason.empty()) continue;
      failed.push_back(arch);
      build_.missing.push_back(
          {.arch = arch.id, .reason = reason, .is_failure = true});
    }
    if (!failed.empty()) return failed;
    const std::string reason = ErrorIn(result->out);
    return absl::UnavailableError(
        Concat({reason.empty() ? "it does not compile" : reason, "; see ",
                command.log}));
  }

  // Of the parts of ninja's output that begin with "FAILED: ", the first about
  // the slice or the text of an architecture.
  static std::string WhyFailed(const std::string& log,
                               const CheckedArch& arch) {
    constexpr std::string_view kFailed = "FAILED: ";
    for (size_t at = log.find(kFailed); at != log.npos;) {
      const size_t next = log.find(kFailed, at + kFailed.size());
      const std::string_view part = std::string_view(log).substr(at, next - at);
      const std::string first = FirstLine(part);
      const std::string configured = Concat({"-", arch.in_tree, "/tree.h"});
      const std::string code = Concat({"-", Name(arch.id)});
      if (first.find(configured) != first.npos ||
          (first.find(code) != first.npos &&
           first.find("slices/kernel-") != first.npos)) {
        const std::string reason = ErrorIn(part);
        return reason.empty() ? "its code does not compile here" : reason;
      }
      at = next;
    }
    return "";
  }

  // Copies what was built, so that the next tree leaves it alone.
  absl::StatusOr<KernelBuild> Keep() {
    build_.bin = wish_.out + "/bin";
    build_.slices = wish_.out + "/slices";
    std::error_code error;
    fs::create_directories(build_.bin, error);
    std::vector<std::string> names;
    for (const KernelBuild::Target& target : build_.targets) {
      names.push_back(target.name);
      for (const std::string& code : target.codes) names.push_back(code);
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const std::string& name : names) {
      const std::string to = build_.bin + "/" + name;
      // It may be running, so it is replaced and not overwritten.
      fs::copy_file(wish_.folder + "/bin/" + name, to + ".new",
                    fs::copy_options::overwrite_existing, error);
      if (!error) fs::rename(to + ".new", to, error);
      if (error) {
        return absl::UnavailableError(
            Concat({to, ": cannot be written: ", error.message()}));
      }
      if (!IsKernelName(name)) continue;
      KernelProgram::Opened opened = KernelProgram::Open(to);
      if (!opened.ok()) return absl::UnavailableError(opened.error);
      build_.codes.push_back(*opened.program->walker().kernel);
    }
    const absl::Status kept = KeepSlices();
    if (!kept.ok()) return kept;
    AddLeftOut();
    return build_;
  }

  // Copies the compiled slices, which have the line numbers of the tree.
  absl::Status KeepSlices() const {
    std::error_code error;
    fs::create_directories(build_.slices, error);
    for (const KernelCode& code : build_.codes) {
      const std::string name = Concat({"/", code.name, ".c"});
      fs::copy_file(wish_.folder + "/kernel/slices" + name,
                    build_.slices + name, fs::copy_options::overwrite_existing,
                    error);
      if (error) {
        return absl::UnavailableError(Concat(
            {build_.slices, name, ": cannot be written: ", error.message()}));
      }
    }
    return absl::OkStatus();
  }

  // Names the architectures without code that did not fail to compile.
  void AddLeftOut() {
    for (const CheckedArch& arch : wish_.arches) {
      const bool is_there = std::any_of(
          build_.codes.begin(), build_.codes.end(),
          [&](const KernelCode& code) {
            return code.arch == Name(arch.id) && IsConfiguration(code, "as-is");
          });
      const bool has_failed =
          std::any_of(build_.missing.begin(), build_.missing.end(),
                      [&](const KernelBuild::Missing& missing) {
                        return missing.arch == arch.id && missing.is_failure;
                      });
      if (is_there || has_failed) continue;
      build_.missing.push_back(
          {.arch = arch.id,
           .configuration = "as-is",
           .reason = "the tree has no code that is sliced"});
    }
  }

  const BuildWish& wish_;
  Steps& steps_;
  KernelBuild build_;
};

}  // namespace

bool IsConfiguration(const KernelCode& code, std::string_view configuration) {
  return configuration == "as-is"
             ? code.name.ends_with(code.arch)
             : code.name.ends_with(Concat({"-", configuration}));
}

const KernelCode* KernelBuild::Find(std::string_view name) const {
  for (const KernelCode& code : codes) {
    if (code.name == name) return &code;
  }
  return nullptr;
}

absl::StatusOr<KernelBuild> BuildKernel(const BuildWish& wish, Steps& steps) {
  return Builder(wish, steps).Build();
}

std::map<std::string, std::string> SliceHashes(const std::string& slices) {
  // #define PXD_SLICE_HASH "0123456789abcdef"
  constexpr std::string_view kMark = "PXD_SLICE_HASH \"";
  std::map<std::string, std::string> hashes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(slices, error)) {
    const std::string text = ReadFile(entry.path().string()).value_or("");
    const size_t at = text.find(kMark);
    hashes[entry.path().filename().string()] =
        at == text.npos ? text : text.substr(at + kMark.size(), 16);
  }
  return hashes;
}

}  // namespace pxdfuzz
