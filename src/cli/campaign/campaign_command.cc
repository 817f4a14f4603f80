// SPDX-License-Identifier: MIT

// pxdfuzz campaign.

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/campaign/campaign.h"
#include "src/cli/campaign/campaign_report.h"
#include "src/cli/campaign/demonstration.h"
#include "src/cli/campaign/known_issues.h"
#include "src/cli/commands.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

// A whole number of at least `least`, or an error.
absl::Status ReadNumber(const Arguments& arguments, std::string_view flag,
                        int least, int& number) {
  if (!arguments.Has(flag)) return absl::OkStatus();
  const std::string value = arguments.Value(flag);
  if (absl::SimpleAtoi(value, &number) && number >= least) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      Concat({"campaign: ", flag, "=", value, ": a whole number from ",
              std::to_string(least), " on is wanted"}));
}

absl::StatusOr<CampaignOptions> ReadOptions(const Arguments& arguments) {
  CampaignOptions options;
  options.target = arguments.operands[0];
  options.sanitized = arguments.Value("--sanitized");
  options.out = arguments.Value("--out");
  options.resume = arguments.Has("--resume");
  options.dictionary = arguments.Value("--dict");
  const bool is_demonstration = arguments.Has("--demonstration");
  for (const std::string& program :
       {is_demonstration ? "" : options.target, options.sanitized}) {
    if (!program.empty() && access(program.c_str(), X_OK) != 0) {
      return absl::InvalidArgumentError(
          Concat({program, ": is no program that can be run"}));
    }
  }
  if (options.out.empty()) {
    return absl::InvalidArgumentError("campaign: --out=FOLDER is wanted");
  }
  if (const std::string engine = arguments.Value("--engine"); engine == "afl") {
    options.engine = FuzzEngine::kAfl;
  } else if (!engine.empty() && engine != "libfuzzer") {
    return absl::InvalidArgumentError(Concat(
        {"campaign: --engine=", engine, ": there are libfuzzer and afl"}));
  }
  if (!options.dictionary.empty() &&
      access(options.dictionary.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(Concat(
        {options.dictionary, ": cannot be read: ", std::strerror(errno)}));
  }
  for (const absl::Status& status :
       {ReadNumber(arguments, "--jobs", 1, options.jobs),
        ReadNumber(arguments, "--patience", 1, options.patience),
        ReadNumber(arguments, "--seconds", 1, options.seconds)}) {
    if (!status.ok()) return status;
  }
  for (const auto& seeds :
       absl::StrSplit(arguments.Value("--seeds"), ',', absl::SkipEmpty())) {
    const std::string folder(seeds);
    std::error_code error;
    fs::directory_iterator readable(folder, error);
    if (error) {
      return absl::InvalidArgumentError(Concat(
          {folder, ": is no folder that can be read: ", error.message()}));
    }
    options.seeds.push_back(folder);
  }
  return options;
}

}  // namespace

int RunCampaign(const Arguments& arguments, Output& out) {
  absl::StatusOr<CampaignOptions> options = ReadOptions(arguments);
  if (!options.ok()) {
    PrintError(options.status());
    return kUsage;
  }
  const absl::StatusOr<std::vector<KnownIssue>> known =
      ReadKnownIssuesFile(arguments.Value("--known"));
  if (!known.ok()) {
    PrintError(known.status());
    return kUnreadable;
  }
  options->known = *known;
  if (arguments.Has("--demonstration")) {
    return Demonstrate(*std::move(options), out);
  }
  Campaign campaign(*std::move(options));
  if (const absl::Status status = campaign.Open(); !status.ok()) {
    PrintError(status);
    return absl::IsInvalidArgument(status) ? kUsage : kFailed;
  }
  for (const std::string& remark : campaign.remarks()) PrintError(remark);
  CatchInterrupts();
  absl::Status status = Fuzz(campaign, out);
  out.Write("\nSummary\n");
  Summarize(campaign, out);
  const bool is_fresh = !campaign.Findings(campaign.Stats()).first.empty();
  status.Update(campaign.CheckThatItWorked());
  if (!status.ok()) {
    PrintError(status);
    return kFailed;
  }
  return is_fresh ? kFinding : kNothingFound;
}

}  // namespace pxdfuzz
