// SPDX-License-Identifier: MIT

#include "pxdfuzz/view/arch_view.h"

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/tables/populate.h"

namespace pxdfuzz {
namespace {

template <class A>
constexpr ArchView kViewOf = {
    .make_arena =
        [] { return std::unique_ptr<Arena>(new Arena(MakeArena<A>())); },
    .populate = [](const Case& c, Arena& arena,
                   Timeline& timeline) -> std::shared_ptr<void> {
      auto mm = std::make_shared<AddressSpace<A>>(arena, c.mode.levels);
      Populate(c, *mm);
      timeline.Make(c, *mm);
      return mm;
    },
    .make_reference =
        [](Timeline& timeline, const ArenaMemory& memory,
           const Request& request, Reference& reference) {
          reference.template Make<A>(timeline, memory, request);
        },
    .translate =
        [](const Top& top, const ArenaMemory& memory, uint64_t address,
           const OnFetch& on_fetch) {
          return Translate(
              typename A::Manual(A::GeometryOf(top.levels), top.control),
              memory, address, Access::kFetch,
              [&](Level level, EntryRef ref, uint64_t word) {
                if (on_fetch) on_fetch(level, ref.address(), word);
              });
        },
    .code_name = [](uint16_t code) { return A::Manual::CodeName(code); },
    .frame =
        [](Level level, uint64_t word, uint64_t address) {
          return A::Manual::FrameAddress(level, word, address);
        },
    .classify = [](Level level,
                   uint64_t word) { return A::Entries::Classify(level, word); },
    .allows =
        [](Level level, uint64_t word, bool write) {
          return A::Contract::Allows(level, word, write);
        },
    .static_shift =
        [](int levels, Level level) {
          return typename A::Kernel(levels).StaticShift(level);
        },
    .folded_aware_shift =
        [](int levels, Level level, uint64_t word) {
          return typename A::Kernel(levels).FoldedAwareShift(level, word);
        },
};

}  // namespace

const ArchView& ViewOf(ArchId arch) {
  const ArchView* view = nullptr;
  VisitArch(arch, [&view]<class A>() { view = &kViewOf<A>; });
  return *view;
}

}  // namespace pxdfuzz
