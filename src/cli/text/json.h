// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_JSON_H_
#define PXDFUZZ_SRC_CLI_TEXT_JSON_H_

#include <string>
#include <string_view>

namespace pxdfuzz {

// `text` as a JSON string with its quotes, in ASCII. Bytes that are not UTF-8
// become U+FFFD, each of them.
std::string JsonString(std::string_view text);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_JSON_H_
