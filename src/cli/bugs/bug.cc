// SPDX-License-Identifier: MIT

#include "src/cli/bugs/bug.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "fuzz/harness/paging_mode_filter.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/output.h"
#include "src/cli/text/case_fields.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnd = ".yaml";
constexpr size_t kMost = 64;  // items of a list
constexpr Bug::Version kAnyVersion = {std::numeric_limits<int>::max(), 0};
constexpr Bug::Kind kKinds[] = {Bug::Kind::kEdit, Bug::Kind::kAsItStands,
                                Bug::Kind::kEnvironment};

std::string_view TargetName(const CheckedWalker& walker) {
  if (walker.name == "page_size") {
    return walker.changing ? "changing-page-size" : "page-size";
  }
  return walker.changing ? "changing" : "quiet";
}

class BugReader : private FieldReader {
 public:
  using FieldReader::FieldReader;
  using FieldReader::status;

  void Read(const YamlNode& root, Bug& bug) {
    const Fields fields = FieldsOf(
        root, "a bug",
        {"kind", "year", "record", "history", "trees", "target", "found"},
        {"live-until", "configuration", "not-found", "rule"});
    if (!ok()) return;
    int64_t year = 0;
    if (ReadKind(*fields[0], bug.kind) &&
        NumberIn(*fields[1], "year", 2000, 2099, year) &&
        ReadText(*fields[2], "record", bug.record) &&
        ReadText(*fields[3], "history", bug.history) &&
        ReadTrees(*fields[4], bug) &&
        ReadTarget(*fields[5], fields[5]->text, bug.walker) &&
        ReadFound(*fields[6], bug) && ReadLive(fields[7], root, bug) &&
        ReadConfiguration(fields[8], bug.configuration) &&
        ReadNotFound(fields[9], bug)) {
      ReadRule(fields[10], root, bug);
    }
    bug.year = static_cast<int>(year);
  }

 private:
  bool ReadKind(const YamlNode& node, Bug::Kind& kind) {
    std::vector<std::string> names;
    for (const Bug::Kind known : kKinds) {
      names.emplace_back(Name(known));
      if (node.text != names.back()) continue;
      kind = known;
      return true;
    }
    return Fail(node, Concat({"kind: found ", Found(node), "; should be ",
                              AnyOf(names)}));
  }

  bool ReadText(const YamlNode& node, std::string_view key, std::string& text) {
    if (node.kind != YamlNode::Kind::kScalar || node.text.empty()) {
      return Fail(node,
                  Concat({key, ": found ", Found(node), "; should be text"}));
    }
    text = node.text;
    return true;
  }

  // A text, or a list of them.
  bool ReadTexts(const YamlNode& node, std::string_view key,
                 std::vector<std::string>& texts) {
    if (node.kind == YamlNode::Kind::kScalar) {
      return ReadText(node, key, texts.emplace_back());
    }
    if (!ListOf(node, key, 1, kMost)) return false;
    return std::all_of(node.items.begin(), node.items.end(),
                       [&](const YamlNode& item) {
                         return ReadText(item, key, texts.emplace_back());
                       });
  }

  // "6.1 to 6.12", "5.11 and later".
  bool ReadTrees(const YamlNode& node, Bug& bug) {
    Bug::Version& first = bug.first;
    Bug::Version& last = bug.last;
    int end = -1;
    const int count =
        std::sscanf(node.text.c_str(), "%d.%d to %d.%d%n", &first.major,
                    &first.minor, &last.major, &last.minor, &end);
    if (count == 4 && end == static_cast<int>(node.text.size()) &&
        first <= last) {
      return true;
    }
    last = kAnyVersion;
    end = -1;
    std::sscanf(node.text.c_str(), "%d.%d and later%n", &first.major,
                &first.minor, &end);
    if (end == static_cast<int>(node.text.size())) return true;
    return Fail(node, Concat({"trees: found ", Found(node),
                              "; should be like '6.1 to 6.12' or '5.11 and "
                              "later'"}));
  }

  bool ReadTarget(const YamlNode& node, std::string_view name,
                  CheckedWalker& walker) {
    std::vector<std::string> names;
    for (const CheckedWalker& known : kCheckedWalkers) {
      names.emplace_back(TargetName(known));
      if (name != names.back()) continue;
      walker = known;
      return true;
    }
    return Fail(node, Concat({"target: found ", Found(node), "; should be ",
                              AnyOf(names)}));
  }

