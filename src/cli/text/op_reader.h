// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_OP_READER_H_
#define PXDFUZZ_SRC_CLI_TEXT_OP_READER_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "src/cli/text/case_fields.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {

// The words of one line of text. Each comma is a separate word.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) { Skip(); }

  // The next word; "" at the end.
  std::string_view word() const { return word_; }
  // The previous word, if any.
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

// Reads the operations of a case: those of its set-up, and concurrent ones.
class OpReader : protected FieldReader {
 protected:
  using FieldReader::FieldReader;

  // Whether the text is of version 1, which has fewer keys.
  bool is_v1_ = false;

  bool ReadSetupOp(const YamlNode& node, Case& c) {
    std::vector<std::string> names;
    std::optional<TableOp::Kind> kind;
    for (const TableOp::Kind known : kSetupKinds) {
      if (is_v1_ && !IsInV1(known)) continue;
      names.emplace_back(Name(known));
      if (node.keys.size() == 1 && node.keys[0].text == Name(known)) {
        kind = known;
      }
    }
    if (node.kind != YamlNode::Kind::kMapping || node.keys.size() != 1) {
      return Fail(node, Concat({"tables: found ", FoundItem(node),
                                "; each item has one key: ", AnyOf(names)}));
    }
    if (!kind.has_value()) {
      return Fail(node.keys[0],
                  Concat({"tables: found the key ", Found(node.keys[0]),
                          "; should be ", AnyOf(names)}));
    }
    const YamlNode& body = node.items[0];
    TableOp op{.kind = *kind};
    OpFields parts{.kind = &node.keys[0]};
    Keys keys = KeysOf(op.kind);
    if (HasAddress(op.kind)) {
      if (!FindLevel(body, op.kind, op.level, parts.level)) return false;
      keys.insert(keys.begin(), std::string(Name(op.level)));
    }
    const Fields fields =
        FieldsOf(body, Concat({"a ", Name(op.kind)}), keys, {});
    if (!ok()) return false;
    for (size_t i = 0; i < keys.size(); ++i) {
      const YamlNode& field = *fields[i];
      if (HasAddress(op.kind) && i == 0) {
        parts.address = &field;
        if (!Word(field, keys[i], op.address)) return false;
      } else if (keys[i] == "count") {
        parts.count = &field;
        if (!ReadCount(field, Case::kMaxPages, op.count)) return false;
      } else if (keys[i] == "state") {
        parts.state = &field;
        if (!ReadState(field, op.state)) return false;
      } else if (keys[i] == "word") {
        if (!Word(field, "word", op.word)) return false;
      } else {
        parts.frame = &field;
        if (!Word(field, keys[i], op.frame)) return false;
      }
    }
    if (!IsSayable(op, &Case::setup, parts, c.mode)) return false;
    c.setup.push_back(op);
    return true;
  }

  bool ReadConcurrentOp(const YamlNode& node, Case& c) {
    if (node.kind != YamlNode::Kind::kMapping || node.keys.size() != 1) {
      return Fail(node, Concat({"changes: found ", FoundItem(node),
                                "; each item is as in 'before read 7: clear "
                                "pte of 0x1000'"}));
    }
    ConcurrentOp op;
    const YamlNode& body = node.items[0];
    if (!ReadMoment(node.keys[0], c, op)) return false;
    if (body.kind == YamlNode::Kind::kNothing) {
      return UnknownDeed(node.keys[0], "nothing");
    }
    const OpFields here = {&body, &body, &body, &body, &body, &body};
    if (!ReadDeed(body, op) ||
        !IsSayable(op, &Case::concurrent, here, c.mode)) {
      return false;
    }
    c.concurrent.push_back(op);
    return true;
  }

 private:
  static constexpr uint64_t kMaxFrame = (uint64_t{1} << 32) - 1;  // in pages

  // The keys of a set-up's operation behind that of the level.
  static Keys KeysOf(TableOp::Kind kind) {
    Keys keys;
    if (HasCount(kind)) keys.emplace_back("count");
    if (HasFrame(kind)) keys.emplace_back(FrameKey(kind));
    if (HasState(kind)) keys.emplace_back("state");
    if (IsPoke(kind)) keys.emplace_back("word");
    return keys;
  }

  // The parts of an operation; null for those that it does not have.
  struct OpFields {
    const YamlNode* kind = nullptr;
    const YamlNode* level = nullptr;
    const YamlNode* address = nullptr;
    const YamlNode* count = nullptr;
    const YamlNode* frame = nullptr;
    const YamlNode* state = nullptr;
  };

