// SPDX-License-Identifier: MIT

// pxdfuzz sites.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/sites/sites_scanner.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Folders that every tree has, even one that was unpacked only in part.
constexpr std::string_view kFoldersOfATree[] = {"mm", "include"};

constexpr size_t kFileColumns = 44;
constexpr size_t kCountColumns = 7;
constexpr size_t kPlaceColumns = 44;

struct FileSites {
  std::string path;  // from the tree
  SourceSites found;
};

struct Counts {
  uint64_t addr_ends = 0;
  uint64_t roots = 0;
  uint64_t by_pointer = 0;
  uint64_t lockless = 0;
  uint64_t by_value = 0;
  uint64_t once = 0;
  uint64_t plain = 0;
  uint64_t walkers = 0;
  uint64_t candidates = 0;

  void Add(const SourceSites& found) {
    for (const WalkerFunction& walker : found.walkers) {
      addr_ends += walker.addr_ends;
      roots += walker.roots;
      by_pointer += walker.by_pointer;
      lockless += walker.lockless;
      by_value += walker.by_value;
      once += walker.once;
      plain += walker.plain;
      walkers += !walker.is_macro;
      candidates += walker.is_candidate();
    }
  }
  uint64_t offsets() const { return roots + by_pointer + lockless + by_value; }
};

// Where uses of pXd_addr_end() are.
struct Spread {
  uint64_t lines = 0;
  uint64_t files = 0;
};

// The results for a tree.
struct TreeSites {
  uint64_t scanned = 0;  // files
  std::vector<FileSites> files;
  std::vector<absl::Status> errors;

  Counts Total() const {
    Counts total;
    for (const FileSites& file : files) total.Add(file.found);
    return total;
  }
  Spread AddrEnds() const {
    Spread spread;
    for (const FileSites& file : files) {
      std::set<int> lines;
      for (const Site& site : file.found.sites) {
        if (site.kind == SiteKind::kAddrEnd) lines.insert(site.line);
      }
      spread.lines += lines.size();
      spread.files += !lines.empty();
    }
    return spread;
  }
};

// Whether `under` is a folder inside `tree`.
bool IsInside(const std::string& tree, const std::string& under) {
  const fs::path inside = fs::path(under).lexically_normal();
  std::error_code error;
  return !inside.is_absolute() && !inside.empty() && *inside.begin() != ".." &&
         fs::is_directory(fs::path(tree) / inside, error);
}

absl::Status CheckTree(const std::string& tree, const std::string& under) {
  std::error_code error;
  if (!fs::is_directory(tree, error)) {
    return absl::NotFoundError(
        Concat({tree, error ? ": cannot be read: " : ": is no folder",
                error ? error.message() : "",
                "; name the folder of a Linux tree, which holds mm and "
                "include"}));
  }
  for (const std::string_view folder : kFoldersOfATree) {
    if (fs::is_directory(fs::path(tree) / folder, error)) continue;
    return absl::NotFoundError(
        Concat({tree, ": is no Linux tree, there is no folder ", folder,
                " in it; name the folder that holds mm and include"}));
  }
  if (!under.empty() && !IsInside(tree, under)) {
    return absl::NotFoundError(
        Concat({tree, ": has no folder ", under,
                "; --under names one from there, such as mm or arch/x86"}));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Contents(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen(path.c_str(), "rb"), &std::fclose);
  std::string bytes;
  if (file != nullptr) {
    char buffer[1 << 16];
    size_t got = 0;
    while ((got = std::fread(buffer, 1, sizeof(buffer), file.get())) > 0) {
      bytes.append(buffer, got);
    }
    if (std::ferror(file.get()) == 0) return bytes;
  }
  return absl::UnavailableError(
      Concat({path, ": cannot be read: ", std::strerror(errno)}));
}

bool IsSource(const fs::directory_entry& entry) {
  std::error_code error;
  const fs::path extension = entry.path().extension();
  // A link would count its file twice.
  return (extension == ".c" || extension == ".h") && !entry.is_symlink(error) &&
         entry.is_regular_file(error);
}

// Reports progress after two seconds, ten times per second.
class ScanProgress {
 public:
  void Say(uint64_t scanned) {
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    progress_.Say(Concat({Grouped(scanned), " files scanned"}));
  }

 private:
  Progress progress_{"sites"};
  Clock::time_point next_ = Clock::now() + std::chrono::seconds(2);
};

TreeSites ScanTree(const std::string& tree, const std::string& under) {
  TreeSites sites;
  ScanProgress progress;
  std::vector<fs::path> folders = {fs::path(tree) / under};
  while (!folders.empty()) {
    const fs::path folder = folders.back();
    folders.pop_back();
    std::error_code error;
    for (auto it = fs::directory_iterator(folder, error);
         !error && it != fs::directory_iterator(); it.increment(error)) {
      std::error_code ignored;
      if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
        folders.push_back(it->path());
        continue;
      }
      if (!IsSource(*it)) continue;
      progress.Say(sites.scanned++);
      const absl::StatusOr<std::string> source = Contents(it->path().string());
      if (!source.ok()) {
        sites.errors.push_back(source.status());
        continue;
      }
      if (!SiteScanner::MayHaveSites(*source)) continue;
      SourceSites found = SiteScanner::Scan(*source);
      if (found.sites.empty()) continue;
      sites.files.push_back(
          {it->path().lexically_relative(tree).generic_string(),
           std::move(found)});
    }
    if (error) {
      sites.errors.push_back(absl::UnavailableError(
          Concat({folder.string(), ": cannot be read: ", error.message()})));
    }
  }
  std::sort(
      sites.files.begin(), sites.files.end(),
      [](const FileSites& a, const FileSites& b) { return a.path < b.path; });
  return sites;
}

