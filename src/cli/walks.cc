// SPDX-License-Identifier: MIT

// pxdfuzz walks.

#include <string>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/paging/space.h"
#include "pxdfuzz/report/text_policy.h"
#include "src/cli/commands.h"
#include "src/cli/survey/changing_survey.h"
#include "src/cli/survey/survey.h"

namespace pxdfuzz {
namespace {

// Spaces that are built and where that is the known defect of the walk.
std::vector<std::string> SpacesWith(Policy policy, Cause cause) {
  std::vector<std::string> spaces;
  for (const Space& space : kAllSpaces) {
    if (IsBuilt(space) &&
        ExpectedFailures(policy, space).InStillTables() == cause) {
      spaces.push_back(Name(space));
    }
  }
  return spaces;
}

// The same of what comes to it while tables change, with the last check.
std::vector<std::string> SpacesWithRace(Policy policy, Cause cause) {
  std::vector<std::string> spaces;
  for (const Space& space : kAllSpaces) {
    if (IsBuilt(space) && ExpectedFailures(policy, space).Contains(cause) &&
        ExpectedFailures(policy, space).InStillTables() != cause) {
      spaces.push_back(Name(space));
    }
  }
  return spaces;
}

void AddChoice(std::string_view axis, const ChoiceText& choice,
               TextLines& text) {
  std::string line = Concat({"  ", axis});
  line.resize(13, ' ');
  line += choice.name;
  line.resize(27, ' ');
  text.Line(Concat({line, choice.kernel}));
}

void AddWalk(Policy policy, TextLines& text) {
  text.Line(Name(policy), LineStyle::kTitle);
  AddChoice("boundary", Describe(policy.boundary), text);
  AddChoice("descent", Describe(policy.descent), text);
  AddChoice("step", Describe(policy.step), text);
  if (const std::string_view known = KnownAs(policy); !known.empty()) {
    text.Line(Concat({"  known as   ", known}));
  }
  constexpr std::string_view kMargin = "             ";
  const std::vector<std::string> holds = SpacesWith(policy, Cause::kNone);
  if (!holds.empty()) {
    text.Wrap("  holds      ", kMargin, Enumerate(holds));
  }
  const auto add = [&](std::string_view label, Cause cause,
                       const std::vector<std::string>& spaces) {
    if (spaces.empty()) return;
    text.Wrap(
        label, kMargin,
        Concat({Enumerate(spaces), ": ", Name(cause), ", ", Describe(cause)}),
        LineStyle::kMarked);
  };
  for (const Cause cause : kAllCauses) {
    add("  is wrong   ", cause, SpacesWith(policy, cause));
  }
  for (const Cause cause : kAllCauses) {
    add("  in races   ", cause, SpacesWithRace(policy, cause));
  }
}

void AddKernelText(const KernelText& kernel, TextLines& text) {
  text.Blank();
  text.Line(kernel.name, LineStyle::kTitle);
  text.Line(Concat({"  text       Linux ", kernel.version, ", ", kernel.arch,
                    ", ", kernel.variant, "; cut ", kernel.cut}));
  if (kernel.variant != "as-is") {
    text.Wrap("             ", "             ",
              DescribeVariant(kernel.variant));
  }
  text.Line("  licence    GPL-2.0-only: the program holds kernel text");
}

}  // namespace

std::string WalkNames() {
  std::vector<std::string> names;
  for (const Policy& policy : kAllWalks) names.emplace_back(Name(policy));
  return Enumerate(names);
}

int RunWalks(const Arguments& /*arguments*/, Output& out) {
  TextLines text(out.color());
  for (const Policy& policy : kAllWalks) {
    if (policy != kAllWalks[0]) text.Blank();
    AddWalk(policy, text);
  }
  const std::vector<std::string> kernels = KernelProgramNames();
  int code = kNothingFound;
  for (const std::string& name : kernels) {
    const KernelProgram::Opened opened = OpenKernelProgram(name);
    if (opened.ok()) {
      AddKernelText(opened.program->text(), text);
    } else {
      PrintError(opened.error);
      code = kUnreadable;
    }
  }
  text.Blank();
  if (kernels.empty()) {
    text.Line("no kernel text: build with linux-source-6.1 installed");
  } else {
    text.Wrap(
        "", "",
        "Kernel text is compiled from Linux trees and is a walk for "
        "'explain', 'replay', 'shrink' and 'export', by its name; each is a "
        "program of its own.");
  }
  out.Write(text.text());
  return code;
}

}  // namespace pxdfuzz
