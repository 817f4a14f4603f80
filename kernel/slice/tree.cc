// SPDX-License-Identifier: MIT

#include "kernel/slice/tree.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "kernel/slice/files.h"
#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz::slice {
namespace {

namespace fs = std::filesystem;

struct Arch {
  std::string_view name;
  // Its symbol in Kconfig, and what compilers for it predefine.
  std::string_view symbol;
  std::array<std::string_view, 2> predefined;
};
constexpr std::array<Arch, 3> kArches = {
    {{"s390", "S390", {"__s390__", "__s390x__"}},
     {"x86", "X86", {"__x86_64__", "__x86_64"}},
     {"arm64", "ARM64", {"__aarch64__", "__AARCH64EL__"}}}};

// Null if it is not known.
const Arch* FindKnown(std::string_view name) {
  for (const Arch& arch : kArches) {
    if (arch.name == name) return &arch;
  }
  return nullptr;
}

// Headers that arm64 builds with its own scripts.
struct Made {
  std::string_view script, from, header;
};
constexpr std::array<Made, 3> kMade = {
    {{"gen-cpucaps.awk", "cpucaps", "cpucap-defs.h"},
     {"gen-cpucaps.awk", "cpucaps", "cpucaps.h"},
     {"gen-sysreg.awk", "sysreg", "sysreg-defs.h"}}};

// Headers that the compiler includes first, by -include.
constexpr std::array<std::string_view, 3> kFirst = {
    "linux/kconfig.h", "linux/compiler-version.h", "linux/compiler_types.h"};

// The value of "NAME = 6" in the top Makefile.
std::string MakefileValue(std::string_view makefile, std::string_view name) {
  for (const std::string_view line : LinesOf(makefile)) {
    if (!line.starts_with(name)) continue;
    const std::string_view rest = Stripped(line.substr(name.size()));
    if (rest.starts_with('=')) return std::string(Stripped(rest.substr(1)));
  }
  return {};
}

struct Include {
  std::string_view name;
  bool quoted = false;
  // The whole line.
  std::string_view line = {};
};

std::vector<Include> IncludesOf(std::string_view text) {
  std::vector<Include> includes;
  for (const std::string_view line : LinesOf(text)) {
    std::string_view rest = Stripped(line);
    if (!rest.starts_with('#')) continue;
    rest = Stripped(rest.substr(1));
    if (!rest.starts_with("include")) continue;
    rest = Stripped(rest.substr(std::string_view("include").size()));
    if (rest.starts_with("_next")) rest = Stripped(rest.substr(5));
    if (rest.empty() || (rest[0] != '<' && rest[0] != '"')) continue;
    const size_t close = rest.find(rest[0] == '<' ? '>' : '"', 1);
    if (close == std::string_view::npos) continue;
    includes.push_back({rest.substr(1, close - 1), rest[0] == '"', line});
  }
  return includes;
}

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::vector<fs::path> HeaderFolders(const TreeRequest& request) {
  const fs::path asm_headers = request.tree / "arch" / request.arch / "include";
  return {request.shims / "shim" / request.arch,
          request.shims / "shim",
          asm_headers,
          request.out / "generic",
          request.tree / "include",
          asm_headers / "uapi",
          request.tree / "include/uapi",
          request.out,
          request.out / "none",
          request.shims.parent_path(),
          request.tree};
}

class Preparation {
 public:
  explicit Preparation(const TreeRequest& request)
      : request_(request),
        folders_(HeaderFolders(request)),
        arch_headers_(request.tree / "arch" / request.arch / "include") {}

  PreparedTree Run() {
    if (FindArch() && ReadVersion() && FindSources()) {
      Forget();
      MakeGeneric();
      MakeIncludes();
      MakeFacts();
      MakeEmpty();
    }
    prepared_.files.assign(files_.begin(), files_.end());
    return std::move(prepared_);
  }

 private:
  bool Fail(std::string message) {
    if (prepared_.error.empty()) prepared_.error = std::move(message);
    return false;
  }

  void Make(const fs::path& name, std::string_view text) {
    const fs::path file = request_.out / name;
    if (!WriteFile(file, text)) Fail(file.string() + ": cannot be written");
  }

  // Removes the headers of an earlier run, perhaps of another tree: they would
  // shadow headers that the tree has now.
  void Forget() const {
    std::error_code error;
    for (const char* folder : {"generic", "none"}) {
      fs::remove_all(request_.out / folder, error);
    }
  }

  bool FindArch() {
    return FindKnown(request_.arch) != nullptr ||
           Fail("architecture " + request_.arch + " is not known");
  }