// `numbers` in columns behind `name`; "-" for none.
std::string Row(std::string name, const std::vector<std::string>& cells) {
  name.resize(std::max(name.size() + 1, kFileColumns), ' ');
  for (const std::string& cell : cells) {
    name.append(kCountColumns - std::min(kCountColumns, cell.size()), ' ');
    name += cell;
  }
  return name;
}

std::string Row(std::string name, const Counts& counts) {
  std::vector<std::string> cells;
  for (const uint64_t count :
       {counts.addr_ends, counts.roots, counts.by_pointer, counts.lockless,
        counts.by_value, counts.once, counts.plain, counts.candidates}) {
    cells.push_back(count == 0 ? "-" : Grouped(count));
  }
  return Row(std::move(name), cells);
}

std::string Place(const FileSites& file, int line) {
  return Concat({file.path, ":", std::to_string(line)});
}

// "lockless 1, once 2, plain 1; steps".
std::string WhyCandidate(const WalkerFunction& walker) {
  std::string why;
  const auto add = [&why](int count, std::string_view what) {
    if (count == 0) return;
    why += Concat({why.empty() ? "" : ", ", what, " ", std::to_string(count)});
  };
  add(walker.addr_ends, "boundary");
  add(walker.lockless, "lockless");
  add(walker.by_value, "by-value");
  add(walker.once, "once");
  add(walker.plain, "plain");
  if (walker.steps) why += "; steps";
  return why;
}

void AddCandidates(const TreeSites& tree, TextLines& text) {
  if (tree.Total().candidates == 0) return;
  text.Blank();
  text.Line("Walkers that may run without the lock", LineStyle::kTitle);
  for (const FileSites& file : tree.files) {
    for (const WalkerFunction& walker : file.found.walkers) {
      if (!walker.is_candidate()) continue;
      std::string line = Concat({"  ", Place(file, walker.line)});
      line.resize(std::max(line.size() + 2, kPlaceColumns), ' ');
      text.Line(Concat({line, walker.function, ": ", WhyCandidate(walker)}),
                walker.by_value > 0 && walker.steps ? LineStyle::kMarked
                                                    : LineStyle::kPlain);
    }
  }
}

void AddTotals(const TreeSites& tree, TextLines& text) {
  const Counts total = tree.Total();
  const Spread spread = tree.AddrEnds();
  text.Line(Concat({"pXd_addr_end  ", Plural(total.addr_ends, "use"), " on ",
                    Plural(spread.lines, "line"), " in ",
                    Plural(spread.files, "file")}));
  text.Line(Concat({"pXd_offset    ", Plural(total.offsets(), "use"), ": ",
                    Grouped(total.roots), " root, ", Grouped(total.by_pointer),
                    " by-pointer, ", Grouped(total.lockless), " lockless, ",
                    Grouped(total.by_value), " by-value"}));
  text.Line(
      Concat({"entries read  ", Plural(total.once + total.plain, "place"), ": ",
              Grouped(total.once), " once, ", Grouped(total.plain), " plain"}));
  text.Line(Concat({"walkers       ", Plural(total.walkers, "function"), ", ",
                    Grouped(total.candidates),
                    " of which may run without the lock"}));
  text.Line(Concat({"files         ", Grouped(tree.files.size()), " of ",
                    Grouped(tree.scanned), " have uses"}));
}

