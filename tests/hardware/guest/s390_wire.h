/* SPDX-License-Identifier: MIT */

/*
 * Addresses in the guest's storage, and what host and guest write there. C as
 * well as C++. All words are big-endian.
 */

#ifndef PXDFUZZ_TESTS_HARDWARE_GUEST_S390_WIRE_H_
#define PXDFUZZ_TESTS_HARDWARE_GUEST_S390_WIRE_H_

#include <stdint.h>

enum {
  kWireStorageSize = 0x400000,
  /* The guest's program is linked to this address, 0x10000. */
  kWireBlockAt = 0x20000,
  kWireQuestionsAt = 0x40000,
  kWireAnswersAt = 0x80000,
  kWireMost = 0x4000, /* questions in a round */
  /* From here, storage contains tables under test. */
  kWireTablesAt = 0x100000,
};

struct WireBlock {
  /* The number of the round that the host requests, from 1. */
  uint64_t wanted;
  /* The number of questions in it. */
  uint64_t count;
  /* The guest: 1 as soon as `facilities` is filled in. */
  uint64_t ready;
  /* The guest: the last completed round. */
  uint64_t done;
  /* The guest: an unexpected program interruption, and where. */
  uint64_t trap;
  uint64_t trap_address;
  /* The guest: STORE FACILITY LIST EXTENDED; bit 0 is leftmost. */
  uint64_t facilities[4];
};

struct WireQuestion {
  uint64_t asce;
  uint64_t address;
};

struct WireAnswer {
  /* The register after LOAD REAL ADDRESS. */
  uint64_t value;
  /* Its condition code, and that of TEST PROTECTION or kWireNotAsked. */
  uint32_t lrag;
  uint32_t tprot;
};

enum { kWireNotAsked = 0xff };

#endif /* PXDFUZZ_TESTS_HARDWARE_GUEST_S390_WIRE_H_ */
