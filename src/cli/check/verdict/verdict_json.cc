// SPDX-License-Identifier: MIT

#include "src/cli/check/verdict/verdict.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {

std::string JsonOf(const CheckVerdict& verdict) {
  const CheckVerdict::Tree& tree = verdict.tree;
  Json json;
  json["format"] = 1;
  json["tree"] = {{"name", tree.name},     {"version", tree.version},
                  {"commit", tree.commit}, {"modified", tree.is_modified},
                  {"patch", tree.patch},   {"patch_hash", tree.patch_hash},
                  {"hash", tree.hash},     {"slices", tree.slices}};
  json["cells"] = Json::array();
  for (const CheckVerdict::Cell& cell : verdict.cells) {
    json["cells"].push_back({{"mode", cell.mode},
                             {"configuration", cell.configuration},
                             {"same_code_as", cell.same_code_as},
                             {"walker", cell.walker},
                             {"changing", cell.changing},
                             {"state", Name(cell.state)},
                             {"executions", cell.executions},
                             {"floor", cell.floor},
                             {"findings", cell.findings},
                             {"known", cell.known},
                             {"reason", cell.reason}});
  }
  json["findings"] = Json::array();
  for (const CheckVerdict::Finding& finding : verdict.findings) {
    Json commands = Json::array();
    for (const auto& command : finding.commands) {
      commands.push_back(
          {{"purpose", command.purpose}, {"command", command.command}});
    }
    json["findings"].push_back({{"what", finding.what},
                                {"headline", finding.headline},
                                {"times", finding.times},
                                {"signatures", finding.signatures},
                                {"modes", finding.modes},
                                {"from_before", finding.is_from_before},
                                {"without_patch", finding.is_without_patch},
                                {"case", finding.case_file},
                                {"report", finding.report},
                                {"commands", commands}});
  }
  json["changes"] = Json::array();
  for (const CheckVerdict::Change& change : verdict.changes) {
    json["changes"].push_back({{"file", change.file},
                               {"function", change.function},
                               {"slices", change.slices},
                               {"lines", change.lines},
                               {"not_executed", change.not_executed},
                               {"one_way", change.one_way}});
  }
  if (verdict.against.has_value()) {
    json["against"] = {{"tree", verdict.against->description},
                       {"cases", verdict.against->cases},
                       {"different", verdict.against->different},
                       {"first", verdict.against->first},
                       {"case", verdict.against->case_file},
                       {"programs", verdict.against->programs}};
  }
  json["not_checked"] = verdict.not_checked;
  json["out"] = verdict.out;
  json["seconds"] = verdict.seconds;
  json["executions"] = verdict.executions();
  json["error"] = verdict.error;
  json["exit_code"] = verdict.exit_code();
  json["summary"] = verdict.LastLine();
  return JsonText(json);
}

}  // namespace pxdfuzz
