#include "api/inspect.h"

#include <algorithm>
#include <set>

#include "backends.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "model/metadata_keys.h"
#include "model/state.h"
#include "model/token_work.h"
#include "model/weights.h"
#include "model_files/open_model.h"

namespace tritium {
namespace {

// Of a table that is not the head a token reads one row; a layer that computes several times has its weights once.
void count_parameters(const TensorMap& source, const Config& config, ModelInfo& info) {
  const bool tied = !source.find("output.weight");
  std::set<std::string> tables;
  for (const TensorSpec& spec : tensor_specs(config))
    if (spec.table && !(tied && spec.name == "token_embd.weight")) tables.insert(spec.name);
  for (const TensorInfo& t : source.tensors()) {
    const auto n = static_cast<uint64_t>(t.elements());
    info.parameters += n;
    if (t.ternary) info.ternary_parameters += n;
    if (t.shape.size() == 3) {
      info.active_parameters +=
          n / static_cast<uint64_t>(config.n_experts) * static_cast<uint64_t>(config.n_experts_used);
    } else {
      info.active_parameters += tables.contains(t.name) ? static_cast<uint64_t>(t.shape.back()) : n;
    }
  }
}

}  // namespace

ModelInfo describe_model(const CheckedModel& model, const Result<std::shared_ptr<const Tokenizer>>& tokenizer,
                         const std::vector<std::string>& warnings) {
  const TensorMap& source = model.tensors();
  const Config& config = model.config();
  ModelInfo info;
  info.path = source.source();
  info.architecture = config.architecture;
  info.name = config.name;
  info.vocab_size = config.vocab_size;
  info.dim = config.dim;
  info.n_layers = config.n_layers();
  for (const LayerConfig& layer : config.layers) {
    info.n_heads = std::max(info.n_heads, layer.n_heads);
    info.n_kv_heads = std::max(info.n_kv_heads, layer.n_kv_heads);
    info.head_dim = std::max(info.head_dim, layer.key_dim);
  }
  info.n_experts = config.n_experts;
  info.n_experts_used = config.n_experts_used;
  info.context_length = config.context_length;
  info.has_tokenizer = tokenizer.ok();
  info.tokenizer_problem = tokenizer.message();
  info.warnings = warnings;
  if (tokenizer.ok()) std::ranges::copy((*tokenizer)->warnings(), std::back_inserter(info.warnings));
  if (std::string unknown = unknown_keys_warning(source.metadata()); !unknown.empty())
    info.warnings.push_back(std::move(unknown));
  count_parameters(source, config, info);

  MemoryEstimate memory;
  for (const TensorInfo& t : source.tensors()) {
    info.tensors.push_back({.name = t.name, .type = t.type, .shape = t.shape, .bytes = t.bytes});
  }
  const Weights weights = describe_weights(model);
  const TokenWork token = token_work(config, weights);
  memory.weight_bytes = token.model_bytes;
  info.token_weight_bytes = token.weight_bytes;
  info.active_ternary_parameters = token.ternary_operations / 2;
  for (const char* backend : {"reference", "cpu", "vulkan"}) {
    memory.backend = backend;
    // A file whose tensors were checked has such a pass.
    const int64_t batch = prompt_batch_of(backend);
    const Result<StateBytes> state = state_bytes(
        config, weights, {.capacity = batch, .batch = batch, .activations = ActivationMode::int8_per_token});
    if (state.ok()) {
      memory.kv_bytes_per_token = state->cache_per_token;
      memory.work_bytes = state->activations;
    }
    info.memory.push_back(memory);
  }
  return info;
}

Result<ModelInfo> inspect_model(const std::string& path) try {
  Result<OpenedModel> file = open_model(path);
  if (!file.ok()) return file.status();
  const Result<CheckedModel> model = CheckedModel::check(std::move(file->tensors));
  if (!model.ok()) return model.status();
  return describe_model(*model, Tokenizer::for_model(model->metadata(), model->config().vocab_size), file->warnings);
} catch (...) {
  return caught();
}

}  // namespace tritium
