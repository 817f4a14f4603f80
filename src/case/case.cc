// SPDX-License-Identifier: MIT

#include "pxdfuzz/case/case.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "src/case/canonicalize.h"
#include "src/case/selectors.h"

namespace pxdfuzz {
namespace {

// One header or record; bytes beyond the input's end are zero.
class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, size_t at) {
    const size_t left = at < bytes.size() ? bytes.size() - at : 0;
    if (left > 0) {
      std::memcpy(bytes_.data(), bytes.data() + at,
                  std::min(left, bytes_.size()));
    }
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
  std::array<uint8_t, kRecordBytes> bytes_{};
};

class Writer {
 public:
  explicit Writer(std::span<uint8_t> out) : out_(out) {}
  // The next record, all zero.
  void Begin() {
    at_ = size_;
    size_ += kRecordBytes;
    assert(size_ <= out_.size());
    std::fill_n(out_.begin() + at_, kRecordBytes, uint8_t{0});
  }
  void Byte(size_t at, uint8_t byte) { out_[at_ + at] = byte; }
  void Number(size_t at, size_t size, uint64_t number) {
    for (size_t i = 0; i < size; ++i) {
      Byte(at + i, static_cast<uint8_t>(number >> (8 * i)));
    }
  }
  size_t size() const { return size_; }

