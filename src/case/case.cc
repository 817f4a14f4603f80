// SPDX-License-Identifier: MIT

#include "pxdfuzz/case/case.h"

#include <algorithm>
#include <optional>

#include "pxdfuzz/paging/paging_mode_info.h"
#include "src/case/canonicalize.h"
#include "src/case/fields.h"
#include "src/case/selectors.h"

namespace pxdfuzz {
namespace {

constexpr size_t kTypeAt = 0;

// Where the fields of a version's header are.
struct HeaderLayout {
  size_t bytes;
  size_t paging_mode;
  size_t paging_mode_bytes;
  size_t request_shift;
  size_t stack_position;
  size_t stack_around;
  size_t pkru = 0;  // none in version 1
};

constexpr HeaderLayout LayoutOf(FormatVersion version) {
  if (version == FormatVersion::k1) {
    return {.bytes = kV1RecordBytes,
            .paging_mode = 1,
            .paging_mode_bytes = 1,
            .request_shift = 1,
            .stack_position = 13,
            .stack_around = 15};
  }
  return {.bytes = kHeaderBytes,
          .paging_mode = 1,
          .paging_mode_bytes = 2,
          .request_shift = 2,
          .stack_position = 19,
          .stack_around = 21,
          .pkru = 22};
}

// In version 2, the lowest bits of the byte behind a record's type are the
// length of its payload.
constexpr size_t kLengthMask = 63;

// At most `size` bytes from `at` on.
std::span<const uint8_t> Part(std::span<const uint8_t> bytes, size_t at,
                              size_t size) {
  if (at >= bytes.size()) return {};
  return bytes.subspan(at, std::min(size, bytes.size() - at));
}

void AddRecord(const RecordType& type, const RecordReader& in,
               const PagingModeInfo& info, FormatVersion version, Case& c) {
  const uint64_t start = c.requests[0].start;
  switch (type.kind) {
    case RecordType::Kind::kSetup:
      if (!c.setup.full()) {
        c.setup.push_back(
            DecodeOp(in, type.op, type.level, start, info, version));
      }
      break;
    case RecordType::Kind::kRequest:
      c.requests.push_back(
          DecodeRequest(in, 0, DecodeAddress(in, start, info), version));
      break;
    case RecordType::Kind::kStackWord: {
      const StackWord word = DecodeStackWord(in);
      if (word.distance != 0) c.stack.words.push_back(word);
      break;
    }
    case RecordType::Kind::kConcurrent:
    case RecordType::Kind::kLaterConcurrent: {
      if (c.concurrent.full()) break;
      ConcurrentOp op =
          DecodeConcurrentOp(in, start, info, version,
                             type.kind == RecordType::Kind::kLaterConcurrent);
      op.number = std::max(op.number, LeastNumber(c, op.moment));
      c.concurrent.push_back(op);
      break;
    }
    case RecordType::Kind::kPages:
      c.pages.push_back(DecodePages(in, start, info));
      break;
    case RecordType::Kind::kUnknown:
      break;
  }
}

template <FormatVersion kVersion>
Case DecodeVersion(std::span<const uint8_t> bytes) {
  constexpr HeaderLayout kLayout = LayoutOf(kVersion);
  Case c;
  const RecordReader header(bytes[0], Part(bytes, 1, kLayout.bytes - 1));
  const auto number = static_cast<uint16_t>(
      header.Number(kLayout.paging_mode, kLayout.paging_mode_bytes));
  const PagingModeInfo& info =
      InfoOf(kVersion == FormatVersion::k1 ? kPagingModes[number]
                                           : PagingModeOf(number));
  if (!info.built) return c;
  c.mode = info.mode;
  const uint64_t start = DecodeStart(header, kLayout.request_shift, info);
  c.requests.push_back(
      DecodeRequest(header, kLayout.request_shift, start, kVersion));
  c.stack.position = static_cast<uint16_t>(
      header.Number(kLayout.stack_position, 2) & Stack::kMaxPosition);
  c.stack.around = kArounds[header.Byte(kLayout.stack_around)];
  if (kLayout.pkru != 0 && c.mode.arch == ArchId::kX86) {
    c.pkru = static_cast<uint16_t>(header.Number(kLayout.pkru, 2));
  }
  for (size_t at = kLayout.bytes; at < bytes.size();) {
    const uint8_t type = bytes[at++];
    if constexpr (kVersion == FormatVersion::k1) {
      const RecordReader in(type, Part(bytes, at, kV1RecordBytes - 1));
      AddRecord(kV1RecordTypes[type], in, info, kVersion, c);
      at += kV1RecordBytes - 1;
    } else {
      const size_t length = at < bytes.size() ? bytes[at] & kLengthMask : 0;
      const RecordReader in(type, Part(bytes, at + 1, length));
      AddRecord(kRecordTypes[type], in, info, kVersion, c);
      at += 1 + length;
    }
  }
  return c;
}

// The type of the record of a set-up's operation.
RecordType TypeOf(const TableOp& op) {
  if (IsPoke(op.kind)) {
    return RecordType::Setup(TableOp::Kind::kPoke, Level::kPte);
  }
  return RecordType::Setup(
      op.kind == TableOp::Kind::kDevicePrivate ? TableOp::Kind::kSwap : op.kind,
      op.level);
}

template <FormatVersion kVersion>
size_t EncodeVersion(const Case& c, std::span<uint8_t> out) {
  constexpr HeaderLayout kLayout = LayoutOf(kVersion);
  constexpr bool kIsV1 = kVersion == FormatVersion::k1;
  if (c.empty()) return 0;
  const PagingModeInfo& info = InfoOf(c.mode);
  const uint64_t start = c.requests[0].start;
  RecordWriter writer(out);
  const auto end = [&](const RecordType& type) {
    writer.Byte(kTypeAt, ByteFor(kIsV1 ? kV1RecordTypes : kRecordTypes, type));
    if (kIsV1) {
      writer.EndFixed(kV1RecordBytes);
    } else {
      writer.EndRecord();
    }
  };
  writer.Byte(0, static_cast<uint8_t>(kVersion));
  writer.Number(kLayout.paging_mode, kLayout.paging_mode_bytes,
                kIsV1 ? ByteFor(kPagingModes, c.mode) : NumberOf(c.mode));
  EncodeStart(start, info, writer, kLayout.request_shift);
  EncodeRequest(c.requests[0], writer, kLayout.request_shift, kVersion);
  writer.Number(kLayout.stack_position, 2, c.stack.position);
  writer.Byte(kLayout.stack_around, ByteFor(kArounds, c.stack.around));
  if (kLayout.pkru != 0) writer.Number(kLayout.pkru, 2, c.pkru);
  writer.EndFixed(kLayout.bytes);
  for (size_t i = 1; i < c.requests.size(); ++i) {
    EncodeAddress(c.requests[i].start, start, info, writer);
    EncodeRequest(c.requests[i], writer, 0, kVersion);
    end({.kind = RecordType::Kind::kRequest});
  }
  for (const StackWord& word : c.stack.words) {
    EncodeStackWord(word, writer);
    end({.kind = RecordType::Kind::kStackWord});
  }
  for (const PageRange& pages : c.pages) {
    EncodePages(pages, start, info, writer);
    end({.kind = RecordType::Kind::kPages});
  }
  for (const TableOp& op : c.setup) {
    EncodeOp(op, start, info, writer);
    end(TypeOf(op));
  }
  for (const ConcurrentOp& op : c.concurrent) {
    EncodeConcurrentOp(op, start, info, writer);
    end({.kind = IsInV1(op.kind) ? RecordType::Kind::kConcurrent
                                 : RecordType::Kind::kLaterConcurrent});
  }
  return writer.size();
}

// Whether version 1 can represent `c`.
bool IsV1(const Case& c) {
  const auto is_v1 = [](const Request& request) {
    return request.references == References::kEach && !request.longterm &&
           !request.refused.has_value() && !request.inaccessible.has_value();
  };
  const auto is_v1_op = [&c](const TableOp& op) {
    return IsInV1(op.kind) &&
           op.state == StateInV1(op.state, c.mode.arch, op.level);
  };
  return Says(kPagingModes, c.mode) && c.pages.empty() && c.pkru == 0 &&
         std::all_of(c.setup.begin(), c.setup.end(), is_v1_op) &&
         std::all_of(c.requests.begin(), c.requests.end(), is_v1) &&
         std::all_of(c.concurrent.begin(), c.concurrent.end(),
                     [&](const ConcurrentOp& op) {
                       return op.moment == Moment::kRead && is_v1_op(op);
                     });
}

}  // namespace

Case Decode(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return {};
  if (bytes[0] == kFormatVersion1) {
    return DecodeVersion<FormatVersion::k1>(bytes);
  }
  if (bytes[0] == kFormatVersion) {
    return DecodeVersion<FormatVersion::k2>(bytes);
  }
  return {};
}

size_t Encode(const Case& c, std::span<uint8_t> out) {
  return EncodeVersion<FormatVersion::k2>(c, out);
}

std::optional<size_t> EncodeV1(const Case& c, std::span<uint8_t> out) {
  if (!IsV1(c)) return std::nullopt;
  return EncodeVersion<FormatVersion::k1>(c, out);
}

}  // namespace pxdfuzz
