// SPDX-License-Identifier: MIT

#include "kernel/slice/slicer.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <span>
#include <system_error>
#include <utility>

#include "fuzz/harness/sha1.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_';
}

// Whether `word` stands in `line` by itself, with `behind` right after it.
bool HasWord(std::string_view line, std::string_view word, char behind) {
  for (size_t at = line.find(word); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !IsWord(line[at - 1])) && end < line.size() &&
        line[end] == behind) {
      return true;
    }
  }
  return false;
}

std::string_view Stripped(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t") - first + 1);
}

// "#ifdef" of "#  ifdef X".
std::string_view Directive(std::string_view line) {
  line = Stripped(line);
  if (!line.starts_with('#')) return {};
  line = Stripped(line.substr(1));
  size_t end = 0;
  while (end < line.size() && IsWord(line[end])) ++end;
  return line.substr(0, end);
}

std::optional<std::string> ReadFile(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

KernelSource::KernelSource(std::string name, std::string_view text)
    : name_(std::move(name)) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines_.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

Piece KernelSource::Take(std::string anchor, size_t first, size_t last) const {
  Piece piece{.anchor = std::move(anchor),
              .first_line = static_cast<int>(first) + 1,
              .lines = static_cast<int>(last - first) + 1,
              .text = {}};
  for (size_t i = first; i <= last; ++i) piece.text += lines_[i] + '\n';
  return piece;
}

std::optional<Piece> KernelSource::Function(std::string_view name) const {
  for (size_t i = 0; i < lines_.size(); ++i) {
    const std::string& line = lines_[i];
    if (line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '#' ||
        !HasWord(line, name, '(')) {
      continue;
    }
    // A definition has its brace in column 1 before any semicolon ends it.
    size_t brace = i;
    while (brace < lines_.size() && !lines_[brace].starts_with('{') &&
           lines_[brace].find(';') == std::string::npos) {
      ++brace;
    }
    if (brace == lines_.size() || !lines_[brace].starts_with('{')) continue;
    size_t end = brace;
    while (end < lines_.size() && lines_[end] != "}") ++end;
    if (end == lines_.size()) return std::nullopt;
    // The return type may stand in a line of its own.
    size_t first = i;
    if (first > 0 && line.starts_with(name)) --first;
    return Take("function " + std::string(name), first, end);
  }
  return std::nullopt;
}

std::optional<Piece> KernelSource::Macro(std::string_view name) const {
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (Directive(lines_[i]) != "define") continue;
    if (!HasWord(lines_[i] + ' ', name, '(') &&
        !HasWord(lines_[i] + ' ', name, ' ')) {
      continue;
    }
    size_t end = i;
    while (end + 1 < lines_.size() && lines_[end].ends_with('\\')) ++end;
    return Take("macro " + std::string(name), i, end);
  }
  return std::nullopt;
}

std::optional<Piece> KernelSource::Conditional(std::string_view opening,
                                               std::string_view inside) const {
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (Stripped(lines_[i]) != opening) continue;
    int depth = 0;
    bool holds = false;
    for (size_t end = i; end < lines_.size(); ++end) {
      const std::string_view directive = Directive(lines_[end]);
      if (directive.starts_with("if")) ++depth;
      if (directive == "endif") --depth;
      holds |= lines_[end].find(inside) != std::string::npos;
      if (depth > 0) continue;
      if (holds) return Take(std::string(opening), i, end);
      break;
    }
  }
  return std::nullopt;
}

