// Which experts a run trains: chosen before its first step, or anew every so many.
#include <algorithm>

#include "base/format_text.h"
#include "train/optimizers/schedule.h"
#include "train/trained_experts.h"
#include "train/trainer.h"

namespace tritium::training {

Status Run::order_experts(const ExpertOrder& order, float lambda) {
  if (order == model_->experts()) return Status();
  if (Status s = model_->order_experts(*backend_, order); !s.ok()) return s;
  optimizer_->start(workspace_, lambda);
  return ops_.finish();
}

// How often the router chose each expert over some batches of the text, which learn nothing.
Result<ExpertOrder> Run::most_used(int64_t batches) {
  const Config& config = model_->config();
  std::vector<std::vector<double>> use(config.layers.size(),
                                       std::vector<double>(static_cast<size_t>(config.n_experts)));
  const int64_t sequences = options_.micro_batch > 0 ? options_.micro_batch : options_.batch;
  const auto tokens = static_cast<size_t>(sequences * options_.context);
  std::vector<float> load(static_cast<size_t>(config.n_experts));
  for (int64_t i = 0; i < batches; ++i) {
    const Batch batch = batches_->batch(i);
    for (size_t first = 0; first + tokens <= batch.inputs.size(); first += tokens) {
      const TokenBatch part = {sequences, options_.context, std::span(batch.inputs).subspan(first, tokens),
                               std::span(batch.targets).subspan(first, tokens)};
      model_->loss(ops_, workspace_, part, {});
      for (size_t step = 0; step < model_->routers().size(); ++step) {
        ops_.download(model_->routers()[step].load, std::as_writable_bytes(std::span(load)));
        auto& layer = use[static_cast<size_t>(config.order[step])];
        for (size_t e = 0; e < load.size(); ++e) layer[e] += double{load[e]};
      }
      if (Status s = ops_.finish(); !s.ok()) return s;
    }
  }
  ExpertOrder order;
  for (const auto& layer : use) order.push_back(by_use(layer));
  return order;
}

Status Run::choose_experts() {
  const Result<ExpertChoice> choice = expert_choice_of(options_.experts_train);
  if (!choice.ok()) return choice.status();
  if (model_->experts().empty() || choice->kind != ExpertChoice::Kind::most_used) return Status();
  constexpr int64_t kBatches = 16;
  const Result<ExpertOrder> order = most_used(std::min(kBatches, batches_->steps_per_epoch()));
  if (!order.ok()) return order.status();
  return order_experts(*order, static_cast<float>(hardening(options_, 0, expected_steps(0))));
}

Status Run::rotate_experts(int64_t step) {
  if (model_->experts().empty()) return Status();
  const Result<ExpertChoice> choice = expert_choice_of(options_.experts_train);
  if (!choice.ok()) return choice.status();
  if (choice->kind != ExpertChoice::Kind::rotate) return Status();
  const int64_t phase = (step - 1) / options_.rotate_every;
  ExpertOrder order = model_->experts();
  for (std::vector<int32_t>& layer : order) layer = rotated(model_->config().n_experts, choice->n, phase);
  return order_experts(order, 1.0f);
}

// A checkpoint is read into the order that it was written in.
Result<CheckpointState> Run::read(const std::string& path) {
  const Result<CheckpointState> header = peek_checkpoint(path);
  if (!header.ok()) return header.status();
  if (header->experts.size() != model_->experts().size())
    return error(StatusCode::invalid_argument, path, ": was made with another experts_train");
  if (!is_expert_order(header->experts, model_->experts().size(), model_->config().n_experts))
    return error(StatusCode::corrupt_file, path, ": its order of experts does not name each of them once");
  if (Status s = order_experts(header->experts, 1.0f); !s.ok()) return s;
  return read_checkpoint(path, *backend_, *model_);
}

}  // namespace tritium::training