  std::optional<std::string> Read(const fs::path& file) {
    files_.insert(file);
    return ReadFile(file);
  }

  bool ReadVersion() {
    const std::string tree = request_.tree.string();
    std::error_code error;
    if (!fs::is_directory(request_.tree, error)) {
      return Fail(tree +
                  ": no such folder; name the top folder of a Linux "
                  "tree");
    }
    const std::string makefile = Read(request_.tree / "Makefile").value_or("");
    const std::string version = MakefileValue(makefile, "VERSION");
    const std::string patchlevel = MakefileValue(makefile, "PATCHLEVEL");
    if (version.empty() || patchlevel.empty()) {
      return Fail(tree +
                  ": no Makefile with a kernel's VERSION; name the top folder "
                  "of a Linux tree");
    }
    prepared_.version = version + '.' + patchlevel;
    const std::string sublevel = MakefileValue(makefile, "SUBLEVEL");
    if (!sublevel.empty()) prepared_.version += '.' + sublevel;
    prepared_.version += MakefileValue(makefile, "EXTRAVERSION");
    return true;
  }

  bool FindSources() {
    for (const std::string& name :
         {std::string("mm/gup.c"), std::string("mm/pgtable-generic.c"),
          "arch/" + request_.arch + "/mm/contpte.c",
          "arch/" + request_.arch + "/mm/hugetlbpage.c",
          std::string("kernel/events/core.c")}) {
      std::optional<std::string> text = Read(request_.tree / name);
      if (text.has_value()) sources_.push_back({name, std::move(*text)});
    }
    if (sources_.empty() || sources_[0].name != "mm/gup.c") {
      return Fail((request_.tree / "mm/gup.c").string() +
                  ": the file is not there; Linux from 5.4 on has it");
    }
    if (!IsFile(arch_headers_ / "asm/pgtable.h")) {
      return Fail((arch_headers_ / "asm/pgtable.h").string() +
                  ": the file is not there; every architecture with page "
                  "tables has it");
    }
    return true;
  }

  // A header of the architecture's that it has not is the generic one.
  void MakeGeneric() {
    for (const auto& [generic, own] :
         {std::pair("include/asm-generic", "asm"),
          std::pair("include/uapi/asm-generic", "uapi/asm")}) {
      std::error_code error;
      for (const auto& entry :
           fs::directory_iterator(request_.tree / generic, error)) {
        const fs::path name = entry.path().filename();
        if (name.extension() != ".h" || IsFile(arch_headers_ / own / name) ||
            IsFile(arch_headers_ / "asm" / name) ||
            IsFile(arch_headers_ / "uapi/asm" / name)) {
          continue;
        }
        Make("generic/asm" / name,
             "#include <asm-generic/" + name.string() + ">\n");
      }
    }
    const fs::path tools = request_.tree / "arch" / request_.arch / "tools";
    for (const Made& made : kMade) {
      if (!IsFile(tools / made.script) ||
          IsFile(arch_headers_ / "asm" / made.header)) {
        continue;
      }
      const fs::path header = request_.out / "generic/asm" / made.header;
      const fs::path part = request_.out / (std::string(made.header) + ".part");
      files_.insert(tools / made.script);
      files_.insert(tools / made.from);
      const std::optional<int> exit =
          RunProgram({"awk", "-f", (tools / made.script).string(),
                      (tools / made.from).string()},
                     part, request_.out / "awk.log");
      // The scripts of some versions make one of these headers alone.
      if (exit == 0) WriteFile(header, ReadFile(part).value_or(""));
      std::error_code error;
      fs::remove(part, error);
    }
  }

  void MakeIncludes() {
    std::string text;
    for (const SourceFile& source : sources_) {
      for (const Include& include : IncludesOf(source.text)) {
        if (!include.quoted) {
          text += include.line;
        } else {
          text +=
              "#include \"" +
              (fs::path(source.name).parent_path() / include.name).string() +
              '"';
        }
        text += '\n';
      }
    }
    includes_ = text;
    Make("includes.h", text);
  }

  void MakeFacts() {
    std::vector<std::string> shims;
    std::error_code error;
    for (const auto& entry :
         fs::recursive_directory_iterator(request_.shims, error)) {
      const fs::path extension = entry.path().extension();
      if (extension != ".h" && extension != ".c") continue;
      if (auto text = Read(entry.path())) shims.push_back(std::move(*text));
    }
    std::set<std::string, std::less<>> named;
    for (const SourceFile& source : sources_) {
      Words words(source.text);
      while (const auto word = words.Next()) named.emplace(*word);
    }
    std::set<std::string, std::less<>> selected;
    const std::string kconfig =
        Read(request_.tree / "arch" / request_.arch / "Kconfig").value_or("");
    for (const std::string_view line : LinesOf(kconfig)) {
      Words words(line);
      if (words.Next() != "select") continue;
      if (const auto name = words.Next()) selected.emplace(*name);
    }
    Make("tree.h", "#define PXD_TREE_VERSION \"" + prepared_.version + "\"\n" +
                       Facts("PXD_TREE_HAS_", shims, named) +
                       Facts("PXD_KCONFIG_SELECTS_", shims, selected));
  }

