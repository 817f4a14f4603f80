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
#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "src/cli/check/tree/run_command.h"
#include "src/cli/input.h"
#include "src/cli/output.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHashDigits = 16;

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

// #define NAME "0123456789abcdef"
std::string MacroIn(std::string_view text, std::string_view name) {
  const std::string mark = Concat({"#define ", name, " \""});
  const size_t at = text.find(mark);
  if (at == text.npos) return "";
  const size_t from = at + mark.size();
  return std::string(text.substr(from, text.find('"', from) - from));
}

class Builder {
 public:
  Builder(const BuildWish& wish, Steps& steps) : wish_(wish), steps_(steps) {}

  absl::StatusOr<KernelBuild> Build() {
    std::vector<CheckedArch> arches = wish_.arches;
    while (!arches.empty()) {
      if (absl::Status status = Configure(arches); !status.ok()) return status;
      build_.targets = ReadTargets();
      ReadConfigurations();
      if (build_.targets.empty()) break;
      const absl::StatusOr<bool> done = Compile(arches);
      if (!done.ok()) return done.status();
      if (*done) return Keep();
    }
    build_.targets.clear();
    return build_;
  }

  absl::StatusOr<std::map<std::string, std::string>> Slice() {
    absl::Status status = Configure(wish_.arches);
    if (!status.ok()) return status;
    std::map<std::string, std::string> hashes;
    CommandLine command = {.words = {"cmake", "--build", wish_.folder, "-j",
                                     std::to_string(wish_.jobs), "--target"},
                           .log = Log("slice"),
                           .tick = [this] { steps_.Tick("slicing"); }};
    for (const KernelBuild::Target& target : ReadTargets()) {
      for (const std::string& code : target.codes) {
        if (!hashes.try_emplace(code).second) continue;
        command.words.push_back(Concat({"kernel/slices/", code, ".c"}));
      }
    }
    if (hashes.empty()) {
      return absl::UnavailableError("the tree has no code that is sliced");
    }
    const absl::StatusOr<CommandResult> result = RunCommand(command);
    if (!result.ok()) return result.status();
    if (!result->ok()) {
      return absl::UnavailableError(
          Concat({ErrorIn(result->out), "; see ", command.log}));
    }
    const std::map<std::string, std::string> of_files =
        SliceHashes(wish_.folder + "/kernel/slices");
    for (auto& [code, hash] : hashes) hash = of_files.at(code + ".c");
    return hashes;
  }