std::string ToText(const TreeSites& tree, bool color) {
  TextLines text(color);
  text.Line(Row("", {"addr_", "offset", "by-", "lock-", "by-", "read", "read",
                     "maybe"}),
            LineStyle::kTitle);
  text.Line(Row("file", {"end", "root", "ptr", "less", "value", "once", "plain",
                         "nolock"}),
            LineStyle::kTitle);
  for (const FileSites& file : tree.files) {
    Counts counts;
    counts.Add(file.found);
    text.Line(Row(file.path, counts));
  }
  text.Line(Row("all", tree.Total()), LineStyle::kTitle);
  AddCandidates(tree, text);
  text.Blank();
  AddTotals(tree, text);
  return text.text();
}

// A use or a read.
struct Item {
  int line;
  std::string_view function;
  std::string_view text;
  std::string_view kind;
};

// By line; within one line, uses come first.
std::vector<Item> ItemsOf(const SourceSites& found) {
  std::multimap<int, Item> sorted;
  for (const Site& site : found.sites) {
    sorted.emplace(site.line, Item{site.line, site.function, site.callee,
                                   Name(site.kind)});
  }
  for (const EntryRead& read : found.reads) {
    sorted.emplace(read.line,
                   Item{read.line, read.function, read.text, Name(read.kind)});
  }
  std::vector<Item> items;
  for (const auto& [line, item] : sorted) items.push_back(item);
  return items;
}

std::string ToList(const TreeSites& tree) {
  std::string list;
  for (const FileSites& file : tree.files) {
    for (const Item& item : ItemsOf(file.found)) {
      list += Concat({Place(file, item.line), ": ", item.function, ": ",
                      item.text, ": ", item.kind, "\n"});
    }
  }
  return list;
}

Json JsonOf(const Counts& counts) {
  return {{"addr_end", counts.addr_ends},    {"root", counts.roots},
          {"by_pointer", counts.by_pointer}, {"lockless", counts.lockless},
          {"by_value", counts.by_value},     {"read_once", counts.once},
          {"read_plainly", counts.plain},    {"functions", counts.walkers},
          {"candidates", counts.candidates}};
}

Json JsonOf(const WalkerFunction& walker) {
  SourceSites alone;
  alone.walkers = {walker};
  Counts counts;
  counts.Add(alone);
  Json json = {{"function", walker.function}, {"line", walker.line}};
  json.update(JsonOf(counts));
  json.update({{"macro", walker.is_macro},
               {"takes_lock", walker.takes_lock},
               {"steps", walker.steps}});
  return json;
}

Json JsonOf(const Item& item) {
  return {{"line", item.line},
          {"function", item.function},
          {"text", item.text},
          {"kind", item.kind}};
}

template <class T>
Json JsonList(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(JsonOf(item));
  return list;
}

std::string ToJson(const TreeSites& tree, bool with_items) {
  Json files = Json::array();
  for (const FileSites& file : tree.files) {
    Counts counts;
    counts.Add(file.found);
    Json json = {{"file", file.path}};
    json.update(JsonOf(counts));
    json["walkers"] = JsonList(file.found.walkers);
    if (with_items) json["uses"] = JsonList(ItemsOf(file.found));
    files.push_back(std::move(json));
  }
  const Spread spread = tree.AddrEnds();
  return JsonText(Json{{"files", files},
                       {"scanned", tree.scanned},
                       {"addr_end_lines", spread.lines},
                       {"addr_end_files", spread.files},
                       {"total", JsonOf(tree.Total())}});
}

}  // namespace

int RunSites(const Arguments& arguments, Output& out) {
  const std::string& folder = arguments.operands[0];
  const std::string under = arguments.Value("--under");
  if (const absl::Status status = CheckTree(folder, under); !status.ok()) {
    PrintError(status);
    return kUnreadable;
  }
  const TreeSites tree = ScanTree(folder, under);
  for (const absl::Status& error : tree.errors) PrintError(error);
  if (tree.scanned == 0) {
    PrintError(Concat({folder, under.empty() ? "" : "/", under,
                       ": no .c or .h file in it could be read"}));
    return kFailed;
  }
  const bool list = arguments.Has("--list");
  if (arguments.Has("--json")) {
    out.Write(ToJson(tree, list));
  } else {
    out.Write(list ? ToList(tree) : ToText(tree, out.color()));
  }
  if (tree.files.empty() && tree.errors.empty()) {
    PrintError(
        Concat({folder, under.empty() ? "" : "/", under, ": none of ",
                Plural(tree.scanned, "file"), " in it walks page tables"}));
    return kFailed;
  }
  return tree.errors.empty() ? kNothingFound : kUnreadable;
}

}  // namespace pxdfuzz
