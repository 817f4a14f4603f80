// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_JSON_H_
#define PXDFUZZ_SRC_CLI_TEXT_JSON_H_

#include <nlohmann/json.hpp>
#include <string>

namespace pxdfuzz {

// Members are in the order of insertion.
using Json = nlohmann::ordered_json;

// The tool's output: ASCII, with U+FFFD for bytes that are not UTF-8, and a
// line break at the end.
template <class Json>
std::string JsonText(const Json& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/true,
                   Json::error_handler_t::replace) +
         '\n';
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_JSON_H_
