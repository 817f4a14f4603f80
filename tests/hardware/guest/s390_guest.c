/* SPDX-License-Identifier: MIT */

/*
 * A program for a bare s390x machine: asks the machine how it translates
 * addresses, one question after the other.
 *
 * It runs with dynamic address translation on, in a primary space that is a
 * real space, so it sees storage directly. The space under test is the
 * secondary space (control register 7). Only LOAD REAL ADDRESS and TEST
 * PROTECTION are executed there, and neither changes storage.
 */

#include <stdint.h>

#include "s390_wire.h"

#define BLOCK ((volatile struct WireBlock *)kWireBlockAt)
#define QUESTIONS ((const struct WireQuestion *)kWireQuestionsAt)
#define ANSWERS ((struct WireAnswer *)kWireAnswersAt)

/* Principles of Operation, chapter 4: control register 0. */
#define CR0_SECONDARY_SPACE 0x04000000ull
#define CR0_ENHANCED_DAT 0x00800000ull
#define ASCE_REAL_SPACE 0x20ull
#define PSW_DAT 0x0400000000000000ull
#define PSW_64_BIT 0x0000000180000000ull

struct psw {
  uint64_t mask;
  uint64_t address;
};

/* The start: a stack, then main(). */
__asm__(
    ".section .text.start,\"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "  larl %r15,stack_end\n"
    "  aghi %r15,-160\n"
    "  brasl %r14,guest_main\n"
    ".section .bss.stack,\"aw\",@nobits\n"
    ".balign 8\n"
    ".skip 8192\n"
    "stack_end:\n"
    ".text\n");

/* A place in the first page, where the compiler expects no objects. */
static volatile void *low_address(uintptr_t address) {
  __asm__("" : "+r"(address));
  return (volatile void *)address;
}

/* A program interruption comes here, with translation off. */
static __attribute__((noreturn)) void trapped(void) {
  BLOCK->trap_address = *(volatile uint64_t *)low_address(0x158);
  BLOCK->trap = *(volatile uint16_t *)low_address(0x8e);
  for (;;) {
  }
}

static void load_controls(void) {
  const uint64_t control0 = CR0_SECONDARY_SPACE | CR0_ENHANCED_DAT;
  const uint64_t real_space = ASCE_REAL_SPACE;
  __asm__ volatile(
      "lctlg 0,0,%0\n"
      "lctlg 1,1,%1\n"
      "lctlg 7,7,%1\n"
      "lctlg 13,13,%1\n"
      :
      : "Q"(control0), "Q"(real_space)
      : "memory");
}

static void translation_on(void) {
  struct psw psw = {PSW_DAT | PSW_64_BIT, 0};
  uint64_t address;
  __asm__ volatile(
      "larl %1,0f\n"
      "stg %1,8+%0\n"
      "lpswe %0\n"
      "0:\n"
      : "+Q"(psw), "=&d"(address)
      :
      : "cc", "memory");
}

static void store_facilities(void) {
  uint64_t list[4] = {0, 0, 0, 0};
  register uint64_t last __asm__("0") = 3; /* doublewords, less one */
  __asm__ volatile("stfle %0" : "+Q"(list), "+d"(last) : : "cc", "memory");
  for (int i = 0; i < 4; ++i) BLOCK->facilities[i] = list[i];
}

/* Between the two SACFs only the tested instruction may access storage. */
static uint32_t load_real_address(const struct WireQuestion *question,
                                  uint64_t *real) {
  uint32_t mask;
  __asm__ volatile(
      "lctlg 7,7,%2\n"
      "sacf 0x100\n"
      "lrag %0,0(%3)\n"
      "ipm %1\n"
      "sacf 0\n"
      : "=&d"(*real), "=&d"(mask)
      : "Q"(question->asce), "a"(question->address)
      : "cc");
  return mask >> 28 & 3;
}

static uint32_t test_protection(uint64_t address) {
  uint32_t mask;
  __asm__ volatile(
      "sacf 0x100\n"
      "tprot 0(%1),0\n"
      "ipm %0\n"
      "sacf 0\n"
      : "=&d"(mask)
      : "a"(address)
      : "cc");
  return mask >> 28 & 3;
}

static void answer(const struct WireQuestion *question,
                   struct WireAnswer *answer) {
  uint64_t real;
  answer->lrag = load_real_address(question, &real);
  answer->value = real;
  answer->tprot = answer->lrag == 0 && real < kWireStorageSize
                      ? test_protection(question->address)
                      : kWireNotAsked;
}

__attribute__((noreturn, used)) void guest_main(void) {
  volatile struct psw *program_new = low_address(0x1d0);
  program_new->mask = PSW_64_BIT;
  program_new->address = (uint64_t)(uintptr_t)trapped;
  store_facilities();
  load_controls();
  translation_on();
  BLOCK->ready = 1;
  for (;;) {
    const uint64_t wanted = BLOCK->wanted;
    if (wanted == BLOCK->done) continue;
    __asm__ volatile("" : : : "memory");
    const uint64_t count = BLOCK->count;
    for (uint64_t i = 0; i < count; ++i) answer(&QUESTIONS[i], &ANSWERS[i]);
    __asm__ volatile("" : : : "memory");
    BLOCK->done = wanted;
  }
}
