/* SPDX-License-Identifier: MIT */

/*
 * Where things lie in the guest's storage, and what host and guest write there.
 * C as well as C++. All words are big-endian.
 */

#ifndef PXDFUZZ_TESTS_HARDWARE_GUEST_S390_WIRE_H_
#define PXDFUZZ_TESTS_HARDWARE_GUEST_S390_WIRE_H_

#include <stdint.h>

enum {
  kWireStorageSize = 0x400000,
  /* The guest's program is linked to lie at 0x10000. */
  kWireBlockAt = 0x20000,
  kWireQuestionsAt = 0x40000,
  kWireAnswersAt = 0x80000,
  kWireMost = 0x4000, /* questions in a round */
  /* From here on, storage is tables under test. */
  kWireTablesAt = 0x100000,
};

struct WireBlock {
  /* The number of the round that the host wants done, from 1 on. */
  uint64_t wanted;
  /* Questions in it. */
  uint64_t count;
  /* The guest: 1 as soon as `facilities` is filled in. */
  uint64_t ready;
  /* The guest: the round that is done. */
  uint64_t done;
  /* The guest: a program interruption that was not expected, and where. */
  uint64_t trap;
  uint64_t trap_address;
  /* The guest: what STORE FACILITY LIST EXTENDED says; bit 0 is leftmost. */
  uint64_t facilities[4];
};

struct WireQuestion {
  uint64_t asce;
  uint64_t address;
};

struct WireAnswer {
  /* What LOAD REAL ADDRESS left in the register. */
  uint64_t value;
  /* Its condition code, and that of TEST PROTECTION or kWireNotAsked. */
  uint32_t lrag;
  uint32_t tprot;
};

enum { kWireNotAsked = 0xff };

#endif /* PXDFUZZ_TESTS_HARDWARE_GUEST_S390_WIRE_H_ */
