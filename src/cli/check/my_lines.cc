// SPDX-License-Identifier: MIT

#include "src/cli/check/my_lines.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/check/constants.h"
#include "src/cli/check/tree/patch.h"
#include "src/cli/check/tree/run_command.h"
#include "src/cli/sites/lexer.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// Lines of a comment, braces and blank ones run with their neighbours.
bool SaysNothing(const std::string& line) {
  const size_t at = line.find_first_not_of(" \t");
  if (at == line.npos) return true;
  const std::string_view text = std::string_view(line).substr(at);
  return text[0] == '*' || text.starts_with("/*") || text.starts_with("//") ||
         std::none_of(text.begin(), text.end(), IsWordCharacter);
}

// Where a line of a slice comes from.
struct Origin {
  std::string file;
  int line = 0;
};

// By line of the slice's file, counted from 0.
std::vector<Origin> OriginsOf(const std::string& file) {
  std::vector<Origin> origins;
  Origin next;
  for (const std::string& line : LinesOf(ReadFile(file).value_or(""))) {
    int number = 0;
    char name[256] = "";
    if (std::sscanf(line.c_str(), "#line %d \"%255[^\"]\"", &number, name) ==
            2 ||
        std::sscanf(line.c_str(), "# %d \"%255[^\"]\"", &number, name) == 2) {
      origins.emplace_back();
      next = {.file = name, .line = number};
      continue;
    }
    origins.push_back(next);
    ++next.line;
  }
  return origins;
}

std::string SliceOf(const KernelBuild& build, const KernelCode& code) {
  return Concat({build.slices, "/", code.name, ".c"});
}

absl::StatusOr<std::string> ToolOf(const std::string& compiler,
                                   const std::string& tool) {
  const absl::StatusOr<CommandResult> result =
      RunCommand({.words = {compiler, "-print-prog-name=" + tool}});
  if (!result.ok()) return result.status();
  return FirstLine(result->out);
}

// Profiles that the cells of an architecture left.
std::vector<std::string> ProfilesOf(const std::string& cells,
                                    std::string_view arch) {
  std::vector<std::string> profiles;
  std::error_code error;
  for (const auto& cell : fs::directory_iterator(cells, error)) {
    const std::string begin = Concat({arch, "-"});
    if (!cell.path().filename().string().starts_with(begin)) continue;
    for (const auto& file :
         fs::directory_iterator(cell.path() / "log", error)) {
      if (file.path().extension() == ".profraw") {
        profiles.push_back(file.path().string());
      }
    }
  }
  return profiles;
}

void Merge(const TreeLines& more, TreeLines& lines) {
  for (const auto& [file, of_file] : more) {
    for (const auto& [line, runs] : of_file) {
      auto [place, is_new] = lines[file].try_emplace(line, runs);
      if (is_new) continue;
      place->second.times += runs.times;
      place->second.is_one_way &= runs.is_one_way;
    }
  }
}

// What ran of one architecture's text.
absl::StatusOr<TreeLines> LinesOfArch(const KernelBuild& build,
                                      const CheckedArch& arch,
                                      const std::string& cells,
                                      const std::string& compiler) {
  const std::vector<std::string> profiles = ProfilesOf(cells, Name(arch.id));
  TreeLines lines;
  if (profiles.empty()) return lines;
  const std::string merged = Concat({cells, "/", arch.in_tree, ".profdata"});
  const auto profdata = ToolOf(compiler, "llvm-profdata");
  if (!profdata.ok()) return profdata.status();
  CommandLine merge = {.words = {*profdata, "merge", "-sparse", "-o", merged}};
  merge.words.insert(merge.words.end(), profiles.begin(), profiles.end());
  const absl::StatusOr<CommandResult> done = RunCommand(merge);
  if (!done.ok()) return done.status();
  if (!done->ok()) return absl::UnavailableError(done->Reason());
  const auto cov = ToolOf(compiler, "llvm-cov");
  if (!cov.ok()) return cov.status();
  for (const KernelCode& code : build.codes) {
    if (code.arch != Name(arch.id)) continue;
    const absl::StatusOr<CommandResult> exported = RunCommand(
        {.words = {*cov, "export", "-format=lcov", "-instr-profile=" + merged,
                   build.bin + "/" + code.name}});
    if (!exported.ok()) return exported.status();
    if (!exported->ok()) return absl::UnavailableError(exported->Reason());
    Merge(ReadLcov(exported->out, SliceOf(build, code)), lines);
  }
  return lines;
}

}  // namespace

