// SPDX-License-Identifier: MIT

#include "src/cli/text/case_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "src/cli/text/case_fields.h"
#include "src/cli/text/op_reader.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {
namespace {

constexpr size_t kMaxRequests = decltype(Case::requests)::capacity();
constexpr size_t kMaxSetup = decltype(Case::setup)::capacity();
constexpr size_t kMaxConcurrent = decltype(Case::concurrent)::capacity();
constexpr size_t kMaxRanges = decltype(Case::pages)::capacity();
constexpr size_t kMaxWords = decltype(Stack::words)::capacity();

// What a stack holds, but for words.
constexpr std::array kNamedContents = {StackContent::kZero, StackContent::kCopy,
                                       StackContent::kNext};

// Reads one text.
class CaseReader : private OpReader {
 public:
  using FieldReader::status;
  using OpReader::OpReader;

  bool Read(const YamlNode& root, Case& c) {
    const bool is_empty = IsEmptyCase(root);
    const Fields fields = FieldsOf(
        root, is_empty ? "a case without requests" : "a case",
        is_empty ? Keys{"version", "requests"}
                 : Keys{"version", "space", "requests", "stack", "tables"},
        is_empty ? Keys{} : Keys{"changes", "pages", "pkru"});
    if (!ok()) return false;
    if (!Version(*fields[0])) return false;
    if (is_empty) return true;
    return ReadPagingMode(*fields[1], c.mode) && ReadRequests(*fields[2], c) &&
           ReadStack(*fields[3], c.stack) &&
           (fields[6] == nullptr || ReadPages(*fields[6], c)) &&
           (fields[7] == nullptr || ReadPkru(*fields[7], c)) &&
           ReadSetup(*fields[4], c) &&
           (fields[5] == nullptr || ReadConcurrent(*fields[5], c));
  }

 private:
  static bool IsEmptyCase(const YamlNode& root) {
    for (size_t i = 0; i < root.keys.size(); ++i) {
      if (root.keys[i].text == "requests") {
        return root.items[i].kind == YamlNode::Kind::kList &&
               root.items[i].items.empty();
      }
    }
    return false;
  }

  bool Version(const YamlNode& node) {
    const std::optional<Number> number = AsNumber(node);
    if (number.has_value() && !number->negative &&
        (number->magnitude == kFormatVersion1 ||
         number->magnitude == kFormatVersion)) {
      is_v1_ = number->magnitude == kFormatVersion1;
      return true;
    }
    return Fail(
        node, Concat({"version: found ", Found(node), "; should be ",
                      std::to_string(kFormatVersion), ", or ",
                      std::to_string(kFormatVersion1), " for an older case"}));
  }

  bool ReadPagingMode(const YamlNode& node, PagingMode& mode) {
    if (node.kind == YamlNode::Kind::kScalar) {
      const std::optional<PagingMode> found = PagingModeFromName(node.text);
      if (found.has_value() && IsBuilt(*found)) {
        mode = *found;
        return true;
      }
    }
    std::vector<std::string> built;
    for (const PagingMode& known : kAllPagingModes) {
      if (IsBuilt(known)) built.push_back(Name(known));
    }
    return Fail(node, Concat({"space: found ", Found(node), "; should be ",
                              AnyOf(built)}));
  }

  bool ReadRequests(const YamlNode& node, Case& c) {
    if (!ListOf(node, "requests", 1, kMaxRequests)) return false;
    for (const YamlNode& item : node.items) {
      const Fields fields = FieldsOf(
          item, "a request", {"start", "pages", "access"},
          is_v1_ ? Keys{}
                 : Keys{"references", "refused", "inaccessible", "longterm"});
      Request request;
      int64_t pages = 0;
      if (!ok() || !Word(*fields[0], "start", request.start) ||
          !NumberIn(*fields[1], "pages", 1, Case::kMaxPages, pages) ||
          !ReadAccess(*fields[2], request.write)) {
        return false;
      }
      request.pages = static_cast<uint16_t>(pages);
      if (!is_v1_ &&
          (!ReadReferences(fields[3], request.references) ||
           !ReadPage(fields[4], "refused", request.pages, request.refused) ||
           !ReadPage(fields[5], "inaccessible", request.pages,
                     request.inaccessible) ||
           !ReadLongterm(fields[6], request))) {
        return false;
      }
      Case one;
      one.mode = c.mode;
      one.requests.push_back(request);
      Canonicalize(one);
      if (one.requests[0].start != request.start) {
        return CannotSay(*fields[0], "start", Hex(request.start),
                         Hex(one.requests[0].start));
      }
      c.requests.push_back(request);
    }
    return true;
  }

