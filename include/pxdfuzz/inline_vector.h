// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_INLINE_VECTOR_H_
#define PXDFUZZ_INLINE_VECTOR_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>

namespace pxdfuzz {

// A vector of at most N elements that lives in place and never allocates: the
// part of std::inplace_vector (C++26) that this project needs.
template <class T, size_t N>
class InlineVector {
 public:
  static constexpr size_t capacity() { return N; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr bool full() const { return size_ == N; }

  constexpr T* begin() { return items_.data(); }
  constexpr T* end() { return items_.data() + size_; }
  constexpr const T* begin() const { return items_.data(); }
  constexpr const T* end() const { return items_.data() + size_; }

  constexpr T& operator[](size_t i) { return items_[i]; }
  constexpr const T& operator[](size_t i) const { return items_[i]; }
  constexpr const T& back() const { return items_[size_ - 1]; }

  // Whether there was room.
  constexpr bool push_back(const T& item) {
    if (full()) return false;
    items_[size_++] = item;
    return true;
  }
  constexpr void erase(size_t i) {
    assert(i < size_);
    std::copy(begin() + i + 1, end(), begin() + i);
    --size_;
  }
  constexpr void clear() { size_ = 0; }

  friend constexpr bool operator==(const InlineVector& a,
                                   const InlineVector& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::array<T, N> items_{};
  size_t size_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_INLINE_VECTOR_H_
