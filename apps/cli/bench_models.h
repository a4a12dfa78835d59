// The half of `tritium bench` that takes model files.
#pragma once

#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium::cli {

struct ModelBench {
  std::vector<std::string> models;
  std::vector<std::string> backends = {"cpu"};
  std::vector<int> threads = {0};
  Activations activations = Activations::int8;
  WeightLayout layout = WeightLayout::automatic;
  KvCacheType kv = KvCacheType::f16;
  int64_t prompt = 0;  // 0: 128, or fewer where the model's context is shorter
  int64_t batch = 0;
  int64_t decode = 0;  // 0: 64, likewise
  int repeats = 3;
  bool json = false;
};

// The exit code.
int bench_models(const ModelBench& options);

}  // namespace tritium::cli