namespace {

// Headers of a tree that are compiled as they stand: where in the tree they
// lie, and under which name they are included.
struct Header {
  std::string_view path;
  std::string_view name;
  bool required = true;
};

// The first two: of one or the other, up to 5.7 the second.
constexpr Header kCommonHeaders[] = {
    {"include/linux/pgtable.h", "linux/pgtable.h", false},
    {"include/asm-generic/pgtable.h", "asm-generic/pgtable.h", false},
    {"include/asm-generic/pgtable_uffd.h", "asm-generic/pgtable_uffd.h", false},
    {"include/linux/const.h", "linux/const.h"},
    {"include/uapi/linux/const.h", "uapi/linux/const.h"},
    {"include/vdso/const.h", "vdso/const.h", false},
};

constexpr Header kS390Headers[] = {
    {"arch/s390/include/asm/page.h", "asm/page.h"},
    {"arch/s390/include/asm/pgtable.h", "asm/pgtable.h"},
};

// x86-64 alone: the headers of 32 bits are not asked for.
constexpr Header kX86Headers[] = {
    {"arch/x86/include/asm/page.h", "asm/page.h"},
    {"arch/x86/include/asm/page_64.h", "asm/page_64.h"},
    {"arch/x86/include/asm/page_64_types.h", "asm/page_64_types.h"},
    {"arch/x86/include/asm/page_types.h", "asm/page_types.h"},
    {"arch/x86/include/asm/pgtable-invert.h", "asm/pgtable-invert.h"},
    {"arch/x86/include/asm/pgtable.h", "asm/pgtable.h"},
    {"arch/x86/include/asm/pgtable_64.h", "asm/pgtable_64.h"},
    {"arch/x86/include/asm/pgtable_64_types.h", "asm/pgtable_64_types.h"},
    {"arch/x86/include/asm/pgtable_types.h", "asm/pgtable_types.h"},
    {"arch/x86/include/asm/pkru.h", "asm/pkru.h", false},
};

constexpr Header kArm64Headers[] = {
    {"arch/arm64/include/asm/memory.h", "asm/memory.h"},
    {"arch/arm64/include/asm/page-def.h", "asm/page-def.h"},
    {"arch/arm64/include/asm/page.h", "asm/page.h"},
    {"arch/arm64/include/asm/pgtable-hwdef.h", "asm/pgtable-hwdef.h"},
    {"arch/arm64/include/asm/pgtable-prot.h", "asm/pgtable-prot.h"},
    {"arch/arm64/include/asm/pgtable-types.h", "asm/pgtable-types.h"},
    {"arch/arm64/include/asm/pgtable.h", "asm/pgtable.h"},
    {"arch/arm64/include/asm/por.h", "asm/por.h", false},
    {"include/asm-generic/pgtable-nop4d.h", "asm-generic/pgtable-nop4d.h"},
    {"include/linux/sizes.h", "linux/sizes.h"},
};

struct ArchFiles {
  std::string_view arch;
  std::span<const Header> headers;
  // How the architecture writes large leaves for user space: functions and
  // macros of its hugetlbpage.c, in this order; of two names one is enough, and
  // one with a question mark may be missing.
  std::span<const std::string_view> hugetlb;
};

constexpr std::string_view kS390Hugetlb[] = {
    "macro move_set_bit", "function __pte_to_rste",
    "function __set_huge_pte_at|set_huge_pte_at", "function pmd_huge?",
    "function pud_huge?"};

// What decides that an entry is huge, up to 6.11.
constexpr std::string_view kX86Hugetlb[] = {"function pmd_huge?",
                                            "function pud_huge?"};

constexpr std::string_view kArm64Hugetlb[] = {
    "function arch_make_huge_pte", "function pmd_huge?", "function pud_huge?"};

constexpr ArchFiles kArches[] = {
    {"s390", kS390Headers, kS390Hugetlb},
    {"x86", kX86Headers, kX86Hugetlb},
    {"arm64", kArm64Headers, kArm64Hugetlb},
};

// What the sliced code or the headers of some versions define and others take
// from elsewhere: kernel/shim/compat.h has it then.
constexpr std::string_view kMayDefine[] = {
    "pmd_devmap",
    "put_compound_head",
    "try_get_compound_head",
    "try_grab_compound_head",
};

// Headers that the real ones include and that say nothing which matters here:
// what is used of them stands in kernel/shim.
constexpr std::string_view kEmptyHeaders[] = {
    "asm-generic/getorder.h",
    "asm-generic/memory_model.h",
    "asm-generic/pgtable_uffd.h",
    "asm/alternative.h",
    "asm/boot.h",
    "asm/bug.h",
    "asm/cmpxchg.h",
    "asm/coco.h",
    "asm/cpufeature.h",
    "asm/cpufeatures.h",
    "asm/ctlreg.h",
    "asm/fixmap.h",
    "asm/fpu/api.h",
    "asm/fpu/xstate.h",
    "asm/kaslr.h",
    "asm/mte.h",
    "asm/pkru.h",
    "asm/por.h",
    "asm/proc-fns.h",
    "asm/processor.h",
    "asm/sections.h",
    "asm/setup.h",
    "asm/sparsemem.h",
    "asm/sysreg.h",
    "asm/tlbflush.h",
    "asm/types.h",
    "asm/uv.h",
    "asm/x86_init.h",
    "linux/atomic.h",
    "linux/bitops.h",
    "linux/bug.h",
    "linux/compiler.h",
    "linux/errno.h",
    "linux/kmsan-checks.h",
    "linux/log2.h",
    "linux/mem_encrypt.h",
    "linux/mm_types.h",
    "linux/mmdebug.h",
    "linux/page-flags.h",
    "linux/page_table_check.h",
    "linux/personality.h",
    "linux/pfn.h",
    "linux/radix-tree.h",
    "linux/range.h",
    "linux/sched.h",
    "linux/spinlock.h",
    "linux/threads.h",
    "linux/types.h",
};

std::optional<Piece> TakeAnchor(const KernelSource& source,
                                std::string_view anchor) {
  const size_t mode = anchor.find(' ');
  const std::string_view kind = anchor.substr(0, mode);
  std::string_view names = anchor.substr(mode + 1);
  while (true) {
    const size_t bar = names.find('|');
    const std::string_view name = names.substr(0, bar);
    std::optional<Piece> piece =
        kind == "macro" ? source.Macro(name) : source.Function(name);
    if (piece.has_value() || bar == std::string_view::npos) return piece;
    names.remove_prefix(bar + 1);
  }
}

// The value of "NAME = 6" in the top Makefile.
std::string MakefileValue(std::string_view makefile, std::string_view name) {
  const std::string start = "\n" + std::string(name) + " =";
  const std::string text = "\n" + std::string(makefile);
  const size_t at = text.find(start);
  if (at == std::string::npos) return {};
  const size_t from = at + start.size();
  return std::string(Stripped(
      std::string_view(text).substr(from, text.find('\n', from) - from)));
}

// Gathers what is to be written, and writes it at the end or not at all.
class Cutting {
 public:
  explicit Cutting(const SliceRequest& request) : request_(request) {}

