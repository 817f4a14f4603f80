// SPDX-License-Identifier: MIT

#include "src/cli/text/yaml_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <exception>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {
namespace {

// A case is four levels deep.
constexpr size_t kMaxDepth = 16;

YamlNode At(const YAML::Mark& mark) {
  YamlNode node;
  if (!mark.is_null()) {
    node.line = mark.line + 1;
    node.column = mark.column + 1;
  }
  return node;
}

// Builds the tree. The tree of yaml-cpp would follow aliases, even circular
// ones.
class Builder : public YAML::EventHandler {
 public:
  YamlNode Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override { root_ = At(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Refuse(mark, "?", anchor);
    Add(At(mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw YAML::ParserException(mark,
                                "found an alias; write the value out instead");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    Refuse(mark, tag, anchor);
    YamlNode node = At(mark);
    node.kind = YamlNode::Kind::kScalar;
    node.text = value;
    node.quoted = tag == "!";
    Add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMapping);
  }
  void OnMapEnd() override { Close(); }

 private:
  static void Refuse(const YAML::Mark& mark, const std::string& tag,
                     YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      throw YAML::ParserException(mark, "found an anchor; leave it out");
    }
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw YAML::ParserException(mark, "found a tag; leave it out");
    }
  }

  void Open(const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor, YamlNode::Kind kind) {
    Refuse(mark, tag, anchor);
    if (open_.size() == kMaxDepth) {
      throw YAML::ParserException(
          mark,
          "found more than 16 levels of lists and mappings; a case has 4");
    }
    YamlNode node = At(mark);
    node.kind = kind;
    open_.push_back(std::move(node));
  }
  void Close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    Add(std::move(node));
  }
  void Add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    YamlNode& parent = open_.back();
    const bool is_key = parent.kind == YamlNode::Kind::kMapping &&
                        parent.keys.size() == parent.items.size();
    (is_key ? parent.keys : parent.items).push_back(std::move(node));
  }

  YamlNode root_;
  std::vector<YamlNode> open_;
};

}  // namespace

absl::Status YamlError(std::string_view name, const YamlNode& where,
                       std::string_view what) {
  return absl::InvalidArgumentError(
      Concat({name, ":", std::to_string(where.line), ":",
              std::to_string(where.column), ": ", what}));
}

absl::StatusOr<YamlNode> ParseYaml(std::string_view text,
                                   std::string_view name) {
  std::istringstream in{std::string(text)};
  try {
    YAML::Parser parser(in);
    Builder document;
    parser.HandleNextDocument(document);
    YamlNode root = document.Take();
    Builder second;
    if (parser.HandleNextDocument(second)) {
      return YamlError(name, second.Take(),
                       "found a second document; a file holds one case");
    }
    return root;
  } catch (const YAML::Exception& error) {
    if (error.msg.starts_with("found ")) {
      return YamlError(name, At(error.mark), error.msg);
    }
    // yaml-cpp includes bytes of the text in its messages.
    return YamlError(name, At(error.mark),
                     Concat({"not YAML: ", absl::CHexEscape(error.msg)}));
  } catch (const std::exception& error) {
    return YamlError(name, {}, Concat({"not YAML: ", error.what()}));
  }
}

}  // namespace pxdfuzz
