// SPDX-License-Identifier: MIT

#include "fuzz/stats.h"

#include <sstream>

#include "fuzz/cell_mask.h"
#include "pxdfuzz/arches.h"

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

}  // namespace

void Stats::CountVerdict(const Case& c, const Verdict& verdict) {
  if (verdict.kind == Verdict::Kind::kNotComparable) {
    ++not_comparable_;
    return;
  }
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
    returned |= request.pages >= 1;
    returned_two |= request.pages >= 2;
    crossed |= request.crosses_folded;
    both_sides |= request.both_sides;
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = request.walks[i];
      left_copy[i] |= walk.marks.left_copy != Marks::kNever;
      if (walk.excuse != Cause::kNone) {
        ++excused_[i];
        excuse_[i] = walk.excuse;
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
    if (excused_[i] == 0) continue;
    out << "known-defect " << Name(kAllWalks[i]) << ' ' << Name(excuse_[i])
        << ' ' << excused_[i] << '\n';
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
