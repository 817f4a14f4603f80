// SPDX-License-Identifier: MIT

// pxdfuzz export.

#include "src/cli/export/export.h"

#include <array>
#include <optional>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/report/explain.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/input.h"

namespace pxdfuzz {
namespace {

struct Form {
  std::string_view name;
  std::string (*write)(const Export& exported);
  // Whether it omits what was not compared.
  bool wants_comparison = false;
};
constexpr std::array<Form, 2> kForms = {{
    {"gtest", ExportGtest, /*wants_comparison=*/true},
    {"c", ExportC},
}};

const Form* FindForm(std::string_view name) {
  for (const Form& form : kForms) {
    if (form.name == name) return &form;
  }
  return nullptr;
}

// Wraps `text` behind `prefix`, a comment's mark.
void AddComment(std::string_view prefix, std::string_view text,
                TextLines& out) {
  out.Wrap(Concat({prefix, " "}), Concat({prefix, " "}), text);
}

int Refuse(std::string_view message) {
  PrintError(Concat({"export: ", message}));
  return kUsage;
}

}  // namespace

std::string Export::CaseComment(std::string_view prefix) const {
  TextLines out(/*color=*/false);
  AddComment(prefix, Explain(walker, c, request, answer).headline, out);
  out.Line(prefix);
  AddComment(
      prefix,
      "The case, as 'pxdfuzz explain' takes it without these marks:", out);
  out.Line(prefix);
  const std::string indent = Concat({prefix, "   "});
  const std::string text = ToText(c, kTextColumns - indent.size());
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    out.Line(Concat({indent, std::string_view(text).substr(at, end - at)}));
    at = end + 1;
  }
  return out.text();
}

int RunExport(const Arguments& arguments, Output& out) {
  const std::string as = arguments.Value("--as");
  if (as.empty()) return Refuse("say as what: --as=gtest or --as=c");
  const Form* form = FindForm(as);
  if (form == nullptr) {
    return Refuse(Concat({"--as=", as, ": there are --as=gtest and --as=c"}));
  }
  int exit_code = 0;
  const Engines engines = OpenEngines("export", WalkOf(arguments), exit_code);
  if (engines.empty()) return exit_code;
  const std::string& file = arguments.operands[0];
  const std::string name = file == kStandardInput ? "standard input" : file;
  const absl::StatusOr<Case> c = ReadCase(file);
  if (!c.ok()) {
    PrintError(c.status());
    return kUnreadable;
  }
  if (c->empty() || !InfoOf(c->mode).built) {
    PrintError(Concat({name,
                       ": is the empty case: its bytes mean nothing, and "
                       "there is nothing to export"}));
    return kUnreadable;
  }
  const absl::StatusOr<Choice> choice = Choose(engines, *c, std::nullopt);
  if (!choice.ok()) {
    PrintError(choice.status());
    return kUnreadable;
  }
  if (choice->engine == nullptr) {
    const Walker& walker = engines[0]->walker();
    return Refuse(Concat({name, ": is of ", Name(c->mode), ", and ",
                          walker.name, " is code of ", walker.kernel->arch}));
  }
  const Export exported = {.c = *c,
                           .walker = choice->engine->walker(),
                           .request = choice->request,
                           .answer = choice->answer};
  if (form->wants_comparison && !exported.is_conclusive()) {
    return Refuse(
        Concat({name, ": is inconclusive, so a test has nothing to expect: ",
                Describe(exported.answer.inconclusive)}));
  }
  if (form->wants_comparison && !arguments.Has("--walk") &&
      !exported.is_wrong()) {
    return Refuse(Concat({name,
                          ": no walk differs from the reference; --walk=NAME "
                          "makes a test of that walk, which passes"}));
  }
  return WriteResult(form->write(exported), arguments, kNothingFound, out);
}

}  // namespace pxdfuzz
