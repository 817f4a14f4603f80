// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_MEMORY_MEMORY_H_
#define PXDFUZZ_MEMORY_MEMORY_H_

#include <concepts>
#include <cstdint>

#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// What a read hit.
enum class Source : uint8_t {
  kTable,        // an entry of a table
  kOwnCopy,      // the local copy that the pointer was made from
  kStackEscape,  // another word of the stack: the pointer has left its copy
  kNowhere,      // neither a table nor the stack: a real kernel would fault
};

// An entry as a walk sees it.
struct Loaded {
  uint64_t value = 0;
  Source source = Source::kTable;
};

// What walks read entries through. The model in `arena.h` is a machine's
// memory; others choose entries lazily or change them between two reads. Walk
// code does not know which one it has. The hardware needs Load() alone.
//
//   Load(level, ref)         READ_ONCE(*pXdp), as an entry of
//                            `level`. A read that hits nothing gives the empty
//                            entry of that level, so a walk has no error path.
//   LoadRootType(root)       The first entry of the root table, read only for
//                            its type bits, as s390's pgd_offset() does.
//   Push(level, value, ref)  Makes the local copy of `level`'s entry, which was
//                            read through `ref`, and returns its place. A
//                            second copy of the same level replaces the first,
//                            as in the next iteration of a loop.
//   Holds(ref, address)      Whether the span of the entry at `ref` contains
//                            `address`. For traces, not for walks.
template <class M>
concept ReadableMemory = requires(M memory, Level level, EntryRef ref) {
  { memory.Load(level, ref) } -> std::same_as<Loaded>;
};
template <class M>
concept Memory = ReadableMemory<M> &&
                 requires(M memory, Level level, EntryRef ref, uint64_t word) {
                   { memory.LoadRootType(ref) } -> std::same_as<uint64_t>;
                   { memory.Push(level, word, ref) } -> std::same_as<EntryRef>;
                   { memory.Holds(ref, word) } -> std::same_as<bool>;
                 };

}  // namespace pxdfuzz

#endif  // PXDFUZZ_MEMORY_MEMORY_H_
