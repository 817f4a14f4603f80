// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_EXHAUST_LAZY_REFERENCE_H_
#define PXDFUZZ_EXHAUST_LAZY_REFERENCE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/exhaust/lazy_memory.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/translate.h"

namespace pxdfuzz {

// The reference of a request in a world, for JudgePages(): what Reference says,
// computed page by page. Pages that nobody asks for are not read, so their
// entries are not chosen. Snapshot 0 is before the change, and snapshot 1 after
// it; without a change they are the same.
template <class A>
class LazyReference {
 public:
  // Of a request.
  static constexpr size_t kMostPages = 64;

  explicit LazyReference(int levels)
      : levels_(levels), geometry_(A::GeometryOf(levels)) {}

  // Knows nothing of `world` yet, which must outlive its use here.
  void Begin(LazyWorld<A>& world, const Request& request) {
    world_ = &world;
    request_ = request;
    asked_ = 0;
  }

  size_t pages_asked() const { return request_.pages; }
  // Pages that were asked for until now.
  size_t asked() const { return asked_; }

  // The results for a page that was asked for: its frame before the change, and
  // its frame after it if that was asked for too.
  std::optional<uint64_t> Before(size_t page) const {
    return pages_[page].frame;
  }
  std::optional<uint64_t> After(size_t page) const {
    return pages_[page].has_after ? pages_[page].after : pages_[page].frame;
  }

  // The functions of Reference. `page` is at most asked().
  std::optional<uint64_t> At(size_t snapshot, size_t page) {
    Page& of = pages_[page];
    if (page == asked_) {
      of = Ask(0, page);
      ++asked_;
    }
    if (snapshot == 0 || !of.met_change) return of.frame;
    if (!of.has_after) {
      of.after = Ask(1, page).frame;
      of.has_after = true;
    }
    return of.after;
  }
  std::optional<size_t> SnapshotOf(size_t page, uint64_t frame, size_t first,
                                   size_t last) {
    for (size_t i = first; i <= last; ++i) {
      if (At(i, page) == frame) return i;
    }
    return std::nullopt;
  }
  bool IsEverThere(size_t page, size_t last) {
    return At(0, page).has_value() || (last > 0 && At(last, page).has_value());
  }
  // All pages before `page` were asked for.
  bool MustReturn(size_t page, size_t /*last*/) {
    for (size_t i = 0; i <= page; ++i) {
      if (i == request_.pages || !At(0, i).has_value() ||
          pages_[i].met_change) {
        return false;
      }
    }
    return true;
  }

 private:
  struct Page {
    // The frame before the change, if the request gets one.
    std::optional<uint64_t> frame;
    // Whether the path to the page contains the changed entry.
    bool met_change = false;
    // The frame after the change, if that was asked for.
    bool has_after = false;
    std::optional<uint64_t> after;
  };

  Page Ask(size_t snapshot, size_t number) const {
    const uint64_t address = request_.start + number * geometry_.page_size();
    const LazySnapshot<A> memory(*world_, snapshot);
    const typename A::Manual manual(
        geometry_, A::Entries::Control(levels_, world_->root()));
    Page page;
    const Translation t = Translate(manual, memory, address, Access::kFetch,
                                    [&](Level, EntryRef ref, uint64_t) {
                                      page.met_change |=
                                          world_->IsChanged(ref.address());
                                    });
    if (t.fetched && A::Contract::Allows(t.level, t.entry, request_.write)) {
      page.frame = A::Manual::FrameAddress(t.level, t.entry, address);
    }
    return page;
  }

  const int levels_;
  const Geometry geometry_;
  LazyWorld<A>* world_ = nullptr;
  Request request_;
  size_t asked_ = 0;
  std::array<Page, kMostPages> pages_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_EXHAUST_LAZY_REFERENCE_H_
