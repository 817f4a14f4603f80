// SPDX-License-Identifier: MIT

// ./run ossfuzz: what ClusterFuzzLite and OSS-Fuzz would build from this
// repository, without the services. Runs .clusterfuzzlite/build.sh in the
// services' environment and applies their checks to its output: those of
// bad_build_check and of the code that starts targets.
//
//   ossfuzz_check CLANG++ [BUILD...]
//
// CLANG++ is the path of clang++-N; the other programs of LLVM are in its
// folder. Runs in the project's folder, and exits with 1 if something is wrong.

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "fuzz/targets.h"
#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

const std::string kFolder = fs::absolute("build/ossfuzz").string();

// The builds; `library` is one with an engine that is a library with only a
// main, which is how engines other than libFuzzer are linked.
const std::vector<std::string> kBuilds = {"address", "undefined", "coverage",
                                          "library"};

// The flags of the base image, without those that disable warnings. The image
// separates words by one blank.
constexpr char kCommonFlags[] =
    "-O1 -fno-omit-frame-pointer -gline-tables-only "
    "-DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION";
#define CHECKS                                                           \
  "array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null," \
  "object-size,return,returns-nonnull-attribute,shift,"                  \
  "signed-integer-overflow,unreachable,vla-bound,vptr"
const std::map<std::string, std::string> kBuildFlags = {
    {"address",
     " -fsanitize=address -fsanitize-address-use-after-scope "
     "-fsanitize=fuzzer-no-link"},
    {"undefined",
     " -fsanitize=" CHECKS
     " -fsanitize=unsigned-integer-overflow -fno-sanitize-recover=" CHECKS
     " -fsanitize=fuzzer-no-link"},
    {"coverage",
     " -fprofile-instr-generate -fcoverage-mapping -pthread "
     "-Wl,--no-as-needed -Wl,-ldl -Wl,-lm -Wno-unused-command-line-argument"},
    {"library", ""}};

// How the services start targets.
const std::vector<std::string> kStartedWith = {"-rss_limit_mb=2560",
                                               "-timeout=25"};
constexpr char kAsanOptions[] =
    "ASAN_OPTIONS=alloc_dealloc_mismatch=0:allocator_may_return_null=1:"
    "allocator_release_to_os_interval_ms=500:check_malloc_usable_size=0:"
    "detect_container_overflow=1:detect_odr_violation=0:detect_leaks=1:"
    "detect_stack_use_after_return=1:fast_unwind_on_fatal=0:handle_abort=1:"
    "handle_segv=1:handle_sigill=1:max_uar_stack_size_log=16:"
    "quarantine_size_mb=10:strict_memcmp=1:symbolize=1:use_sigaltstack=1";
constexpr char kUbsanOptions[] =
    "UBSAN_OPTIONS=print_stacktrace=1:print_summary=1:"
    "silence_unsigned_overflow=1";

// The limits of bad_build_check: minimum number of edges; calls of a
// sanitizer's runtime, a minimum if it is on and a maximum if it is off.
constexpr uint64_t kEdges = 100;
constexpr uint64_t kAsanOn = 1000;
constexpr uint64_t kAsanOff = 0;
constexpr uint64_t kUbsanOn = 169;
constexpr uint64_t kUbsanOff = 200;
constexpr uint64_t kMsanOff = 3;

// Libraries of the image in which targets run.
const std::set<std::string> kLibraries = {
    "ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2",
    "libgcc_s.so.1",        "libm.so.6", "libpthread.so.0",
    "libresolv.so.2",       "librt.so.1"};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Runs a program in the present environment and returns its output.
std::string OutputOf(std::vector<std::string> words) {
  const std::string log = kFolder + "/output";
  RunWithLog({.words = std::move(words)}, log);
  std::string output = ReadFile(log).value_or("");
  while (output.ends_with('\n')) output.pop_back();
  return output;
}

// Matching lines, and the group of the first match.
struct Match {
  uint64_t count = 0;
  std::string first;

  uint64_t number() const { return std::strtoull(first.c_str(), nullptr, 10); }
};
Match Find(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern, std::regex::optimize);
  Match match;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::smatch found;
    if (!std::regex_search(line, found, regex)) continue;
    if (++match.count == 1 && found.size() > 1) match.first = found[1];
  }
  return match;
}

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The project as a service gets it.
void CopySources(const fs::path& to) {
  std::set<std::string> excluded;
  std::istringstream lines(ReadFile(".dockerignore").value_or(""));
  for (std::string line; std::getline(lines, line);) excluded.insert(line);
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(".")) {
    const std::string name = entry.path().filename();
    if (excluded.contains(name)) continue;
    fs::copy(entry.path(), to / name,
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }
}

