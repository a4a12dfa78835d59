// Writes a GGUF file a chunk of rows at a time: tensors are encoded, or copied, as they go by.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/input_file.h"
#include "base/thread_pool.h"
#include "format/gguf_header.h"
#include "tensor/tensor_map.h"
#include "tritium/convert.hpp"

namespace tritium {

enum class Encoding {
  copied,   // bytes of a file
  trits,    // of a ternary tensor, scales rounded to F16 where the type has them
  floats,   // values, encoded
  rounded,  // values, rounded to trits by the mean magnitude of each row
};

struct TensorJob {
  const TensorInfo* info = nullptr;
  StorageType type = StorageType::f32;
  Encoding encoding = Encoding::floats;
  bool measured = false;  // how far the values are from those of the source
  std::string note;
  const InputFile* file = nullptr;  // copied: from here,
  uint64_t offset = 0;              // and there
};

// `tick` gets elements that were written. The file is replaced when all is written; without room on its disk nothing
// is.
Status write_model(const std::string& path, const TensorMap& source, const Metadata& metadata,
                   const std::vector<TensorJob>& jobs, ThreadPool& pool, const std::function<Status(int64_t)>& tick,
                   WrittenModel& written);

}  // namespace tritium