 private:
  std::span<uint8_t> out_;
  size_t at_ = 0;
  size_t size_ = 0;
};

// Offsets within the header.
constexpr size_t kVersionAt = 0;
constexpr size_t kPagingModeAt = 1;
constexpr size_t kStackPositionAt = 13;
constexpr size_t kStackAroundAt = 15;
// Offsets within records.
constexpr size_t kTypeAt = 0;
constexpr size_t kStateAt = 11;
constexpr size_t kFrameAt = 12;
constexpr size_t kPokeTargetAt = 9;
constexpr size_t kPokeWordAt = 10;
constexpr size_t kConcurrentTypeAt = 16;
constexpr size_t kReadAt = 17;
constexpr size_t kContentAt = 1;
constexpr size_t kDistanceAt = 2;
constexpr size_t kStackWordAt = 4;
// Offsets within both. The header's are one byte further.
constexpr size_t kModeAt = 1;
constexpr size_t kPayloadAt = 2;
constexpr size_t kPayloadBytes = 7;
constexpr size_t kCountAt = 9;
constexpr size_t kWriteAt = 11;
constexpr size_t kHeaderShift = 1;

// A page number of the widest address: 52 bits.
constexpr uint64_t kPageNumberMask = (uint64_t{1} << 52) - 1;

uint16_t DecodeCount(const Reader& in, size_t at) {
  const uint8_t byte = in.Byte(at);
  const uint16_t count = kCounts[byte];
  if (count != 0) return count;
  return static_cast<uint16_t>(1 + ((byte & 1) << 8 | in.Byte(at + 1)));
}

void EncodeCount(uint16_t count, Writer& out, size_t at) {
  if (Says(kCounts, count)) {
    out.Byte(at, ByteFor(kCounts, count));
    return;
  }
  const auto rest = static_cast<unsigned>(count - 1);
  uint8_t byte = ByteFor(kCounts, uint16_t{0});
  if ((byte & 1) != rest >> 8) ++byte;
  out.Byte(at, byte);
  out.Byte(at + 1, static_cast<uint8_t>(rest));
}

uint64_t Pages(int64_t pages, const Geometry& geometry) {
  return WrappingMul(static_cast<uint64_t>(pages), geometry.page_size());
}

// The level whose boundaries `level` means in a paging mode: the highest at or
// below it that has boundaries.
Level BoundaryLevel(const PagingModeInfo& info, Level level) {
  while (info.Boundaries(level) == 0) level = Below(level);
  return level;
}

constexpr size_t kMultipleBytes = kPayloadBytes - 1;
constexpr uint64_t kMaxMultiple = (uint64_t{1} << (8 * kMultipleBytes)) - 1;

uint64_t DecodeStart(const Reader& in, size_t shift,
                     const PagingModeInfo& info) {
  const Geometry& geometry = info.geometry;
  const StartMode mode = kStartModes[in.Byte(kModeAt + shift)];
  const size_t payload = kPayloadAt + shift;
  const uint64_t offset = Pages(kOffsets[in.Byte(payload)], geometry);
  const uint64_t page_number = in.Number(payload, kPayloadBytes);
  switch (mode.kind) {
    case StartMode::Kind::kBoundary: {
      const Level level = BoundaryLevel(info, mode.level);
      const uint64_t multiple =
          1 + in.Number(payload + 1, kMultipleBytes) % info.Boundaries(level);
      return WrappingAdd(multiple << geometry.shift(level), offset);
    }
    case StartMode::Kind::kLimit:
      return WrappingAdd(info.limit, offset);
    case StartMode::Kind::kInside:
      return page_number << geometry.page_shift() & info.last_user_address();
    case StartMode::Kind::kAnywhere:
      return (page_number & kPageNumberMask) << geometry.page_shift();
  }
  return 0;
}

// `distance` in pages, in the form of kOffsets.
std::optional<int8_t> AsOffset(uint64_t distance, const Geometry& geometry) {
  const int64_t pages = static_cast<int64_t>(distance) /
                        static_cast<int64_t>(geometry.page_size());
  const auto offset = static_cast<int8_t>(pages);
  if (offset != pages || !Says(kOffsets, offset)) return std::nullopt;
  return offset;
}

void EncodeStart(uint64_t start, const PagingModeInfo& info, Writer& out,
                 size_t shift) {
  const Geometry& geometry = info.geometry;
  const size_t mode_at = kModeAt + shift;
  const size_t payload = kPayloadAt + shift;
  if (const auto offset = AsOffset(WrappingSub(start, info.limit), geometry)) {
    out.Byte(mode_at,
             ByteFor(kStartModes, {StartMode::Kind::kLimit, Level::kPte}));
    out.Byte(payload, ByteFor(kOffsets, *offset));
    return;
  }
  for (Level level = BoundaryLevel(info, Level::kPgd); level > Level::kPte;
       level = Below(level)) {
    const uint64_t span = geometry.span(level);
    const uint64_t nearest = WrappingAdd(start, span / 2) & ~(span - 1);
    const uint64_t multiple = nearest >> geometry.shift(level);
    const auto offset = AsOffset(WrappingSub(start, nearest), geometry);
    if (!offset.has_value() || multiple == 0 ||
        multiple > info.Boundaries(level) || multiple - 1 > kMaxMultiple) {
      continue;
    }
    out.Byte(mode_at,
             ByteFor(kStartModes, {StartMode::Kind::kBoundary, level}));
    out.Byte(payload, ByteFor(kOffsets, *offset));
    out.Number(payload + 1, kMultipleBytes, multiple - 1);
    return;
  }
  const auto kind = start <= info.last_user_address()
                        ? StartMode::Kind::kInside
                        : StartMode::Kind::kAnywhere;
  out.Byte(mode_at, ByteFor(kStartModes, {kind, Level::kPte}));
  out.Number(payload, kPayloadBytes, start >> geometry.page_shift());
}

uint64_t DecodeAddress(const Reader& in, uint64_t start,
                       const PagingModeInfo& info) {
  const Geometry& geometry = info.geometry;
  const AddressMode mode = kAddressModes[in.Byte(kModeAt)];
  switch (mode.kind) {
    case AddressMode::Kind::kNear:
      return WrappingAdd(
          start, Pages(static_cast<int8_t>(in.Byte(kPayloadAt)), geometry));
    case AddressMode::Kind::kMiddle:
      return WrappingAdd(
          start,
          Pages(static_cast<int16_t>(in.Number(kPayloadAt, 2)), geometry));
    case AddressMode::Kind::kSpans: {
      const auto spans = static_cast<int8_t>(in.Byte(kPayloadAt + 1));
      return WrappingAdd(
          WrappingAdd(
              start, Pages(static_cast<int8_t>(in.Byte(kPayloadAt)), geometry)),
          WrappingMul(static_cast<uint64_t>(int64_t{spans}),
                      geometry.span(mode.level)));
    }
    case AddressMode::Kind::kAnywhere:
      return (in.Number(kPayloadAt, kPayloadBytes) & kPageNumberMask)
             << geometry.page_shift();
  }
  return 0;
}

void EncodeAddress(uint64_t address, uint64_t start, const PagingModeInfo& info,
                   Writer& out) {
  const Geometry& geometry = info.geometry;
  const auto pages = static_cast<int64_t>(WrappingSub(address, start)) >>
                     geometry.page_shift();
  const auto mode = [&out](AddressMode::Kind kind, Level level) {
    out.Byte(kModeAt, ByteFor(kAddressModes, {kind, level}));
  };
  if (pages == static_cast<int8_t>(pages)) {
    mode(AddressMode::Kind::kNear, Level::kPte);
    out.Byte(kPayloadAt, static_cast<uint8_t>(pages));
    return;
  }
  if (pages == static_cast<int16_t>(pages)) {
    mode(AddressMode::Kind::kMiddle, Level::kPte);
    out.Number(kPayloadAt, 2, static_cast<uint16_t>(pages));
    return;
  }
  for (Level level = Level::kPmd;; level = Above(level)) {
    const auto span = static_cast<int64_t>(geometry.pages(level));
    const int64_t spans =
        (pages + span / 2) >> (geometry.shift(level) - geometry.page_shift());
    const int64_t rest = pages - spans * span;
    if (spans == static_cast<int8_t>(spans) &&
        rest == static_cast<int8_t>(rest)) {
      mode(AddressMode::Kind::kSpans, level);
      out.Byte(kPayloadAt, static_cast<uint8_t>(rest));
      out.Byte(kPayloadAt + 1, static_cast<uint8_t>(spans));
      return;
    }
    if (level == Level::kPgd) break;
  }
  mode(AddressMode::Kind::kAnywhere, Level::kPte);
  out.Number(kPayloadAt, kPayloadBytes, address >> geometry.page_shift());
}

// Identity, unless the bytes specify otherwise: two records with equal frame
// bytes map different frames at different addresses.
uint64_t FrameSalt(uint64_t address, const Geometry& geometry) {
  return (address >> geometry.page_shift()) & kFrameMask;
}

Request DecodeRequest(const Reader& in, size_t shift, uint64_t start) {
  return {.start = start,
          .pages = DecodeCount(in, kCountAt + shift),
          .write = kWrites[in.Byte(kWriteAt + shift)]};
}

void EncodeRequest(const Request& request, Writer& out, size_t shift) {
  EncodeCount(request.pages, out, kCountAt + shift);
  out.Byte(kWriteAt + shift, ByteFor(kWrites, request.write));
}

// The frame at `address`: see FrameSalt().
uint64_t DecodeFrame(const Reader& in, uint64_t address,
                     const Geometry& geometry) {
  return (in.Number(kFrameAt, 4) ^ FrameSalt(address, geometry))
         << geometry.page_shift();
}

void EncodeFrame(uint64_t frame, uint64_t address, const Geometry& geometry,
                 Writer& out) {
  out.Number(kFrameAt, 4,
             frame >> geometry.page_shift() ^ FrameSalt(address, geometry));
}

TableOp DecodeOp(const Reader& in, TableOp::Kind kind, Level level,
                 uint64_t start, const PagingModeInfo& info) {
  TableOp op{
      .kind = kind, .level = level, .address = DecodeAddress(in, start, info)};
  if (kind == TableOp::Kind::kPoke) {
    const PokeTarget target = kPokeTargets[in.Byte(kPokeTargetAt)];
    if (target.control) op.kind = TableOp::Kind::kPokeControl;
    op.level = target.level;
    op.word = in.Number(kPokeWordAt, 8);
  } else {
    op.count = DecodeCount(in, kCountAt);
    op.state = kStates[in.Byte(kStateAt)];
    // Salted with the address that the case will contain.
    CanonicalizeOp(op, info);
    op.frame = DecodeFrame(in, op.address, info.geometry);
  }
  CanonicalizeOp(op, info);
  return op;
}

// Everything but the bytes of its kind.
void EncodeOp(const TableOp& op, uint64_t start, const PagingModeInfo& info,
              Writer& out) {
  if (HasAddress(op.kind)) EncodeAddress(op.address, start, info, out);
  if (HasCount(op.kind)) EncodeCount(op.count, out, kCountAt);
  if (HasState(op.kind)) out.Byte(kStateAt, ByteFor(kStates, op.state));
  if (HasFrame(op.kind)) EncodeFrame(op.frame, op.address, info.geometry, out);
  if (IsPoke(op.kind)) {
    out.Byte(kPokeTargetAt,
             ByteFor(kPokeTargets,
                     {op.kind == TableOp::Kind::kPokeControl, op.level}));
    out.Number(kPokeWordAt, 8, op.word);
  }
}

void EncodeSetupOp(const TableOp& op, uint64_t start,
                   const PagingModeInfo& info, Writer& out) {
  const RecordType type =
      IsPoke(op.kind) ? RecordType::Setup(TableOp::Kind::kPoke, Level::kPte)
                      : RecordType::Setup(op.kind, op.level);
  out.Byte(kTypeAt, ByteFor(kRecordTypes, type));
  EncodeOp(op, start, info, out);
}

uint16_t DecodeRead(const Reader& in) {
  const uint8_t byte = in.Byte(kReadAt);
  const uint16_t read = kReads[byte];
  if (read != 0) return read;
  return static_cast<uint16_t>(1 + ((byte & 7) << 8 | in.Byte(kReadAt + 1)));
}

void EncodeRead(uint16_t read, Writer& out) {
  if (Says(kReads, read)) {
    out.Byte(kReadAt, ByteFor(kReads, read));
    return;
  }
  const auto rest = static_cast<unsigned>(read - 1);
  out.Byte(kReadAt,
           static_cast<uint8_t>(ByteFor(kReads, uint16_t{0}) | (rest >> 8)));
  out.Byte(kReadAt + 1, static_cast<uint8_t>(rest));
}

ConcurrentOp DecodeConcurrentOp(const Reader& in, uint64_t start,
                                const PagingModeInfo& info) {
  const ConcurrentType& type = kConcurrentTypes[in.Byte(kConcurrentTypeAt)];
  return {DecodeOp(in, type.kind, type.level, start, info), DecodeRead(in)};
}

void EncodeConcurrentOp(const ConcurrentOp& op, uint64_t start,
                        const PagingModeInfo& info, Writer& out) {
  out.Byte(kTypeAt,
           ByteFor(kRecordTypes, {.kind = RecordType::Kind::kConcurrent}));
  out.Byte(kConcurrentTypeAt, ByteFor(kConcurrentTypes, {op.kind, op.level}));
  EncodeRead(op.read, out);
  EncodeOp(op, start, info, out);
}

StackWord DecodeStackWord(const Reader& in) {
  StackWord word{
      .distance = static_cast<int16_t>(in.Number(kDistanceAt, 2)),
      .content = kContents[in.Byte(kContentAt)],
  };
  if (word.content == StackContent::kWord) {
    word.word = in.Number(kStackWordAt, 8);
  }
  return word;
}

void EncodeStackWord(const StackWord& word, Writer& out) {
  out.Byte(kTypeAt,
           ByteFor(kRecordTypes, {.kind = RecordType::Kind::kStackWord}));
  out.Byte(kContentAt, ByteFor(kContents, word.content));
  out.Number(kDistanceAt, 2, static_cast<uint16_t>(word.distance));
  out.Number(kStackWordAt, 8, word.word);
}

}  // namespace

