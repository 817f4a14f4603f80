// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TABLES_POPULATE_H_
#define PXDFUZZ_TABLES_POPULATE_H_

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/tables/address_space.h"

namespace pxdfuzz {

// Which rule of what Linux writes a case breaks.
enum class Malformed : uint8_t {
  kNo,
  kWord,     // a word that is no entry of its level
  kTable,    // an entry for a table where no table of that level begins
  kControl,  // another root, or another way to read it
};

// Does to `mm`, which is empty, what the records of `c` say. Returns the first
// rule that one of them breaks; the tables are made all the same, since the
// hardware reads any word.
template <class A, class Entries>
Malformed Populate(const Case& c, AddressSpace<A, Entries>& mm) {
  Malformed malformed = Malformed::kNo;
  const auto note = [&malformed](Malformed rule) {
    if (malformed == Malformed::kNo) malformed = rule;
  };
  for (const Record& record : c.records) {
    switch (record.kind) {
      case Record::Kind::kMap:
        mm.Map(record.level, record.address, record.count, record.frame,
               record.state);
        break;
      case Record::Kind::kClear:
        mm.Clear(record.level, record.address, record.count);
        break;
      case Record::Kind::kSwap:
        mm.Swap(record.address, record.count, record.frame);
        break;
      case Record::Kind::kPoke: {
        const EntryKind kind = mm.entries().Classify(record.level, record.word);
        if (kind.tag == EntryKind::Tag::kMalformed) {
          note(Malformed::kWord);
        } else if (kind.tag == EntryKind::Tag::kTable &&
                   !mm.arena().IsTable(mm.geometry().real_below(record.level),
                                       kind.address)) {
          note(Malformed::kTable);
        }
        mm.Poke(record.level, record.address, record.word);
        break;
      }
      case Record::Kind::kPokeControl:
        if (record.word != mm.control()) note(Malformed::kControl);
        mm.set_control(record.word);
        break;
    }
  }
  return malformed;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TABLES_POPULATE_H_
