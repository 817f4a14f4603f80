// SPDX-License-Identifier: MIT

#include "kernel/slice/configuration.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "kernel/slice/files.h"
#include "kernel/slice/kconfig.h"
#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz::slice {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "CONFIG_";
constexpr std::string_view kModule = "_MODULE";

// What stands behind `start`, if the text starts with it.
std::optional<std::string_view> After(std::string_view start,
                                      std::string_view text) {
  if (!text.starts_with(start)) return std::nullopt;
  return Stripped(text.substr(start.size()));
}

class Maker {
 public:
  Maker(const fs::path& folder, std::string_view arch)
      : folder_(folder), arch_(arch) {}

  Configuration Make(std::string_view symbol, const fs::path& kconfig,
                     const ConfigChanges& changes) {
    if (changes.file.empty()) {
      values_ = ReadBoth(".config");
      for (const auto& [name, value] : ReadBoth(".forced.config")) {
        values_[name] = value;
      }
      Change(changes);
      Select(symbol, Read(kconfig).value_or(""));
    } else {
      const auto own = Read(changes.file);
      if (own.has_value()) values_ = ReadConfig(*own);
      if (values_.empty()) Fail(changes.file, "no .config or autoconf.h");
    }
    Change(changes);
    Force();
    for (const auto& [name, value] : values_) Define(name, value);
    return std::move(made_);
  }

 private:
  void Fail(const fs::path& file, std::string_view what) {
    if (!made_.error.empty()) return;
    made_.error = file.string();
    made_.error.append(": ").append(what);
  }

  std::optional<std::string> Read(const fs::path& file) {
    made_.files.push_back(file);
    return ReadFile(file);
  }

  // The files of all architectures and of this one.
  ConfigValues ReadBoth(const std::string& ending) {
    ConfigValues values;
    for (const std::string& name : {std::string("common"), arch_}) {
      const fs::path file = folder_ / (name + ending);
      const auto text = Read(file);
      if (!text.has_value()) Fail(file, "cannot be read");
      for (auto& [symbol, value] : ReadConfig(text.value_or(""))) {
        values[symbol] = std::move(value);
      }
    }
    return values;
  }

  void Change(const ConfigChanges& changes) {
    for (const std::string& name : changes.on) values_[name] = "y";
    for (const std::string& name : changes.off) values_[name] = "n";
  }

  void Select(std::string_view symbol, std::string_view kconfig) {
    ConfigSymbols known;
    for (const auto& [name, value] : values_) {
      if (value != "n") known.insert(name);
    }
    known.emplace(symbol);
    for (std::string& name : SelectedBy(kconfig, symbol, std::move(known))) {
      values_.try_emplace(std::move(name), "y");
    }
  }

  void Force() {
    for (const auto& [name, value] : ReadBoth(".forced.config")) {
      std::string& is = values_.try_emplace(name, value).first->second;
      if (is != value) made_.overruled.push_back(name + '=' + value);
      is = value;
    }
  }

  void Define(const std::string& name, const std::string& value) {
    if (value == "n") return;
    made_.header.append("#define ").append(kPrefix).append(name);
    if (value == "m") made_.header.append(kModule);
    made_.header.append(" ")
        .append(value == "y" || value == "m" ? "1" : value)
        .append("\n");
  }

  const fs::path& folder_;
  const std::string arch_;
  ConfigValues values_;
  Configuration made_;
};

}  // namespace

ConfigValues ReadConfig(std::string_view text) {
  ConfigValues values;
  for (std::string_view line : LinesOf(text)) {
    line = Stripped(line);
    bool is_header = false;
    if (const auto macro = After("#define ", line); macro.has_value()) {
      line = *macro;
      is_header = true;
    } else if (const auto unset = After("# ", line);
               unset.has_value() && unset->ends_with(" is not set")) {
      line = *unset;
    }
    const auto rest = After(kPrefix, line);
    if (!rest.has_value()) continue;
    const size_t end = rest->find_first_of(is_header ? " \t" : "= ");
    if (end == std::string_view::npos) continue;
    std::string_view name = rest->substr(0, end);
    std::string_view value = Stripped(rest->substr(end + 1));
    if (value == "is not set") value = "n";
    if (is_header && value == "1") value = "y";
    if (is_header && name.ends_with(kModule)) {
      name.remove_suffix(kModule.size());
      value = "m";
    }
    values.insert_or_assign(std::string(name), std::string(value));
  }
  return values;
}

Configuration MakeConfiguration(const fs::path& folder, std::string_view arch,
                                std::string_view symbol,
                                const fs::path& kconfig,
                                const ConfigChanges& changes) {
  return Maker(folder, arch).Make(symbol, kconfig, changes);
}

}  // namespace pxdfuzz::slice
