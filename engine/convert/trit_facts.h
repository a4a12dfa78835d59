// What is known of a ternary tensor once all of it was read: which types hold it exactly.
#pragma once

#include <cstdint>
#include <string>

#include "base/thread_pool.h"
#include "format/storage_type.h"
#include "tensor/rows.h"

namespace tritium {

struct TritFacts {
  int64_t cols = 0;
  int64_t elements = 0;
  bool one_scale = true;      // of the whole tensor
  float scale = 0;            // the first one
  bool zeros = false;         // there are some
  bool half_scales = true;    // F16 holds each of them
  bool normal_halves = true;  // none of them, unless it is 0, is below or above F16's normal numbers
  int64_t uniform = 0;        // the most of 256, 128, 64 columns that always have one scale; 0: not even 64
};

// unsupported: it is not ternary, with the row.
Result<TritFacts> read_facts(const TernaryRows& rows, ThreadPool& pool);

// Why the type cannot hold the tensor; "": it can. `rounded`: scales may be rounded to F16.
std::string why_not(const TritFacts& facts, StorageType type, bool rounded);

}  // namespace tritium
