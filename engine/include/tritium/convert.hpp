// Model files made of models: a Hugging Face folder as a GGUF file, tensors in other types, and what differs between
// two.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

struct ConvertOptions {
  std::string output;  // the file that is written; what stood there is replaced at the end, when all went well
  // Of ternary tensors: "TQ1_0", "TQ2_0", "Q2_0", "PQ2_0", "PTQ1_0", "I2_S", in either case. Where that type cannot
  // hold a tensor's groups or rows, and where this is empty: the smallest type that holds all values exactly.
  std::string type;
  std::function<bool(double fraction)> progress{};  // returning false cancels
  std::function<bool()> keep_going{};
};

struct QuantizeOptions {
  std::string output;
  // Types of tensors by what they are for, as above and "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"; empty: as
  // they are.
  std::string embedding, attention, feed_forward, experts, head, router, norm;
  // Floats become trits where a ternary type is asked for: alpha = mean |w| of each row, trit = round(w / alpha).
  // Without this such a tensor is refused.
  bool round_to_trits = false;
  std::function<bool(double fraction)> progress{};
  std::function<bool()> keep_going{};
};

struct WrittenTensor {
  std::string name;
  std::string from, type;     // as the source calls it, and in the file
  uint64_t bytes = 0;         // in the file
  double rms_error = 0;       // of its values; 0: they are the same
  double relative_error = 0;  // that, by their root mean square
  std::string note;           // why it is not in the type asked for, or not exact; empty: it is
};

struct WrittenModel {
  std::vector<WrittenTensor> tensors;
  std::vector<std::string> warnings;  // what was odd of the source
  uint64_t bytes = 0;                 // of the file
};

// Streams: what is in memory at once does not grow with the model. `input`: as of Runtime::load(). The disk is asked
// for all of the room before anything is written.
Result<WrittenModel> convert_model(const std::string& input, const ConvertOptions& options);

// invalid_argument: a type that makes no sense for what the tensor is for, or that its rows do not fit.
Result<WrittenModel> quantize_model(const std::string& input, const QuantizeOptions& options);

struct TensorDifference {
  std::string name;
  std::string kind;  // "only in the first", "only in the second", "shape", "values", "type": the values are the same
  std::string first, second;  // type and shape
  double largest = 0;         // of the differences of values
  double rms = 0;
  double relative = 0;  // rms, by the root mean square of the first one's values
  int64_t trits = 0;    // that differ, where both are ternary
  int64_t values = 0;   // that differ
};

struct KeyDifference {
  std::string key;
  std::optional<std::string> first, second;  // as text; absent: not there
};

struct ModelDifference {
  std::vector<KeyDifference> keys;
  std::vector<TensorDifference> tensors;
  int64_t tensors_compared = 0;  // that both have
  bool same() const { return keys.empty() && tensors.empty(); }
};

Result<ModelDifference> diff_models(const std::string& first, const std::string& second,
                                    const std::function<bool()>& keep_going = {});

}  // namespace tritium