  absl::Status Configure(const std::vector<CheckedArch>& arches) {
    std::vector<std::string> names;
    for (const CheckedArch& arch : arches) names.emplace_back(arch.in_tree);
    std::vector<std::string> configurations = wish_.configurations;
    if (!wish_.config.has_value()) std::erase(configurations, kOwnConfig);
    const std::pair<std::string, std::string> variables[] = {
        {"PXDFUZZ_KERNEL_TREE", wish_.tree},
        {"PXDFUZZ_KERNEL_ARCHES", absl::StrJoin(names, ";")},
        {"PXDFUZZ_KERNEL_VARIANTS", absl::StrJoin(configurations, ";")},
        {"PXDFUZZ_KERNEL_LEFT_OUT", absl::StrJoin(left_out_, ";")},
        {"PXDFUZZ_KERNEL_CONFIG", wish_.config ? wish_.config->file : ""},
        {"PXDFUZZ_KERNEL_CONFIG_ARCH",
         wish_.config ? std::string(wish_.config->arch.in_tree) : ""},
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

  void ReadConfigurations() {
    build_.configurations.clear();
    std::ifstream in(wish_.folder + "/kernel_codes.txt");
    for (std::string code, configuration; in >> code >> configuration;) {
      build_.configurations[code] = configuration;
    }
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

  // Whether all of it was compiled. What does not compile is taken out of
  // `arches` or added to left_out_.
  absl::StatusOr<bool> Compile(std::vector<CheckedArch>& arches) {
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
    if (result->ok()) return true;
    bool has_failed = false;
    for (const auto& [code, configuration] : build_.configurations) {
      const CheckedArch arch = ArchOf(code, configuration);
      const std::string reason =
          WhyFailed(result->out, {Concat({"slices/", code, ".c"}),
                                  Concat({"-", arch.in_tree, "/tree.h"})});
      if (reason.empty()) continue;
      has_failed = true;
      // Without the code as it is, nothing else of an architecture counts.
      const bool is_all = configuration == kConfigurations[0];
      if (is_all) {
        std::erase_if(arches, [&](const CheckedArch& other) {
          return other.id == arch.id;
        });
        std::erase_if(build_.missing, [&](const KernelBuild::Missing& other) {
          return other.arch == arch.id;
        });
      } else if (std::none_of(arches.begin(), arches.end(),
                              [&](const CheckedArch& other) {
                                return other.id == arch.id;
                              })) {
        continue;
      }
      left_out_.push_back(Concat({arch.in_tree, "/", configuration}));
      build_.missing.push_back({.arch = arch.id,
                                .configuration = is_all ? "" : configuration,
                                .reason = reason,
                                .is_failure = true});
    }
    if (has_failed) return false;
    const std::string reason = ErrorIn(result->out);
    return absl::UnavailableError(
        Concat({reason.empty() ? "it does not compile" : reason, "; see ",
                command.log}));
  }

  // Of code with that name.
  static CheckedArch ArchOf(std::string_view code,
                            std::string_view configuration) {
    if (configuration != kConfigurations[0]) {
      code.remove_suffix(configuration.size() + 1);
    }
    for (const CheckedArch& arch : kCheckedArches) {
      if (code.ends_with(Name(arch.id))) return arch;
    }
    return kCheckedArches[0];
  }

  // Of the parts of ninja's output that begin with "FAILED: ", the error in the
  // first that names one of these files.
  static std::string WhyFailed(const std::string& log,
                               const std::vector<std::string>& files) {
    constexpr std::string_view kFailed = "FAILED: ";
    for (size_t at = log.find(kFailed); at != log.npos;) {
      const size_t next = log.find(kFailed, at + kFailed.size());
      const std::string_view part = std::string_view(log).substr(at, next - at);
      const std::string first = FirstLine(part);
      for (const std::string& file : files) {
        if (first.find(file) == first.npos) continue;
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
    ReadOverruled();
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
      const bool is_there = build_.Find(arch.id, kConfigurations[0]) != nullptr;
      const bool has_failed =
          std::any_of(build_.missing.begin(), build_.missing.end(),
                      [&](const KernelBuild::Missing& missing) {
                        return missing.arch == arch.id && missing.is_failure;
                      });
      if (is_there || has_failed) continue;
      build_.missing.push_back(
          {.arch = arch.id,
           .configuration = std::string(kConfigurations[0]),
           .reason = "the tree has no code that is sliced"});
    }
  }

  void ReadOverruled() {
    constexpr std::string_view kMark = "configuration that the shims overrule:";
    if (!wish_.config.has_value()) return;
    const KernelCode* code = build_.Find(wish_.config->arch.id, kOwnConfig);
    if (code == nullptr) return;
    std::ifstream in(
        Concat({wish_.folder, "/kernel/slices/", code->name, ".log"}));
    for (std::string line; std::getline(in, line);) {
      const size_t at = line.find(kMark);
      if (at != line.npos) build_.overruled = line.substr(at + kMark.size());
    }
  }

  const BuildWish& wish_;
  Steps& steps_;
  KernelBuild build_;
  std::vector<std::string> left_out_;  // "s390/no-thp"
};

}  // namespace

const KernelCode* KernelBuild::Find(std::string_view name) const {
  for (const KernelCode& code : codes) {
    if (code.name == name) return &code;
  }
  return nullptr;
}

const KernelCode* KernelBuild::Find(ArchId arch,
                                    std::string_view configuration) const {
  for (const KernelCode& code : codes) {
    if (code.arch == Name(arch) && ConfigurationOf(code) == configuration) {
      return &code;
    }
  }
  return nullptr;
}

std::string_view KernelBuild::ConfigurationOf(const KernelCode& code) const {
  const auto found = configurations.find(code.name);
  return found == configurations.end() ? std::string_view() : found->second;
}

absl::StatusOr<KernelConfig> ReadKernelConfig(const std::string& name,
                                              const std::string& folder) {
  const auto wrong = [&name](std::string_view what) {
    return absl::InvalidArgumentError(Concat({"--kconfig=", name, ": ", what}));
  };
  const std::optional<std::string> text = ReadFile(name);
  if (!text.has_value()) return wrong("there is no such file");
  const auto has_line = [&text](const std::string& line) {
    return Concat({"\n", *text}).find(Concat({"\n", line})) !=
           std::string::npos;
  };
  // In a .config, in an autoconf.h.
  const auto has = [&](std::string_view symbol) {
    return has_line(Concat({"CONFIG_", symbol, "=y\n"})) ||
           has_line(Concat({"#define CONFIG_", symbol, " 1\n"}));
  };
  if (!has_line("CONFIG_") && !has_line("#define CONFIG_")) {
    return wrong("is no .config and no autoconf.h");
  }
  KernelConfig config = {.name = name};
  if (has("S390")) {
    config.arch = kCheckedArches[0];
  } else if (has("X86_64")) {
    config.arch = kCheckedArches[1];
  } else if (has("ARM64") && has("ARM64_16K_PAGES")) {
    config.arch = kCheckedArches[2];
  } else {
    return wrong(has("ARM64")
                     ? "is of arm64 with pages that are not of 16 KiB"
                     : "is of none of s390, x86-64 and arm64 with 16 KiB");
  }
  std::error_code error;
  fs::create_directories(folder, error);
  config.file =
      Concat({folder, "/", Sha1Hex(Bytes(*text)).substr(0, kHashDigits)});
  absl::Status written = WriteFile(config.file, *text, /*force=*/true);
  if (!written.ok()) return written;
  return config;
}

absl::StatusOr<KernelBuild> BuildKernel(const BuildWish& wish, Steps& steps) {
  return Builder(wish, steps).Build();
}

absl::StatusOr<std::map<std::string, std::string>> SliceKernel(
    const BuildWish& wish, Steps& steps) {
  return Builder(wish, steps).Slice();
}

std::map<std::string, std::string> SliceHashes(const std::string& slices) {
  std::map<std::string, std::string> hashes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(slices, error)) {
    const std::string text = ReadFile(entry.path().string()).value_or("");
    const std::string hash = MacroIn(text, "PXD_SLICE_HASH");
    hashes[entry.path().filename().string()] = hash.empty() ? text : hash;
  }
  return hashes;
}

std::string WalkerHash(const std::string& slices, std::string_view code,
                       std::string_view walker) {
  const auto text = ReadFile(Concat({slices, "/", code, ".c"}));
  return MacroIn(text.value_or(""), Concat({"PXD_HASH_", walker}));
}

}  // namespace pxdfuzz
