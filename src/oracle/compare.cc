// SPDX-License-Identifier: MIT

#include "pxdfuzz/oracle/compare.h"

#include "pxdfuzz/oracle/oracle.h"

namespace pxdfuzz {

template class BasicOracle<Architectures, CompiledWalks>;

}  // namespace pxdfuzz