  // The one key that names a level.
  bool FindLevel(const YamlNode& body, TableOp::Kind kind, Level& level,
                 const YamlNode*& level_key) {
    if (body.kind == YamlNode::Kind::kMapping) {
      for (const YamlNode& key : body.keys) {
        for (const Level known : kAllLevels) {
          if (key.text != Name(known)) continue;
          if (level_key != nullptr) {
            return Fail(key, Concat({"found the level ", Quoted(key.text),
                                     " behind ", Quoted(level_key->text),
                                     "; a ", Name(kind), " has one"}));
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
                        "; a ", Name(kind),
                        " has the key pte, pmd, pud, p4d or pgd, with "
                        "an address, and ",
                        Enumerate(KeysOf(kind))}));
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
      bool again = false;
      if (word == "rw" || word == "ro" || word == "none") {
        again = std::exchange(has_permission, true);
        state.permission = word == "rw"   ? Permission::kReadWrite
                           : word == "ro" ? Permission::kRead
                                          : Permission::kNone;
      } else if (word == "young" || word == "old") {
        again = std::exchange(has_age, true);
        state.young = word == "young";
      } else if (word == "dirty" || word == "clean") {
        again = std::exchange(has_dirt, true);
        state.dirty = word == "dirty";
      } else if (word == "special") {
        again = std::exchange(state.special, true);
      } else {
        again = is_v1_ || !TakeAttribute(word, state);
      }
      if (again) return fail();
    }
    return has_permission && has_age && has_dirt ? true : fail();
  }

  // Whether bytes can represent an operation of `list` of a case; the error
  // names the nearest that they can.
  template <class Op, size_t kMost>
  bool IsSayable(const Op& meant, InlineVector<Op, kMost> Case::* list,
                 const OpFields& parts, PagingMode mode) {
    Case one;
    one.mode = mode;
    one.requests.push_back({});
    (one.*list).push_back(meant);
    Op& said = (one.*list)[0];
    // If a value is too high, the highest is nearest.
    said.frame =
        std::min(said.frame, kMaxFrame << InfoOf(mode).geometry.page_shift());
    Canonicalize(one);
    if (is_v1_) said.state = StateInV1(said.state, mode.arch, said.level);
    const std::string_view name = Name(meant.kind);
    if (said.kind != meant.kind) {
      return CannotSay(*parts.kind, "tables",
                       Concat({name, " in ", Name(mode)}), Name(said.kind));
    }
    if (said.level != meant.level) {
      return CannotSay(*parts.level, name,
                       Concat({Name(meant.level), " in ", Name(mode)}),
                       Name(said.level));
    }
    if (said.address != meant.address) {
      return CannotSay(*parts.address, Name(meant.level), Hex(meant.address),
                       Hex(said.address));
    }
    if (said.frame != meant.frame) {
      return CannotSay(*parts.frame, FrameKey(meant.kind), Hex(meant.frame),
                       Hex(said.frame));
    }
    if (said.state != meant.state) {
      return CannotSay(*parts.state, "state",
                       Concat({Quoted(Describe(meant.state)), " for ",
                               Name(meant.level), " in ", Name(mode)}),
                       Quoted(Describe(said.state)));
    }
    if (said.count == meant.count) return true;
    return CannotSay(
        *parts.count, "count",
        Concat({std::to_string(meant.count), " from ", Hex(meant.address),
                " on, beyond the end of the page table"}),
        std::to_string(said.count));
  }

  // "before read 7", "before grab of page 0", "after read 2 of pmd".
  bool ReadMoment(const YamlNode& key, const Case& c, ConcurrentOp& op) {
    const std::vector<std::string> words = absl::StrSplit(
        key.text, absl::ByAnyChar(" \t\n"), absl::SkipWhitespace());
    const std::optional<MomentWords> said = MomentOf(words);
    if (!said.has_value()) {
      return Fail(key, Concat({"changes: found the key ", Found(key),
                               "; should be 'before read N', with N from 1 to ",
                               std::to_string(ConcurrentOp::kMaxRead),
                               is_v1_ ? ""
                                      : ", 'before grab of page N' or 'after "
                                        "read N of LEVEL'"}));
    }
    op.moment = said->moment;
    const bool is_grab = op.moment == Moment::kGrab;
    const int64_t most =
        is_grab ? Case::kMaxPages - 1 : int64_t{ConcurrentOp::kMaxRead};
    int64_t number = 0;
    if (!NumberIn(At(key, words[said->number]), said->name, is_grab ? 0 : 1,
                  most, number)) {
      return false;
    }
    op.number = static_cast<uint16_t>(number);
    for (const ConcurrentOp& before : c.concurrent) {
      if (before.moment != op.moment || op.number >= before.number) continue;
      const std::string least = std::to_string(before.number);
      return Fail(
          key, Concat({said->name, ": found ", words[said->number], " behind ",
                       least,
                       ", but what is done first stands first; should be a "
                       "number from ",
                       least, " to ", std::to_string(most)}));
    }
    return true;
  }

