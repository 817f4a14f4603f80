// SPDX-License-Identifier: MIT

#include "fuzz/harness/stats.h"

#include <sstream>

#include "fuzz/harness/cell_mask.h"
#include "pxdfuzz/arch/arches.h"

namespace pxdfuzz {
namespace {

std::string MaskText(const std::bitset<kMaxCells>& cells) {
  std::string text;
  for (size_t i = 0; i < Cells().size(); i += 4) {
    unsigned four = 0;
    for (size_t bit = 0; bit < 4 && i + bit < Cells().size(); ++bit) {
      four |= cells.test(i + bit) ? 1u << bit : 0u;
    }
    text += CellDigit(four);
  }
  return text;
}

// By position behind Incomparable::kFreesPages.
constexpr std::array<std::string_view, kImpossibleCount> kImpossible = {
    "frees-pages",        "inside-leaf",      "maps-over",
    "maps-into-collapse", "detaches-nothing", "splits-nothing",
    "refills-nothing",    "upgrades-nothing"};

}  // namespace

void Stats::CountChanging(const RequestVerdict& request) {
  bool ran = false;
  bool met = false;
  for (size_t i = 0; i < kWalkCount; ++i) {
    const WalkVerdict& walk = request.walks[i];
    ran |= walk.ran;
    if (!walk.ran || walk.changes == 0) continue;
    met = true;
    if (walk.pages < request.pages) ++changing_.dropped[i];
  }
  changing_.requests += ran;
  changing_.met += met;
}

void Stats::CountVerdict(const Case& c, const Verdict& verdict) {
  if (verdict.kind == Verdict::Kind::kNotComparable) {
    ++not_comparable_;
    if (verdict.incomparable >= Incomparable::kFreesPages) {
      ++changing_.impossible[static_cast<size_t>(verdict.incomparable) -
                             static_cast<size_t>(Incomparable::kFreesPages)];
    }
    return;
  }
  if (!c.changes.empty()) ++changing_.cases;
  OfSpace& of = spaces_[IndexOf(c.space)];
  ++of.cases;
  bool returned = false;
  bool returned_two = false;
  bool crossed = false;
  bool both_sides = false;
  std::array<bool, kWalkCount> left_copy{};
  for (const RequestVerdict& request : verdict.requests) {
    if (request.incomparable != Incomparable::kNo) continue;
    ++requests_;
    pages_ += request.pages;
    if (!c.changes.empty()) CountChanging(request);
    returned |= request.pages >= 1;
    returned_two |= request.pages >= 2;
    crossed |= request.crosses_folded;
    both_sides |= request.both_sides;
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = request.walks[i];
      left_copy[i] |= walk.marks.left_copy != Marks::kNever;
      if (walk.excuse != Cause::kNone) {
        ++excused_[i][static_cast<size_t>(walk.excuse)];
      }
    }
  }
  of.returned += returned;
  of.returned_two += returned_two;
  of.crossed += crossed;
  of.both_sides += both_sides;
  for (size_t i = 0; i < kWalkCount; ++i) of.left_copy[i] += left_copy[i];
}

std::string Stats::ToText() const {
  std::ostringstream out;
  uint64_t cases = 0;
  for (const OfSpace& of : spaces_) cases += of.cases;
  out << "executions " << executions_ << '\n'
      << "skipped " << skipped_ << '\n'
      << "not-comparable " << not_comparable_ << '\n'
      << "judged " << cases << '\n'
      << "requests " << requests_ << '\n'
      << "pages " << pages_ << '\n'
      << "cells-reached " << reached_.count() << '\n'
      << "cells-possible " << Cells().size() << '\n'
      << "cells-mask " << MaskText(reached_) << '\n'
      << "findings " << findings_ << '\n';
  for (const auto& [name, count] : known_) {
    out << "known-finding " << name << ' ' << count << '\n';
  }
  for (size_t i = 0; i < kWalkCount; ++i) {
    for (const Cause cause : kAllCauses) {
      const uint64_t count = excused_[i][static_cast<size_t>(cause)];
      if (count == 0) continue;
      out << "known-defect " << Name(kAllWalks[i]) << ' ' << Name(cause) << ' '
          << count << '\n';
    }
  }
  if (changing_.cases > 0) {
    out << "changing-cases " << changing_.cases << '\n';
  }
  // Where walks ran that tell.
  if (changing_.requests > 0) {
    out << "changing-requests " << changing_.requests << '\n'
        << "changing-met " << changing_.met << '\n';
  }
  for (size_t i = 0; i < kWalkCount; ++i) {
    if (changing_.dropped[i] == 0) continue;
    out << "dropped " << Name(kAllWalks[i]) << ' ' << changing_.dropped[i]
        << '\n';
  }
  for (size_t i = 0; i < kImpossibleCount; ++i) {
    if (changing_.impossible[i] == 0) continue;
    out << "impossible " << kImpossible[i] << ' ' << changing_.impossible[i]
        << '\n';
  }
  for (size_t s = 0; s < kAllSpaces.size(); ++s) {
    if (!IsBuilt(kAllSpaces[s])) continue;
    const OfSpace& of = spaces_[s];
    out << "space " << Name(kAllSpaces[s]) << " cases " << of.cases
        << " returned " << of.returned << " returned-two " << of.returned_two
        << " crossed " << of.crossed << " both-sides " << of.both_sides << '\n';
    for (size_t i = 0; i < kWalkCount; ++i) {
      if (of.left_copy[i] == 0) continue;
      out << "left-copy " << Name(kAllSpaces[s]) << ' ' << Name(kAllWalks[i])
          << ' ' << of.left_copy[i] << '\n';
    }
  }
  return out.str();
}

}  // namespace pxdfuzz
