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
#include "absl/strings/str_split.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/report/text_entries.h"
#include "pxdfuzz/view/paging_mode_info.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {
namespace {

constexpr size_t kMaxRequests = decltype(Case::requests)::capacity();
constexpr size_t kMaxRecords = decltype(Case::records)::capacity();
constexpr size_t kMaxChanges = decltype(Case::changes)::capacity();
constexpr size_t kMaxWords = decltype(Stack::words)::capacity();
constexpr uint64_t kMaxFrame = (uint64_t{1} << 32) - 1;  // in pages

// Text of the file in a message.
std::string Quoted(std::string_view text) { return Excerpt(text, 40); }

std::string Found(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNothing:
      return "nothing";
    case YamlNode::Kind::kList:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "a mapping";
    case YamlNode::Kind::kScalar:
      break;
  }
  return Concat({node.quoted ? "the text " : "", Quoted(node.text)});
}

// The same of what should be a mapping with one key.
std::string FoundItem(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kMapping
             ? Concat({"a mapping with ", Plural(node.keys.size(), "key")})
             : Found(node);
}

// "pages, count or frame".
std::string AnyOf(const std::vector<std::string>& items) {
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? " or " : ", ";
    text += items[i];
  }
  return text;
}

// A whole number with its sign. Its magnitude may be of 64 bits.
struct Number {
  bool negative = false;
  uint64_t magnitude = 0;
};

// Decimal, or hexadecimal after 0x. A 0 before other digits means eight times
// as much to some readers of YAML as to others, so nothing is made of it.
std::optional<Number> ParseNumber(std::string_view text) {
  Number number;
  if (text.starts_with('-') || text.starts_with('+')) {
    number.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  uint64_t base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  for (const char c : text) {
    uint64_t digit = base;
    if (c >= '0' && c <= '9') digit = static_cast<uint64_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<uint64_t>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<uint64_t>(c - 'A') + 10;
    if (digit >= base) return std::nullopt;
    constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
    if (number.magnitude > (kMax - digit) / base) return std::nullopt;
    number.magnitude = number.magnitude * base + digit;
  }
  if (number.magnitude == 0) number.negative = false;
  return number;
}

// The words of one line of text, each comma one of its own.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) { Skip(); }

  // The next word; "" at the end.
  std::string_view word() const { return word_; }
  // The one before it, if any.
  std::string_view last() const { return last_; }
  // From the next word to the end.
  std::string_view rest() const { return text_; }

  void Advance() {
    text_.remove_prefix(word_.size());
    last_ = word_;
    Skip();
  }

 private:
  void Skip() {
    text_.remove_prefix(
        std::min(text_.find_first_not_of(" \t\n"), text_.size()));
    word_ = text_.starts_with(',')
                ? text_.substr(0, 1)
                : text_.substr(0, text_.find_first_of(" \t\n,"));
  }

  std::string_view text_;
  std::string_view word_;
  std::string_view last_;
};

// Reads one text. The first error ends it: every function returns false then,
// and so do all that called it.
class CaseReader {
 public:
  explicit CaseReader(std::string_view name) : name_(name) {}

  const absl::Status& status() const { return status_; }

  bool Read(const YamlNode& root, Case& c) {
    const bool is_empty = IsEmptyCase(root);
    const Fields fields = FieldsOf(
        root, is_empty ? "a case without requests" : "a case",
        is_empty ? Keys{"version", "requests"}
                 : Keys{"version", "space", "requests", "stack", "tables"},
        is_empty ? Keys{} : Keys{"changes"});
    if (!ok()) return false;
    if (!Version(*fields[0])) return false;
    if (is_empty) return true;
    return ReadPagingMode(*fields[1], c.mode) && ReadRequests(*fields[2], c) &&
           ReadStack(*fields[3], c.stack) && ReadRecords(*fields[4], c) &&
           (fields[5] == nullptr || ReadChanges(*fields[5], c));
  }

 private:
  using Keys = std::vector<std::string>;
  // Values of the keys that were asked for, in their order; null where an
  // optional one is missing.
  using Fields = std::vector<const YamlNode*>;

  bool ok() const { return status_.ok(); }

  bool Fail(const YamlNode& where, std::string_view what) {
    if (ok()) status_ = YamlError(name_, where, what);
    return false;
  }

