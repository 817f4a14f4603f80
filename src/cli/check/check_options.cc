// SPDX-License-Identifier: MIT

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/campaign/campaign.h"
#include "src/cli/check/check.h"
#include "src/cli/check/findings/findings.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

absl::Status Wrong(std::string_view flag, std::string_view value,
                   std::string_view wanted) {
  return absl::InvalidArgumentError(
      Concat({flag, "=", value, ": ", wanted, " is wanted"}));
}

absl::StatusOr<int> Number(const Arguments& arguments, std::string_view flag) {
  const std::string value = arguments.Value(flag);
  int number = 0;
  if (absl::SimpleAtoi(value, &number) && number > 0) return number;
  return Wrong(flag, value, "a whole number from 1 on");
}

// Sorts a list with commas into elements of `all`, which `is` compares with a
// word. Without the flag, or with `all`, all of them.
template <class T, size_t kCount, class Is, class NameOf>
absl::Status ReadList(const Arguments& arguments, std::string_view flag,
                      const T (&all)[kCount], const Is& is,
                      const NameOf& name_of, std::vector<T>& chosen) {
  const std::string value = arguments.Value(flag);
  if (value.empty() || value == "all") {
    chosen.assign(std::begin(all), std::end(all));
    return absl::OkStatus();
  }
  const std::vector<std::string> words =
      absl::StrSplit(value, ',', absl::SkipEmpty());
  std::vector<std::string> names;
  for (const T& item : all) {
    const std::string name = name_of(item);
    if (names.empty() || names.back() != name) names.push_back(name);
    for (const std::string& word : words) {
      if (!is(item, word)) continue;
      chosen.push_back(item);
      break;
    }
  }
  for (const std::string& word : words) {
    const bool is_known =
        std::any_of(std::begin(all), std::end(all),
                    [&](const T& item) { return is(item, word); });
    if (!is_known) {
      return absl::InvalidArgumentError(Concat(
          {flag, "=", word, ": there are ", Enumerate(names), ", and all"}));
    }
  }
  if (chosen.empty()) return Wrong(flag, value, "a name");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> SourceFolder(const std::string& named) {
  std::error_code error;
  fs::path place = named;
  if (named.empty()) {
    // The tool is SOURCE/build/PRESET/bin/pxdfuzz.
    place = fs::read_symlink("/proc/self/exe", error);
    for (int i = 0; i < 4; ++i) place = place.parent_path();
  }
  place = fs::weakly_canonical(place, error);
  if (!fs::exists(place / "kernel/tree/parts.txt", error)) {
    return absl::InvalidArgumentError(
        Concat({"--source=", place.string(),
                ": no sources of pxdfuzz, which compile kernel code"}));
  }
  return place.string();
}

bool IsWished(const std::string& wish, const std::string& signature) {
  // A full name holds a version and one of many entries; its kind is meant.
  const bool is_pattern = wish.find('*') != wish.npos;
  return is_pattern ? fnmatch(wish.c_str(), signature.c_str(), 0) == 0
                    : KindOf(wish) == KindOf(signature);
}

absl::StatusOr<CheckOptions> ReadCheckOptions(const Arguments& arguments) {
  CheckOptions options = {.tree = arguments.operands[0],
                          .patch = arguments.Value("--patch"),
                          .against = arguments.Value("--against"),
                          .bisect = arguments.Value("--bisect"),
                          .jobs = Processors(),
                          .out = arguments.Value("--out"),
                          .resume = arguments.Has("--resume"),
                          .empty_corpus = arguments.Has("--empty-corpus"),
                          .json = arguments.Value("--json"),
                          .junit = arguments.Value("--junit"),
                          .source = arguments.Value("--source"),
                          .compiler = arguments.Value("--compiler")};
  if (arguments.Has("--jobs")) {
    const absl::StatusOr<int> jobs = Number(arguments, "--jobs");
    if (!jobs.ok()) return jobs.status();
    options.jobs = *jobs;
  }
  if (const std::string value = arguments.Value("--seconds");
      !value.empty() && value != "auto") {
    const absl::StatusOr<int> seconds = Number(arguments, "--seconds");
    if (!seconds.ok()) {
      return Wrong("--seconds", value, "a whole number from 1 on, or auto,");
    }
    options.seconds = *seconds;
  }
  absl::Status status = ReadList(
      arguments, "--arch", kCheckedArches,
      [](const CheckedArch& arch, std::string_view word) {
        return word == arch.in_tree || word == Name(arch.id);
      },
      [](const CheckedArch& arch) { return std::string(Name(arch.id)); },
      options.arches);
  if (!status.ok()) return status;
  status = ReadList(
      arguments, "--walkers", kCheckedWalkers,
      [](const CheckedWalker& walker, std::string_view word) {
        return word == walker.name;
      },
      [](const CheckedWalker& walker) { return std::string(walker.name); },
      options.walkers);
  if (!status.ok()) return status;
  status = ReadList(
      arguments, "--configurations", kConfigurations, std::equal_to<>(),
      [](std::string_view name) { return std::string(name); },
      options.configurations);
  if (!status.ok()) return status;
  // The flag does not choose these: the code as it is and --kconfig.
  for (const std::string_view always : {kConfigurations[0], kOwnConfig}) {
    if (std::find(options.configurations.begin(), options.configurations.end(),
                  always) == options.configurations.end()) {
      options.configurations.push_back(always);
    }
  }
  if (!options.bisect.empty() &&
      options.bisect.find('*') == std::string::npos &&
      !IsKind(KindOf(options.bisect))) {
    return absl::InvalidArgumentError(
        Concat({"--bisect=", options.bisect,
                ": no kind of finding; wrong-page and references are, and a "
                "pattern of signatures with * is taken too"}));
  }
  absl::StatusOr<std::string> source = SourceFolder(options.source);
  if (!source.ok()) return source.status();
  options.source = *std::move(source);
  if (options.compiler.empty()) options.compiler = "clang++";
  if (const std::string file = arguments.Value("--kconfig"); !file.empty()) {
    absl::StatusOr<KernelConfig> config =
        ReadKernelConfig(file, options.source + "/build/check/configs");
    if (!config.ok()) return config.status();
    const bool is_chosen = std::any_of(
        options.arches.begin(), options.arches.end(),
        [&](const CheckedArch& arch) { return arch.id == config->arch.id; });
    if (!is_chosen) {
      return absl::InvalidArgumentError(
          Concat({"--kconfig=", file, ": is of ", Name(config->arch.id),
                  ", which --arch leaves out"}));
    }
    options.config = *std::move(config);
  }
  return options;
}

}  // namespace pxdfuzz
