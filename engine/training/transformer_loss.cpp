// The loss of a Transformer and its gradient: cross-entropy with the text, and what a teacher adds.
#include <algorithm>

#include "training/transformer.h"

namespace tritium::training {
namespace {

// Logits that exist at once.
constexpr int64_t kLogitBytes = int64_t{64} << 20;

// Rows of a matrix: an embedding look-up with the matrix as its table.
Tensor rows_of(Ops& ops, const Tensor& matrix, const Tensor& row_ids, const Tensor& y) {
  if (ops.ok()) ops(Embedding{.table = as_weight(matrix, "hidden"), .tokens = row_ids, .y = y});
  return y;
}

double sum_of(Ops& ops, const Tensor& losses) {
  std::vector<float> values(static_cast<size_t>(losses.elements()));
  ops.download(losses, std::as_writable_bytes(std::span(values)));
  double total = 0;
  for (float value : values) total += value;
  return total;
}

}  // namespace

double Transformer::loss(Ops& ops, Arena& arena, const TokenBatch& batch, const LossOptions& options) {
  const Ops::Label label(ops, "model");
  Tape tape(ops, arena, options.gradient_scale != 0.0f);
  router_scale_ = options.router_scale;
  taught_ = {};
  const Value x = hidden(tape, batch, options.layer_done);
  Tensor taught;
  if (options.teacher && ops.ok()) {
    const Ops::Label teacher_label(ops, "teacher");
    Tape once(ops, arena, false);
    taught = options.teacher->hidden(once, batch, {}).tensor;
  }
  if (!ops.ok()) return 0.0;
  const int64_t n = batch.n_sequences * batch.sequence_length;
  const int64_t chunk = std::clamp<int64_t>(kLogitBytes / (4 * config_.vocab_size), 1, n);
  double total = 0;
  // The head and its gradient, some rows at a time: never more than kLogitBytes of logits.
  for (int64_t first = 0; first < n && ops.ok(); first += chunk) {
    const int64_t rows = std::min(chunk, n - first);
    Tape head(ops, arena, tape.recording());
    Value part = x;
    Tensor taught_part = taught, row_ids;
    if (rows < n) {
      std::vector<int32_t> ids;
      for (int64_t r = first; r < first + rows; ++r) ids.push_back(static_cast<int32_t>(r));
      row_ids = arena.take({rows}, DType::i32);
      part = head.make({rows, config_.dim});
      if (!ops.ok()) break;
      ops.upload(row_ids, std::as_bytes(std::span(ids)));
      rows_of(ops, x.tensor, row_ids, part.tensor);
      if (taught) taught_part = rows_of(ops, taught, row_ids, arena.take({rows, taught.shape[1]}));
    }
    const auto targets = batch.targets.subspan(static_cast<size_t>(first), static_cast<size_t>(rows));
    total += head_loss(head, part, taught_part, targets, options);
    if (!head.recording() || rows == n || !ops.ok()) continue;
    // The rows' gradients into their places: an embedding's gradient, with the tokens' numbers as its words.
    if (!x.gradient->tensor) {
      x.gradient->tensor = arena.take(x.tensor.shape);
      const std::vector<float> zeros(static_cast<size_t>(x.tensor.elements()));
      if (ops.ok()) ops.upload(x.gradient->tensor, std::as_bytes(std::span(zeros)));
    }
    if (ops.ok()) ops(EmbeddingBackward{.tokens = row_ids, .dy = part.gradient->tensor, .dtable = x.gradient->tensor});
  }
  if (taught && options.hidden_mse > 0.0f && ops.ok()) imitate_hidden(tape, x, taught, options);
  tape.backward();
  return total;
}

// Of some rows; leaves the gradient of their hidden values.
double Transformer::head_loss(Tape& tape, const Value& x, const Tensor& taught, std::span<const int32_t> targets,
                              const LossOptions& options) {
  Ops& ops = tape.ops();
  const Shape rows = {x.tensor.shape[0]};
  const Value logits = LinearInput(x, activations()).times(tape, *parameters_.output);
  const Tensor wanted = tape.take(rows, DType::i32), losses = tape.take(rows);
  if (tape.recording()) logits.gradient->tensor = tape.take(logits.tensor.shape);
  if (!ops.ok()) return 0.0;
  ops.upload(wanted, std::as_bytes(targets));
  const Tensor dlogits = tape.recording() ? logits.gradient->tensor : Tensor();
  const float by_teacher = taught ? options.distill : 0.0f;
  ops(CrossEntropy{.logits = logits.tensor,
                   .targets = wanted,
                   .losses = losses,
                   .dlogits = dlogits,
                   .scale = options.gradient_scale * (1.0f - by_teacher)});
  const double total = sum_of(ops, losses);
  if (taught && ops.ok()) {
    const Transformer& teacher = *options.teacher;
    Tape once = tape.forward_only();
    const Value input{taught, nullptr};
    const Value right = LinearInput(input, teacher.activations()).times(once, *teacher.parameters_.output);
    if (ops.ok())
      ops(KlDivergence{.logits = logits.tensor,
                       .teacher = right.tensor,
                       .targets = wanted,
                       .losses = losses,
                       .dlogits = dlogits,
                       .temperature = options.temperature,
                       .scale = options.gradient_scale * by_teacher});
    taught_.divergence += sum_of(ops, losses);
  }
  tape.backward();
  return total;
}

// hidden_mse * sum over tokens of mean (x - taught)^2.
void Transformer::imitate_hidden(Tape& tape, const Value& x, const Tensor& taught, const LossOptions& options) {
  Ops& ops = tape.ops();
  const Tensor difference = tape.take(x.tensor.shape), squares = tape.take({1});
  if (!ops.ok()) return;
  ops(ScaledAdd{.a = x.tensor, .b = taught, .y = difference, .a_scale = 1.0f, .b_scale = -1.0f});
  ops(SumSquares{.x = difference, .sums = squares, .index = 0});
  const auto dim = static_cast<float>(config_.dim);
  taught_.hidden_error += sum_of(ops, squares) / double{dim};
  if (!tape.recording()) return;
  const Tensor dx = x.gradient->tensor.view(x.tensor.shape);
  ops(ScaledAdd{.a = dx,
                .b = difference,
                .y = dx,
                .a_scale = 1.0f,
                .b_scale = 2.0f * options.hidden_mse * options.gradient_scale / dim});
}

}  // namespace tritium::training
