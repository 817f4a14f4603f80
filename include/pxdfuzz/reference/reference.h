// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_REFERENCE_H_
#define PXDFUZZ_REFERENCE_REFERENCE_H_

#include <algorithm>
#include <array>
#include <bitset>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/memory/snapshots.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/contract.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/timeline.h"

namespace pxdfuzz {

// Contracts that answer for a request's flags and kinds of pages, and not for
// an entry and the access alone.
template <class Contract>
concept AskedContract =
    requires(const Contract& contract, Level level, uint64_t entry) {
      { contract.Ask(level, entry) } -> std::same_as<Duty>;
    };

template <class Contract>
Duty DutyOf(const Contract& contract, Level level, uint64_t entry, bool write) {
  if constexpr (AskedContract<Contract>) {
    return contract.Ask(level, entry);
  } else {
    return contract.Allows(level, entry, write) ? Duty::kReturn : Duty::kRefuse;
  }
}

// Pages of a request, by their positions in it.
using PageSet = std::bitset<Case::kMaxPages>;

// The pages that gup_fast may return, one page at a time: the hardware's path
// to the leaf, and there the architecture's contract. Puts the physical
// addresses of at most pages.size() consecutive pages from `start` on into
// `pages`, up to the first that the contract refuses, and returns how many.
//
//   Contract   A's own, or an object that has Allows(level, entry, write) or
//              Ask(level, entry)
//   either     for the latter: gets the pages that need not be returned
template <class A, ReadableMemory M, class Contract = typename A::Contract>
size_t ReferencePages(const typename A::Manual& manual, const M& memory,
                      uint64_t page_size, uint64_t start, bool write,
                      std::span<uint64_t> pages,
                      const Contract& contract = Contract(),
                      PageSet* either = nullptr) {
  uint64_t address = start;
  for (size_t i = 0; i < pages.size(); ++i) {
    const Translation t = Translate(manual, memory, address);
    if (!t.fetched) return i;
    const Duty duty = DutyOf(contract, t.level, t.entry, write);
    if (duty == Duty::kRefuse) return i;
    if constexpr (AskedContract<Contract>) {
      if (duty == Duty::kEither) either->set(i);
    }
    pages[i] = A::Manual::FrameAddress(t.level, t.entry, address);
    address += page_size;
  }
  return pages.size();
}

// The pages of one request in each snapshot of the tables. In tables with one
// snapshot, pages behind the first that is not there are not computed.
class Reference {
 public:
  // Computes for `request` what each snapshot of `timeline` gives by
  // `contract`. `timeline` is at snapshot 0 before and after.
  template <class A, ReadableMemory M, class Contract = typename A::Contract>
  void Make(Timeline& timeline, const M& memory, const Request& request,
            const Contract& contract = Contract()) {
    pages_asked_ = request.pages;
    snapshots_ = timeline.count();
    if constexpr (AskedContract<Contract>) either_.reset();
    const std::span frames = std::span(frames_[0]).first(pages_asked_);
    if (snapshots_ > 1) {
      changed_in_.fill(kNever);
      for (size_t i = 0; i < snapshots_; ++i) {
        timeline.GoTo(i);
        MakeSnapshot<A>(timeline, i, memory, request, contract);
      }
      timeline.GoTo(0);
      const auto begin = there_[0].begin();
      pages_ = static_cast<size_t>(
          std::find(begin, begin + pages_asked_, false) - begin);
      return;
    }
    const Top& top = timeline.top(0);
    const Geometry geometry = A::GeometryOf(top.levels);
    SetLeading(ReferencePages<A>(typename A::Manual(geometry, top.control),
                                 memory, geometry.page_size(), request.start,
                                 request.write, frames, contract, &either_));
  }

  // The same for one snapshot with `pages`, and none behind them.
  void Set(std::span<const uint64_t> pages, size_t pages_asked) {
    pages_asked_ = pages_asked;
    snapshots_ = 1;
    either_.reset();
    std::copy(pages.begin(), pages.end(), frames_[0].begin());
    SetLeading(pages.size());
  }

