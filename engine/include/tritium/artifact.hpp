// A model as an artifact: as few bytes as it takes, from which the same file comes back, byte for byte.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tritium/status.hpp"

namespace tritium {

struct PackOptions {
  std::string output;  // the artifact; what stood there is replaced at the end, when all went well
  int level = 22;      // of zstd, 1 … 22
  // Of artifact and code together. Where they have more nothing is written, and PackedModel::fits is false.
  std::optional<uint64_t> limit;
  uint64_t code_bytes = 0;
  std::function<bool(double fraction)> progress{};  // returning false cancels
  std::function<bool()> keep_going{};
};

struct PackingTried {
  std::string packing;
  uint64_t bytes = 0;  // compressed
};

struct PackedStream {
  std::string
      kind;  // "embedding", "attention", "feed-forward", "experts", "router", "norms", "head", "other", "metadata"
  std::string type;           // of its tensors; "" of bytes that are none
  std::string part;           // "codes", "scales" (what is left of blocks), "values", "header", "bytes", "directory"
  std::string packing;        // of codes: "digits, rows", …; of numbers: "plain", "planes"
  int radix = 0;              // codes are below it; 0: no codes
  int64_t weights = 0;        // counted once: with the codes or values
  uint64_t raw_bytes = 0;     // in the GGUF file
  uint64_t packed_bytes = 0;  // of codes at their real width, before zstd
  uint64_t bytes = 0;         // in the artifact
  // What codes need at least when each is drawn by the share it has in its tensor (or 16 million weights of it).
  double entropy_bytes = 0;
  std::vector<PackingTried> tried;  // of which the smallest is in the artifact
};

struct PackedModel {
  std::vector<PackedStream> streams;  // their bytes are those of the artifact
  uint64_t model_bytes = 0;           // of the GGUF file
  uint64_t artifact_bytes = 0;
  uint64_t code_bytes = 0;
  int64_t weights = 0;
  bool fits = true;  // within the limit
  uint64_t total_bytes() const { return artifact_bytes + code_bytes; }
  double bits_per_weight() const;
};

// `input`: a model in one GGUF file. What is in memory at once does not grow with the model. Checks, section by
// section, that the same bytes come back.
Result<PackedModel> pack_model(const std::string& input, const PackOptions& options);

struct UnpackOptions {
  std::string output;
  std::function<bool(double fraction)> progress{};
  std::function<bool()> keep_going{};
};

// The size of the GGUF file, which is written under a temporary name, read back and checked. corrupt_file: the artifact
// is damaged.
Result<uint64_t> unpack_model(const std::string& input, const UnpackOptions& options);

}  // namespace tritium
