// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BASE_INLINE_VECTOR_H_
#define PXDFUZZ_BASE_INLINE_VECTOR_H_

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace pxdfuzz {

// A vector of at most N elements, stored in place, that never allocates: the
// part of std::inplace_vector (C++26) that this project needs. It constructs
// and copies only its elements, so an empty one costs nothing.
template <class T, size_t N>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  constexpr InlineVector() {}
  constexpr InlineVector(const InlineVector& other) : size_(other.size_) {
    std::uninitialized_copy(other.begin(), other.end(), items_);
  }
  constexpr InlineVector& operator=(const InlineVector& other) {
    if (this == &other) return *this;
    size_ = other.size_;
    std::uninitialized_copy(other.begin(), other.end(), items_);
    return *this;
  }

  static constexpr size_t capacity() { return N; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }
  constexpr bool full() const { return size_ == N; }

  constexpr T* begin() { return items_; }
  constexpr T* end() { return items_ + size_; }
  constexpr const T* begin() const { return items_; }
  constexpr const T* end() const { return items_ + size_; }

  constexpr T& operator[](size_t i) { return items_[i]; }
  constexpr const T& operator[](size_t i) const { return items_[i]; }
  constexpr const T& back() const { return items_[size_ - 1]; }

  // False if there is no room.
  constexpr bool push_back(const T& item) {
    if (full()) return false;
    std::construct_at(&items_[size_++], item);
    return true;
  }
  // The new element, constructed in place. There must be room.
  constexpr T& emplace_back() {
    assert(!full());
    return *std::construct_at(&items_[size_++]);
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
  union {
    T items_[N];
  };
  size_t size_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BASE_INLINE_VECTOR_H_
