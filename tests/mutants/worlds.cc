// SPDX-License-Identifier: MIT

// Searches for the planted bugs of s390, of the generic code and of the
// contract in small worlds, and prints which of them small worlds do not show,
// and why. Exits with 1 if one is not shown that differs from the original, or
// the reverse.

#include "tests/mutants/worlds.h"

#include <cstdio>
#include <string>
#include <string_view>

namespace pxdfuzz::mutants {
namespace {

std::string NameOf(const Info& info) {
  std::string name(info.level.has_value() ? pxdfuzz::Name(*info.level) : "");
  if (!name.empty()) name += '-';
  return name + std::string(info.name);
}

// Bugs that small worlds cannot show, and why.
struct OutOfReach {
  std::string_view name;
  std::string_view why;
};
constexpr OutOfReach kOutOfReach[] = {
    {"limit-page-more",
     "Ranges end within the space, at its limit at most; it takes one that "
     "ends "
     "beyond."},
};

std::string_view WhyOutOfReach(const std::string& name) {
  for (const OutOfReach& bug : kOutOfReach) {
    if (bug.name == name) return bug.why;
  }
  return "";
}

int Main() {
  std::vector<Shown> all = KernelBugsInWorlds();
  const std::vector<Shown> others = OtherBugsInWorlds();
  all.insert(all.end(), others.begin(), others.end());
  size_t shown = 0;
  uint64_t behaviours = 0;
  bool wrong = false;
  std::string missing;
  for (const Shown& bug : all) {
    behaviours += bug.behaviours;
    const bool is_bug = bug.info.equal.empty();
    if (bug.witness.has_value()) {
      ++shown;
      if (is_bug) continue;
      wrong = true;
      std::printf("%s: is said to be none (%s), but:\n%s\n",
                  NameOf(bug.info).c_str(), std::string(bug.info.equal).c_str(),
                  Describe(*bug.witness).c_str());
      continue;
    }
    const std::string name = NameOf(bug.info);
    std::string why(is_bug ? WhyOutOfReach(name) : bug.info.equal);
    if (why.empty()) {
      wrong = true;
      why = "WHY NOT?";
    }
    missing += "  " + name + ": " + why + '\n';
  }
  std::printf(
      "small worlds (1 index bit, up to %llu pages) show %zu of %zu planted "
      "bugs, in %llu behaviours\n",
      static_cast<unsigned long long>(kWorldPages), shown, all.size(),
      static_cast<unsigned long long>(behaviours));
  if (behaviours == 0) {
    std::fprintf(stderr, "mutants: no small world was walked\n");
    return 3;
  }
  if (!missing.empty()) std::printf("no world shows:\n%s", missing.c_str());
  return wrong ? 1 : 0;
}

}  // namespace
}  // namespace pxdfuzz::mutants

int main() { return pxdfuzz::mutants::Main(); }
