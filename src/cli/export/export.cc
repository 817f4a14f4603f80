// SPDX-License-Identifier: MIT

// pxdfuzz export.

#include "src/cli/export/export.h"

#include <array>
#include <optional>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/report/explain.h"
#include "pxdfuzz/view/paging_mode_info.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/input.h"

namespace pxdfuzz {
namespace {

struct Form {
  std::string_view name;
  std::string (*write)(const Export& exported);
  // Whether it says nothing about what was not compared.
  bool wants_comparison = false;
};
constexpr std::array<Form, 3> kForms = {{
    {"gtest", ExportGtest, /*wants_comparison=*/true},
    {"c", ExportC},
    {"mail", ExportMail},
}};

const Form* FindForm(std::string_view name) {
  for (const Form& form : kForms) {
    if (form.name == name) return &form;
  }
  return nullptr;
}

// The first request and walk that disagree, or where none does, the first
// request that was compared.
Export Choose(const Case& c, const Verdict& verdict,
              std::optional<size_t> walk) {
  Export chosen{.c = c,
                .verdict = verdict,
                .walk = walk.value_or(IndexOf(kStaticLockless))};
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    for (size_t j = 0; j < kWalkCount; ++j) {
      if (walk.has_value() && j != *walk) continue;
      if (verdict.requests[i].walks[j].outcome == Outcome::kAgrees) continue;
      chosen.request = i;
      chosen.walk = j;
      return chosen;
    }
  }
  while (chosen.request + 1 < verdict.requests.size() &&
         chosen.inconclusive() != Inconclusive::kNo) {
    ++chosen.request;
  }
  if (chosen.inconclusive() != Inconclusive::kNo) chosen.request = 0;
  return chosen;
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

// Writes what was chosen of the case in `file`. `is_named`: its walk was asked
// for, right or wrong.
int WriteExport(const Export& chosen, const Form& form, const std::string& file,
                bool is_named, const Arguments& arguments, Output& out) {
  if (form.wants_comparison) {
    if (chosen.inconclusive() != Inconclusive::kNo) {
      return Refuse(Concat({file,
                            ": is inconclusive, so a test has nothing "
                            "to expect: ",
                            Describe(chosen.inconclusive())}));
    }
    if (!is_named && !chosen.is_wrong()) {
      return Refuse(Concat({file,
                            ": no walk differs from the reference; --walk=NAME "
                            "makes a test of that walk, which passes"}));
    }
  }
  return WriteResult(form.write(chosen), arguments, kNothingFound, out);
}

// The same of what the program `name` does with `c`.
int ExportKernel(const std::string& name, const Form& form,
                 const std::string& file, const Case& c,
                 const Arguments& arguments, Output& out) {
  int exit_code = 0;
  const auto program = OpenKernelProgramFor("export", name, exit_code);
  if (program == nullptr) return exit_code;
  const KernelCode& code = program->text();
  if (!program->Takes(c.mode)) {
    return Refuse(Concat({file, ": is of ", Name(c.mode), ", and ", code.name,
                          " is code of ", code.arch}));
  }
  const Answers answers = program->Run(c, /*recorded=*/true);
  if (!answers.ok()) {
    PrintError(answers.error);
    return kUnreadable;
  }
  const size_t request = RequestToExplain(answers.of_request);
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(c, WalkSet(), Waivers::kExpectedFailures);
  return WriteExport({.c = c,
                      .verdict = verdict,
                      .request = request,
                      .walk = IndexOf(ModelOfVariant(code.variant)),
                      .code = &code,
                      .answer = &answers.of_request[request]},
                     form, file, /*is_named=*/true, arguments, out);
}

}  // namespace

Inconclusive Export::inconclusive() const {
  if (verdict.inconclusive != Inconclusive::kNo) return verdict.inconclusive;
  if (request >= verdict.requests.size()) return Inconclusive::kEmptyCase;
  return verdict.requests[request].inconclusive;
}

bool Export::is_wrong() const {
  if (answer != nullptr) {
    return !answer->finding.empty() || !answer->known.empty();
  }
  return inconclusive() == Inconclusive::kNo &&
         verdict.requests[request].walks[walk].outcome != Outcome::kAgrees;
}

std::string Export::Headline() const {
  if (code != nullptr) {
    return ExplainKernel(*code, c, request, *answer).headline;
  }
  return ExplainModel(c, verdict, request, walk).headline;
}

std::string Export::CaseComment(std::string_view prefix) const {
  TextLines out(/*color=*/false);
  AddComment(prefix, Headline(), out);
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
  if (as.empty()) return Refuse("say as what: --as=gtest, --as=c, --as=mail");
  const Form* form = FindForm(as);
  if (form == nullptr) {
    return Refuse(
        Concat({"--as=", as, ": there are --as=gtest, --as=c and --as=mail"}));
  }
  const std::string walk_name = arguments.Value("--walk");
  const bool is_kernel = IsKernelName(walk_name);
  std::optional<size_t> walk;
  if (arguments.Has("--walk") && !is_kernel) {
    const std::optional<Policy> policy = PolicyFromName(walk_name);
    if (!policy.has_value()) {
      return Refuse(Concat({"there is no walk '", walk_name,
                            "'; 'pxdfuzz walks' names the twelve, and kernel "
                            "code"}));
    }
    walk = IndexOf(*policy);
  }

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
  if (is_kernel) {
    return ExportKernel(walk_name, *form, name, *c, arguments, out);
  }
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(*c, WalkSet::All(), Waivers::kExpectedFailures);
  return WriteExport(Choose(*c, verdict, walk), *form, name, walk.has_value(),
                     arguments, out);
}

}  // namespace pxdfuzz