std::vector<std::string> LinesOf(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string FunctionAt(const std::vector<std::string>& text, int line) {
  for (size_t i = std::min<size_t>(static_cast<size_t>(line), text.size());
       i > 0; --i) {
    const std::string& at = text[i - 1];
    if (at.empty()) continue;
    // The end of another function, unless it is this one's own.
    if (at[0] == '}' && static_cast<int>(i) < line) return "";
    if (!IsWordCharacter(at[0]) || at.back() == ':' || at.back() == ';') {
      continue;
    }
    const size_t open = at.find('(');
    if (open == at.npos) continue;
    size_t begin = open;
    while (begin > 0 && IsWordCharacter(at[begin - 1])) --begin;
    if (begin < open) return at.substr(begin, open - begin);
  }
  return "";
}

TreeLines ReadLcov(std::string_view lcov, const std::string& slice) {
  TreeLines lines;
  const std::string mark = "/" + fs::path(slice).filename().string();
  std::vector<Origin> origins;
  for (const std::string& row : LinesOf(lcov)) {
    if (row.starts_with("SF:")) {
      origins.clear();
      if (row.ends_with(mark)) origins = OriginsOf(slice);
      continue;
    }
    int number = 0;
    unsigned long long times = 0;
    char taken[32] = "";
    const bool is_line =
        std::sscanf(row.c_str(), "DA:%d,%llu", &number, &times) == 2;
    const bool is_branch =
        std::sscanf(row.c_str(), "BRDA:%d,%*[^,],%*[^,],%31s", &number,
                    taken) == 2;
    if ((!is_line && !is_branch) || number < 1 ||
        static_cast<size_t>(number) > origins.size()) {
      continue;
    }
    const Origin& origin = origins[static_cast<size_t>(number) - 1];
    if (origin.line == 0) continue;
    LineRuns& runs = lines[origin.file][origin.line];
    if (is_line) runs.times += times;
    if (is_branch && std::string_view(taken) == "0") runs.is_one_way = true;
  }
  return lines;
}

absl::StatusOr<std::vector<CheckVerdict::Change>> FindChanges(
    const KernelTree& tree, const KernelBuild& build, const std::string& cells,
    const std::string& compiler, const std::string& shims) {
  const auto changed =
      ChangedPlaces(tree.base, tree.folder, tree.changed_files);
  if (!changed.ok()) return changed.status();
  TreeLines ran;
  // Lines in the slices of an architecture, with their files.
  std::map<std::string_view, std::set<std::pair<std::string, int>>> sliced;
  for (const CheckedArch& arch : kCheckedArches) {
    for (const KernelCode& code : build.codes) {
      if (code.arch != Name(arch.id)) continue;
      for (const Origin& origin : OriginsOf(SliceOf(build, code))) {
        if (origin.line > 0) {
          sliced[Name(arch.id)].emplace(origin.file, origin.line);
        }
      }
    }
    const auto lines = LinesOfArch(build, arch, cells, compiler);
    if (!lines.ok()) return lines.status();
    Merge(*lines, ran);
  }
  std::map<std::pair<std::string, std::string>, CheckVerdict::Change> changes;
  const std::map<std::string, std::string> constants = ConstantsOf(shims);
  for (const auto& [file, places] : *changed) {
    const std::vector<std::string> text =
        LinesOf(ReadFile(tree.folder + "/" + file).value_or(""));
    std::set<int> lines;
    for (const ChangedPlace& place : places) {
      lines.insert(place.lines.begin(), place.lines.end());
      std::string code;
      for (const std::string& line : LinesOf(place.text)) {
        if (!SaysNothing(line)) code += line + "\n";
      }
      changes[{file, FunctionAt(text, *place.lines.begin())}].constants.merge(
          ConstantsIn(code, constants));
    }
    for (const int line : lines) {
      const std::string function = FunctionAt(text, line);
      CheckVerdict::Change& change = changes[{file, function}];
      change.file = file;
      change.function = function;
      for (const auto& [arch, of_arch] : sliced) {
        const std::string name(arch);
        if (of_arch.contains({file, line}) &&
            std::find(change.slices.begin(), change.slices.end(), name) ==
                change.slices.end()) {
          change.slices.push_back(name);
        }
      }
      const auto of_file = ran.find(file);
      if (of_file == ran.end() || !of_file->second.contains(line) ||
          static_cast<size_t>(line) > text.size() ||
          SaysNothing(text[static_cast<size_t>(line) - 1])) {
        continue;
      }
      ++change.lines;
      const LineRuns& runs = of_file->second.at(line);
      if (runs.times == 0) {
        change.not_executed.push_back(line);
      } else if (runs.is_one_way) {
        change.one_way.push_back(line);
      }
    }
  }
  std::vector<CheckVerdict::Change> result;
  for (auto& [key, change] : changes) result.push_back(std::move(change));
  return result;
}

}  // namespace pxdfuzz