  SliceReport Run() {
    if (!ReadVersion() || !TakeHeaders() || !TakeGup() || !TakePerf() ||
        !TakeHugetlb()) {
      return report_;
    }
    WriteAll();
    return report_;
  }

 private:
  bool Fail(std::string message) {
    report_.error = std::move(message);
    return false;
  }

  bool ReadVersion() {
    std::error_code error;
    if (!fs::is_directory(request_.tree, error)) {
      return Fail(request_.tree.string() +
                  ": no such folder; name the top folder of a Linux tree");
    }
    const std::optional<std::string> makefile =
        ReadFile(request_.tree / "Makefile");
    const auto value = [&makefile](std::string_view name) {
      return MakefileValue(*makefile, name);
    };
    if (!makefile.has_value() || value("VERSION").empty() ||
        value("PATCHLEVEL").empty()) {
      return Fail(request_.tree.string() +
                  ": no Makefile that tells a kernel's VERSION; name the top "
                  "folder of a Linux tree");
    }
    report_.version = value("VERSION") + '.' + value("PATCHLEVEL");
    if (!value("SUBLEVEL").empty()) report_.version += '.' + value("SUBLEVEL");
    report_.version += value("EXTRAVERSION");
    return true;
  }

  bool TakeHeaders() {
    for (const ArchFiles& files : kArches) {
      if (files.arch == request_.arch) files_ = &files;
    }
    if (files_ == nullptr) {
      return Fail("architecture " + request_.arch + " is not known");
    }
    for (const Header& header : kCommonHeaders) {
      if (!TakeHeader(header)) return false;
    }
    if (!Has("linux/pgtable.h")) {
      if (!Has("asm-generic/pgtable.h")) {
        return Fail(Missing("include/linux/pgtable.h", "the file"));
      }
      // What includes the other one behind the architecture's.
      out_.push_back(
          {fs::path("include/linux/pgtable.h"), "#include <asm/pgtable.h>\n"});
    }
    for (const Header& header : files_->headers) {
      if (!TakeHeader(header)) return false;
    }
    return true;
  }

