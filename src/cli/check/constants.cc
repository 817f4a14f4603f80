// SPDX-License-Identifier: MIT

#include "src/cli/check/constants.h"

#include <filesystem>
#include <sstream>
#include <system_error>

#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/sites/lexer.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// kernel/glue.h sets no other flags, and no case has such entries.
constexpr char kNoFlag[] = "no request has it";
constexpr struct {
  std::string_view name;
  std::string_view reason;
} kAbsent[] = {{"FOLL_FORCE", kNoFlag},
               {"FOLL_NOFAULT", kNoFlag},
               {"FOLL_PCI_P2PDMA", kNoFlag},
               {"FOLL_HONOR_NUMA_FAULT", kNoFlag},
               {"is_hugepd", "no case has a hugepd"}};

// The word at the beginning of `text`.
std::string_view WordOf(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && IsWordCharacter(text[end])) ++end;
  return text.substr(0, end);
}

// The macros of a header whose comment says "stub:" and that have a value. Such
// a comment is about all that follows, up to a blank line or another comment.
void AddStubs(const std::string& file, const std::string& name,
              std::map<std::string, std::string>& constants) {
  constexpr std::string_view kDefine = "#define ";
  std::istringstream in(ReadFile(file).value_or(""));
  bool is_stub = false;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with("/*")) is_stub = false;
    if (line.find("* stub: ") != line.npos) is_stub = true;
    if (!is_stub || !line.starts_with(kDefine)) continue;
    const std::string_view macro =
        WordOf(std::string_view(line).substr(kDefine.size()));
    const bool has_value = line.find(") ((void)") == line.npos;
    if (has_value) constants[std::string(macro)] = Concat({"a stub in ", name});
  }
}

}  // namespace

std::map<std::string, std::string> ConstantsOf(const std::string& shims) {
  std::map<std::string, std::string> constants;
  for (const auto& [name, reason] : kAbsent) {
    constants[std::string(name)] = reason;
  }
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(shims, error)) {
    if (entry.path().extension() != ".h") continue;
    AddStubs(entry.path().string(),
             Concat({"kernel/shim/",
                     entry.path().lexically_relative(shims).string()}),
             constants);
  }
  return constants;
}

std::map<std::string, std::string> ConstantsIn(
    std::string_view text,
    const std::map<std::string, std::string>& constants) {
  std::map<std::string, std::string> used;
  while (!text.empty()) {
    const std::string_view word = WordOf(text);
    if (const auto found = constants.find(std::string(word));
        found != constants.end()) {
      used.insert(*found);
    }
    text.remove_prefix(word.empty() ? 1 : word.size());
  }
  return used;
}

}  // namespace pxdfuzz
