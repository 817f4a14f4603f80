// SPDX-License-Identifier: MIT

#include "src/cli/text/json_report.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

Json OrNull(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

// Addresses are text: not every JSON parser has 64-bit integers.
Json OrNull(std::optional<uint64_t> address) {
  return address.has_value() ? Json(Hex(*address)) : Json();
}

Json JsonChange(const Explanation::Change& change) {
  return {{"number", change.number},
          {"when", change.when},
          {"before_read", change.read != 0 ? Json(change.read) : Json()},
          {"made", change.made},
          {"what", change.what},
          {"wrote", change.wrote}};
}

Json JsonIteration(const Explanation::Iteration& iteration) {
  if (iteration.skips) return {{"kind", "skipped"}};
  if (iteration.change.has_value()) {
    Json json = {{"kind", "change"}};
    json.update(JsonChange(*iteration.change));
    return json;
  }
  return {{"kind", "iteration"},
          {"level", Name(iteration.level)},
          {"part", iteration.part},
          {"pointer", iteration.pointer},
          {"rereads", iteration.rereads},
          {"place", iteration.place},
          {"read", iteration.read},
          {"next", iteration.next},
          {"after", iteration.after},
          {"reference", iteration.reference},
          {"marked", iteration.marked},
          {"rule", OrNull(iteration.rule)},
          {"effect", OrNull(iteration.effect)}};
}

template <class Items, class Make>
Json ListOf(const Items& items, Make make) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(make(item));
  return list;
}

}  // namespace

std::string JsonReport(const Explanation& e) {
  std::string source;
  for (const Explanation::CaseLine& line : e.source) source += line.text + '\n';
  Json json = {{"format", "pxdfuzz-explanation 2"},
               {"walk", e.walk},
               {"paging_mode", Name(e.mode)},
               {"request", e.request + 1},
               {"conclusive", e.conclusive},
               {"wrong", e.is_wrong},
               {"headline", e.headline},
               {"token", OrNull(e.token)},
               {"case", source}};
  if (e.conclusive) {
    json["outcome"] = Name(e.outcome);
    json["expected_failure"] =
        e.waiver == Cause::kNone ? Json() : Json(Name(e.waiver));
    json["known"] = OrNull(e.known);
    json["page"] = {{"number", e.page},
                    {"address", Hex(e.address)},
                    {"returned", OrNull(e.returned)},
                    {"reference", OrNull(e.expected)}};
    json["why"] = OrNull(e.wrong_iteration);
    json["terms"] = e.terms;
    json["changes"] = e.timeline.has_value()
                          ? ListOf(e.timeline->changes, JsonChange)
                          : Json::array();
    json["pages"] = {
        {"columns", e.page_header},
        {"rows", ListOf(e.pages, [](const Explanation::PageRow& row) -> Json {
           if (row.skips) return Json();
           return {{"marked", row.marked}, {"cells", row.cells}};
         })}};
    json["notes"] = e.notes;
    json["other_walks"] = e.other_walks;
    json["iterations"] = ListOf(e.iterations, JsonIteration);
    json["reference"] =
        ListOf(e.references, [](const Explanation::Path& path) -> Json {
          return {{"title", path.title},
                  {"steps", path.steps},
                  {"result", path.result}};
        });
  }
  return JsonText(json);
}

}  // namespace pxdfuzz
