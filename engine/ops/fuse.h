// Rewrites of a Program: what stands between two products of one decoded token becomes part of one of them (norm_qkv.h,
// attention_step.h, merge_output.h, norm_router.h, expert_gate_up.h, expert_down.h), and what stands before other
// products one operation (norm_rows.h). Results are those of the simple operations.
#pragma once

#include <cstdint>

#include "ops/fusion.h"
#include "ops/program.h"

namespace tritium {

// What a backend's kernels can take.
struct FusionLimits {
  int64_t tensors = 16;                // of an operation
  uint64_t tensor_bytes = UINT64_MAX;  // of each
  int64_t cols = 12288;                // of the input of a product: codes that a workgroup keeps
  int64_t experts = 512;
  int64_t parts = 1024;             // of attention: heads times splits
  int64_t attention_bytes = 16000;  // that a workgroup of attention_step keeps: below 16 KiB
};

// Replaces what it can and what is wanted (all without `wants`); returns how many operations fewer there are. The
// program's temporaries must not be placed yet.
int64_t fuse(Program& program, const FusionLimits& limits, const WantsFusion& wants = {});

}  // namespace tritium