  // "s390/3", or "s390/3 quiet" in another target than the bug's.
  bool ReadPlace(const YamlNode& node, Bug& bug) {
    const size_t blank = node.text.find(' ');
    const std::string modes = node.text.substr(0, blank);
    const bool is_known = node.kind == YamlNode::Kind::kScalar &&
                          PagingModeFilter::Parse(modes).has_value();
    for (const CheckedArch& arch : kCheckedArches) {
      if (!is_known || modes.substr(0, modes.find('/')) != Name(arch.id)) {
        continue;
      }
      bug.places.push_back({.arch = arch,
                            .name = node.text,
                            .modes = modes,
                            .walker = bug.walker,
                            .signature = ""});
      return blank == std::string::npos ||
             ReadTarget(node, node.text.substr(blank + 1),
                        bug.places.back().walker);
    }
    std::vector<std::string> names;
    for (const CheckedArch& arch : kCheckedArches) {
      names.emplace_back(Name(arch.id));
    }
    return Fail(node, Concat({"found the place ", Found(node), "; should be ",
                              AnyOf(names), ", or a mode like s390/3"}));
  }

  bool ReadFound(const YamlNode& node, Bug& bug) {
    if (node.kind != YamlNode::Kind::kMapping || node.items.empty()) {
      return Fail(node, Concat({"found: found ", Found(node),
                                "; should be a mapping of architectures to "
                                "patterns of signatures"}));
    }
    for (size_t i = 0; i < node.items.size(); ++i) {
      if (!ReadPlace(node.keys[i], bug) ||
          !ReadText(node.items[i], "found", bug.places.back().signature)) {
        return false;
      }
    }
    return true;
  }

  bool ReadNotFound(const YamlNode* node, Bug& bug) {
    if (node == nullptr) return true;
    if (!ListOf(*node, "not-found", 1, kMost)) return false;
    return std::all_of(
        node->items.begin(), node->items.end(),
        [&](const YamlNode& item) { return ReadPlace(item, bug); });
  }

  bool ReadLive(const YamlNode* node, const YamlNode& root, Bug& bug) {
    const bool is_live = bug.kind == Bug::Kind::kAsItStands;
    if ((node != nullptr) != is_live) {
      return Fail(node != nullptr ? *node : root,
                  "live-until: belongs to the kind as-it-stands, and that "
                  "kind needs it");
    }
    if (!is_live) return true;
    bug.live_until =
        node->text == "never" ? kAnyVersion : VersionFrom(node->text);
    return bug.live_until.major > 0 ||
           Fail(*node, Concat({"live-until: found ", Found(*node),
                               "; should be a version or never"}));
  }

  bool ReadConfiguration(const YamlNode* node, std::string& configuration) {
    configuration = "as-is";
    if (node == nullptr) return true;
    std::vector<std::string> names;
    for (const std::string_view known : kConfigurations) {
      names.emplace_back(known);
      if (node->text != known) continue;
      configuration = known;
      return true;
    }
    return Fail(*node, Concat({"configuration: found ", Found(*node),
                               "; should be ", AnyOf(names)}));
  }

  bool ReadRule(const YamlNode* node, const YamlNode& root, Bug& bug) {
    const bool needs_rule =
        bug.kind == Bug::Kind::kEdit ||
        (bug.kind == Bug::Kind::kAsItStands && bug.live_until < bug.last);
    if ((node != nullptr) != needs_rule) {
      return Fail(node != nullptr ? *node : root,
                  needs_rule ? "rule: is missing, and some of these trees "
                               "need it"
                             : "rule: none of these trees needs one");
    }
    if (!needs_rule) return true;
    if (!ListOf(*node, "rule", 1, kMost)) return false;
    return std::all_of(node->items.begin(), node->items.end(),
                       [&](const YamlNode& item) {
                         return ReadEdit(item, bug.edits.emplace_back());
                       });
  }

