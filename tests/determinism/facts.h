// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_FACTS_H_
#define PXDFUZZ_TESTS_DETERMINISM_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace pxdfuzz {

// A hash of numbers, in order: the same on every machine. It uses nothing from
// the library, since it protects the library's results.
class NumberHash {
 public:
  constexpr void Add(uint64_t number) {
    state_ = Times(state_ ^ number, 0x9e3779b97f4a7c15);
    state_ ^= state_ >> 32;
    state_ = Times(state_, 0xd6e8feb86659fd93);
    state_ ^= state_ >> 29;
  }

  constexpr uint64_t value() const { return state_; }

 private:
  static constexpr uint64_t Times(uint64_t a, uint64_t b) {
    uint64_t product = 0;
    // Overflow is intended.
    static_cast<void>(__builtin_mul_overflow(a, b, &product));
    return product;
  }

  uint64_t state_ = 0xcbf29ce484222325;
};

inline uint64_t HashOfBytes(std::span<const uint8_t> bytes) {
  NumberHash hash;
  hash.Add(bytes.size());
  for (const uint8_t byte : bytes) hash.Add(byte);
  return hash.value();
}

// Collects the results for one input as numbers. Labels are only for people:
// they are printed on request, and never hashed.
class NumericFacts {
 public:
  // With `out`, a line for each number is written there.
  explicit NumericFacts(std::FILE* out = nullptr) : out_(out) {}

  void Add(std::string_view label, uint64_t number) {
    hash_.Add(number);
    if (out_ == nullptr) return;
    std::fprintf(out_, "%s%.*s = %llu (0x%llx)\n", where_.c_str(),
                 static_cast<int>(label.size()), label.data(),
                 static_cast<unsigned long long>(number),
                 static_cast<unsigned long long>(number));
  }
  // The number of elements, and each element.
  template <class T>
  void AddAll(std::string_view label, std::span<T> numbers) {
    const Part part(*this, label, numbers.size());
    for (const auto number : numbers) Add("item", number);
  }
  void AddBytes(std::string_view label, std::span<const uint8_t> bytes) {
    hash_.Add(HashOfBytes(bytes));
    if (out_ == nullptr) return;
    std::fprintf(out_, "%s%.*s = ", where_.c_str(),
                 static_cast<int>(label.size()), label.data());
    for (const uint8_t byte : bytes) std::fprintf(out_, "%02x", byte);
    std::fputc('\n', out_);
  }

  // What is added during its lifetime belongs to "LABEL NUMBER".
  class Part {
   public:
    Part(NumericFacts& facts, std::string_view label, uint64_t number)
        : facts_(facts), before_(facts.where_.size()) {
      facts.hash_.Add(number);
      if (facts.out_ == nullptr) return;
      facts.where_ += label;
      facts.where_ += '[' + std::to_string(number) + "].";
    }
    ~Part() { facts_.where_.resize(before_); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    NumericFacts& facts_;
    const size_t before_;
  };

  uint64_t hash() const { return hash_.value(); }

 private:
  std::FILE* const out_;
  std::string where_;
  NumberHash hash_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_FACTS_H_
