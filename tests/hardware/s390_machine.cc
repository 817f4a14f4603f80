// SPDX-License-Identifier: MIT

#include "tests/hardware/s390_machine.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz::hardware {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(30);
constexpr auto kNap = std::chrono::microseconds(100);

constexpr uint64_t InBlock(size_t offset) { return kWireBlockAt + offset; }

}  // namespace

S390Machine::S390Machine(const std::string& guest)
    : machine_({.program = "qemu-system-s390x",
                .arguments = {"-machine", "s390-ccw-virtio,memory-backend=ram",
                              "-cpu", "max", "-kernel", guest},
                .ram_size = kWireStorageSize}) {
  WaitFor(InBlock(offsetof(WireBlock, ready)), 1);
  std::array<uint64_t, 4> list{};
  for (size_t i = 0; i < list.size(); ++i) {
    list[i] = ram().Get(InBlock(offsetof(WireBlock, facilities)) +
                        i * sizeof(uint64_t));
  }
  facilities_ = {
      .edat1 = S390Match::HasFacility(list, S390Match::kEdat1Bit),
      .edat2 = S390Match::HasFacility(list, S390Match::kEdat2Bit),
  };
}

void S390Machine::WaitFor(uint64_t address, uint64_t value) {
  const auto words = machine_.ram();
  const std::atomic_ref<uint64_t> word(words[address / sizeof(uint64_t)]);
  const auto wanted = __builtin_bswap64(value);
  const auto end = Clock::now() + kPatience;
  while (word.load(std::memory_order_acquire) != wanted) {
    std::this_thread::sleep_for(kNap);
    const uint64_t trap = ram().Get(InBlock(offsetof(WireBlock, trap)));
    if (trap != 0) {
      Fail("the guest met a program interruption, code " + Hex(trap) +
           ", before " +
           Hex(ram().Get(InBlock(offsetof(WireBlock, trap_address)))));
    }
    machine_.CheckAlive();
    if (Clock::now() > end) Fail("the guest does not answer");
  }
}

std::vector<Answer> S390Machine::Ask(std::span<const Question> questions) {
  const auto storage = ram();
  uint64_t at = kWireQuestionsAt;
  for (const Question& question : questions) {
    storage.Put(at + offsetof(WireQuestion, asce), question.control);
    storage.Put(at + offsetof(WireQuestion, address), question.address);
    at += sizeof(WireQuestion);
  }
  storage.Put(InBlock(offsetof(WireBlock, count)), questions.size());
  ++round_;
  const std::atomic_ref<uint64_t> wanted(
      machine_.ram()[InBlock(offsetof(WireBlock, wanted)) / sizeof(uint64_t)]);
  wanted.store(__builtin_bswap64(round_), std::memory_order_release);
  WaitFor(InBlock(offsetof(WireBlock, done)), round_);

  std::vector<Answer> answers;
  answers.reserve(questions.size());
  at = kWireAnswersAt;
  for (size_t i = 0; i < questions.size(); ++i, at += sizeof(WireAnswer)) {
    const uint64_t value = storage.Get(at + offsetof(WireAnswer, value));
    const uint64_t codes = storage.Get(at + offsetof(WireAnswer, lrag));
    const auto lrag = static_cast<uint32_t>(codes >> 32);
    const auto tprot = static_cast<uint32_t>(codes);
    const std::optional<Answer> answer = S390Match::Decode(value, lrag, tprot);
    if (!answer.has_value()) {
      Fail("an answer that makes no sense: " + Hex(value) +
           ", condition codes " + Hex(lrag) + " and " + Hex(tprot));
    }
    answers.push_back(*answer);
  }
  return answers;
}

}  // namespace pxdfuzz::hardware
