// SPDX-License-Identifier: MIT

#include "pxdfuzz/paging/paging_mode_info.h"

#include "pxdfuzz/arch/arches.h"

namespace pxdfuzz {
namespace {

constexpr PagingModeInfo MakeInfo(PagingMode mode) {
  PagingModeInfo info;
  info.mode = mode;
  info.built = VisitArch(mode.arch, [&]<class A>() {
    info.geometry = A::GeometryOf(mode.levels);
    info.limit = A::Contract::Limit(mode.levels);
    info.written = [](Level level, const LeafState& state) {
      const uint64_t frame = A::GeometryOf(A::kMaxLevels).span(level);
      const uint64_t word = A::Entries::Leaf(level, frame, state);
      return A::Entries::Classify(level, word).state;
    };
    info.can_upgrade = A::CanUpgrade(mode.levels);
    info.shares_tables = A::kSharesTables;
    info.has_device_private = A::kHasDevicePrivate;
    info.cont_ptes = A::Entries::kContPtes;
    for (const Level level : kAllLevels) {
      const bool real = info.geometry.real(level);
      const int i = Ordinal(level);
      info.has_leaf[i] = real && A::Entries::HasLeaf(level);
      info.has_special[i] = info.has_leaf[i] && A::Entries::HasSpecial(level);
      info.has_swap[i] = real && A::Entries::HasSwap(level);
      info.has_migration[i] = real && A::Entries::HasMigration(level);
      info.table_name[i] = A::Manual::TableName(level);
    }
  });
  return info;
}

constexpr auto kInfos = [] {
  std::array<PagingModeInfo, kAllPagingModes.size()> infos;
  for (size_t i = 0; i < infos.size(); ++i)
    infos[i] = MakeInfo(kAllPagingModes[i]);
  return infos;
}();

}  // namespace

const PagingModeInfo& InfoOf(PagingMode mode) { return kInfos[IndexOf(mode)]; }

}  // namespace pxdfuzz