  // A macro that begins with `prefix` for each name that stands behind it in
  // the shims and is in `names`.
  static std::string Facts(const std::string& prefix,
                           const std::vector<std::string>& shims,
                           const std::set<std::string, std::less<>>& names) {
    std::set<std::string_view> asked;
    for (const std::string& text : shims) {
      Words words(text);
      while (const auto word = words.Next()) {
        if (!word->starts_with(prefix)) continue;
        const auto name = names.find(word->substr(prefix.size()));
        if (name != names.end()) asked.insert(*name);
      }
    }
    std::string facts;
    for (const std::string_view name : asked) {
      facts.append("#define ").append(prefix).append(name).append(" 1\n");
    }
    return facts;
  }

  // Follows all includes, whatever their conditions are.
  void MakeEmpty() {
    for (const SourceFile& source : sources_) {
      todo_.push_back(request_.tree / source.name);
    }
    for (const std::string_view name : kFirst) Follow({.name = name}, {});
    for (const Include& include : IncludesOf(includes_)) Follow(include, {});
    std::set<fs::path> seen;
    while (!todo_.empty()) {
      const fs::path file = todo_.back();
      todo_.pop_back();
      if (!seen.insert(file).second) continue;
      const std::string text = Read(file).value_or("");
      for (const Include& include : IncludesOf(text)) {
        Follow(include, file.parent_path());
      }
    }
    for (const std::string& name : missing_) {
      if (!name.starts_with('.') && !name.starts_with('/')) {
        Make(fs::path("none") / name, "");
      }
    }
    prepared_.empty_headers = missing_.size();
  }

  void Follow(const Include& include, const fs::path& from) {
    bool found = false;
    const auto look = [&](const fs::path& folder) {
      const fs::path file = folder / include.name;
      if (!IsFile(file)) return;
      found = true;
      todo_.push_back(file);
    };
    if (include.quoted && !from.empty()) look(from);
    for (const fs::path& folder : folders_) look(folder);
    if (!found) missing_.emplace(include.name);
  }

  struct SourceFile {
    std::string name;
    std::string text;
  };

  const TreeRequest& request_;
  const std::vector<fs::path> folders_;
  const fs::path arch_headers_;
  std::vector<SourceFile> sources_;
  std::string includes_;
  std::set<fs::path> files_;
  std::vector<fs::path> todo_;
  std::set<std::string> missing_;
  PreparedTree prepared_;
};

}  // namespace

PreparedTree PrepareTree(const TreeRequest& request) {
  return Preparation(request).Run();
}

Configuration ConfigurationOf(const TreeRequest& request,
                              const ConfigChanges& changes) {
  const Arch* arch = FindKnown(request.arch);
  return MakeConfiguration(request.shims / "config", request.arch,
                           arch == nullptr ? "" : arch->symbol,
                           request.tree / "arch" / request.arch / "Kconfig",
                           changes);
}

std::vector<std::string> PreprocessorArguments(const TreeRequest& request,
                                               const fs::path& configuration) {
  std::vector<std::string> arguments = {"-E",
                                        "-std=gnu11",
                                        "-nostdinc",
                                        "-w",
                                        "-D__KERNEL__",
                                        "-DKBUILD_MODNAME=\"pxd\"",
                                        "-DKBUILD_BASENAME=\"pxd\"",
                                        "-DKBUILD_MODFILE=\"pxd\""};
  for (const Arch& arch : kArches) {
    for (const std::string_view macro : arch.predefined) {
      arguments.push_back((arch.name == request.arch ? "-D" : "-U") +
                          std::string(macro) +
                          (arch.name == request.arch ? "=1" : ""));
    }
  }
  arguments.insert(arguments.end(), {"-I", configuration.string()});
  for (const fs::path& folder : HeaderFolders(request)) {
    arguments.insert(arguments.end(), {"-I", folder.string()});
  }
  for (const std::string_view first : {kFirst[0], kFirst[2]}) {
    arguments.insert(arguments.end(), {"-include", std::string(first)});
  }
  return arguments;
}

}  // namespace pxdfuzz::slice