Case Decode(std::span<const uint8_t> bytes) {
  Case c;
  if (bytes.empty() || bytes[kVersionAt] != kFormatVersion) return c;
  const Reader header(bytes, 0);
  const PagingModeInfo& info = InfoOf(kPagingModes[header.Byte(kPagingModeAt)]);
  if (!info.built) return c;
  c.mode = info.mode;
  const uint64_t start = DecodeStart(header, kHeaderShift, info);
  c.requests.push_back(DecodeRequest(header, kHeaderShift, start));
  c.stack.position = static_cast<uint16_t>(header.Number(kStackPositionAt, 2) &
                                           Stack::kMaxPosition);
  c.stack.around = kArounds[header.Byte(kStackAroundAt)];
  for (size_t at = kRecordBytes; at < bytes.size(); at += kRecordBytes) {
    const Reader in(bytes, at);
    const RecordType& type = kRecordTypes[in.Byte(kTypeAt)];
    switch (type.kind) {
      case RecordType::Kind::kSetup:
        if (!c.setup.full()) {
          c.setup.push_back(DecodeOp(in, type.op, type.level, start, info));
        }
        break;
      case RecordType::Kind::kRequest:
        c.requests.push_back(
            DecodeRequest(in, 0, DecodeAddress(in, start, info)));
        break;
      case RecordType::Kind::kStackWord: {
        const StackWord word = DecodeStackWord(in);
        if (word.distance != 0) c.stack.words.push_back(word);
        break;
      }
      case RecordType::Kind::kConcurrent: {
        if (c.concurrent.full()) break;
        ConcurrentOp op = DecodeConcurrentOp(in, start, info);
        if (!c.concurrent.empty()) {
          op.read = std::max(op.read, c.concurrent.back().read);
        }
        c.concurrent.push_back(op);
        break;
      }
    }
  }
  return c;
}

