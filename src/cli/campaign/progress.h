// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_PROGRESS_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_PROGRESS_H_

#include <string>
#include <string_view>

namespace pxdfuzz {

// Progress on one line of standard error, which is overwritten. Shown only on
// terminals.
class Progress {
 public:
  // `command` is printed before the message.
  explicit Progress(std::string_view command);
  ~Progress() { End(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Say(std::string_view what);
  // Clears the line, if it is not empty.
  void End();

 private:
  std::string command_;
  bool is_terminal_;
  bool is_shown_ = false;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_PROGRESS_H_
