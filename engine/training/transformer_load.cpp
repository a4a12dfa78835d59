// Weights of a Transformer: from a file, with their shadows and shared scales.
#include "base/format_text.h"
#include "model/weights.h"
#include "training/transformer.h"

namespace tritium::training {
namespace {

constexpr const char* kRopeFactors = "rope_freqs.weight";

WeightMode mode_of(Role role, const Recipe& recipe) {
  switch (role) {
    case Role::embedding: return recipe.embedding;
    case Role::attention: return recipe.attention;
    case Role::feed_forward: return recipe.feed_forward;
    case Role::head: return recipe.head;
    case Role::router:
    case Role::norm: break;
  }
  return WeightMode::full;
}

Shape stack_shape(const std::vector<int64_t>& shape) {
  if (shape.size() == 3) return {shape[0], shape[1], shape[2]};
  return shape.size() == 2 ? Shape{1, shape[0], shape[1]} : Shape{1, 1, shape[0]};
}

// Alphas of a matrix under a way of sharing them.
int64_t scales_of(const BitLinear& layer, ScaleSync sync) {
  switch (sync) {
    case ScaleSync::per_expert: return layer.n_matrices;
    case ScaleSync::per_row: return layer.n_matrices * layer.rows;
    case ScaleSync::per_group: return layer.n_matrices * layer.rows * layer.groups_per_row();
    case ScaleSync::automatic:
    case ScaleSync::per_block:
    case ScaleSync::per_tensor: break;
  }
  return 1;
}

// A ternary tensor keeps its trits where trits are wanted; everything else starts from floats.
Result<BitLinear> load_layer(Backend& backend, const TensorMap& source, const WeightSlot& slot,
                             const BitLinearOptions& options) {
  const bool wants_trits = options.mode == WeightMode::ternary || options.mode == WeightMode::frozen;
  if (source.find(slot.name)->ternary && wants_trits) {
    const Result<TernaryMatrix> trits = source.load_ternary(slot.name);
    if (!trits.ok()) return trits.status();
    return BitLinear::from_ternary(backend, slot.name, *trits, options);
  }
  const Result<std::vector<float>> values = source.load_f32(slot.name);
  if (!values.ok()) return values.status();
  return BitLinear::from_weights(backend, slot.name, stack_shape(slot.shape), *values, options);
}

}  // namespace

Role role_of(const std::string& name) {
  if (name == "token_embd.weight") return Role::embedding;
  if (name == "output.weight") return Role::head;
  if (name.find("_norm") != std::string::npos) return Role::norm;
  if (name.find("ffn_gate_inp") != std::string::npos) return Role::router;
  return name.find("attn_") != std::string::npos ? Role::attention : Role::feed_forward;
}

BitLinear* Transformer::find(const std::string& name) {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

Status Transformer::load(Backend& backend, const TensorMap& source) {
  if (Status status = check_tensors(source, config_); !status.ok()) return status;
  if (source.find(kRopeFactors)) {
    Result<std::vector<float>> factors = source.load_f32(kRopeFactors);
    if (!factors.ok()) return factors.status();
    rope_factors_ = *std::move(factors);
  }
  for (const WeightSlot& slot : weight_slots(config_)) {
    if (!source.find(slot.name)) continue;  // an optional one: the head is the embedding
    const Role role = role_of(slot.name);
    const bool exact = role == Role::norm || role == Role::router;
    const int64_t group = recipe_.scale_sync == ScaleSync::per_group ? recipe_.group_size : 0;
    const BitLinearOptions options = {
        .mode = mode_of(role, recipe_), .shadow = exact ? ShadowPrecision::fp32 : recipe_.shadow, .group_size = group};
    Result<BitLinear> layer = load_layer(backend, source, slot, options);
    if (!layer.ok()) return layer.status();
    order_.push_back(&by_name_.emplace(slot.name, *std::move(layer)).first->second);
  }
  embedding_ = find("token_embd.weight");
  output_norm_ = find("output_norm.weight");
  head_ = find("output.weight") ? find("output.weight") : embedding_;
  for (int64_t i = 0; i < config_.n_layers(); ++i) {
    const auto part = [&](const char* name) { return find(join("blk.", i, ".", name, ".weight")); };
    const auto ffn = [&](const char* name) { return part(config_.moe() ? join(name, "_exps").c_str() : name); };
    layers_.push_back({.attn_norm = part("attn_norm"),
                       .attn_q = part("attn_q"),
                       .attn_k = part("attn_k"),
                       .attn_v = part("attn_v"),
                       .attn_q_norm = part("attn_q_norm"),
                       .attn_k_norm = part("attn_k_norm"),
                       .attn_sub_norm = part("attn_sub_norm"),
                       .attn_output = part("attn_output"),
                       .ffn_norm = part("ffn_norm"),
                       .ffn_router = part("ffn_gate_inp"),
                       .ffn_gate = ffn("ffn_gate"),
                       .ffn_up = ffn("ffn_up"),
                       .ffn_sub_norm = part("ffn_sub_norm"),
                       .ffn_down = ffn("ffn_down")});
  }
  return make_scale_groups(backend);
}

// Makes a group of its own kind, and the shadows of those members that came as trits.
Status Transformer::add_group(Backend& backend, std::vector<BitLinear*> members, ScaleSync sync) {
  std::erase_if(members, [](const BitLinear* m) { return !m || m->mode != WeightMode::ternary; });
  if (members.empty()) return Status();
  const int64_t n_scales = scales_of(*members.front(), sync);
  for (BitLinear* member : members)
    if (!member->trains())
      if (Status s = member->init_shadow_from_ternary(backend, n_scales); !s.ok()) return s;
  Result<ScaleGroup> group = ScaleGroup::create(backend, std::move(members), n_scales, recipe_.scales);
  if (!group.ok()) return group.status();
  scale_groups_.push_back(*std::move(group));
  return Status();
}

Status Transformer::make_scale_groups(Backend& backend) {
  const ScaleSync sync = recipe_.scale_sync;
  const bool shared = sync == ScaleSync::per_block || sync == ScaleSync::per_expert;
  std::vector<BitLinear*> alone;
  for (BitLinear* p : order_)
    if (role_of(p->name) != Role::feed_forward || !shared) alone.push_back(p);
  for (BitLinear* p : alone) {
    // Trits that came with a scale a row or a group keep that.
    const ScaleSync own = shared                         ? ScaleSync::per_tensor
                          : sync == ScaleSync::automatic ? automatic_sync(backend, *p)
                                                         : sync;
    if (Status s = add_group(backend, {p}, own); !s.ok()) return s;
  }
  for (const Layer& layer : layers_) {
    if (!shared) break;
    if (Status s = add_group(backend, {layer.ffn_gate, layer.ffn_up, layer.ffn_down}, sync); !s.ok()) return s;
  }
  return Status();
}

ScaleSync Transformer::automatic_sync(Backend& backend, const BitLinear& layer) {
  if (!layer.ternary() || layer.trains()) return ScaleSync::per_tensor;
  if (layer.group_size > 0) return ScaleSync::per_group;
  const Result<TernaryMatrix> trits = backend.download_weight(layer.packed);
  if (!trits.ok()) return ScaleSync::per_tensor;
  return trits->with_coarsest_scales().granularity() == ScaleGranularity::tensor ? ScaleSync::per_tensor
                                                                                 : ScaleSync::per_row;
}

Result<std::unique_ptr<Transformer>> Transformer::create(Backend& backend, const Config& config,
                                                         const TensorMap& source, const Recipe& recipe) {
  std::unique_ptr<Transformer> model(new Transformer(config, recipe));
  if (Status status = model->load(backend, source); !status.ok()) return status;
  return model;
}

}  // namespace tritium::training
