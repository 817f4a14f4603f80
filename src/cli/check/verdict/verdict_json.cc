// SPDX-License-Identifier: MIT

#include "src/cli/check/verdict/verdict.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

Json CommandsOf(const std::vector<CheckVerdict::Finding::Command>& commands) {
  Json json = Json::array();
  for (const auto& command : commands) {
    json.push_back(
        {{"purpose", command.purpose}, {"command", command.command}});
  }
  return json;
}

}  // namespace

std::string JsonOf(const CheckVerdict& verdict) {
  const CheckVerdict::Tree& tree = verdict.tree;
  Json json;
  json["format"] = 2;
  json["tree"] = {{"name", tree.name},
                  {"version", tree.version},
                  {"commit", tree.commit},
                  {"modified", tree.is_modified},
                  {"patch", tree.patch},
                  {"patch_hash", tree.patch_hash},
                  {"hash", tree.hash},
                  {"slices", tree.slices},
                  {"description", tree.description}};
  json["resumed"] = verdict.is_resumed;
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
    Json members = Json::array();
    for (const CheckVerdict::Finding::Member& member : finding.members) {
      members.push_back({{"signature", member.signature},
                         {"mode", member.mode},
                         {"configuration", member.configuration},
                         {"walker", member.walker},
                         {"changing", member.changing},
                         {"times", member.times},
                         {"from_before", member.is_from_before}});
    }
    json["findings"].push_back({{"what", finding.what},
                                {"known", finding.known},
                                {"function", finding.function},
                                {"file", finding.file},
                                {"line", finding.line},
                                {"headline", finding.headline},
                                {"times", finding.times()},
                                {"members", members},
                                {"from_before", finding.is_from_before()},
                                {"without_patch", finding.is_without_patch},
                                {"case", finding.case_file},
                                {"report", finding.report},
                                {"commands", CommandsOf(finding.commands)}});
  }
  json["repairs"] = Json::array();
  for (const CheckVerdict::Repair& repair : verdict.repairs) {
    json["repairs"].push_back({{"what", repair.what},
                               {"headline", repair.headline},
                               {"cases", repair.cases},
                               {"modes", repair.modes},
                               {"case", repair.case_file},
                               {"commands", CommandsOf(repair.commands)}});
  }
  json["changes"] = Json::array();
  for (const CheckVerdict::Change& change : verdict.changes) {
    json["changes"].push_back({{"file", change.file},
                               {"function", change.function},
                               {"slices", change.slices},
                               {"lines", change.lines},
                               {"not_executed", change.not_executed},
                               {"one_way", change.one_way},
                               {"constants", change.constants}});
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
