// SPDX-License-Identifier: MIT

// pxdfuzz walks.

#include <string>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/words.h"
#include "src/cli/commands.h"
#include "src/cli/survey/survey.h"

namespace pxdfuzz {
namespace {

// The built paging modes in which that is an expected failure of the walk.
std::vector<std::string> PagingModesWith(Policy policy, Cause cause) {
  std::vector<std::string> modes;
  for (const PagingMode& mode : kAllPagingModes) {
    if (IsBuilt(mode) &&
        ExpectedFailures(policy, mode).InStillTables() == cause) {
      modes.push_back(Name(mode));
    }
  }
  return modes;
}

// The same for failures while tables change, with the recheck.
std::vector<std::string> PagingModesWithRace(Policy policy, Cause cause) {
  std::vector<std::string> modes;
  for (const PagingMode& mode : kAllPagingModes) {
    if (IsBuilt(mode) && ExpectedFailures(policy, mode).Contains(cause) &&
        ExpectedFailures(policy, mode).InStillTables() != cause) {
      modes.push_back(Name(mode));
    }
  }
  return modes;
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
  const std::vector<std::string> holds = PagingModesWith(policy, Cause::kNone);
  if (!holds.empty()) {
    text.Wrap("  holds      ", kMargin, Enumerate(holds));
  }
  const auto add = [&](std::string_view label, Cause cause,
                       const std::vector<std::string>& modes) {
    if (modes.empty()) return;
    text.Wrap(
        label, kMargin,
        Concat({Enumerate(modes), ": ", Name(cause), ", ", Describe(cause)}),
        LineStyle::kMarked);
  };
  for (const Cause cause : kAllCauses) {
    add("  is wrong   ", cause, PagingModesWith(policy, cause));
  }
  for (const Cause cause : kAllCauses) {
    add("  in races   ", cause, PagingModesWithRace(policy, cause));
  }
}

void AddKernelCode(const KernelCode& kernel, TextLines& text) {
  text.Blank();
  text.Line(kernel.name, LineStyle::kTitle);
  text.Line(Concat({"  text       ", TreeOf(kernel), ", ", kernel.arch, ", ",
                    kernel.variant, "; slice ", kernel.slice}));
  if (kernel.variant != "as-is") {
    text.Wrap("             ", "             ",
              DescribeVariant(kernel.variant));
  }
  text.Line("  licence    GPL-2.0-only: the program holds kernel code");
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
      AddKernelCode(*opened.program->walker().kernel, text);
    } else {
      PrintError(opened.error);
      code = kUnreadable;
    }
  }
  text.Blank();
  if (kernels.empty()) {
    text.Line("no kernel code: build with linux-source-6.1 installed");
  } else {
    text.Wrap(
        "", "",
        "Kernel code is compiled from Linux trees and is a walk for "
        "'explain', 'replay', 'shrink' and 'export', by its name; each is a "
        "program of its own.");
  }
  out.Write(text.text());
  return code;
}

}  // namespace pxdfuzz
