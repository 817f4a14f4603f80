// SPDX-License-Identifier: MIT

#include "kernel/slice/config_log.h"

#include <algorithm>
#include <map>

#include "kernel/slice/files.h"
#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz::slice {
namespace {

namespace fs = std::filesystem;
using Found = std::set<std::string, std::less<>>;

void AddConfigWords(std::string_view line, Found& found) {
  Words words(line);
  while (const auto word = words.Next()) {
    if (word->starts_with("CONFIG_")) found.emplace(*word);
  }
}

// "ifdef", "else", "endif": what a line says to the preprocessor.
std::string_view DirectiveOf(std::string_view line) {
  line = Stripped(line);
  if (!line.starts_with('#')) return {};
  return Words(line.substr(1)).Next().value_or("");
}

// The words in lines that `is_taken` says, and in the conditionals that they
// stand in.
void AddFile(std::string_view text, const std::vector<bool>& is_taken,
             Found& found) {
  std::vector<Found> around;
  const std::vector<std::string_view> lines = LinesOf(text);
  for (size_t i = 0; i < lines.size() && i < is_taken.size(); ++i) {
    const std::string_view directive = DirectiveOf(lines[i]);
    if (directive.starts_with("if")) {
      AddConfigWords(lines[i], around.emplace_back());
    } else if (directive == "endif" && !around.empty()) {
      around.pop_back();
    } else if (directive.starts_with("elif") && !around.empty()) {
      AddConfigWords(lines[i], around.back());
    }
    if (!is_taken[i]) continue;
    AddConfigWords(lines[i], found);
    for (const Found& words : around) {
      found.insert(words.begin(), words.end());
    }
  }
}

}  // namespace

std::vector<std::string> ConfigurationOff(const fs::path& tree,
                                          const std::vector<TakenLines>& taken,
                                          std::string_view macros) {
  std::map<std::string, std::vector<bool>> lines_of;
  for (const TakenLines& lines : taken) {
    if (!lines.is_code) continue;
    std::vector<bool>& is_taken = lines_of[lines.file];
    const auto last = static_cast<size_t>(std::max(lines.last, lines.first));
    if (is_taken.size() < last) is_taken.resize(last);
    std::fill(is_taken.begin() + std::max(lines.first - 1, 0),
              is_taken.begin() + static_cast<ptrdiff_t>(last), true);
  }
  Found asked;
  for (const auto& [file, is_taken] : lines_of) {
    const auto text = ReadFile(tree / file);
    if (text.has_value()) AddFile(*text, is_taken, asked);
  }
  for (const std::string_view line : LinesOf(macros)) {
    Words words(line);
    words.Next();
    const auto name = words.Next();
    if (name.has_value()) {
      const auto found = asked.find(*name);
      if (found != asked.end()) asked.erase(found);
    }
  }
  return {asked.begin(), asked.end()};
}

std::set<fs::path> FilesOf(std::string_view preprocessed) {
  std::set<std::string_view> names;
  for (const std::string_view line : LinesOf(preprocessed)) {
    if (!line.starts_with("# ")) continue;
    const size_t open = line.find('"');
    const size_t close = line.rfind('"');
    if (open >= close) continue;
    const std::string_view name = line.substr(open + 1, close - open - 1);
    if (!name.starts_with('<')) names.insert(name);
  }
  return {names.begin(), names.end()};
}

}  // namespace pxdfuzz::slice
