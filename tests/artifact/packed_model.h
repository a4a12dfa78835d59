// Models for the tests of artifacts, and their files as bytes.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/input_file.h"
#include "format/codec.h"
#include "format/gguf.h"
#include "tensor/half.h"
#include "tests/support/random_model.h"
#include "tests/support/temporary_folder.h"

namespace tritium {

// Ternary tensors in a type, the others in another.
inline void write_random_model(const std::string& path, RandomModelOptions options, StorageType trits,
                               StorageType floats = StorageType::f32) {
  options.dim = options.ffn_dim = 256;
  options.head_dim = 64;  // of four heads
  options.n_layers = 2;
  MemoryTensorMap map = random_model(options);
  std::vector<GgufTensor> tensors;
  for (const TensorInfo& info : map.tensors()) {
    GgufTensor& t = tensors.emplace_back();
    t.name = info.name, t.shape = info.shape;
    t.type = info.ternary ? trits : info.shape.size() > 1 ? floats : StorageType::f32;
    if (info.ternary) {
      TernaryMatrix m = *map.load_ternary(info.name);
      const float one = m.scales()[0];
      for (float& s : m.scales()) s = trits == StorageType::i2_s ? one : f16_to_f32(f32_to_f16(s));
      auto bytes = encode_ternary(m, trits);
      ASSERT_TRUE(bytes.ok()) << bytes.message();
      t.bytes = *std::move(bytes);
    } else {
      auto bytes = encode_f32(*map.load_f32(info.name), info.shape, t.type);
      ASSERT_TRUE(bytes.ok()) << bytes.message();
      t.bytes = *std::move(bytes);
    }
  }
  const Status written = write_gguf(path, map.metadata(), tensors);
  ASSERT_TRUE(written.ok()) << written.message();
}

// Not flushed to the disk, which takes its time.
inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::string bytes_of_file(const std::string& path) {
  const Result<std::string> bytes = read_file(path);
  EXPECT_TRUE(bytes.ok()) << bytes.message();
  return bytes.ok() ? *bytes : "";
}

}  // namespace tritium