class Checker {
 public:
  explicit Checker(std::string clang) : clang_(std::move(clang)) {
    for (const Target& target : kTargets) {
      if (target.use == "shipped") shipped_.push_back(&target);
    }
  }

  void CheckThatSomethingShips() {
    Require(!shipped_.empty(), "no target ships: see fuzz/targets.def");
  }

  // Checks of the workflows that do not need to run them.
  void CheckWorkflows() {
    for (const fs::path& file : FilesIn(".github/workflows")) {
      const std::string text = ReadFile(file).value_or("");
      if (Find(text, "^permissions:").count == 0) {
        Wrong(file.string() + ": no permissions at the top");
      }
      const Match uses = Find(text, "uses:");
      if (Find(text, "uses: [a-z/-]+[a-z_/-]+@v[0-9]+$").count != uses.count) {
        Wrong(file.string() + ": an action is not pinned by a tag");
      }
    }
  }

  void Try(const std::string& name) {
    name_ = name;
    place_ = kFolder + '/' + name;
    before_ = place_ + "/build";
    after_ = place_ + "/moved";
    out_ = place_ + "/not-out";
    fs::remove_all(place_);
    fs::create_directories(before_);
    fs::create_directories(out_);
    ChooseFlags();
    std::printf("  %-10s ", name.c_str());
    std::fflush(stdout);
    const auto started = std::chrono::steady_clock::now();
    const std::string log = place_ + "/build.log";
    if (!Build(log)) {
      std::puts("");
      Wrong("build.sh fails; see " + log);
      return;
    }
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - started;
    std::printf("built in %.1f s with %s\n", took.count(), library_.c_str());
    // Targets run on other machines, where nothing is at its old place.
    for (const auto& entry : fs::directory_iterator(before_ + "/out")) {
      fs::rename(entry.path(), out_ + '/' + entry.path().filename().string());
    }
    fs::rename(before_, after_);

    CheckNames();
    for (const Target* target : shipped_) {
      const std::string target_name(target->name);
      if (!fs::exists(out_ + '/' + target_name)) continue;
      figures_.clear();
      CheckTarget(target_name);
      if (name == "library") {
        CheckReplay(*target);
      } else {
        CheckStart(target_name);
        if (name != "coverage") CheckCalls(target_name);
        CheckInputs(*target);
        if (name == "coverage") CheckCoverage(target_name);
      }
      std::printf(
          "    %-17s%s  %s KiB\n", target_name.c_str(), figures_.c_str(),
          Grouped(fs::file_size(out_ + '/' + target_name) / 1024).c_str());
    }
  }

  int problems() const { return problems_; }

 private:
  void Wrong(const std::string& what) {
    ++problems_;
    std::printf("    wrong: %s\n", what.c_str());
  }
  void Require(bool holds, const std::string& otherwise) {
    if (!holds) Wrong(otherwise);
  }
  std::string LogOf(const std::string& target, const std::string& what) const {
    return Concat({place_, "/", target, ".", what, ".log"});
  }
  // llvm-cov-19, in the folder of clang++-19.
  std::string Llvm(const std::string& program) const {
    const size_t at = clang_.rfind("clang++");
    return clang_.substr(0, at) + program + clang_.substr(at + 7);
  }

  // Flags for the current build.
  void ChooseFlags() {
    flags_ = kCommonFlags + kBuildFlags.at(name_);
    engine_ = "-fsanitize=fuzzer";
    const std::string libcxx = OutputOf({clang_, "-print-file-name=libc++.a"});
    const std::string abi = OutputOf({clang_, "-print-file-name=libc++abi.a"});
    if (libcxx.starts_with('/') && abi.starts_with('/')) {
      library_ = "libc++";
      // The image has it only as an archive. Debian's libFuzzer requires the
      // other library.
      const std::string folder = place_ + "/lib";
      fs::create_directories(folder);
      std::ofstream(folder + "/libc++.a")
          << "INPUT(" << libcxx << ' ' << abi << ")\n";
      flags_ += " -stdlib=libc++ -L" + folder;
      engine_ += " -l:libstdc++.so.6";
    } else {
      library_ = "libstdc++";
      flags_ += " -static-libstdc++";
    }
    if (name_ == "library") engine_ = before_ + "/libFuzzingEngine.a";
  }