  // What the words of a moment say: `words[number]` is the number.
  struct MomentWords {
    Moment moment = Moment::kRead;
    std::string_view name;
    size_t number = 0;
  };
  std::optional<MomentWords> MomentOf(
      const std::vector<std::string>& words) const {
    // "*" stands for the number, and "LEVEL" for a level's name.
    const auto match = [&](std::initializer_list<std::string_view> form,
                           std::string_view level) {
      return std::equal(form.begin(), form.end(), words.begin(), words.end(),
                        [&](std::string_view wanted, std::string_view word) {
                          return wanted == "*" || word == wanted ||
                                 (wanted == "LEVEL" && word == level);
                        });
    };
    if (match({"before", "read", "*"}, "")) {
      return MomentWords{Moment::kRead, "before read", 2};
    }
    if (is_v1_) return std::nullopt;
    if (match({"before", "grab", "of", "page", "*"}, "")) {
      return MomentWords{Moment::kGrab, "before grab of page", 4};
    }
    for (const Level level : kAllLevels) {
      if (match({"after", "read", "*", "of", "LEVEL"}, Name(level))) {
        return MomentWords{MomentAfter(level), "after read", 2};
      }
    }
    return std::nullopt;
  }

  // The form of a concurrent operation.
  static std::string FormOf(TableOp::Kind kind) {
    if (!HasAddress(kind)) return std::string(Name(kind));
    const std::optional<Level> level = OnlyLevel(kind);
    return Concat({Name(kind), HasCount(kind) ? " [COUNT] " : " ",
                   level.has_value() ? Name(*level) : "LEVEL", " of ADDRESS",
                   HasState(kind) ? " to FRAME, STATE" : ""});
  }

  bool UnknownDeed(const YamlNode& where, std::string_view found) {
    std::vector<std::string> kinds;
    for (const TableOp::Kind kind : kConcurrentKinds) {
      if (is_v1_ && !IsInV1(kind)) continue;
      kinds.emplace_back(Name(kind));
    }
    return Fail(where, Concat({"changes: found ", found,
                               "; what is done should be ", AnyOf(kinds)}));
  }

  // What a concurrent operation does.
  bool ReadDeed(const YamlNode& node, ConcurrentOp& op) {
    if (node.kind != YamlNode::Kind::kScalar) {
      return UnknownDeed(node, Found(node));
    }
    Words words(node.text);
    const auto kind = std::find_if(
        kConcurrentKinds.begin(), kConcurrentKinds.end(),
        [&](TableOp::Kind known) { return words.word() == Name(known); });
    if (kind == kConcurrentKinds.end() || (is_v1_ && !IsInV1(*kind))) {
      return UnknownDeed(node, Quoted(words.word()));
    }
    op.kind = *kind;
    words.Advance();
    if (HasAddress(op.kind) && !ReadPlace(node, words, op)) return false;
    if (HasState(op.kind) && !ReadPages(node, words, op)) return false;
    if (!words.word().empty()) return Unexpected(node, words, op.kind);
    return true;
  }

  bool Unexpected(const YamlNode& node, const Words& words, TableOp::Kind kind,
                  std::string_view note = "") {
    return Fail(node,
                Concat({Name(kind), ": found ",
                        words.word().empty() ? "nothing" : Quoted(words.word()),
                        " behind ", Quoted(words.last()), "; should be '",
                        FormOf(kind), "'", note}));
  }

  // `word`, and nothing else.
  bool Take(const YamlNode& node, std::string_view word, Words& words,
            TableOp::Kind kind) {
    if (words.word() != word) return Unexpected(node, words, kind);
    words.Advance();
    return true;
  }

  // "4 pte of 0x1000".
  bool ReadPlace(const YamlNode& node, Words& words, ConcurrentOp& op) {
    if (ParseNumber(words.word()).has_value()) {
      if (!ReadCount(At(node, words.word()),
                     HasCount(op.kind) ? Case::kMaxPages : uint16_t{1},
                     op.count)) {
        return false;
      }
      words.Advance();
    }
    const auto level =
        std::find_if(kAllLevels.begin(), kAllLevels.end(),
                     [&](Level known) { return words.word() == Name(known); });
    if (level == kAllLevels.end()) {
      return Unexpected(node, words, op.kind,
                        ", where levels are pte, pmd, pud, p4d and pgd");
    }
    op.level = *level;
    words.Advance();
    if (!Take(node, "of", words, op.kind)) return false;
    return ReadNumber(node, "address", words, op.kind, op.address);
  }

  // "to 0x2000, rw young dirty".
  bool ReadPages(const YamlNode& node, Words& words, ConcurrentOp& op) {
    if (!Take(node, "to", words, op.kind) ||
        !ReadNumber(node, "frame", words, op.kind, op.frame) ||
        !Take(node, ",", words, op.kind)) {
      return false;
    }
    if (words.word().empty()) return Unexpected(node, words, op.kind);
    if (!ReadState(At(node, words.rest()), op.state)) return false;
    while (!words.word().empty()) words.Advance();
    return true;
  }

  bool ReadNumber(const YamlNode& node, std::string_view what, Words& words,
                  TableOp::Kind kind, uint64_t& number) {
    if (words.word().empty()) return Unexpected(node, words, kind);
    if (!Word(At(node, words.word()), what, number)) return false;
    words.Advance();
    return true;
  }
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_OP_READER_H_