  bool ReadEdit(const YamlNode& node, Bug::FileEdit& edit) {
    using Kind = SourceEdit::Kind;
    const Fields fields = FieldsOf(node, "a part of a rule", {"file"},
                                   {"in", "replace", "by", "drop-statement",
                                    "drop-macro", "define", "as"});
    if (!ok()) return false;
    edit.line = node.line;
    const YamlNode* const kinds[] = {fields[2], fields[4], fields[5],
                                     fields[6]};
    const YamlNode* what = nullptr;
    for (size_t i = 0; i < std::size(kinds); ++i) {
      if (kinds[i] == nullptr) continue;
      if (what != nullptr) what = &node;
      if (what == nullptr) what = kinds[i];
      edit.edit.kind = static_cast<Kind>(i);
    }
    if (what == nullptr || what == &node) {
      return Fail(node,
                  "a part of a rule has one of the keys replace, "
                  "drop-statement, drop-macro and define");
    }
    const Kind kind = edit.edit.kind;
    const bool has_by = fields[3] != nullptr;
    const bool has_as = fields[7] != nullptr;
    if (has_by != (kind == Kind::kReplace) ||
        has_as != (kind == Kind::kDefineMacro)) {
      return Fail(node, "replace needs by, define needs as, others neither");
    }
    if (kind == Kind::kDropStatement && fields[1] == nullptr) {
      return Fail(node, "drop-statement needs in, the name of a function");
    }
    return ReadTexts(*fields[0], "file", edit.files) &&
           (fields[1] == nullptr ||
            ReadTexts(*fields[1], "in", edit.edit.within)) &&
           ReadTexts(*what, "a part of a rule", edit.edit.what) &&
           (!has_by || ReadText(*fields[3], "by", edit.edit.text)) &&
           (!has_as || ReadText(*fields[7], "as", edit.edit.text));
  }
};

}  // namespace

std::string_view Name(Bug::Kind kind) {
  constexpr std::string_view kNames[] = {"edit", "as-it-stands", "environment"};
  return kNames[static_cast<size_t>(kind)];
}

Bug::Version VersionFrom(std::string_view text) {
  Bug::Version version;
  const std::string words(text);
  if (std::sscanf(words.c_str(), "%d.%d", &version.major, &version.minor) !=
      2) {
    return {};
  }
  return version;
}

absl::StatusOr<Bug> ReadBug(std::string_view text, std::string_view name) {
  const absl::StatusOr<YamlNode> root = ParseYaml(text, name);
  if (!root.ok()) return root.status();
  Bug bug;
  bug.name = fs::path(name).stem().string();
  BugReader reader(name);
  reader.Read(*root, bug);
  if (!reader.status().ok()) return reader.status();
  return bug;
}

absl::StatusOr<std::vector<Bug>> ReadBugs(
    const std::string& folder, const std::vector<std::string>& names) {
  std::set<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == kEnd) files.insert(entry.path().string());
  }
  if (!names.empty()) {
    std::set<std::string> chosen;
    for (const std::string& name : names) {
      const std::string file = Concat({folder, "/", name, kEnd});
      if (!files.contains(file)) {
        return absl::InvalidArgumentError(
            Concat({"there is no bug '", name, "'; see ", folder}));
      }
      chosen.insert(file);
    }
    files = chosen;
  }
  if (files.empty()) {
    return absl::UnavailableError(Concat({folder, ": holds no bugs"}));
  }
  std::vector<Bug> bugs;
  for (const std::string& file : files) {
    absl::StatusOr<Bug> bug = ReadBug(ReadFile(file).value_or(""), file);
    if (!bug.ok()) return bug.status();
    bugs.push_back(*std::move(bug));
  }
  std::sort(bugs.begin(), bugs.end(), [](const Bug& a, const Bug& b) {
    return std::tie(a.year, a.name) < std::tie(b.year, b.name);
  });
  return bugs;
}

absl::StatusOr<std::vector<std::string>> PlantBug(const Bug& bug,
                                                  const std::string& folder) {
  std::set<std::string> changed;
  for (const Bug::FileEdit& edit : bug.edits) {
    const auto error = [&](std::string_view what) {
      return absl::UnavailableError(
          Concat({bug.name, kEnd, ":", std::to_string(edit.line), ": ",
                  absl::StrJoin(edit.files, " or "), ": ", what}));
    };
    std::optional<std::string> text;
    std::string file;
    for (const std::string& name : edit.files) {
      if (text.has_value()) break;
      file = name;
      text = ReadFile(Concat({folder, "/", name}));
    }
    if (!text.has_value()) return error("the tree has no such file");
    const absl::StatusOr<std::string> edited = EditSource(*text, edit.edit);
    if (!edited.ok()) return error(std::string(edited.status().message()));
    // A new file takes the place of the old one, which other copies share.
    const absl::Status written =
        WriteFile(Concat({folder, "/", file}), *edited, /*force=*/true);
    if (!written.ok()) return written;
    changed.insert(file);
  }
  return std::vector<std::string>(changed.begin(), changed.end());
}

}  // namespace pxdfuzz
