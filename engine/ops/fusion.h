// Fusion: an operation that could stand for several (fuse.h), beside those that it would replace.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ops/all.h"

namespace tritium {

struct Fusion {
  std::string_view name;                // of the operation: "norm_qkv"
  std::vector<AllOps::Variant> fused;   // it; behind attention_step merge_splits, too
  std::vector<AllOps::Variant> simple;  // its twin: with the same results
};

// Whether it is to be done.
using WantsFusion = std::function<bool(const Fusion&)>;

// Names of the operations that stand for several.
const std::vector<std::string_view>& fusion_names();

// What decides how long it takes: the operation's name and tensors, as in "merge_output f32[4,1,34] - trit2[1,64,128]
// f32[1,64]"; "-" is one that it does without. Of caches and rotations the number of positions does not count.
std::string class_of(const Fusion& fusion);

// Rows that its operation goes through, each of which it computes once; those of a decoded token have one.
int64_t rows_of(const Fusion& fusion);

}  // namespace tritium
