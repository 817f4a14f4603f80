// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_INTERRUPT_H_
#define PXDFUZZ_SRC_CLI_INTERRUPT_H_

namespace pxdfuzz {

// What a shell says of a program that Ctrl-C has ended.
inline constexpr int kInterrupted = 130;

// From here on Ctrl-C and SIGTERM end nothing but make IsInterrupted() true, so
// that a command keeps what it has.
void CatchInterrupts();
bool IsInterrupted();

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_INTERRUPT_H_
