// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_INTERRUPT_H_
#define PXDFUZZ_SRC_CLI_INTERRUPT_H_

namespace pxdfuzz {

// The exit code in a shell of a program that Ctrl-C ended.
inline constexpr int kInterrupted = 130;

// From now on Ctrl-C and SIGTERM only make IsInterrupted() true, so that a
// command can store what it has.
void CatchInterrupts();
bool IsInterrupted();

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_INTERRUPT_H_
