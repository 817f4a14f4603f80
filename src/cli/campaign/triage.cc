// SPDX-License-Identifier: MIT

// pxdfuzz triage.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/report/explain.h"
#include "src/cli/campaign/kept_finding.h"
#include "src/cli/campaign/known_issues.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/input.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr size_t kNamesShown = 3;

// The files of one signature.
struct Group {
  struct File {
    std::string name;
    uintmax_t size = 0;
  };
  std::vector<File> files;
  // The bytes of the smallest file, the first of several.
  size_t smallest = 0;
  Case c;
  KeptFinding finding;
};

// All files at or below a folder, by result. Names are relative to the folder.
struct Pile {
  size_t files = 0;
  std::map<std::string, Group> groups;  // by signature
  size_t without_finding = 0;
  // With the reason.
  std::vector<std::pair<std::string, std::string>> unreadable;
};

// Adds the regular files at or below `folder`, and what cannot be read.
std::error_code AddFiles(const fs::path& folder, std::vector<fs::path>& files,
                         Pile& pile) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (auto it = fs::directory_iterator(folder, error);
       !error && it != fs::directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
      folders.push_back(it->path());
    } else if (it->is_regular_file(ignored)) {
      files.push_back(it->path());
    }
  }
  if (error) return error;
  for (const fs::path& below : folders) {
    if (const std::error_code failed = AddFiles(below, files, pile)) {
      pile.unreadable.emplace_back(below.string(), failed.message());
    }
  }
  return {};
}

// A name or a message within a line of Markdown, as code.
std::string Code(std::string_view text) {
  std::string code = "`";
  for (const char c : text) {
    code += c == '`' || static_cast<unsigned char>(c) < ' ' ? '?' : c;
  }
  return code + "`";
}

// The message of `status` without the file's name before it.
std::string Reason(const absl::Status& status, const std::string& file) {
  std::string message(status.message());
  if (message.starts_with(file + ":")) message.erase(0, file.size() + 1);
  if (message.starts_with(' ')) message.erase(0, 1);
  return message;
}

// `name` is the file's name relative to the folder. An error if an engine does
// not answer correctly.
absl::Status Sort(const std::string& file, const std::string& name,
                  const Engines& engines, Pile& pile) {
  absl::StatusOr<Case> c = ReadCase(file);
  if (!c.ok()) {
    pile.unreadable.emplace_back(name, Reason(c.status(), file));
    return absl::OkStatus();
  }
  if (c->empty()) {
    pile.unreadable.emplace_back(name, "is no case");
    return absl::OkStatus();
  }
  auto found = FindFinding(engines, /*wish=*/"", *c);
  if (!found.ok()) return found.status();
  std::optional<KeptFinding>& finding = *found;
  if (!finding.has_value()) {
    ++pile.without_finding;
    return absl::OkStatus();
  }
  std::error_code error;
  const uintmax_t size = fs::file_size(file, error);
  Group& group = pile.groups[finding->signature];
  group.files.push_back({name, size});
  if (group.files.size() > 1 && size >= group.files[group.smallest].size) {
    return absl::OkStatus();
  }
  group.smallest = group.files.size() - 1;
  group.c = *c;
  group.finding = *std::move(finding);
  return absl::OkStatus();
}

// The issue that covers a signature, if any, and an expired one that did.
struct Cover {
  const KnownIssue* valid = nullptr;
  const KnownIssue* expired = nullptr;
};

Cover CoverOf(const std::string& signature,
              const std::vector<KnownIssue>& known, const std::string& today) {
  Cover cover;
  for (const KnownIssue& issue : known) {
    if (!Matches(issue, signature)) continue;
    const KnownIssue*& place =
        IsExpired(issue, today) ? cover.expired : cover.valid;
    if (place == nullptr) place = &issue;
  }
  return cover;
}

