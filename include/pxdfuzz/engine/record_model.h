// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_RECORD_MODEL_H_
#define PXDFUZZ_ENGINE_RECORD_MODEL_H_

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/run.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/view/case_tables.h"

namespace pxdfuzz {

// What the model's walk `policy` does with a request, which is permitted: runs
// it as RunWalk() does and records every event.
Recording RecordModel(const CaseTables& tables, const Request& request,
                      Policy policy);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_RECORD_MODEL_H_
