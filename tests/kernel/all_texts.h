// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_KERNEL_ALL_TEXTS_H_
#define PXDFUZZ_TESTS_KERNEL_ALL_TEXTS_H_

#include <span>
#include <string_view>
#include <vector>

#include "kernel/kernel_walk.h"
#include "pxdfuzz/engine/run.h"

namespace pxdfuzz {

// Every kernel code that was built.
std::span<const pxd_kernel* const> AllTexts();

// All of that variant, or those of one architecture if it is named.
inline std::vector<const pxd_kernel*> FindTexts(std::string_view variant,
                                                std::string_view arch = "") {
  std::vector<const pxd_kernel*> texts;
  for (const pxd_kernel* text : AllTexts()) {
    if (text->variant != variant) continue;
    if (arch.empty() || text->arch == arch) texts.push_back(text);
  }
  return texts;
}

// The first of that architecture and variant, or null.
inline const pxd_kernel* FindText(std::string_view arch,
                                  std::string_view variant) {
  for (const pxd_kernel* text : AllTexts()) {
    if (text->arch == arch && text->variant == variant) return text;
  }
  return nullptr;
}

// The reads, without the events between them.
inline std::vector<Event> ReadsIn(const Recording& run) {
  std::vector<Event> reads;
  for (const Event& event : run.events) {
    if (event.is_read()) reads.push_back(event);
  }
  return reads;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_KERNEL_ALL_TEXTS_H_
