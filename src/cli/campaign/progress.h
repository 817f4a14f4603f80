// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_PROGRESS_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_PROGRESS_H_

#include <string>
#include <string_view>

namespace pxdfuzz {

// What is being done, on one line of standard error that is written over. Shown
// on terminals only.
class Progress {
 public:
  // `command` stands in front.
  explicit Progress(std::string_view command);
  ~Progress() { End(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Say(std::string_view what);
  // Leaves the line empty. Nothing happens where it is.
  void End();

 private:
  std::string command_;
  bool is_terminal_;
  bool is_shown_ = false;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_PROGRESS_H_