size_t Encode(const Case& c, std::span<uint8_t> out) {
  if (c.empty()) return 0;
  const PagingModeInfo& info = InfoOf(c.mode);
  const uint64_t start = c.requests[0].start;
  Writer writer(out);
  writer.Begin();
  writer.Byte(kVersionAt, kFormatVersion);
  writer.Byte(kPagingModeAt, ByteFor(kPagingModes, c.mode));
  EncodeStart(start, info, writer, kHeaderShift);
  EncodeRequest(c.requests[0], writer, kHeaderShift);
  writer.Number(kStackPositionAt, 2, c.stack.position);
  writer.Byte(kStackAroundAt, ByteFor(kArounds, c.stack.around));
  for (size_t i = 1; i < c.requests.size(); ++i) {
    writer.Begin();
    writer.Byte(kTypeAt,
                ByteFor(kRecordTypes, {.kind = RecordType::Kind::kRequest}));
    EncodeAddress(c.requests[i].start, start, info, writer);
    EncodeRequest(c.requests[i], writer, 0);
  }
  for (const StackWord& word : c.stack.words) {
    writer.Begin();
    EncodeStackWord(word, writer);
  }
  for (const TableOp& op : c.setup) {
    writer.Begin();
    EncodeSetupOp(op, start, info, writer);
  }
  for (const ConcurrentOp& op : c.concurrent) {
    writer.Begin();
    EncodeConcurrentOp(op, start, info, writer);
  }
  return writer.size();
}

}  // namespace pxdfuzz
