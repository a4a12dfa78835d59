#include "tests/train/byte_model.h"

#include <gtest/gtest.h>

#include <cstring>

#include "format/gguf.h"
#include "train/data/byte_vocabulary.h"

namespace tritium {

MemoryTensorMap byte_model(const RandomModelOptions& options) {
  MemoryTensorMap map = random_model(options);
  const Metadata vocabulary = byte_vocabulary();
  for (const auto& [key, value] : vocabulary.values()) map.mutable_metadata().set(key, value);
  return map;
}

std::string write_model(const MemoryTensorMap& map, const TemporaryFolder& folder) {
  std::vector<GgufTensor> tensors;
  for (const TensorInfo& info : map.tensors()) {
    const std::vector<float> values = *map.load_f32(info.name);
    GgufTensor tensor{.name = info.name, .shape = info.shape, .bytes = std::vector<std::byte>(values.size() * 4)};
    std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
    tensors.push_back(std::move(tensor));
  }
  EXPECT_TRUE(write_gguf(folder.file("model.gguf"), map.metadata(), tensors).ok());
  return folder.file("model.gguf");
}

TrainOptions finetuning(const std::string& model) {
  TrainOptions options;
  options.model = model;
  for (int i = 0; i < 50; ++i) options.text += "a mill stood by the river, ";
  options.steps = 1;
  options.context = 8;
  options.batch = 4;
  return options;
}

}  // namespace tritium