  bool ReadAccess(const YamlNode& node, bool& write) {
    if (node.kind == YamlNode::Kind::kScalar &&
        (node.text == "read" || node.text == "write")) {
      write = node.text == "write";
      return true;
    }
    return Fail(node, Concat({"access: found ", Found(node),
                              "; should be read or write"}));
  }

  // Null if the text does not say it.
  bool ReadReferences(const YamlNode* node, References& references) {
    return node == nullptr ||
           ReadOneOf(*node, "references",
                     std::array{References::kGet, References::kPin,
                                References::kEach},
                     references);
  }

  // An index of one of `pages` pages. Null if the text does not say it.
  bool ReadPage(const YamlNode* node, std::string_view key, uint16_t pages,
                std::optional<uint16_t>& page) {
    if (node == nullptr) return true;
    int64_t number = 0;
    if (!NumberIn(*node, key, 0, pages - 1, number)) return false;
    page = static_cast<uint16_t>(number);
    return true;
  }

  // Null if the text does not say it.
  bool ReadLongterm(const YamlNode* node, Request& request) {
    if (node == nullptr) return true;
    if (node->kind != YamlNode::Kind::kScalar ||
        (node->text != "true" && node->text != "false")) {
      return Fail(*node, Concat({"longterm: found ", Found(*node),
                                 "; should be true or false"}));
    }
    request.longterm = node->text == "true";
    if (!request.longterm || request.references != References::kGet) {
      return true;
    }
    return CannotSay(*node, "longterm", "true for get", "false");
  }

  bool ReadPages(const YamlNode& node, Case& c) {
    if (is_v1_) {
      return Fail(node, "pages: a case of version 1 has none");
    }
    if (!ListOf(node, "pages", 0, kMaxRanges)) return false;
    return std::all_of(
        node.items.begin(), node.items.end(),
        [&](const YamlNode& item) { return ReadRange(item, c); });
  }

  bool ReadPkru(const YamlNode& node, Case& c) {
    uint64_t pkru = 0;
    if (!Word(node, "pkru", pkru)) return false;
    const bool has = !is_v1_ && c.mode.arch == ArchId::kX86;
    c.pkru = static_cast<uint16_t>(has ? pkru : 0);
    return c.pkru == pkru || CannotSay(node, "pkru", Hex(pkru), Hex(c.pkru));
  }

  bool ReadRange(const YamlNode& node, Case& c) {
    const Fields fields = FieldsOf(node, "a range of pages",
                                   {"kind", "frame", "count", "size"}, {});
    if (!ok()) return false;
    PageRange range;
    if (!OneOf<PageKind>(*fields[0], "kind", kPageKindCount, range.kind) ||
        !Word(*fields[1], "frame", range.frame) ||
        !ReadCount(*fields[2], Case::kMaxPages, range.count) ||
        !OneOf<Level>(*fields[3], "size", kLevelCount, range.level)) {
      return false;
    }
    Case one;
    one.mode = c.mode;
    one.requests.push_back({});
    one.pages.push_back(range);
    Canonicalize(one);
    const PageRange& said = one.pages[0];
    if (said.level != range.level) {
      return CannotSay(*fields[3], "size", Name(range.level), Name(said.level));
    }
    if (said.frame != range.frame) {
      return CannotSay(*fields[1], "frame", Hex(range.frame), Hex(said.frame));
    }
    c.pages.push_back(range);
    return true;
  }

