// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_MAKE_PICTURE_H_
#define PXDFUZZ_REPORT_MAKE_PICTURE_H_

#include <string_view>

#include "pxdfuzz/report/facts.h"
#include "pxdfuzz/report/iterations.h"
#include "pxdfuzz/report/picture.h"

namespace pxdfuzz {

// Collects what to draw for the walk of that name.
WalkPicture MakePicture(const Facts& facts, const IterationText& iterations,
                        std::string_view walk);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_MAKE_PICTURE_H_