  // Runs build.sh on a copy of the project.
  bool Build(const std::string& log) const {
    for (const char* folder : {"/work", "/out"}) {
      fs::create_directories(before_ + folder);
    }
    CopySources(before_ + "/src/pxdfuzz");
    fs::copy_file(".clusterfuzzlite/build.sh", before_ + "/src/build.sh");
    const bool is_library = name_ == "library";
    std::string line = "cd '" + before_ + "/src/pxdfuzz' && ";
    if (is_library) {
      const std::string object = before_ + "/engine.o";
      line += Concat({clang_, " ", flags_,
                      " -std=c++20 -Iinclude -I. -c "
                      "fuzz/engines/replay_main.cc -o ",
                      object, " && ar rc ", engine_, " ", object, " && "});
    }
    line += Concat({"exec env -i PATH=\"$PATH\" HOME=\"$HOME\" CC=",
                    Llvm("clang"),
                    " CXX=",
                    clang_,
                    " CFLAGS=",
                    ShellWord(flags_),
                    " CXXFLAGS=",
                    ShellWord(flags_),
                    " LIB_FUZZING_ENGINE=",
                    ShellWord(engine_),
                    " FUZZING_ENGINE=",
                    is_library ? "other" : "libfuzzer",
                    " SANITIZER=",
                    is_library ? "none" : name_,
                    " ARCHITECTURE=x86_64 FUZZING_LANGUAGE=c++ SRC=",
                    before_,
                    "/src WORK=",
                    before_,
                    "/work OUT=",
                    before_,
                    "/out bash -eux ",
                    before_,
                    "/src/build.sh"});
    return RunWithLog({.words = {"sh", "-c", line}}, log).shell_code() == 0;
  }

  // Starts a target as a service does, away from where it was built. Its
  // output, and whether it succeeded.
  std::pair<std::string, bool> Start(const std::string& target,
                                     const std::string& log,
                                     const std::vector<std::string>& flags) {
    std::vector<std::string> words = {
        "env",
        "-i",
        "-C",
        out_,
        "PATH=" + Variable("PATH"),
        "HOME=/",
        kAsanOptions,
        kUbsanOptions,
        Concat({"LLVM_PROFILE_FILE=", place_, "/", target, ".profraw"}),
        "timeout",
        "600",
        out_ + '/' + target};
    words.insert(words.end(), kStartedWith.begin(), kStartedWith.end());
    words.insert(words.end(), flags.begin(), flags.end());
    const Process::End end = RunWithLog({.words = std::move(words)}, log);
    return {ReadFile(log).value_or(""), end.shell_code() == 0};
  }

  void CheckNames() {
    std::set<std::string> expected;
    for (const Target* target : shipped_) {
      for (const char* ending : {"", ".dict", ".options", "_seed_corpus.zip"}) {
        expected.insert(std::string(target->name) + ending);
      }
    }
    for (const auto& entry : fs::directory_iterator(out_)) {
      const std::string name = entry.path().filename();
      Require(expected.contains(name),
              name + " is left in $OUT and belongs to no target");
    }
    for (const std::string& name : expected) {
      std::error_code error;
      const uintmax_t size = fs::file_size(out_ + '/' + name, error);
      Require(!error && size > 0, name + " is not in $OUT, or empty");
    }
  }

