// SPDX-License-Identifier: MIT

// pxdfuzz contract: the table of what gup_fast must return and must refuse, in
// Markdown, which docs/contract.md contains.

#include "pxdfuzz/reference/contract.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/commands.h"

namespace pxdfuzz {
namespace {

std::string_view Name(EntryMeaning meaning) {
  constexpr std::string_view kNames[] = {
      "no leaf",   "special",      "invalid",
      "kernel",    "execute-only", "2 GiB, old, clean, frame 0",
      "PROT_NONE", "read-only",    "writable"};
  return kNames[static_cast<size_t>(meaning)];
}

std::string_view Name(LeafSize size) {
  constexpr std::string_view kNames[] = {"pte", "pmd", "pud"};
  return kNames[static_cast<size_t>(size)];
}

// The names of the members of a set, and `all` if it has all `count` values.
template <class Value>
std::string NamesOf(EnumSet<Value> set, size_t count, std::string_view all) {
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) {
    const auto value = static_cast<Value>(i);
    if (set.Contains(value)) names.emplace_back(Name(value));
  }
  return names.size() == count ? std::string(all) : Enumerate(names);
}

std::string EntryOf(const ContractRow& row) {
  std::string text = NamesOf(row.entries, kEntryMeaningCount, "any leaf");
  const std::string sizes = NamesOf(row.sizes, 3, "");
  if (!sizes.empty()) text += Concat({", at ", sizes});
  const std::string arches = NamesOf(row.arches, 3, "");
  if (!arches.empty()) text += Concat({", on ", arches});
  if (row.traits.Contains(LeafTrait::kDevmap)) text += ", of device memory";
  if (row.traits.Contains(LeafTrait::kForbidden)) {
    text += ", of a key that PKRU forbids";
  }
  return text;
}

std::string PageOf(const ContractRow& row) {
  return row.traits.Contains(LeafTrait::kMixed)
             ? "several kinds"
             : NamesOf(row.pages, kPageKindCount, "any");
}

std::string FlagsOf(const ContractRow& row) {
  constexpr std::string_view kNames[] = {"`FOLL_WRITE`", "`FOLL_PIN`",
                                         "`FOLL_LONGTERM`"};
  std::vector<std::string> names;
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (row.with.Contains(static_cast<CallFlag>(i))) {
      names.emplace_back(kNames[i]);
    }
  }
  return names.empty() ? "any" : Enumerate(names);
}

}  // namespace

int RunContract(const Arguments& /*arguments*/, Output& out) {
  std::string text =
      "| entry | page | flags | answer | decided by | trees |\n"
      "|---|---|---|---|---|---|\n";
  for (const ContractRow& row : kContract) {
    text += Concat({"| ", EntryOf(row), " | ", PageOf(row), " | ", FlagsOf(row),
                    " | ", Name(row.duty), " | ", row.source, " | ", row.trees,
                    " |\n"});
  }
  out.Write(text);
  return kNothingFound;
}

}  // namespace pxdfuzz