  // The value of an enumeration with `count` values whose name the text is.
  template <class Value>
  bool OneOf(const YamlNode& node, std::string_view key, size_t count,
             Value& value) {
    std::vector<std::string> names;
    for (size_t i = 0; i < count; ++i) {
      const auto known = static_cast<Value>(i);
      names.emplace_back(Name(known));
      if (node.kind != YamlNode::Kind::kScalar || node.text != names.back()) {
        continue;
      }
      value = known;
      return true;
    }
    return Fail(node, Concat({key, ": found ", Found(node), "; should be ",
                              AnyOf(names)}));
  }

  bool ReadStack(const YamlNode& node, Stack& stack) {
    const Fields fields =
        FieldsOf(node, "a stack", {"position", "around"}, {"words"});
    int64_t position = 0;
    if (!ok() ||
        !NumberIn(*fields[0], "position", 0, Stack::kMaxPosition, position)) {
      return false;
    }
    stack.position = static_cast<uint16_t>(position);
    if (!ReadOneOf(*fields[1], "around", kNamedContents, stack.around)) {
      return false;
    }
    if (fields[2] == nullptr) return true;
    if (!ListOf(*fields[2], "words", 0, kMaxWords)) return false;
    return std::all_of(
        fields[2]->items.begin(), fields[2]->items.end(),
        [&](const YamlNode& item) { return ReadStackWord(item, stack); });
  }

  bool ReadStackWord(const YamlNode& node, Stack& stack) {
    const Fields fields =
        FieldsOf(node, "a word on the stack", {"distance", "holds"}, {});
    int64_t distance = 0;
    if (!ok() ||
        !NumberIn(*fields[0], "distance", std::numeric_limits<int16_t>::min(),
                  std::numeric_limits<int16_t>::max(), distance)) {
      return false;
    }
    if (distance == 0) {
      return CannotSay(*fields[0], "distance", "0 (the local copy itself)",
                       "1");
    }
    StackWord word{.distance = static_cast<int16_t>(distance)};
    if (!IsOneOf(*fields[1], kNamedContents, word.content)) {
      const std::optional<Number> number = AsNumber(*fields[1]);
      if (!number.has_value() || number->negative) {
        return Fail(*fields[1],
                    Concat({"holds: found ", Found(*fields[1]),
                            "; should be zero, copy, next or a number of at "
                            "most 64 bits"}));
      }
      word.content = StackContent::kWord;
      word.word = number->magnitude;
    }
    stack.words.push_back(word);
    return true;
  }

  bool ReadSetup(const YamlNode& node, Case& c) {
    if (!ListOf(node, "tables", 0, kMaxSetup)) return false;
    return std::all_of(
        node.items.begin(), node.items.end(),
        [&](const YamlNode& item) { return ReadSetupOp(item, c); });
  }

  bool ReadConcurrent(const YamlNode& node, Case& c) {
    if (!ListOf(node, "changes", 0, kMaxConcurrent)) return false;
    return std::all_of(
        node.items.begin(), node.items.end(),
        [&](const YamlNode& item) { return ReadConcurrentOp(item, c); });
  }
};

}  // namespace

absl::StatusOr<Case> ReadCaseText(std::string_view text,
                                  std::string_view name) {
  if (text.size() > kMaxTextSize) {
    return YamlError(
        name, {},
        Concat({"found ", std::to_string(text.size()),
                " bytes; a text has at most ", std::to_string(kMaxTextSize)}));
  }
  const absl::StatusOr<YamlNode> root = ParseYaml(text, name);
  if (!root.ok()) return root.status();
  CaseReader reader(name);
  Case c;
  if (!reader.Read(*root, c)) return reader.status();
  return c;
}

bool IsCaseText(std::string_view bytes) {
  if (bytes.empty() || bytes[0] == static_cast<char>(kFormatVersion) ||
      bytes[0] == static_cast<char>(kFormatVersion1)) {
    return false;
  }
  // A byte-order mark, or UTF-16, does not make a text binary.
  if (bytes.starts_with("# pxdfuzz case") || bytes.starts_with("version:") ||
      bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
    return true;
  }
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return absl::ascii_isspace(byte) || (byte >= ' ' && byte != 0x7f);
  });
}

}  // namespace pxdfuzz
