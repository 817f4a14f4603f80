// SPDX-License-Identifier: MIT

// Contains only the headers of tests, which CMake precompiles.
