// SPDX-License-Identifier: MIT

#include "src/cli/campaign/known_issues.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/input.h"
#include "src/cli/text/yaml_node.h"

namespace pxdfuzz {
namespace {

constexpr std::string_view kMembers =
    "signature, reason, link and expires are wanted";

// "2026-11-23", an existing date.
bool IsDay(const std::string& text) {
  if (text.size() != 10) return false;
  std::tm day = {};
  const char* end = strptime(text.c_str(), "%Y-%m-%d", &day);
  if (end == nullptr || *end != '\0') return false;
  const int wanted = day.tm_mday;
  return timegm(&day) != -1 && day.tm_mday == wanted;
}

absl::StatusOr<KnownIssue> ReadIssue(const YamlNode& node,
                                     std::string_view name) {
  if (node.kind != YamlNode::Kind::kMapping) {
    return YamlError(name, node, Concat({"found no issue; ", kMembers}));
  }
  KnownIssue issue;
  const std::array<std::pair<std::string_view, std::string*>, 4> members = {
      {{"signature", &issue.signature},
       {"reason", &issue.reason},
       {"link", &issue.link},
       {"expires", &issue.expires}}};
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const auto member = std::find_if(
        members.begin(), members.end(),
        [&](const auto& known) { return known.first == node.keys[i].text; });
    if (member == members.end()) {
      return YamlError(name, node.keys[i],
                       Concat({"found '", node.keys[i].text, "'; ", kMembers}));
    }
    if (node.items[i].kind != YamlNode::Kind::kScalar ||
        node.items[i].text.empty()) {
      return YamlError(name, node.items[i],
                       Concat({member->first, ": a text is wanted"}));
    }
    if (!member->second->empty()) {
      return YamlError(name, node.keys[i],
                       Concat({"found ", member->first, " a second time"}));
    }
    *member->second = node.items[i].text;
    if (member->second == &issue.expires && !IsDay(issue.expires)) {
      return YamlError(name, node.items[i],
                       Concat({"expires: found '", issue.expires,
                               "'; a day such as 2027-06-30 is wanted"}));
    }
  }
  for (const auto& [member, text] : members) {
    if (text->empty()) {
      return YamlError(name, node,
                       Concat({"found no ", member, "; ", kMembers}));
    }
  }
  return issue;
}

}  // namespace

absl::StatusOr<std::vector<KnownIssue>> ReadKnownIssues(std::string_view text,
                                                        std::string_view name) {
  const absl::StatusOr<YamlNode> root = ParseYaml(text, name);
  if (!root.ok()) return root.status();
  std::vector<KnownIssue> issues;
  if (root->kind == YamlNode::Kind::kNothing) return issues;
  if (root->kind != YamlNode::Kind::kList) {
    return YamlError(name, *root, "a list of issues is wanted");
  }
  for (const YamlNode& node : root->items) {
    absl::StatusOr<KnownIssue> issue = ReadIssue(node, name);
    if (!issue.ok()) return issue.status();
    issues.push_back(*std::move(issue));
  }
  return issues;
}

absl::StatusOr<std::vector<KnownIssue>> ReadKnownIssuesFile(
    const std::string& file) {
  if (file.empty()) return std::vector<KnownIssue>();
  const absl::StatusOr<std::string> text = ReadInput(file);
  if (!text.ok()) return text.status();
  return ReadKnownIssues(*text, file);
}

bool Matches(const KnownIssue& issue, const std::string& signature) {
  return fnmatch(issue.signature.c_str(), signature.c_str(), 0) == 0;
}

bool IsExpired(const KnownIssue& issue, std::string_view today) {
  return issue.expires < today;
}

std::string Today() {
  const std::time_t now = std::time(nullptr);
  std::tm day = {};
  gmtime_r(&now, &day);
  std::array<char, 16> text;
  return {text.data(),
          std::strftime(text.data(), text.size(), "%Y-%m-%d", &day)};
}

}  // namespace pxdfuzz
