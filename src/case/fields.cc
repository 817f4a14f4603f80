// SPDX-License-Identifier: MIT

#include "src/case/fields.h"

#include <algorithm>
#include <optional>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/geometry.h"
#include "src/case/canonicalize.h"
#include "src/case/selectors.h"

namespace pxdfuzz {
namespace {

// Offsets within records. A header's request lies further behind.
constexpr size_t kModeAt = 1;
constexpr size_t kPayloadAt = 2;
constexpr size_t kPayloadBytes = 7;
constexpr size_t kCountAt = 9;
constexpr size_t kStateAt = 11;
constexpr size_t kSwapKindAt = 11;
constexpr size_t kFrameAt = 12;
constexpr size_t kPokeTargetAt = 9;
constexpr size_t kPokeWordAt = 10;
constexpr size_t kConcurrentTypeAt = 16;
constexpr size_t kNumberAt = 17;
constexpr size_t kMomentAt = 19;
constexpr size_t kAttributesAt = 20;
constexpr size_t kPageKindAt = 11;
constexpr size_t kRangeLevelAt = 12;
constexpr size_t kContentAt = 1;
constexpr size_t kDistanceAt = 2;
constexpr size_t kStackWordAt = 4;
// Of requests: version 1 has the access alone.
constexpr size_t kAccessAt = 11;
constexpr size_t kFlagsAt = 11;
constexpr size_t kRefusedAt = 13;
constexpr size_t kInaccessibleAt = 15;

// The flags of a request.
constexpr uint64_t kFlagWrite = 1 << 0;
constexpr uint64_t kFlagGet = 1 << 1;
constexpr uint64_t kFlagPin = 1 << 2;
constexpr uint64_t kFlagLongterm = 1 << 3;

// A page number of the widest address: 52 bits.
constexpr uint64_t kPageNumberMask = (uint64_t{1} << 52) - 1;

uint16_t DecodeCount(const RecordReader& in, size_t at) {
  const uint8_t byte = in.Byte(at);
  const uint16_t count = kCounts[byte];
  if (count != 0) return count;
  return static_cast<uint16_t>(1 + ((byte & 1) << 8 | in.Byte(at + 1)));
}

void EncodeCount(uint16_t count, RecordWriter& out, size_t at) {
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

// `distance` in pages, in the form of kOffsets.
std::optional<int8_t> AsOffset(uint64_t distance, const Geometry& geometry) {
  const int64_t pages = static_cast<int64_t>(distance) /
                        static_cast<int64_t>(geometry.page_size());
  const auto offset = static_cast<int8_t>(pages);
  if (offset != pages || !Says(kOffsets, offset)) return std::nullopt;
  return offset;
}

// Identity, unless the bytes specify otherwise: two records with equal frame
// bytes map different frames at different addresses.
uint64_t FrameSalt(uint64_t address, const Geometry& geometry) {
  return (address >> geometry.page_shift()) & kFrameMask;
}

// A page of a request, or none.
std::optional<uint16_t> DecodePage(const RecordReader& in, size_t at,
                                   uint16_t pages) {
  const uint64_t number = in.Number(at, 2) % (pages + uint64_t{1});
  if (number == 0) return std::nullopt;
  return static_cast<uint16_t>(number - 1);
}

void EncodePage(std::optional<uint16_t> page, RecordWriter& out, size_t at) {
  out.Number(at, 2, page.has_value() ? *page + uint64_t{1} : 0);
}

References ReferencesOf(uint64_t flags) {
  const bool get = (flags & kFlagGet) != 0;
  const bool pin = (flags & kFlagPin) != 0;
  if (get == pin) return References::kEach;
  return get ? References::kGet : References::kPin;
}

uint64_t FlagsOf(const Request& request) {
  uint64_t flags = request.write ? kFlagWrite : 0;
  if (request.references == References::kGet) flags |= kFlagGet;
  if (request.references == References::kPin) flags |= kFlagPin;
  if (request.longterm) flags |= kFlagLongterm;
  return flags;
}

// The frame at `address`: see FrameSalt().
uint64_t DecodeFrame(const RecordReader& in, uint64_t address,
                     const Geometry& geometry) {
  return (in.Number(kFrameAt, 4) ^ FrameSalt(address, geometry))
         << geometry.page_shift();
}

void EncodeFrame(uint64_t frame, uint64_t address, const Geometry& geometry,
                 RecordWriter& out) {
  out.Number(kFrameAt, 4,
             frame >> geometry.page_shift() ^ FrameSalt(address, geometry));
}

// Before which read, as a number from 1.
uint16_t DecodeRead(const RecordReader& in) {
  const uint8_t byte = in.Byte(kNumberAt);
  const uint16_t read = kReads[byte];
  if (read != 0) return read;
  return static_cast<uint16_t>(1 + ((byte & 7) << 8 | in.Byte(kNumberAt + 1)));
}

void EncodeRead(uint16_t read, RecordWriter& out) {
  if (Says(kReads, read)) {
    out.Byte(kNumberAt, ByteFor(kReads, read));
    return;
  }
  const auto rest = static_cast<unsigned>(read - 1);
  out.Byte(kNumberAt,
           static_cast<uint8_t>(ByteFor(kReads, uint16_t{0}) | (rest >> 8)));
  out.Byte(kNumberAt + 1, static_cast<uint8_t>(rest));
}

}  // namespace

uint64_t DecodeStart(const RecordReader& in, size_t shift,
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

void EncodeStart(uint64_t start, const PagingModeInfo& info, RecordWriter& out,
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

uint64_t DecodeAddress(const RecordReader& in, uint64_t start,
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
                   RecordWriter& out) {
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

Request DecodeRequest(const RecordReader& in, size_t shift, uint64_t start,
                      FormatVersion version) {
  Request request{.start = start, .pages = DecodeCount(in, kCountAt + shift)};
  if (version == FormatVersion::k1) {
    request.write = kWrites[in.Byte(kAccessAt + shift)];
    return request;
  }
  const uint64_t flags = in.Number(kFlagsAt + shift, 2);
  request.write = (flags & kFlagWrite) != 0;
  request.references = ReferencesOf(flags);
  request.longterm =
      (flags & kFlagLongterm) != 0 && request.references != References::kGet;
  request.refused = DecodePage(in, kRefusedAt + shift, request.pages);
  request.inaccessible = DecodePage(in, kInaccessibleAt + shift, request.pages);
  return request;
}

void EncodeRequest(const Request& request, RecordWriter& out, size_t shift,
                   FormatVersion version) {
  EncodeCount(request.pages, out, kCountAt + shift);
  if (version == FormatVersion::k1) {
    out.Byte(kAccessAt + shift, ByteFor(kWrites, request.write));
    return;
  }
  out.Number(kFlagsAt + shift, 2, FlagsOf(request));
  EncodePage(request.refused, out, kRefusedAt + shift);
  EncodePage(request.inaccessible, out, kInaccessibleAt + shift);
}

TableOp DecodeOp(const RecordReader& in, TableOp::Kind kind, Level level,
                 uint64_t start, const PagingModeInfo& info,
                 FormatVersion version) {
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
    if (version == FormatVersion::k2) {
      if (kind == TableOp::Kind::kSwap) {
        op.kind = kSwapKinds[in.Byte(kSwapKindAt)];
      }
      SetAttributes(static_cast<uint16_t>(in.Number(kAttributesAt, 2)),
                    op.state);
    }
    // Salted with the address that the case will contain.
    CanonicalizeOp(op, info);
    if (version == FormatVersion::k1) {
      op.state = StateInV1(op.state, info.mode.arch, op.level);
    }
    op.frame = DecodeFrame(in, op.address, info.geometry);
  }
  CanonicalizeOp(op, info);
  return op;
}

void EncodeOp(const TableOp& op, uint64_t start, const PagingModeInfo& info,
              RecordWriter& out) {
  if (HasAddress(op.kind)) EncodeAddress(op.address, start, info, out);
  if (HasCount(op.kind)) EncodeCount(op.count, out, kCountAt);
  if (HasState(op.kind)) {
    LeafState plain = op.state;
    SetAttributes(0, plain);
    out.Byte(kStateAt, ByteFor(kStates, plain));
    out.Number(kAttributesAt, 2, AttributesOf(op.state));
  }
  if (op.kind == TableOp::Kind::kDevicePrivate) {
    out.Byte(kSwapKindAt, ByteFor(kSwapKinds, op.kind));
  }
  if (HasFrame(op.kind)) EncodeFrame(op.frame, op.address, info.geometry, out);
  if (IsPoke(op.kind)) {
    out.Byte(kPokeTargetAt,
             ByteFor(kPokeTargets,
                     {op.kind == TableOp::Kind::kPokeControl, op.level}));
    out.Number(kPokeWordAt, 8, op.word);
  }
}

ConcurrentOp DecodeConcurrentOp(const RecordReader& in, uint64_t start,
                                const PagingModeInfo& info,
                                FormatVersion version, bool later) {
  const Selector<ConcurrentType>& types =
      later ? kLaterConcurrentTypes : kConcurrentTypes;
  const ConcurrentType& type = types[in.Byte(kConcurrentTypeAt)];
  ConcurrentOp op{DecodeOp(in, type.kind, type.level, start, info, version),
                  DecodeRead(in)};
  if (version == FormatVersion::k1) return op;
  op.moment = kMoments[in.Byte(kMomentAt)];
  if (op.moment == Moment::kGrab) {
    op.number = std::min<uint16_t>(op.number, Case::kMaxPages) - 1;
  }
  return op;
}

void EncodeConcurrentOp(const ConcurrentOp& op, uint64_t start,
                        const PagingModeInfo& info, RecordWriter& out) {
  out.Byte(kConcurrentTypeAt,
           ByteFor(IsInV1(op.kind) ? kConcurrentTypes : kLaterConcurrentTypes,
                   {op.kind, op.level}));
  EncodeRead(op.moment == Moment::kGrab ? op.number + 1 : op.number, out);
  out.Byte(kMomentAt, ByteFor(kMoments, op.moment));
  EncodeOp(op, start, info, out);
}

PageRange DecodePages(const RecordReader& in, uint64_t start,
                      const PagingModeInfo& info) {
  PageRange pages{.kind = kPageKinds[in.Byte(kPageKindAt)],
                  .level = kRangeLevels[in.Byte(kRangeLevelAt)],
                  .frame = DecodeAddress(in, start, info),
                  .count = DecodeCount(in, kCountAt)};
  CanonicalizePages(pages, info);
  return pages;
}

void EncodePages(const PageRange& pages, uint64_t start,
                 const PagingModeInfo& info, RecordWriter& out) {
  // Of the addresses with that frame's bits, the one next to the start.
  const uint64_t mask = kFrameMask << info.geometry.page_shift();
  EncodeAddress((start & ~mask) | pages.frame, start, info, out);
  EncodeCount(pages.count, out, kCountAt);
  out.Byte(kPageKindAt, ByteFor(kPageKinds, pages.kind));
  out.Byte(kRangeLevelAt, ByteFor(kRangeLevels, pages.level));
}

StackWord DecodeStackWord(const RecordReader& in) {
  StackWord word{
      .distance = static_cast<int16_t>(in.Number(kDistanceAt, 2)),
      .content = kContents[in.Byte(kContentAt)],
  };
  if (word.content == StackContent::kWord) {
    word.word = in.Number(kStackWordAt, 8);
  }
  return word;
}

void EncodeStackWord(const StackWord& word, RecordWriter& out) {
  out.Byte(kContentAt, ByteFor(kContents, word.content));
  out.Number(kDistanceAt, 2, static_cast<uint16_t>(word.distance));
  out.Number(kStackWordAt, 8, word.word);
}

}  // namespace pxdfuzz