  bool CannotSay(const YamlNode& where, std::string_view key,
                 std::string_view found, std::string_view nearest) {
    return Fail(
        where, Concat({key, ": found ", found,
                       ", which a case cannot say; the nearest is ", nearest}));
  }

  // What is looked for in a mapping: all of `required`, any of `optional`.
  Fields FieldsOf(const YamlNode& node, std::string_view what,
                  const Keys& required, const Keys& optional) {
    Keys all = required;
    all.insert(all.end(), optional.begin(), optional.end());
    Fields fields(all.size(), nullptr);
    if (node.kind != YamlNode::Kind::kMapping) {
      Fail(node, Concat({"found ", Found(node), "; ", what,
                         " is a mapping with the keys ", Enumerate(all)}));
      return fields;
    }
    for (size_t i = 0; i < node.keys.size(); ++i) {
      const YamlNode& key = node.keys[i];
      const auto known = std::find(all.begin(), all.end(), key.text);
      if (key.kind != YamlNode::Kind::kScalar || known == all.end()) {
        Fail(key, Concat({"found the key ", Found(key), "; the keys of ", what,
                          " are ", Enumerate(all)}));
        return fields;
      }
      const YamlNode*& field = fields[known - all.begin()];
      if (field != nullptr) {
        Fail(key, Concat({"found the key ", Quoted(key.text),
                          " a second time; it should be there once"}));
        return fields;
      }
      field = &node.items[i];
    }
    for (size_t i = 0; i < required.size(); ++i) {
      if (fields[i] != nullptr) continue;
      Fail(node, Concat({"found no key '", required[i], "'; ", what,
                         " has the keys ", Enumerate(required)}));
      return fields;
    }
    return fields;
  }

  // A list of `least` to `most` items.
  bool ListOf(const YamlNode& node, std::string_view what, size_t least,
              size_t most) {
    if (node.kind != YamlNode::Kind::kList) {
      return Fail(
          node, Concat({what, ": found ", Found(node), "; should be a list"}));
    }
    if (node.items.size() > most) {
      return Fail(node.items[most],
                  Concat({what, ": found ", std::to_string(node.items.size()),
                          "; a case has at most ", std::to_string(most)}));
    }
    if (node.items.size() < least) {
      return Fail(node, Concat({what, ": found an empty list; should have ",
                                std::to_string(least), " to ",
                                std::to_string(most), " items"}));
    }
    return true;
  }

  // A number from `least` to `most`, which are what a case can say.
  bool NumberIn(const YamlNode& node, std::string_view key, int64_t least,
                int64_t most, int64_t& value) {
    const std::optional<Number> number = AsNumber(node);
    if (!number.has_value()) {
      return Fail(
          node,
          Concat({key, ": found ", Found(node), "; should be a number from ",
                  std::to_string(least), " to ", std::to_string(most)}));
    }
    constexpr uint64_t kLargest = std::numeric_limits<int32_t>::max();
    const auto cut =
        static_cast<int64_t>(std::min(number->magnitude, kLargest));
    const int64_t signed_value = number->negative ? -cut : cut;
    value = std::clamp(signed_value, least, most);
    if (value == signed_value) return true;
    return CannotSay(node, key, node.text, std::to_string(value));
  }

  // Any word of 64 bits.
  bool Word(const YamlNode& node, std::string_view key, uint64_t& value) {
    const std::optional<Number> number = AsNumber(node);
    if (!number.has_value() || number->negative) {
      return Fail(node, Concat({key, ": found ", Found(node),
                                "; should be a number from 0 to ",
                                Hex(std::numeric_limits<uint64_t>::max())}));
    }
    value = number->magnitude;
    return true;
  }

