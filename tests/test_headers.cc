// SPDX-License-Identifier: MIT

// Has nothing but the headers of tests, which CMake has a compiler read first.
