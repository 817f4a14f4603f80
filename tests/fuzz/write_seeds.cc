// SPDX-License-Identifier: MIT

// Writes the known cases as seeds: write_seeds CORPUS. A target does not get
// seeds that crash it.

#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/known_cases.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_seeds CORPUS\n";
    return 2;
  }
  for (const pxdfuzz::KnownCase& known : pxdfuzz::KnownCases()) {
    std::array<uint8_t, pxdfuzz::kMaxEncodedSize> bytes;
    const size_t size = pxdfuzz::Encode(known.c, bytes);
    for (const std::string& target : pxdfuzz::TargetsOf(known)) {
      const std::filesystem::path folder =
          std::filesystem::path(argv[1]) / target;
      std::filesystem::create_directories(folder);
      std::ofstream out(folder / known.name, std::ios::binary);
      out.write(reinterpret_cast<const char*>(bytes.data()),
                static_cast<std::streamsize>(size));
      if (!out.flush()) {
        std::cerr << "write_seeds: cannot write " << folder / known.name
                  << '\n';
        return 3;
      }
    }
  }
  return 0;
}