  // How many pages snapshot 0 gives, up to the first that it does not give.
  size_t pages() const { return pages_; }
  // How many pages the request is for.
  size_t pages_asked() const { return pages_asked_; }
  // Whether snapshot 0 has pages among those for which no rule says.
  bool has_either() const { return either_.any(); }
  // The page at that position in a snapshot, if there is one.
  std::optional<uint64_t> At(size_t snapshot, size_t page) const {
    return there_[snapshot][page] ? std::optional(frames_[snapshot][page])
                                  : std::nullopt;
  }
  // The first of snapshots `first` to `last` in which `page` has `frame`, if
  // any.
  std::optional<size_t> SnapshotOf(size_t page, uint64_t frame, size_t first,
                                   size_t last) const {
    for (size_t i = first; i <= last; ++i) {
      if (there_[i][page] && frames_[i][page] == frame) return i;
    }
    return std::nullopt;
  }
  // Whether one of snapshots 0 to `last` has a page there.
  bool IsEverThere(size_t page, size_t last) const {
    for (size_t i = 0; i <= last; ++i) {
      if (there_[i][page]) return true;
    }
    return false;
  }
  // Whether a walk that ends at snapshot `last`, and has returned all pages
  // before the one at that position, must return that one too: it and those
  // before it were there at the start of the walk, and their paths had no
  // changed entry.
  bool MustReturn(size_t page, size_t last) const {
    if (page >= pages_ || either_.test(page)) return false;
    if (snapshots_ == 1) return true;
    const auto begin = changed_in_.begin();
    return std::none_of(begin, begin + page + 1,
                        [last](size_t changed) { return changed <= last; });
  }

 private:
  static constexpr size_t kNever = Snapshots::kMost;

  // An entry on the way to a page in snapshot 0.
  struct Read {
    Level level = Level::kPte;
    EntryRef ref;
    uint64_t value = 0;
  };
  using Path = InlineVector<Read, kLevelCount>;

  void SetLeading(size_t count) {
    pages_ = count;
    std::fill_n(there_[0].begin(), count, true);
    std::fill_n(there_[0].begin() + count, pages_asked_ - count, false);
  }

  template <class A, ReadableMemory M, class Contract>
  void MakeSnapshot(const Timeline& timeline, size_t snapshot, const M& memory,
                    const Request& request, const Contract& contract) {
    const Top& top = timeline.top(snapshot);
    const Geometry geometry = A::GeometryOf(top.levels);
    const typename A::Manual manual(geometry, top.control);
    uint64_t address = request.start;
    for (size_t i = 0; i < request.pages; ++i) {
      Path& path = paths_[i];
      if (snapshot == 0) {
        path.clear();
      } else if (changed_in_[i] == kNever && HasChanged(path, memory)) {
        changed_in_[i] = snapshot;
      }
      const Translation t =
          Translate(manual, memory, address, Access::kFetch,
                    [&](Level level, EntryRef ref, uint64_t value) {
                      if (snapshot == 0) path.push_back({level, ref, value});
                    });
      const Duty duty = t.fetched
                            ? DutyOf(contract, t.level, t.entry, request.write)
                            : Duty::kRefuse;
      there_[snapshot][i] = duty != Duty::kRefuse;
      if (snapshot == 0 && duty == Duty::kEither) either_.set(i);
      if (there_[snapshot][i]) {
        frames_[snapshot][i] =
            A::Manual::FrameAddress(t.level, t.entry, address);
      } else if (timeline.IsUnshared(snapshot, address)) {
        there_[snapshot][i] = there_[snapshot - 1][i];
        frames_[snapshot][i] = frames_[snapshot - 1][i];
      }
      address += geometry.page_size();
    }
  }

  template <ReadableMemory M>
  static bool HasChanged(const Path& path, const M& memory) {
    return std::any_of(path.begin(), path.end(), [&memory](const Read& read) {
      return memory.Load(read.level, read.ref).value != read.value;
    });
  }

  template <class T>
  using ByPage = std::array<T, Case::kMaxPages>;

  size_t pages_asked_ = 0;
  size_t pages_ = 0;
  size_t snapshots_ = 0;
  std::array<ByPage<uint64_t>, Snapshots::kMost> frames_{};
  std::array<ByPage<bool>, Snapshots::kMost> there_{};
  ByPage<Path> paths_;
  // The first snapshot in which something on a page's path differs.
  ByPage<size_t> changed_in_{};
  // In snapshot 0.
  PageSet either_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REFERENCE_REFERENCE_H_
