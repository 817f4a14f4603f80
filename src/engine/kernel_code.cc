// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/kernel_code.h"

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

namespace {

struct Variant {
  std::string_view name;
  Policy model;
  std::string_view text;
  bool is_configuration;
};

#define FEATURE(...)
#define CODE(...)
#define CONFIGURATION(name, use, off, on, text) \
  {#name, kStaticLockless, text, true},
#define VARIANT(name, model, text) {#name, model, text, false},
constexpr Variant kVariants[] = {
#include "pxdfuzz/engine/kernel_variants.def"
};
#undef VARIANT
#undef CONFIGURATION
#undef CODE
#undef FEATURE

const Variant* FindVariant(std::string_view name) {
  for (const Variant& variant : kVariants) {
    if (variant.name == name) return &variant;
  }
  return nullptr;
}

}  // namespace

std::string TreeOf(const KernelCode& code) {
  return code.tree.empty() ? Concat({"Linux ", code.version}) : code.tree;
}

std::string DescribeVariant(std::string_view variant) {
  const Variant* found = FindVariant(variant);
  return found == nullptr ? Concat({"its variant is called ", variant})
                          : std::string(found->text);
}

Policy ModelOf(std::string_view arch, std::string_view variant) {
  const Variant* found = FindVariant(variant);
  if (found == nullptr) return kStaticLockless;
  // x86-64 has no pXd_offset_lockless() of its own: linux/pgtable.h passes
  // values down.
  return found->is_configuration && arch == Name(ArchId::kX86) ? kStaticByValue
                                                               : found->model;
}

std::string KnownFindingFile(std::string_view known) {
  return Concat({"docs/findings/", known, ".md"});
}

}  // namespace pxdfuzz