// Writes the report on a pile.
class Summary {
 public:
  Summary(const Pile& pile, const std::vector<KnownIssue>& known)
      : pile_(pile) {
    const std::string today = Today();
    for (const auto& [signature, group] : pile.groups) {
      const Cover cover = CoverOf(signature, known, today);
      (cover.valid == nullptr ? fresh_ : known_)
          .push_back({&signature, &group, cover});
    }
  }

  bool has_fresh() const { return !fresh_.empty(); }

  // An error if an engine does not answer correctly.
  absl::StatusOr<std::string> Text(const std::string& folder,
                                   Progress& progress) {
    text_.Wrap("# ", "", Concat({"Findings in ", Code(folder)}));
    text_.Blank();
    size_t with_finding = 0;
    for (const auto& [signature, group] : pile_.groups) {
      with_finding += group.files.size();
    }
    text_.Wrap(
        "", "",
        Concat({Plural(pile_.files, "file"), ": ", std::to_string(with_finding),
                " with ", Plural(pile_.groups.size(), "kind"),
                " of finding, of which ", std::to_string(known_.size()),
                known_.size() == 1 ? " is known; " : " are known; ",
                std::to_string(pile_.without_finding), " without a finding; ",
                std::to_string(pile_.unreadable.size()),
                " that cannot be read as a case."}));
    AddTable();
    for (const auto& entries : {fresh_, known_}) {
      for (const Entry& entry : entries) {
        progress.Say(Concat({"shrinking ", *entry.signature}));
        if (absl::Status status = Add(entry); !status.ok()) return status;
      }
    }
    if (!pile_.unreadable.empty()) {
      text_.Blank();
      text_.Line("## Not read");
      text_.Blank();
      for (const auto& [file, reason] : pile_.unreadable) {
        text_.Line(Concat({"- ", Code(file), ": ", Code(reason)}));
      }
    }
    return text_.text();
  }

 private:
  struct Entry {
    const std::string* signature;
    const Group* group;
    Cover cover;
  };

  void AddTable() {
    if (pile_.groups.empty()) return;
    text_.Blank();
    text_.Line("| finding | files | known |");
    text_.Line("|---|---|---|");
    for (const auto& entries : {fresh_, known_}) {
      for (const Entry& entry : entries) {
        text_.Line(Concat({"| ", Code(*entry.signature), " | ",
                           std::to_string(entry.group->files.size()), " | ",
                           entry.cover.valid != nullptr     ? "yes"
                           : entry.cover.expired != nullptr ? "expired"
                                                            : "no",
                           " |"}));
      }
    }
  }

  absl::Status Add(const Entry& entry) {
    const Group& group = *entry.group;
    text_.Blank();
    text_.Line(Concat({"## ", *entry.signature}));
    text_.Blank();
    const absl::StatusOr<ShrunkCase> shrunk =
        ShrinkFinding(group.finding, group.c, nullptr);
    if (!shrunk.ok()) return shrunk.status();
    const KeptFinding& finding = shrunk->finding.value_or(group.finding);
    text_.Line(Explain(finding.engine->walker(), shrunk->c, finding.request,
                       finding.answer)
                   .headline);
    text_.Blank();
    const auto issue = [this](std::string_view state, const KnownIssue& known) {
      text_.Wrap("- ", "  ",
                 Concat({state, known.expires, ": ", known.reason, ", <",
                         known.link, ">"}));
    };
    if (entry.cover.valid != nullptr) {
      issue("known until ", *entry.cover.valid);
    } else if (entry.cover.expired != nullptr) {
      issue("was known until ", *entry.cover.expired);
    }
    std::vector<std::string> names;
    for (const Group::File& file : group.files) {
      if (names.size() == kNamesShown) break;
      names.push_back(Code(file.name));
    }
    if (group.files.size() > names.size()) {
      names.push_back(
          Concat({std::to_string(group.files.size() - names.size()), " more"}));
    }
    text_.Line(Concat(
        {"- ", Plural(group.files.size(), "file"), ": ", Enumerate(names)}));
    const Group::File& smallest = group.files[group.smallest];
    text_.Line(Concat({"- smallest: ", Code(smallest.name), ", ",
                       Plural(smallest.size, "byte")}));
    text_.Blank();
    text_.Line(
        "Made smaller; `pxdfuzz explain` lists the iterations of the walk:");
    text_.Blank();
    text_.Line("```yaml");
    std::string yaml = ToText(shrunk->c);
    if (yaml.ends_with('\n')) yaml.pop_back();
    text_.Line(yaml);
    text_.Line("```");
    return absl::OkStatus();
  }

