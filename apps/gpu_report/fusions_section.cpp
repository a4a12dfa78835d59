// Fused operations beside the operations that they stand for, in the shapes of real models: which of them pay.
#include <algorithm>
#include <array>

#include "base/format_text.h"
#include "gpu_report/section.h"
#include "gpu_report/synthetic_model.h"
#include "model/transformer.h"

namespace tritium::gpu_report {
namespace {

constexpr int64_t kLayers = 4;      // whose weights take turns
constexpr int64_t kContext = 4096;  // what a session has where nobody says
constexpr double kOfSection = 0.6;  // of the time, for measuring; the rest for loading

// As many as leave room for whatever else there is.
int64_t layers_of(const Context& context, const ModelShape& shape) {
  if (context.free_bytes == 0) return kLayers;
  const ModelBytes bytes = model_bytes(shape);
  const uint64_t half = context.free_bytes / 2, room = half - std::min(half, bytes.fixed);
  return std::min({kLayers, shape.layers, static_cast<int64_t>(room / bytes.layer)});
}

Status decode_a_token(const ModelShape& shape, int64_t layers, const Deadline& deadline, Backend& backend) {
  const SyntheticModel model(shape, layers);
  const Result<CheckedModel> checked = CheckedModel::check(model);
  if (!checked.ok()) return checked.status();
  const Result<Weights> weights = load_weights(*checked, backend, [&](double) { return !deadline.over(); });
  if (!weights.ok()) return weights.status();
  const Config& config = checked->config();
  Result<ForwardState> state = make_state(config, *weights, backend, {.capacity = kContext});
  if (!state.ok()) return state.status();
  std::vector<float> logits(static_cast<size_t>(config.vocab_size));
  const std::array<int32_t, 1> tokens = {1};
  return forward(config, *weights, *state, backend, tokens, 0, Logits::last, logits);
}

struct Counts {
  size_t pairs = 0, measured = 0, run = 0;
};

void add_row(Entry& entry, const ModelShape& shape, const FusionChoice& choice, Counts& counts) {
  const bool measured = choice.fused_seconds > 0;
  ++counts.pairs, counts.measured += measured ? 1 : 0, counts.run += measured && choice.fused ? 1 : 0;
  Json row = {
      {"model", shape.name}, {"operation", choice.operation}, {"fused", choice.fused}, {"reason", choice.reason}};
  if (measured) {
    row["fused_us"] = choice.fused_seconds * 1e6;
    row["simple_us"] = choice.simple_seconds * 1e6;
    row["simple_over_fused"] = choice.simple_seconds / choice.fused_seconds;
  }
  row["shape"] = choice.shape;
  entry.add_row("pairs", row);
}

Status measure(const Context& context, Entry& entry, ModelShape shape, const Deadline& deadline, Counts& counts) {
  if (context.tiny) shape = tiny(shape);
  const int64_t layers = layers_of(context, shape);
  if (layers < 1) {
    entry.cut(join(shape.name, ": not one layer fits"));
    return Status();
  }
  vulkan::VulkanOptions options = context.device();
  options.fusion_seconds = kOfSection * deadline.left();
  options.time_fusions_anew = true;
  const Result<std::unique_ptr<Backend>> backend = vulkan::make_vulkan_backend(options);
  if (!backend.ok()) return backend.status();
  Status status = decode_a_token(shape, layers, deadline, **backend);
  for (const FusionChoice& choice : vulkan::fusion_choices(**backend)) add_row(entry, shape, choice, counts);
  if (status.code() == StatusCode::device_error) return status;
  if (status.code() == StatusCode::cancelled) {
    entry.cut(shape.name + ": its share of the time was over before it was loaded");
  } else if (!status.ok()) {
    entry.cut(join(shape.name, ": ", status.message()));
  }
  return Status();
}

}  // namespace

Status fusions_section(Context& context, Entry& entry) {
  if (context.tiny) entry.put("note", "software driver: small models of the same architectures, not these");
  const std::array shapes = {maple_shape(), qwen3_shape(), bitnet_shape()};
  Counts counts;
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (entry.deadline().over()) {
      entry.cut(join(shapes[i].name, ": not reached in time"));
      continue;
    }
    const Deadline part = entry.deadline().part(1.0 / static_cast<double>(shapes.size() - i));
    if (Status s = measure(context, entry, shapes[i], part, counts); !s.ok()) return s;
  }
  if (counts.measured < counts.pairs)
    entry.cut(join(counts.pairs - counts.measured, " of ", counts.pairs, " pairs were not measured in time"));
  entry.headline(join(counts.run, " of ", counts.measured, " measured fusions pay"));
  return Status();
}

}  // namespace tritium::gpu_report
