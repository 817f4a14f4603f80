// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CASE_FIELDS_H_
#define PXDFUZZ_SRC_CASE_FIELDS_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode_info.h"

// The fields of headers and records, in bytes. Offsets are those of version 1,
// whose records have no length: the type is at 0 and the payload begins at 1.

namespace pxdfuzz {

enum class FormatVersion : uint8_t { k1 = 1, k2 = 2 };

// As many bytes of a header or record as have a meaning.
inline constexpr size_t kKnownBytes = 24;

// A header or record; bytes beyond its end are zero.
class RecordReader {
 public:
  // `rest` follows the byte `first`.
  RecordReader(uint8_t first, std::span<const uint8_t> rest) {
    bytes_[0] = first;
    const size_t size = std::min(rest.size(), kKnownBytes - 1);
    if (size > 0) std::memcpy(bytes_.data() + 1, rest.data(), size);
  }
  uint8_t Byte(size_t at) const { return bytes_[at]; }
  uint64_t Number(size_t at, size_t size) const {
    uint64_t number = 0;
    for (size_t i = 0; i < size; ++i) {
      number |= uint64_t{bytes_[at + i]} << (8 * i);
    }
    return number;
  }

 private:
  std::array<uint8_t, kKnownBytes> bytes_{};
};

// Writes a header or record at a time.
class RecordWriter {
 public:
  explicit RecordWriter(std::span<uint8_t> out) : out_(out) {}

  void Byte(size_t at, uint8_t byte) { bytes_[at] = byte; }
  void Number(size_t at, size_t size, uint64_t number) {
    for (size_t i = 0; i < size; ++i) {
      Byte(at + i, static_cast<uint8_t>(number >> (8 * i)));
    }
  }

  // Ends it, with a fixed size.
  void EndFixed(size_t size) {
    Append(std::span(bytes_).first(size));
    bytes_.fill(0);
  }
  // Ends it, with the length of its payload, which does not end in a zero.
  void EndRecord() {
    size_t length = kKnownBytes - 1;
    while (length > 0 && bytes_[length] == 0) --length;
    const std::array<uint8_t, 2> head = {bytes_[0],
                                         static_cast<uint8_t>(length)};
    Append(head);
    Append(std::span(bytes_).subspan(1, length));
    bytes_.fill(0);
  }
  // Of all that was ended.
  size_t size() const { return size_; }

 private:
  void Append(std::span<const uint8_t> bytes) {
    assert(size_ + bytes.size() <= out_.size());
    std::copy(bytes.begin(), bytes.end(), out_.begin() + size_);
    size_ += bytes.size();
  }

  std::span<uint8_t> out_;
  std::array<uint8_t, kKnownBytes> bytes_{};
  size_t size_ = 0;
};

// Where the first request's start is, in a header whose request lies `shift`
// bytes behind that of a record.
uint64_t DecodeStart(const RecordReader& in, size_t shift,
                     const PagingModeInfo& info);
void EncodeStart(uint64_t start, const PagingModeInfo& info, RecordWriter& out,
                 size_t shift);

// Every other address, relative to the start of the first request.
uint64_t DecodeAddress(const RecordReader& in, uint64_t start,
                       const PagingModeInfo& info);
void EncodeAddress(uint64_t address, uint64_t start, const PagingModeInfo& info,
                   RecordWriter& out);

// All but the address.
Request DecodeRequest(const RecordReader& in, size_t shift, uint64_t start,
                      FormatVersion version);
void EncodeRequest(const Request& request, RecordWriter& out, size_t shift,
                   FormatVersion version);

// All but the kind and level, which are in the record's type or in the byte of
// a concurrent operation's type.
TableOp DecodeOp(const RecordReader& in, TableOp::Kind kind, Level level,
                 uint64_t start, const PagingModeInfo& info,
                 FormatVersion version);
void EncodeOp(const TableOp& op, uint64_t start, const PagingModeInfo& info,
              RecordWriter& out);

// `later`: whether it is of the kinds that version 1 lacks.
ConcurrentOp DecodeConcurrentOp(const RecordReader& in, uint64_t start,
                                const PagingModeInfo& info,
                                FormatVersion version, bool later);
void EncodeConcurrentOp(const ConcurrentOp& op, uint64_t start,
                        const PagingModeInfo& info, RecordWriter& out);

// A range of pages, whose frame has the form of an address.
PageRange DecodePages(const RecordReader& in, uint64_t start,
                      const PagingModeInfo& info);
void EncodePages(const PageRange& pages, uint64_t start,
                 const PagingModeInfo& info, RecordWriter& out);

StackWord DecodeStackWord(const RecordReader& in);
void EncodeStackWord(const StackWord& word, RecordWriter& out);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CASE_FIELDS_H_