  // The files that a service treats as targets, and whether each starts in
  // place.
  void CheckTarget(const std::string& target) {
    const std::string file = out_ + '/' + target;
    const std::string bytes = ReadFile(file).value_or("");
    Require(bytes.starts_with("\x7f"
                              "ELF"),
            target + " is no program");
    Require(bytes.find("LLVMFuzzerTestOneInput") != bytes.npos,
            target + " has no name of an entry point: it is not seen");
    // In the folder of its debug information.
    Require(
        OutputOf({"strings", "-d", file}).find(before_) == std::string::npos,
        target + " knows the build folder");
    std::istringstream lines(OutputOf({"objdump", "-p", file}));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string key;
      std::string needed;
      if (!(words >> key >> needed) || key != "NEEDED") continue;
      Require(kLibraries.contains(needed) || engine_.ends_with(needed),
              target + " needs " + needed);
    }
  }

  void CheckStart(const std::string& target) {
    const std::string log = LogOf(target, "start");
    const auto [printed, ended_well] =
        Start(target, log, {"--", "-seed=1337", "-runs=4"});
    Require(ended_well, target + " fails; see " + log);
    Require(Find(printed, "Done 4 runs").count > 0,
            target + " did not run; see " + log);
    if (name_ == "coverage") return;  // different, see CheckCoverage
    Require(Find(printed, "no interesting inputs").count == 0,
            target + " has no coverage of an empty input");
    const uint64_t edges =
        Find(printed,
             "^INFO: Loaded [0-9]+ module.*(?:counters|guards)\\): ([0-9]+) ")
            .number();
    figures_ += "  edges " + Grouped(edges);
    Require(edges >= kEdges,
            Concat({target, " has ", std::to_string(edges),
                    " edges of at least ", std::to_string(kEdges)}));
  }

  // How many calls of a sanitizer's runtime functions there are.
  void CheckCalls(const std::string& target) {
    const std::string code = OutputOf({"objdump", "-dC", out_ + '/' + target});
    std::map<std::string, uint64_t> calls;
    for (size_t at = 0; (at = code.find("call ", at)) != code.npos; ++at) {
      const size_t open = code.find("<__", at);
      const size_t end = code.find('\n', at);
      if (open == code.npos || open > end) continue;
      for (const char* runtime : {"asan", "ubsan", "msan"}) {
        if (code.compare(open + 3, std::string(runtime).size(), runtime) == 0) {
          ++calls[runtime];
        }
      }
    }
    figures_ += Concat({"  asan ", Grouped(calls["asan"]), "  ubsan ",
                        Grouped(calls["ubsan"])});
    if (name_ == "address") {
      Require(calls["asan"] >= kAsanOn && calls["ubsan"] <= kUbsanOff,
              target + " is not built with the address sanitizer alone");
    } else if (name_ == "undefined") {
      Require(calls["ubsan"] >= kUbsanOn && calls["asan"] <= kAsanOff,
              target + " is not built with the undefined sanitizer alone");
    }
    Require(calls["msan"] <= kMsanOff,
            target + " is built with the memory sanitizer");
  }

  std::string SeedsOf(const Target& target) const {
    return Concat({place_, "/", target.name, ".seeds"});
  }

  // Unpacks the seeds and returns how many there are.
  size_t UnpackSeeds(const Target& target) {
    const std::string archive =
        Concat({out_, "/", target.name, "_seed_corpus.zip"});
    const std::string folder = SeedsOf(target);
    const std::string log = LogOf(std::string(target.name), "unzip");
    fs::create_directories(folder);
    Require(
        RunWithLog({.words = {"unzip", "-q", "-o", archive, "-d", folder}}, log)
                .shell_code() == 0,
        archive + " cannot be unpacked; see " + log);
    for (const std::string& from : {Concat({"corpus/", target.seeds}),
                                    std::string("corpus/regressions")}) {
      for (const fs::path& file : FilesIn(from)) {
        if (file.extension() == ".yaml") continue;
        const auto packed = ReadFile(folder / file.filename());
        Require(packed.has_value() && packed == ReadFile(file),
                Concat({archive, " lacks ", file.string()}));
      }
    }
    return FilesIn(folder).size();
  }

  // As flags; an error if a line is not one.
  std::vector<std::string> OptionsOf(const std::string& target) {
    std::vector<std::string> flags;
    std::string section;
    std::istringstream lines(
        ReadFile(Concat({out_, "/", target, ".options"})).value_or(""));
    const std::regex option("([a-z_]+) *= *([^ ]+)");
    for (std::string line; std::getline(lines, line);) {
      std::smatch found;
      if (line.empty() || line[0] == '#') continue;
      if (line[0] == '[') {
        section = line;
      } else if (section == "[libfuzzer]" &&
                 std::regex_match(line, found, option)) {
        flags.push_back(Concat({"-", found[1].str(), "=", found[2].str()}));
      } else {
        Wrong(Concat({target, ".options: ", line}));
      }
    }
    return flags;
  }

  // Seeds, options and dictionary together, as at the start of fuzzing.
  void CheckInputs(const Target& of) {
    const std::string target(of.name);
    const std::string log = LogOf(target, "inputs");
    const size_t seeds = UnpackSeeds(of);
    uintmax_t largest = 0;
    for (const fs::path& file : FilesIn(SeedsOf(of))) {
      largest = std::max(largest, fs::file_size(file));
    }
    std::vector<std::string> flags = OptionsOf(target);
    uint64_t longest = 0;
    for (const std::string& flag : flags) {
      if (!flag.starts_with("-max_len=")) continue;
      longest = std::strtoull(flag.c_str() + 9, nullptr, 10);
    }
    Require(longest >= largest && longest > 0,
            Concat({target, ".options has no max_len, or one below ",
                    std::to_string(largest)}));
    flags.insert(flags.end(),
                 {"-dict=" + target + ".dict", "-runs=0", SeedsOf(of)});
    const auto [printed, ended_well] = Start(target, log, flags);
    Require(ended_well, target + " fails on its seeds; see " + log);
    Require(Find(printed, "unrecognized flag").count == 0,
            target + ".options has a flag that is none; see " + log);
    const uint64_t loaded =
        Find(printed, "^INFO: seed corpus: files: ([0-9]+) ").number();
    Require(loaded == seeds && seeds > 0,
            Concat({target, " loads ", std::to_string(loaded), " of ",
                    std::to_string(seeds), " seeds"}));
    figures_ += "  seeds " + std::to_string(loaded);
    if (name_ != "coverage") {
      figures_ += "  features " + Find(printed, "INITED.* ft: ([0-9]+) ").first;
    }
    const uint64_t words =
        Find(printed, "^Dictionary: ([0-9]+) entries").number();
    figures_ += "  words " + std::to_string(words);
    Require(words > 0, target + ".dict cannot be read");
  }

  // The coverage of the seeds, with the sources in another place.
  void CheckCoverage(const std::string& target) {
    const std::string file =
        Concat({after_, "/src/pxdfuzz/include/pxdfuzz/",
                target == "translate_fuzzer" ? "reference/translate.h"
                                             : "walk/walk.h"});
    const std::string base = place_ + '/' + target;
    const std::string log = LogOf(target, "coverage");
    fs::create_directories(base + ".merged");
    Require(Start(target, log, {"-merge=1", base + ".merged", base + ".seeds"})
                .second,
            target + " cannot merge; see " + log);
    Require(RunWithLog({.words = {Llvm("llvm-profdata"), "merge", "-sparse",
                                  base + ".profraw", "-o", base + ".profdata"}},
                       log)
                    .shell_code() == 0,
            target + " writes no profile; see " + log);
    const std::string shown =
        OutputOf({Llvm("llvm-cov"), "show", out_ + '/' + target,
                  Concat({"-instr-profile=", base, ".profdata"}),
                  Concat({"-path-equivalence=", before_, ",", after_}), file});
    const uint64_t lines = Find(shown, "^ *[0-9]+\\| *[1-9]").count;
    const std::string name = fs::path(file).filename();
    figures_ += Concat({"  lines of ", name, " ", std::to_string(lines)});
    Require(lines > 0, Concat({target, ": no line of ", name, " is covered"}));
  }

  // A target whose engine replays files.
  void CheckReplay(const Target& of) {
    const std::string target(of.name);
    const std::string log = LogOf(target, "replay");
    const std::string seeds = std::to_string(UnpackSeeds(of));
    const Process::End end =
        RunWithLog({.words = {out_ + '/' + target, SeedsOf(of)}}, log);
    Require(end.shell_code() == 0 && Find(ReadFile(log).value_or(""),
                                          ": " + seeds + " inputs, no finding")
                                             .count > 0,
            Concat({target, " does not replay ", seeds, " seeds; see ", log}));
    figures_ += "  seeds " + seeds;
  }

  const std::string clang_;
  std::vector<const Target*> shipped_;
  int problems_ = 0;
  // For the current build: its name; its folder; in there, what build.sh sees
  // until it ends, and where that is moved; where results are moved.
  std::string name_;
  std::string place_;
  std::string before_;
  std::string after_;
  std::string out_;
  std::string library_;  // the C++ standard library
  std::string flags_;    // CXXFLAGS
  std::string engine_;   // LIB_FUZZING_ENGINE
  std::string figures_;  // of the current target
};

int Main(std::vector<std::string> words) {
  if (words.empty()) {
    std::fprintf(stderr, "usage: ossfuzz_check CLANG++ [BUILD...]\n");
    return 2;
  }
  const std::string clang = words[0];
  words.erase(words.begin());
  for (const std::string& word : words) {
    if (std::find(kBuilds.begin(), kBuilds.end(), word) != kBuilds.end()) {
      continue;
    }
    std::fprintf(stderr, "ossfuzz: there is no build '%s'; there are %s\n",
                 word.c_str(), Enumerate(kBuilds).c_str());
    return 2;
  }
  fs::create_directories(kFolder);
  std::puts("what services would build and run (.clusterfuzzlite/build.sh)");
  Checker checker(clang);
  checker.CheckThatSomethingShips();
  checker.CheckWorkflows();
  for (const std::string& build : words.empty() ? kBuilds : words) {
    checker.Try(build);
  }
  if (checker.problems() == 0) return 0;
  std::fprintf(stderr, "ossfuzz: %d problems\n", checker.problems());
  return 1;
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  return pxdfuzz::Main({argv + 1, argv + argc});
}
