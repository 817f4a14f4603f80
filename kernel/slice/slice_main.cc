// SPDX-License-Identifier: MIT

// Takes the code that is compiled out of a kernel tree; the build calls it.
//
// usage: pxdfuzz_slice prepare TREE ARCH SHIMS FOLDER
//        pxdfuzz_slice slice TREE ARCH SHIMS FOLDER COMPILER ROOT OUT.c
//                      [--on=SYMBOL]... [--off=SYMBOL]... [--config=FILE]
//                      [-DMACRO[=VALUE]]...
//
// The first makes in FOLDER what a configured tree has besides (tree.h); the
// second preprocesses SHIMS/arch/ARCH.c with the tree's headers and writes what
// ROOT reaches. SYMBOL is one of the configuration, without CONFIG_; FILE is a
// .config or an autoconf.h that replaces it (configuration.h). Both print what
// they took and write for the build, to FOLDER.d and OUT.c.d, the files that
// they have read. Exit codes: 0 done, 2 wrong usage, 3 the tree lacks something
// or a file cannot be written.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/slice/config_log.h"
#include "kernel/slice/configuration.h"
#include "kernel/slice/files.h"
#include "kernel/slice/plain_reads.h"
#include "kernel/slice/slice.h"
#include "kernel/slice/tree.h"
#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz::slice {
namespace {

namespace fs = std::filesystem;

// What files of the project are called in #line, and those of the tree by their
// paths in it.
constexpr std::string_view kProjectPrefix = "pxdfuzz/";
constexpr std::string_view kShimPrefix = "pxdfuzz/kernel/";

int Fail(const std::string& message) {
  std::fprintf(stderr, "pxdfuzz_slice: %s\n", message.c_str());
  return 3;
}

// "A: B C", as make reads it.
bool WriteDependencies(const fs::path& to, const fs::path& target,
                       const std::set<fs::path>& files) {
  const auto escaped = [](const fs::path& path) {
    std::string text;
    for (const char c : path.string()) {
      if (c == ' ' || c == '#') text += '\\';
      text += c;
    }
    return text;
  };
  std::string text = escaped(target) + ":";
  for (const fs::path& file : files) text += " \\\n " + escaped(file);
  return WriteFile(to, text + "\n");
}

int Prepare(const TreeRequest& request) {
  const PreparedTree prepared = PrepareTree(request);
  if (!prepared.error.empty()) return Fail(prepared.error);
  const std::set<fs::path> files(prepared.files.begin(), prepared.files.end());
  if (!WriteDependencies(request.out.string() + ".d", request.out / "tree.h",
                         files)) {
    return Fail(request.out.string() + ".d: cannot be written");
  }
  std::printf(
      "Linux %s, %s: %zu files looked at, %zu headers that are "
      "nowhere\n",
      prepared.version.c_str(), request.arch.c_str(), files.size(),
      prepared.empty_headers);
  return 0;
}

void Replace(std::string& text, const std::string& from, std::string_view to) {
  std::string out;
  size_t at = 0;
  for (size_t found = text.find(from); found != std::string::npos;
       found = text.find(from, at)) {
    out.append(text, at, found - at).append(to);
    at = found + from.size();
  }
  text = out.append(text, at);
}

void PrintList(std::string_view what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::printf("  %.*s:", static_cast<int>(what.size()), what.data());
  for (const std::string& name : names) std::printf(" %s", name.c_str());
  std::printf("\n");
}

// The first line of the compiler's that is about an error, with a semicolon.
std::string FirstError(const fs::path& log) {
  const std::string text = ReadFile(log).value_or("");
  for (const std::string_view line : LinesOf(text)) {
    if (line.find("error: ") != std::string_view::npos) {
      return std::string(line) + "; ";
    }
  }
  return {};
}

// What struct pxd_kernel has of each walker alone (kernel/glue.h).
std::vector<SlicedWalker> Walkers() {
  return {{"gup_fast", {"pxd_page_size", "pxd_broken_iterations", "pxd_rules"}},
          {"page_size",
           {"pxd_run", "pxd_permitted", "pxd_broken_iterations", "pxd_rules",
            "pte_protnone", "pmd_protnone"}}};
}

// The files of the walks.
constexpr std::string_view kWalkFiles[] = {"mm/gup.c", "kernel/events/core.c"};

// What struct pxd_kernel has of the code's text (kernel/glue.h).
std::vector<SlicedProperty> Properties() {
  return {{"PXD_KEEPS_ACCESS_ERROR",
           {"gup_pte_range", "gup_fast_pte_range"},
           "ret = pxd_make_accessible ("},
          {"PXD_REFUSES_NULL_MAPPING",
           {"gup_fast_folio_allowed"},
           "if ( ! mapping ) return false ;"},
          {"PXD_LEAKS_PAGEMAP",
           {"__gup_device_huge"},
           "undo_dev_pagemap ( nr , nr_start , flags , pages ) ; return 0 ;"}};
}

int TakeOne(const TreeRequest& request, const std::string& compiler,
            const std::string& root, const fs::path& to,
            std::span<char* const> flags) {
  ConfigChanges changes;
  std::vector<std::string> macros;
  for (const std::string_view flag : flags) {
    const auto value = [flag] { return flag.substr(flag.find('=') + 1); };
    if (flag.starts_with("--on=")) {
      changes.on.emplace_back(value());
    } else if (flag.starts_with("--off=")) {
      changes.off.emplace_back(value());
    } else if (flag.starts_with("--config=")) {
      changes.file = value();
    } else {
      macros.emplace_back(flag);
    }
  }
  const Configuration configuration = ConfigurationOf(request, changes);
  if (!configuration.error.empty()) return Fail(configuration.error);
  const fs::path configured = to.string() + ".config";
  const fs::path header = configured / "generated/autoconf.h";
  if (!WriteFile(header, configuration.header)) {
    return Fail(header.string() + ": cannot be written");
  }
  const fs::path source = request.shims / "arch" / (request.arch + ".c");
  const fs::path log = to.string() + ".log";
  const fs::path preprocessed = to.string() + ".i";
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  std::vector<std::string> arguments =
      PreprocessorArguments(request, configured);
  arguments.insert(arguments.begin(), compiler);
  arguments.insert(arguments.end(), macros.begin(), macros.end());
  std::vector<std::string> listing = arguments;
  arguments.push_back(source.string());
  // What the preprocessor says against headers of another machine matters only
  // where the root is not found behind it.
  if (!RunProgram(arguments, preprocessed, log).has_value()) {
    return Fail(compiler + ": cannot be run");
  }
  std::string text = ReadFile(preprocessed).value_or("");
  std::set<fs::path> files = FilesOf(text);
  files.erase(header);
  files.insert(configuration.files.begin(), configuration.files.end());
  Replace(text, request.tree.string() + "/", "");
  Replace(text, request.shims.parent_path().string() + "/", kProjectPrefix);
  const Slice slice = TakeSlice(NotePlainReads(text, kWalkFiles), root,
                                kShimPrefix, Walkers(), Properties());
  if (!slice.error.empty()) return Fail(FirstError(log) + slice.error);
  if (!WriteFile(to, slice.text) ||
      !WriteDependencies(to.string() + ".d", to, files)) {
    return Fail(to.string() + ": cannot be written");
  }
  std::printf("%s: slice %s, %zu of %zu declarations\n",
              to.stem().string().c_str(), slice.hash.c_str(),
              slice.taken.size(), slice.declarations);
  for (const auto& [name, hash] : slice.walkers) {
    std::printf("  %s: %s\n", name.c_str(), hash.c_str());
  }
  PrintList("functions without definition, each a trap", slice.traps);
  PrintList("inline assembly, each a trap", slice.assembly);
  PrintList("variables without definition", slice.undefined);
  PrintList("defined twice, the first taken", slice.defined_twice);
  PrintList("configuration that the shims overrule", configuration.overruled);
  listing.insert(listing.end(), {"-dM", "-x", "c", "/dev/null"});
  if (!RunProgram(listing, preprocessed, log).has_value()) {
    return Fail(compiler + ": cannot be run");
  }
  PrintList("configuration that this code asks for and that is off",
            ConfigurationOff(request.tree, slice.taken,
                             ReadFile(preprocessed).value_or("")));
  fs::remove(preprocessed, error);
  fs::remove(log, error);
  return 0;
}

}  // namespace
}  // namespace pxdfuzz::slice

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const bool prepares = what == "prepare" && argc == 6;
  const bool slices = what == "slice" && argc >= 9;
  if (!prepares && !slices) {
    std::fprintf(stderr,
                 "usage: pxdfuzz_slice prepare TREE ARCH SHIMS FOLDER\n"
                 "       pxdfuzz_slice slice TREE ARCH SHIMS FOLDER COMPILER "
                 "ROOT OUT.c [--on=SYMBOL]... [--off=SYMBOL]... "
                 "[--config=FILE] [-DMACRO[=VALUE]]...\n");
    return 2;
  }
  const pxdfuzz::slice::TreeRequest request = {
      .tree = argv[2], .arch = argv[3], .shims = argv[4], .out = argv[5]};
  if (prepares) return pxdfuzz::slice::Prepare(request);
  return pxdfuzz::slice::TakeOne(request, argv[6], argv[7], argv[8],
                                 std::span(argv, argc).subspan(9));
}