  const Pile& pile_;
  std::vector<Entry> fresh_;
  std::vector<Entry> known_;
  TextLines text_{/*color=*/false};
};

}  // namespace

int RunTriage(const Arguments& arguments, Output& out) {
  int exit_code = 0;
  const std::string walk = arguments.Value("--walk");
  // By the name of the walk; empty is the model's.
  std::map<std::string, Engines> engines;
  engines[walk] = OpenEngines("triage", walk, exit_code);
  if (engines[walk].empty()) return exit_code;
  const absl::StatusOr<std::vector<KnownIssue>> known =
      ReadKnownIssuesFile(arguments.Value("--known"));
  if (!known.ok()) {
    PrintError(known.status());
    return kUnreadable;
  }
  const std::string& folder = arguments.operands[0];
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
    PrintError(Concat({folder, ": is no folder"}));
    return kUnreadable;
  }
  Pile pile;
  std::vector<fs::path> files;
  // Campaigns and checks keep much else in their folders.
  const bool is_check = fs::exists(folder + "/check.json", error);
  const bool is_own = is_check || fs::exists(folder + "/stats.json", error);
  const std::string root = is_own ? folder + "/findings" : folder;
  if (!is_own || fs::exists(root, error)) {
    if (const std::error_code failed = AddFiles(root, files, pile)) {
      PrintError(Concat({root, ": cannot be read: ", failed.message()}));
      return kUnreadable;
    }
  }
  if (is_own) {
    std::erase_if(files, [&](const fs::path& file) {
      return file.filename() != (is_check ? "case.yaml" : "input");
    });
    if (files.empty()) {
      PrintError(Concat({folder, ": has no findings"}));
      return kNothingFound;
    }
  }
  if (files.empty() && pile.unreadable.empty()) {
    PrintError(Concat({folder, ": is a folder without files"}));
    return kFailed;
  }
  std::sort(files.begin(), files.end());
  pile.files = files.size();
  Progress progress("triage");
  const auto fail = [&progress](const absl::Status& status) {
    progress.End();
    PrintError(status);
    return kUnreadable;
  };
  for (size_t i = 0; i < files.size(); ++i) {
    if (i % 100 == 0) {
      progress.Say(
          Concat({"file ", Grouped(i), " of ", Grouped(files.size())}));
    }
    const std::string file = files[i].string();
    // A case of a check names the kernel code that found it.
    const std::string own = is_check ? WalkOf(file, walk) : walk;
    if (!engines.contains(own)) {
      engines[own] = OpenEngines("triage", own, exit_code);
      if (engines[own].empty()) return exit_code;
    }
    if (const absl::Status status =
            Sort(file, files[i].lexically_relative(folder).string(),
                 engines[own], pile);
        !status.ok()) {
      return fail(status);
    }
  }
  std::sort(pile.unreadable.begin(), pile.unreadable.end());
  Summary summary(pile, *known);
  const absl::StatusOr<std::string> text = summary.Text(folder, progress);
  if (!text.ok()) return fail(text.status());
  progress.End();
  const bool has_case = !pile.groups.empty() || pile.without_finding > 0;
  const int code = WriteResult(*text, arguments,
                               !has_case             ? kFailed
                               : summary.has_fresh() ? kFinding
                                                     : kNothingFound,
                               out);
  if (!has_case) {
    PrintError(Concat({folder, ": no file in it is a case"}));
  }
  return code;
}

}  // namespace pxdfuzz