  bool Has(std::string_view name) const {
    for (const auto& [path, text] : out_) {
      if (path == fs::path("include") / name) return true;
    }
    return false;
  }

  bool TakeHeader(const Header& header) {
    const std::optional<std::string> text =
        ReadFile(request_.tree / header.path);
    if (!text.has_value()) {
      if (!header.required) return true;
      return Fail(Missing(header.path, "the file"));
    }
    // A read in a header is told with the tree's name of it.
    out_.push_back({fs::path("include") / header.name,
                    "#line 1 \"" + std::string(header.path) + "\"\n" + *text});
    all_ += *text;
    report_.pieces.push_back(std::string(header.path) + " whole");
    return true;
  }

  std::string Missing(std::string_view file, std::string_view anchor) const {
    return (request_.tree / file).string() + ": " + std::string(anchor) +
           " is not there; Linux from 5.4 on has it";
  }

  std::optional<KernelSource> Source(std::string_view file) {
    const std::optional<std::string> text = ReadFile(request_.tree / file);
    if (!text.has_value()) return std::nullopt;
    return KernelSource(std::string(file), *text);
  }

  void Add(const KernelSource& source, const Piece& piece, std::string& text) {
    text += "#line " + std::to_string(piece.first_line) + " \"" +
            source.name() + "\"\n" + piece.text;
    all_ += piece.text;
    report_.pieces.push_back(
        source.name() + ':' + std::to_string(piece.first_line) + '-' +
        std::to_string(piece.first_line + piece.lines - 1) + ' ' +
        piece.anchor);
  }

  bool TakeGup() {
    const std::optional<KernelSource> gup = Source("mm/gup.c");
    if (!gup.has_value()) return Fail(Missing("mm/gup.c", "the file"));
    std::optional<Piece> walk;
    for (const char* config : {"CONFIG_HAVE_GUP_FAST", "CONFIG_HAVE_FAST_GUP",
                               "CONFIG_HAVE_GENERIC_GUP"}) {
      walk = gup->Conditional("#ifdef " + std::string(config), "_pgd_range(");
      if (walk.has_value()) break;
    }
    if (!walk.has_value()) {
      return Fail(Missing("mm/gup.c",
                          "the fast walk under #ifdef "
                          "CONFIG_HAVE_FAST_GUP or "
                          "CONFIG_HAVE_GUP_FAST"));
    }
    std::string text;
    // What pte_offset_map() calls since 6.5, where a pmd may change meanwhile.
    if (const std::optional<KernelSource> generic =
            Source("mm/pgtable-generic.c")) {
      if (const auto map = generic->Function("__pte_offset_map")) {
        Add(*generic, *map, text);
        text +=
            "#define pte_offset_map(pmd, addr) "
            "PXD_READ_HERE(__pte_offset_map(pmd, addr, NULL))\n";
      }
    }
    // It stood apart from the walk since 6.9.
    const std::optional<Piece> record = gup->Function("record_subpages");
    if (record.has_value() &&
        walk->text.find(record->text) == std::string::npos) {
      Add(*gup, *record, text);
    }
    Add(*gup, *walk, text);
    const std::optional<Piece> permitted =
        gup->Conditional("#ifndef gup_fast_permitted", "gup_fast_permitted(");
    if (permitted.has_value()) Add(*gup, *permitted, text);
    for (const std::string_view entry :
         {"gup_fast", "lockless_pages_from_mm", "internal_get_user_pages_fast",
          "__get_user_pages_fast"}) {
      const std::optional<Piece> function = gup->Function(entry);
      if (!function.has_value()) continue;
      // That of 5.6 takes neither FOLL_GET nor FOLL_FAST_ONLY.
      if (entry == "internal_get_user_pages_fast" &&
          function->text.find("FOLL_GET") == std::string::npos) {
        continue;
      }
      Add(*gup, *function, text);
      facts_ += "#define PXD_TREE_ENTRY_" + std::string(entry) + " 1\n";
      if (function->text.find("FOLL_FAST_ONLY") != std::string::npos ||
          !entry.ends_with("get_user_pages_fast")) {
        facts_ += "#define PXD_TREE_HAS_FAST_ONLY 1\n";
      }
      out_.push_back({"gup.c", text});
      TellWhatIsDefined();
      return true;
    }
    return Fail(
        Missing("mm/gup.c", "the function gup_fast or lockless_pages_from_mm"));
  }

