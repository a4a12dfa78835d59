// ProfileEntry: the time that an operation took, and what it did in that time, all its calls together. DeviceWork: what
// a GPU was told to do. FusionChoice: whether it does several operations as one.
#pragma once

#include <cstdint>
#include <string>

namespace tritium {

struct ProfileEntry {
  std::string operation;
  int64_t calls = 0;
  double seconds = 0;
  double bytes = 0;               // read and written; of experts, tables and caches what was used
  double weight_bytes = 0;        // of these those of weights
  double integer_operations = 0;  // of int8 products: a multiply-add is two
  double float_operations = 0;    // of other products, and of attention
};

// Counted since the device was opened; of the cpu and the reference all 0.
struct DeviceWork {
  uint64_t dispatches = 0;         // that were submitted, each as often as it runs
  uint64_t barriers = 0;           // likewise
  uint64_t descriptor_writes = 0;  // buffers written into descriptor sets
  uint64_t submits = 0;
  uint64_t waits = 0;   // of the host for a submission
  uint64_t passes = 0;  // recorded programs that were submitted: of a token, a prompt, a step of training
};

// Of a decoded token's operations on a GPU that one kernel could do (papers/vulkan_decode.md): whether it does, which
// changes no result.
struct FusionChoice {
  std::string operation;  // "norm_qkv"
  std::string shape;      // the operation with its tensors: choices are made for each shape
  bool fused = true;
  std::string reason;         // "measured" now, "kept" from an earlier run, "asked for", or "not measured"
  double fused_seconds = 0;   // of the one kernel
  double simple_seconds = 0;  // of those that it stands for; both 0: not known
};

}  // namespace tritium
