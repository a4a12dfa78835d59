// What a model suggests: the larger it is, the less is trained at once.
#include "desktop/training_settings.h"

#include <algorithm>

namespace tritium::desktop {
namespace {

// Shadows, states and gradients take 16 bytes a weight (papers/finetuning.md): of more weights, 8 GB.
constexpr uint64_t kManyWeights = 500'000'000;
constexpr int64_t kLongContext = 256;

int suggested_batch(uint64_t parameters) {
  if (parameters < 10'000'000) return 8;
  return parameters < 100'000'000 ? 4 : 1;
}

}  // namespace

float suggested_rate(Learns learns) { return learns == Learns::adapters ? 3e-3F : 1e-3F; }

std::string suggested_output(const ModelInfo& info, Learns learns) {
  std::string path = info.path;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (path.ends_with(".gguf")) path.resize(path.size() - 5);
  return path + (learns == Learns::adapters ? "-adapter.gguf" : "-tuned.gguf");
}

TrainingSettings suggested_settings(const ModelInfo& info) {
  TrainingSettings settings;
  settings.learns = info.parameters > kManyWeights ? Learns::adapters : Learns::everything;
  settings.rate = suggested_rate(settings.learns);
  settings.context =
      static_cast<int>(info.context_length > 0 ? std::min(info.context_length, kLongContext) : kLongContext);
  settings.batch = suggested_batch(info.parameters);
  settings.n_experts = static_cast<int>(std::max<int64_t>(info.n_experts_used, 1));
  settings.output = suggested_output(info, settings.learns);
  return settings;
}

}  // namespace tritium::desktop
