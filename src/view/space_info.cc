// SPDX-License-Identifier: MIT

#include "pxdfuzz/view/space_info.h"

#include "pxdfuzz/arch/arches.h"

namespace pxdfuzz {
namespace {

constexpr SpaceInfo MakeInfo(Space space) {
  SpaceInfo info;
  info.space = space;
  info.built = VisitArch(space.arch, [&]<class A>() {
    info.geometry = A::GeometryOf(space.levels);
    info.limit = A::Contract::Limit(space.levels);
    info.can_upgrade = A::CanUpgrade(space.levels);
    for (const Level level : kAllLevels) {
      const bool real = info.geometry.real(level);
      const int i = Ordinal(level);
      info.has_leaf[i] = real && A::Entries::HasLeaf(level);
      info.has_special[i] = info.has_leaf[i] && A::Entries::HasSpecial(level);
      info.has_swap[i] = real && A::Entries::HasSwap(level);
      info.table_name[i] = A::Manual::TableName(level);
    }
  });
  return info;
}

constexpr auto kInfos = [] {
  std::array<SpaceInfo, kAllSpaces.size()> infos;
  for (size_t i = 0; i < infos.size(); ++i) infos[i] = MakeInfo(kAllSpaces[i]);
  return infos;
}();

}  // namespace

const SpaceInfo& InfoOf(Space space) { return kInfos[IndexOf(space)]; }

}  // namespace pxdfuzz