  static std::optional<Number> AsNumber(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kScalar || node.quoted) {
      return std::nullopt;
    }
    return ParseNumber(node.text);
  }

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
        number->magnitude == kFormatVersion) {
      return true;
    }
    return Fail(node, Concat({"version: found ", Found(node), "; should be ",
                              std::to_string(kFormatVersion)}));
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
      const Fields fields =
          FieldsOf(item, "a request", {"start", "pages", "access"}, {});
      Request request;
      int64_t pages = 0;
      if (!ok() || !Word(*fields[0], "start", request.start) ||
          !NumberIn(*fields[1], "pages", 1, Case::kMaxPages, pages) ||
          !ReadAccess(*fields[2], request.write)) {
        return false;
      }
      request.pages = static_cast<uint16_t>(pages);
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

  bool ReadStack(const YamlNode& node, Stack& stack) {
    const Fields fields =
        FieldsOf(node, "a stack", {"position", "around"}, {"words"});
    int64_t position = 0;
    if (!ok() ||
        !NumberIn(*fields[0], "position", 0, Stack::kMaxPosition, position)) {
      return false;
    }
    stack.position = static_cast<uint16_t>(position);
    const std::optional<StackContent> around = ContentOf(*fields[1]);
    if (!around.has_value()) {
      return Fail(*fields[1], Concat({"around: found ", Found(*fields[1]),
                                      "; should be zero, copy or next"}));
    }
    stack.around = *around;
    if (fields[2] == nullptr) return true;
    if (!ListOf(*fields[2], "words", 0, kMaxWords)) return false;
    return std::all_of(
        fields[2]->items.begin(), fields[2]->items.end(),
        [&](const YamlNode& item) { return ReadStackWord(item, stack); });
  }

  static std::optional<StackContent> ContentOf(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::kScalar) return std::nullopt;
    for (const StackContent content :
         {StackContent::kZero, StackContent::kCopy, StackContent::kNext}) {
      if (node.text == Name(content)) return content;
    }
    return std::nullopt;
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
    if (const auto content = ContentOf(*fields[1]); content.has_value()) {
      word.content = *content;
    } else {
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

  bool ReadRecords(const YamlNode& node, Case& c) {
    if (!ListOf(node, "tables", 0, kMaxRecords)) return false;
    return std::all_of(
        node.items.begin(), node.items.end(),
        [&](const YamlNode& item) { return ReadRecord(item, c); });
  }

  struct RecordForm {
    std::string_view name;
    Record::Kind kind;
    Keys keys;  // behind that of the level, if there is one
  };

  static const std::vector<RecordForm>& Forms() {
    static const auto& forms = *new std::vector<RecordForm>{
        {"map", Record::Kind::kMap, {"count", "frame", "state"}},
        {"clear", Record::Kind::kClear, {"count"}},
        {"swap", Record::Kind::kSwap, {"count", "place"}},
        {"poke", Record::Kind::kPoke, {"word"}},
        {"poke-control", Record::Kind::kPokeControl, {"word"}},
    };
    return forms;
  }

  bool ReadRecord(const YamlNode& node, Case& c) {
    const RecordForm* form = nullptr;
    std::vector<std::string> names;
    for (const RecordForm& known : Forms()) {
      names.emplace_back(known.name);
      if (node.keys.size() == 1 && node.keys[0].text == known.name) {
        form = &known;
      }
    }
    if (node.kind != YamlNode::Kind::kMapping || node.keys.size() != 1) {
      return Fail(node, Concat({"tables: found ", FoundItem(node),
                                "; each item has one key: ", AnyOf(names)}));
    }
    if (form == nullptr) {
      return Fail(node.keys[0],
                  Concat({"tables: found the key ", Found(node.keys[0]),
                          "; should be ", AnyOf(names)}));
    }
    const YamlNode& body = node.items[0];
    Record record{.kind = form->kind};
    Keys keys = form->keys;
    const bool has_level = form->kind != Record::Kind::kPokeControl;
    const YamlNode* level_key = nullptr;
    if (has_level) {
      if (!FindLevel(body, *form, record.level, level_key)) return false;
      keys.insert(keys.begin(), std::string(Name(record.level)));
    }
    const Fields fields = FieldsOf(body, Concat({"a ", form->name}), keys, {});
    if (!ok()) return false;
    RecordFields parts{.level_key = level_key};
    for (size_t i = 0; i < keys.size(); ++i) {
      const YamlNode& field = *fields[i];
      if (has_level && i == 0) {
        parts.address = &field;
        if (!Word(field, keys[i], record.address)) return false;
      } else if (keys[i] == "count") {
        int64_t count = 0;
        if (!NumberIn(field, "count", 1, Case::kMaxPages, count)) return false;
        record.count = static_cast<uint16_t>(count);
      } else if (keys[i] == "state") {
        parts.state = &field;
        if (!ReadState(field, record.state)) return false;
      } else if (keys[i] == "word") {
        if (!Word(field, "word", record.word)) return false;
      } else {
        parts.frame = &field;
        if (!Word(field, keys[i], record.frame)) return false;
      }
    }
    if (!IsSayable(record, *form, node.keys[0], parts, c.mode)) return false;
    c.records.push_back(record);
    return true;
  }

  // Where the parts of a record stand; null what it does not have.
  struct RecordFields {
    const YamlNode* level_key = nullptr;
    const YamlNode* address = nullptr;
    const YamlNode* frame = nullptr;
    const YamlNode* state = nullptr;
  };

  // The one key that names a level.
  bool FindLevel(const YamlNode& body, const RecordForm& form, Level& level,
                 const YamlNode*& level_key) {
    if (body.kind == YamlNode::Kind::kMapping) {
      for (const YamlNode& key : body.keys) {
        for (const Level known : kAllLevels) {
          if (key.text != Name(known)) continue;
          if (level_key != nullptr) {
            return Fail(key, Concat({"found the level ", Quoted(key.text),
                                     " behind ", Quoted(level_key->text),
                                     "; a ", form.name, " has one"}));
          }
          level_key = &key;
          level = known;
        }
      }
      if (level_key != nullptr) return true;
    }
    return Fail(body,
                Concat({"found ",
                        body.kind == YamlNode::Kind::kMapping ? "no level"
                                                              : Found(body),
                        "; a ", form.name,
                        " has the key pte, pmd, pud, p4d or pgd, with "
                        "an address, and ",
                        Enumerate(form.keys)}));
  }

  bool ReadState(const YamlNode& node, LeafState& state) {
    const auto fail = [&] {
      return Fail(node,
                  Concat({"state: found ", Found(node),
                          "; should be rw, ro or none, young or old, dirty or "
                          "clean, and special if it is"}));
    };
    if (node.kind != YamlNode::Kind::kScalar) return fail();
    bool has_permission = false;
    bool has_age = false;
    bool has_dirt = false;
    const std::vector<std::string> words = absl::StrSplit(
        node.text, absl::ByAnyChar(" \t\n"), absl::SkipWhitespace());
    for (const std::string& word : words) {
      bool reread = false;
      if (word == "rw" || word == "ro" || word == "none") {
        reread = std::exchange(has_permission, true);
        state.permission = word == "rw"   ? Permission::kReadWrite
                           : word == "ro" ? Permission::kRead
                                          : Permission::kNone;
      } else if (word == "young" || word == "old") {
        reread = std::exchange(has_age, true);
        state.young = word == "young";
      } else if (word == "dirty" || word == "clean") {
        reread = std::exchange(has_dirt, true);
        state.dirty = word == "dirty";
      } else if (word == "special") {
        reread = std::exchange(state.special, true);
      } else {
        return fail();
      }
      if (reread) return fail();
    }
    return has_permission && has_age && has_dirt ? true : fail();
  }

  // What bytes say of a record or a change, which is one of `list` of a case.
  template <class Item, size_t kMost>
  static Item AsBytesSay(const Item& item,
                         InlineVector<Item, kMost> Case::* list,
                         PagingMode mode) {
    Case one;
    one.mode = mode;
    one.requests.push_back({});
    (one.*list).push_back(item);
    // What is too high is nearest to the highest.
    uint64_t& frame = (one.*list)[0].frame;
    frame = std::min(frame, kMaxFrame << InfoOf(mode).geometry.page_shift());
    Canonicalize(one);
    return (one.*list)[0];
  }

  // Whether bytes can say the record; the error names what they can say.
  bool IsSayable(const Record& record, const RecordForm& form,
                 const YamlNode& kind_key, const RecordFields& parts,
                 PagingMode mode) {
    const Record said = AsBytesSay(record, &Case::records, mode);
    if (said.kind != record.kind) {
      return CannotSay(kind_key, "tables",
                       Concat({form.name, " in ", Name(mode)}), "clear");
    }
    return IsSaid(said, record, form.name,
                  record.kind == Record::Kind::kSwap ? "place" : "frame", parts,
                  mode);
  }

  // Whether what bytes say is what is meant, of records and of changes.
  template <class T>
  bool IsSaid(const T& said, const T& meant, std::string_view name,
              std::string_view frame, const RecordFields& parts,
              PagingMode mode) {
    if (said.level != meant.level) {
      return CannotSay(*parts.level_key, name,
                       Concat({Name(meant.level), " in ", Name(mode)}),
                       Name(said.level));
    }
    if (said.address != meant.address) {
      return CannotSay(*parts.address, Name(meant.level), Hex(meant.address),
                       Hex(said.address));
    }
    if (said.frame != meant.frame) {
      return CannotSay(*parts.frame, frame, Hex(meant.frame), Hex(said.frame));
    }
    if (said.state != meant.state) {
      return CannotSay(*parts.state, "state",
                       Concat({Quoted(Describe(meant.state)), " for ",
                               Name(meant.level), " in ", Name(mode)}),
                       Quoted(Describe(said.state)));
    }
    return true;
  }

  bool ReadChanges(const YamlNode& node, Case& c) {
    if (!ListOf(node, "changes", 0, kMaxChanges)) return false;
    return std::all_of(
        node.items.begin(), node.items.end(),
        [&](const YamlNode& item) { return ReadChange(item, c); });
  }

  bool ReadChange(const YamlNode& node, Case& c) {
    if (node.kind != YamlNode::Kind::kMapping || node.keys.size() != 1) {
      return Fail(node, Concat({"changes: found ", FoundItem(node),
                                "; each item is as in 'before read 7: clear "
                                "pte of 0x1000'"}));
    }
    Change change;
    if (!ReadMoment(node.keys[0], c, change.read)) return false;
    if (node.items[0].kind == YamlNode::Kind::kNothing) {
      return UnknownDeed(node.keys[0], "nothing");
    }
    if (!ReadDeed(node.items[0], c.mode, change)) return false;
    c.changes.push_back(change);
    return true;
  }

  // "before read 7".
  bool ReadMoment(const YamlNode& key, const Case& c, uint16_t& read) {
    const std::vector<std::string> words = absl::StrSplit(
        key.text, absl::ByAnyChar(" \t\n"), absl::SkipWhitespace());
    if (words.size() != 3 || words[0] != "before" || words[1] != "read") {
      return Fail(key, Concat({"changes: found the key ", Found(key),
                               "; should be 'before read N', with N from 1 to ",
                               std::to_string(Change::kMaxRead)}));
    }
    int64_t number = 0;
    if (!NumberIn(At(key, words[2]), "before read", 1, Change::kMaxRead,
                  number)) {
      return false;
    }
    read = static_cast<uint16_t>(number);
    if (c.changes.empty() || read >= c.changes.back().read) return true;
    const std::string least = std::to_string(c.changes.back().read);
    return Fail(key, Concat({"before read: found ", words[2], " behind ", least,
                             ", but what is done first stands first; should "
                             "be a number from ",
                             least, " to ", std::to_string(Change::kMaxRead)}));
  }

  // A part of the text of `whole`, as if it stood there alone.
  static YamlNode At(const YamlNode& whole, std::string_view part) {
    YamlNode node = whole;
    node.kind = YamlNode::Kind::kScalar;
    node.text = part;
    node.quoted = false;
    return node;
  }

  // How what is done is written.
  static std::string_view FormOf(Change::Kind kind) {
    switch (kind) {
      case Change::Kind::kClear:
        return "clear [COUNT] LEVEL of ADDRESS";
      case Change::Kind::kDetach:
        return "detach pmd of ADDRESS";
      case Change::Kind::kMap:
        return "map [COUNT] LEVEL of ADDRESS to FRAME, STATE";
      case Change::Kind::kSplit:
        return "split pmd of ADDRESS";
      case Change::Kind::kWriteProtect:
        return "write-protect [COUNT] LEVEL of ADDRESS";
      case Change::Kind::kRefill:
        return "refill [COUNT] pte of ADDRESS to FRAME, STATE";
      case Change::Kind::kUpgrade:
        return "upgrade";
    }
    return "";
  }

  bool UnknownDeed(const YamlNode& where, std::string_view found) {
    std::vector<std::string> kinds;
    for (size_t i = 0; i < kChangeKindCount; ++i) {
      kinds.emplace_back(Name(static_cast<Change::Kind>(i)));
    }
    return Fail(where, Concat({"changes: found ", found,
                               "; what is done should be ", AnyOf(kinds)}));
  }

  // What a change does.
  bool ReadDeed(const YamlNode& node, PagingMode mode, Change& change) {
    if (node.kind != YamlNode::Kind::kScalar) {
      return UnknownDeed(node, Found(node));
    }
    Words words(node.text);
    size_t kind = 0;
    while (kind < kChangeKindCount &&
           words.word() != Name(static_cast<Change::Kind>(kind))) {
      ++kind;
    }
    if (kind == kChangeKindCount) {
      return UnknownDeed(node, Quoted(words.word()));
    }
    change.kind = static_cast<Change::Kind>(kind);
    words.Advance();
    if (change.kind != Change::Kind::kUpgrade &&
        !ReadPlace(node, words, change)) {
      return false;
    }
    if (HasFrame(change.kind) && !ReadPages(node, words, change)) return false;
    if (!words.word().empty()) return Unexpected(node, words, change.kind);
    return IsSayable(node, mode, change);
  }

  bool Unexpected(const YamlNode& node, const Words& words, Change::Kind kind,
                  std::string_view note = "") {
    return Fail(node,
                Concat({Name(kind), ": found ",
                        words.word().empty() ? "nothing" : Quoted(words.word()),
                        " behind ", Quoted(words.last()), "; should be '",
                        FormOf(kind), "'", note}));
  }

  // `word` alone.
  bool Take(const YamlNode& node, std::string_view word, Words& words,
            Change::Kind kind) {
    if (words.word() != word) return Unexpected(node, words, kind);
    words.Advance();
    return true;
  }

  // "4 pte of 0x1000".
  bool ReadPlace(const YamlNode& node, Words& words, Change& change) {
    if (ParseNumber(words.word()).has_value()) {
      int64_t count = 0;
      if (!NumberIn(At(node, words.word()), "count", 1,
                    HasCount(change.kind) ? Case::kMaxPages : 1, count)) {
        return false;
      }
      change.count = static_cast<uint16_t>(count);
      words.Advance();
    }
    const auto level =
        std::find_if(kAllLevels.begin(), kAllLevels.end(),
                     [&](Level known) { return words.word() == Name(known); });
    if (level == kAllLevels.end()) {
      return Unexpected(node, words, change.kind,
                        ", where levels are pte, pmd, pud, p4d and pgd");
    }
    change.level = *level;
    words.Advance();
    if (!Take(node, "of", words, change.kind)) return false;
    return ReadNumber(node, "address", words, change.kind, change.address);
  }

  // "to 0x2000, rw young dirty".
  bool ReadPages(const YamlNode& node, Words& words, Change& change) {
    if (!Take(node, "to", words, change.kind) ||
        !ReadNumber(node, "frame", words, change.kind, change.frame) ||
        !Take(node, ",", words, change.kind)) {
      return false;
    }
    if (words.word().empty()) return Unexpected(node, words, change.kind);
    if (!ReadState(At(node, words.rest()), change.state)) return false;
    while (!words.word().empty()) words.Advance();
    return true;
  }

  bool ReadNumber(const YamlNode& node, std::string_view what, Words& words,
                  Change::Kind kind, uint64_t& number) {
    if (words.word().empty()) return Unexpected(node, words, kind);
    if (!Word(At(node, words.word()), what, number)) return false;
    words.Advance();
    return true;
  }

  // Whether bytes can say the change; the error names what they can say.
  bool IsSayable(const YamlNode& node, PagingMode mode, const Change& change) {
    const Change said = AsBytesSay(change, &Case::changes, mode);
    const RecordFields here = {&node, &node, &node, &node};
    if (!IsSaid(said, change, Name(change.kind), "frame", here, mode)) {
      return false;
    }
    if (said.count == change.count) return true;
    return CannotSay(
        node, "count",
        Concat({std::to_string(change.count), " from ", Hex(change.address),
                " on, beyond the end of the page table"}),
        std::to_string(said.count));
  }

  const std::string_view name_;
  absl::Status status_;
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
  if (bytes.empty() || bytes[0] == static_cast<char>(kFormatVersion)) {
    return false;
  }
  // An editor's damage, or UTF-16, does not make a text binary.
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
