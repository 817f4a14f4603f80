// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_JSON_H_
#define PXDFUZZ_SRC_CLI_TEXT_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace pxdfuzz {

// What the tool prints: ASCII, with U+FFFD for bytes that are not UTF-8, and an
// end of line.
template <class Json>
std::string JsonText(const Json& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/true,
                   Json::error_handler_t::replace) +
         '\n';
}

// A string literal.
inline std::string JsonString(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', /*ensure_ascii=*/true,
                                   nlohmann::json::error_handler_t::replace);
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_JSON_H_
