// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_CHANGING_REFERENCE_H_
#define PXDFUZZ_REFERENCE_CHANGING_REFERENCE_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/memory/versions.h"
#include "pxdfuzz/oracle/outcome.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/changes.h"

namespace pxdfuzz {

// What a walk may return of tables that change while it reads them. It is asked
// of each page on its own:
//
//   A  It is what its address translates to in some version that there was
//      while the walk ran.
//   B  The pages in front that were there at the start, and whose paths met no
//      changed entry, are all returned.
//   C  Of a walk with the last check: it is what its address translates to in
//      some version at or after the taking of its reference.
//
// A and B are sound for all tables. C is where Linux frees tables after what
// hangs below them was unmapped, as Changer does: the last check looks at a
// leaf, and at the pmd entry above a page, and at nothing above. It takes more
// than three changes to bring back an entry behind the check's back and leave
// its path cut.
class ChangingReference {
 public:
  // Asks for `request` what each version of `history`, which is at version 0
  // before and after, gives by `contract`.
  template <class A, Memory M, class Contract = typename A::Contract>
  void Make(History& history, const M& memory, const Request& request,
            const Contract& contract = Contract()) {
    request_ = &request;
    versions_ = history.count();
    changed_in_.fill(kNever);
    for (size_t version = 0; version < versions_; ++version) {
      history.GoTo(version);
      const Top& top = history.top(version);
      const Geometry geometry = A::GeometryOf(top.levels);
      const typename A::Manual manual(geometry, top.control);
      uint64_t address = request.start;
      for (size_t i = 0; i < request.pages; ++i) {
        Path& path = paths_[i];
        if (version == 0) {
          path.clear();
        } else if (changed_in_[i] == kNever &&
                   std::any_of(path.begin(), path.end(), [&](const Read& read) {
                     return memory.Load(read.level, read.ref).value !=
                            read.value;
                   })) {
          changed_in_[i] = version;
        }
        const Translation t =
            Translate(manual, memory, address, Access::kFetch,
                      [&](Level level, EntryRef ref, uint64_t value) {
                        if (version == 0) path.push_back({level, ref, value});
                      });
        Page& page = pages_[version][i];
        page.there =
            t.fetched && contract.Allows(t.level, t.entry, request.write);
        page.frame =
            page.there ? A::Manual::FrameAddress(t.level, t.entry, address) : 0;
        address += geometry.page_size();
      }
    }
    history.GoTo(0);
  }

  // How many pages version 0 gives, up to the first that it does not.
  size_t pages() const {
    size_t i = 0;
    while (i < request_->pages && pages_[0][i].there) ++i;
    return i;
  }
  // The page of that position in a version, if it is there.
  std::optional<uint64_t> At(size_t version, size_t page) const {
    const Page& found = pages_[version][page];
    return found.there ? std::optional(found.frame) : std::nullopt;
  }
  // The first of versions `first` to `last` that has `frame` in the place of
  // `page`, if any.
  std::optional<size_t> VersionOf(size_t page, uint64_t frame, size_t first,
                                  size_t last) const {
    for (size_t v = first; v <= last; ++v) {
      if (At(v, page) == frame) return v;
    }
    return std::nullopt;
  }
  // How many pages have to come where the walk ends at version `last`: rule B.
  size_t Least(size_t last) const {
    size_t i = 0;
    while (i < request_->pages && pages_[0][i].there && changed_in_[i] > last) {
      ++i;
    }
    return i;
  }

  // How a walk breaks a rule, and with which page; kAgrees where it breaks
  // none. By A kLong, where no version has a page, and kWrongPage; by B kShort;
  // by C kStale.
  struct Judged {
    Outcome outcome = Outcome::kAgrees;
    size_t page = 0;
  };
  // `count` pages were returned, of which `found` are known, by a walk that
  // ended at version `last`; `grabbed` has the versions at which references
  // were taken, or is empty where rule C is not asked.
  Judged Judge(size_t count, std::span<const uint64_t> found,
               std::span<const uint8_t> grabbed, size_t last) const {
    assert(last < versions_);
    for (size_t i = 0; i < found.size(); ++i) {
      if (!VersionOf(i, found[i], 0, last).has_value()) {
        bool there = false;
        for (size_t v = 0; v <= last; ++v) there |= pages_[v][i].there;
        return {there ? Outcome::kWrongPage : Outcome::kLong, i};
      }
      if (!grabbed.empty() &&
          !VersionOf(i, found[i], grabbed[i], last).has_value()) {
        return {Outcome::kStale, i};
      }
    }
    if (count > request_->pages) return {Outcome::kLong, request_->pages};
    if (count < Least(last)) return {Outcome::kShort, count};
    return {};
  }

 private:
  static constexpr size_t kNever = Versions::kMost;

  struct Page {
    bool there = false;
    uint64_t frame = 0;
  };
  // An entry on the way to a page in version 0.
  struct Read {
    Level level = Level::kPte;
    EntryRef ref;
    uint64_t value = 0;
  };
  using Path = InlineVector<Read, kLevelCount>;

  const Request* request_ = nullptr;
  size_t versions_ = 0;
  std::array<std::array<Page, Case::kMaxPages>, Versions::kMost> pages_{};
  std::array<Path, Case::kMaxPages> paths_;
  // The first version in which something on a page's path differs.
  std::array<size_t, Case::kMaxPages> changed_in_{};
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REFERENCE_CHANGING_REFERENCE_H_