  void TellWhatIsDefined() {
    for (const std::string_view name : kMayDefine) {
      for (const auto& [path, text] : out_) {
        if (!KernelSource({}, text).Function(name).has_value()) continue;
        facts_ += "#define PXD_TREE_DEFINES_" + std::string(name) + " 1\n";
        break;
      }
    }
  }

  bool TakePerf() {
    const std::optional<KernelSource> perf = Source("kernel/events/core.c");
    std::optional<Piece> size;
    if (perf.has_value()) size = perf->Function("perf_get_pgtable_size");
    std::string text;
    if (size.has_value()) {
      Add(*perf, *size, text);
      facts_ += "#define PXD_TREE_HAS_PERF 1\n";
    } else {
      report_.pieces.push_back(
          "kernel/events/core.c: no perf_get_pgtable_size, left out");
    }
    out_.push_back({"perf.c", text});
    return true;
  }

  bool TakeHugetlb() {
    std::string text;
    const std::string file = "arch/" + request_.arch + "/mm/hugetlbpage.c";
    if (!files_->hugetlb.empty()) {
      const std::optional<KernelSource> source = Source(file);
      if (!source.has_value()) return Fail(Missing(file, "the file"));
      for (std::string_view anchor : files_->hugetlb) {
        const bool optional = anchor.ends_with('?');
        if (optional) anchor.remove_suffix(1);
        const std::optional<Piece> piece = TakeAnchor(*source, anchor);
        if (!piece.has_value()) {
          if (optional) continue;
          return Fail(Missing(file, "the " + std::string(anchor)));
        }
        Add(*source, *piece, text);
        if (piece->anchor.find("__set_huge_pte_at") != std::string::npos) {
          facts_ += "#define PXD_TREE_SET_HUGE __set_huge_pte_at\n";
        }
      }
    }
    out_.push_back({"hugetlb.c", text});
    return true;
  }

  void WriteAll() {
    report_.hash =
        Sha1Hex(std::span(reinterpret_cast<const uint8_t*>(all_.data()),
                          all_.size()))
            .substr(0, 16);
    out_.push_back({"slice.h", "#define PXD_TREE_VERSION \"" + report_.version +
                                   "\"\n#define PXD_TREE_HASH \"" +
                                   report_.hash + "\"\n" + facts_});
    for (const std::string_view name : kEmptyHeaders) {
      if (!Has(name)) out_.push_back({fs::path("include") / name, ""});
    }
    std::error_code error;
    for (const auto& [path, text] : out_) {
      const fs::path file = request_.out / path;
      fs::create_directories(file.parent_path(), error);
      // Unchanged files keep their time, and what is built from them stands.
      if (ReadFile(file) == text) continue;
      std::ofstream out(file, std::ios::binary | std::ios::trunc);
      out << text;
      if (!out.flush()) {
        Fail(file.string() + ": cannot be written");
        return;
      }
    }
  }

  const SliceRequest& request_;
  const ArchFiles* files_ = nullptr;
  SliceReport report_;
  // What the tree has, as macros.
  std::string facts_;
  // All that was taken, for the hash.
  std::string all_;
  std::vector<std::pair<fs::path, std::string>> out_;
};

}  // namespace

SliceReport SliceTree(const SliceRequest& request) {
  return Cutting(request).Run();
}

}  // namespace pxdfuzz
