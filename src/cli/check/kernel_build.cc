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
#include "absl/strings/str_split.h"
#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "src/cli/check/tree/kernel_tree.h"
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

// The first line of a log that names an error, as FILE:LINE if it has a place,
// or else the first that names what failed.
std::string ErrorIn(std::string_view log) {
  std::string failed;
  std::istringstream lines{std::string(log)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("CMake Error")) {
      std::getline(lines, line);
      return line.substr(std::min(line.size(), line.find_first_not_of(' ')));
    }
    if (const size_t at = line.find("pxdfuzz_slice: "); at != line.npos) {
      return line.substr(at);
    }
    // "mm/gup.c:12:3: error: ..." stays; the folder of the build says nothing.
    if (line.find("error: ") != line.npos ||
        line.find("undefined reference") != line.npos) {
      const size_t name = line.rfind('/', line.find(':'));
      return line.starts_with('/') ? line.substr(name + 1) : line;
    }
    if (failed.empty() && line.starts_with("FAILED: ")) failed = line;
  }
  return failed;
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
  Builder(const BuildWish& wish, Steps& steps)
      : wish_(wish),
        steps_(steps),
        log_(wish.folder + ".log"),
        tree_(wish.folder + "/tree") {}

  absl::StatusOr<KernelBuild> Build() {
    if (absl::Status status = Mirror(wish_.tree, tree_); !status.ok()) {
      return status;
    }
    std::vector<CheckedArch> arches = wish_.arches;
    // It is probably what it was.
    if (!wish_.walkers.empty()) {
      same_ = absl::StrSplit(Cached(wish_.folder, "PXDFUZZ_KERNEL_SAME"), ';',
                             absl::SkipEmpty());
    }
    while (!arches.empty()) {
      if (absl::Status status = Configure(arches); !status.ok()) return status;
      build_.targets = ReadTargets();
      ReadSliced();
      if (build_.targets.empty()) break;
      absl::StatusOr<bool> done = Compile(Slices(), arches);
      if (done.ok() && *done) {
        if (FindSame()) continue;
        done = Compile(Programs(), arches);
      }
      if (!done.ok()) return done.status();
      if (*done) return Keep();
    }
    build_.targets.clear();
    return build_;
  }

  absl::StatusOr<std::map<std::string, std::string>> Slice() {
    absl::Status status = Mirror(wish_.tree, tree_);
    if (status.ok()) status = Configure(wish_.arches);
    if (!status.ok()) return status;
    std::map<std::string, std::string> hashes;
    std::vector<std::string> parts;
    for (const KernelBuild::Target& target : ReadTargets()) {
      for (const std::string& code : target.codes) {
        if (hashes.try_emplace(code).second) parts.push_back(SliceFile(code));
      }
    }
    if (hashes.empty()) {
      return absl::UnavailableError("the tree has no code that is sliced");
    }
    const absl::StatusOr<CommandResult> result = Ninja(parts);
    if (!result.ok()) return result.status();
    if (!result->ok()) return Failure(result->out, "it cannot be sliced", log_);
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
        {"PXDFUZZ_KERNEL_TREE", tree_},
        {"PXDFUZZ_KERNEL_CONFIGURED_BY", ConfiguredBy(wish_.tree)},
        {"PXDFUZZ_KERNEL_ARCHES", absl::StrJoin(names, ";")},
        {"PXDFUZZ_KERNEL_VARIANTS", absl::StrJoin(configurations, ";")},
        {"PXDFUZZ_KERNEL_LEFT_OUT", absl::StrJoin(left_out_, ";")},
        {"PXDFUZZ_KERNEL_SAME", absl::StrJoin(same_, ";")},
        {"PXDFUZZ_KERNEL_CONFIG", wish_.config ? wish_.config->file : ""},
        {"PXDFUZZ_KERNEL_CONFIG_ARCH",
         wish_.config ? std::string(wish_.config->arch.in_tree) : ""},
        {"PXDFUZZ_KERNEL_COVERAGE", "ON"},
        {"PXDFUZZ_FOR_CHECK", "ON"},
        {"PXDFUZZ_SLICER", Slicer()},
        // Smaller, faster to link, and a stack still has its lines.
        {"CMAKE_CXX_FLAGS_RELWITHDEBINFO", "-O2 -g1"},
        {"CMAKE_C_FLAGS_RELWITHDEBINFO", "-O2 -g1"}};
    CommandLine command = {
        .words = {"cmake", "--preset", "kernel", "-B", wish_.folder,
                  "-DCMAKE_CXX_COMPILER=" + wish_.compiler},
        .folder = wish_.source,
        .log = wish_.folder + ".configure.log",
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
        return Failure(result->out, "it cannot be configured", command.log);
      }
    }
    return absl::OkStatus();
  }

 private:
  // The slicer of the tool's own build, if it has one.
  static std::string Slicer() {
    std::error_code error;
    const fs::path slicer = fs::read_symlink("/proc/self/exe", error)
                                .replace_filename("pxdfuzz_slice");
    return fs::exists(slicer, error) ? slicer.string() : "pxdfuzz_slice";
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

  void ReadSliced() {
    build_.sliced.clear();
    std::ifstream in(wish_.folder + "/kernel_codes.txt");
    for (std::string code, configuration; in >> code >> configuration;) {
      build_.sliced.push_back({.name = code,
                               .configuration = configuration,
                               .arch = ArchOf(code, configuration).id,
                               .same_as = code});
    }
  }

  static std::string SliceFile(const std::string& code) {
    return Concat({"kernel/slices/", code, ".c"});
  }

  // What is compiled whatever the slices are stands beside them, so that all
  // processors have something to do.
  std::vector<std::string> Slices() const {
    std::vector<std::string> parts = {"pxdfuzz_kernel_program",
                                      "pxdfuzz_kernel_target"};
    for (const KernelBuild::Sliced& sliced : build_.sliced) {
      parts.push_back(SliceFile(sliced.name));
    }
    return parts;
  }

  std::vector<std::string> Programs() const {
    std::vector<std::string> parts;
    for (const KernelBuild::Target& target : build_.targets) {
      parts.push_back(target.name);
      parts.insert(parts.end(), target.codes.begin(), target.codes.end());
    }
    return parts;
  }

  // Finds code that does what another configuration's does. Whether that is
  // other code than was configured.
  bool FindSame() {
    std::vector<std::string> same;
    std::map<std::vector<std::string>, std::string> first;
    for (KernelBuild::Sliced& sliced : build_.sliced) {
      std::vector<std::string> does = {std::string(Name(sliced.arch))};
      for (const std::string& walker : wish_.walkers) {
        does.push_back(
            WalkerHash(wish_.folder + "/kernel/slices", sliced.name, walker));
      }
      if (wish_.walkers.empty() || does.back().empty()) {
        does.push_back(sliced.name);
      }
      sliced.same_as = first.try_emplace(does, sliced.name).first->second;
      if (sliced.same_as == sliced.name) continue;
      same.push_back(Concat({ArchOf(sliced.name, sliced.configuration).in_tree,
                             "/", sliced.configuration}));
    }
    return std::exchange(same_, same) != same;
  }

  // "12 of 30, 8 s left", by the last line that ninja wrote.
  std::string Progress() const {
    const std::string log = ReadFile(log_).value_or("");
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

  absl::StatusOr<CommandResult> Ninja(const std::vector<std::string>& parts) {
    CommandLine command = {.words = {"cmake", "--build", wish_.folder, "-j",
                                     std::to_string(wish_.jobs), "--target"},
                           .log = log_,
                           .tick = [this] { steps_.Tick(Progress()); }};
    command.words.insert(command.words.end(), parts.begin(), parts.end());
    // All that fails is to be seen.
    command.words.insert(command.words.end(), {"--", "-k", "0"});
    return RunCommand(command);
  }

  // Whether all parts were made. What does not compile is taken out of `arches`
  // or added to left_out_.
  absl::StatusOr<bool> Compile(const std::vector<std::string>& parts,
                               std::vector<CheckedArch>& arches) {
    const absl::StatusOr<CommandResult> result = Ninja(parts);
    if (!result.ok()) return result.status();
    if (result->ok()) return true;
    bool has_failed = false;
    const std::string log = Kept(log_);
    for (const auto& [code, configuration, id, same_as] : build_.sliced) {
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
                                .reason = Concat({reason, "; see ", log}),
                                .is_failure = true});
    }
    if (has_failed) return false;
    return absl::UnavailableError(
        Concat({ErrorIn(result->out), "; see ", log}));
  }

  absl::Status Failure(const std::string& said, std::string_view what,
                       const std::string& log) {
    const std::string reason = ErrorIn(said);
    return absl::UnavailableError(
        Concat({reason.empty() ? what : reason, "; see ", Kept(log)}));
  }

  // A log in the folder of the check, where the next build leaves it alone.
  std::string Kept(const std::string& log) {
    if (wish_.out.empty()) return log;
    std::error_code error;
    fs::create_directories(wish_.out, error);
    const std::string kept =
        Concat({wish_.out, "/failed-", std::to_string(++failures_), ".log"});
    fs::copy_file(log, kept, fs::copy_options::overwrite_existing, error);
    return error ? log : kept;
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
        return ErrorIn(part);
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
    std::vector<std::string> names = Programs();
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
    // With a patch, these configurations may differ.
    for (const KernelBuild::Sliced& sliced : build_.sliced) {
      if (sliced.same_as == sliced.name) continue;
      const std::string link = build_.bin + "/" + sliced.name;
      fs::remove(link, error);
      fs::create_symlink(sliced.same_as, link, error);
    }
    const absl::Status kept = KeepSlices();
    if (!kept.ok()) return kept;
    AddLeftOut();
    ReadOverruled();
    return build_;
  }

  // Copies the slices, which have the line numbers of the tree.
  absl::Status KeepSlices() const {
    std::error_code error;
    fs::create_directories(build_.slices, error);
    for (const KernelBuild::Sliced& sliced : build_.sliced) {
      const std::string name = Concat({"/", sliced.name, ".c"});
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
    const KernelBuild::Sliced* slice =
        build_.FindSlice(wish_.config->arch.id, kOwnConfig);
    if (slice == nullptr) return;
    std::ifstream in(
        Concat({wish_.folder, "/kernel/slices/", slice->name, ".log"}));
    for (std::string line; std::getline(in, line);) {
      const size_t at = line.find(kMark);
      if (at != line.npos) build_.overruled = line.substr(at + kMark.size());
    }
  }

  const BuildWish& wish_;
  Steps& steps_;
  const std::string log_;  // of ninja
  // What is compiled: always the same folder, so that only what differs from
  // the tree before is compiled again.
  const std::string tree_;
  KernelBuild build_;
  std::vector<std::string> left_out_;  // "s390/no-thp"
  // Sliced, and not compiled.
  std::vector<std::string> same_;
  int failures_ = 0;
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

const KernelBuild::Sliced* KernelBuild::FindSlice(
    ArchId arch, std::string_view configuration) const {
  for (const Sliced& slice : sliced) {
    if (slice.arch == arch && slice.configuration == configuration) {
      return &slice;
    }
  }
  return nullptr;
}

std::string_view KernelBuild::ConfigurationOf(const KernelCode& code) const {
  for (const Sliced& slice : sliced) {
    if (slice.name == code.name) return slice.configuration;
  }
  return "";
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
