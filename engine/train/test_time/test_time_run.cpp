#include "train/test_time/test_time_run.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/cancel.h"
#include "base/format_text.h"
#include "train/memory_plan.h"
#include "train/weight_checksum.h"

namespace tritium::training {
namespace {

constexpr int64_t kWorkOfLearning = 3;  // forward, and twice as much backward

// The part of the learning rate that chunk i of n learns at (Loshchilov & Hutter 2017): 1 for the first, 0 for the
// last, which is not learned.
double cosine(int64_t i, int64_t n) {
  const double progress = static_cast<double>(i) / static_cast<double>(std::max<int64_t>(n - 1, 1));
  return 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
}

}  // namespace

Status TestTimeRun::prepare() {
  Result<std::unique_ptr<Transformer>> model = Transformer::create(*backend_, setup_.run.model, setup_.run.recipe);
  if (!model.ok()) return model.status();
  model_ = *std::move(model);
  const OptimizerOptions options = {.kind = OptimizerKind::sgd, .momentum = static_cast<float>(options_.momentum)};
  optimizer_ = std::make_unique<Optimizer>(ops_, *model_, options);
  Averages none(*model_, {});
  const RunMemory memory = {.model = *model_, .teacher = nullptr, .optimizer = *optimizer_, .averages = none};
  Allocator allocator(*backend_);
  if (Status s = allocate_run(setup_.as_training, memory, allocator, workspace_); !s.ok()) return s;
  optimizer_->start(workspace_, 1.0f);
  return ops_.finish();
}

Status TestTimeRun::worked(int64_t tokens) {
  done_ += tokens;
  if (cancelled()) return cancelled_status("test-time training");
  if (!options_.progress || options_.progress(static_cast<double>(done_) / static_cast<double>(work_))) return Status();
  return cancelled_status("test-time training");
}

double TestTimeRun::pass(std::span<const Sequence> sequences, float gradient_scale) {
  const auto length = static_cast<size_t>(setup_.length());
  std::vector<int32_t> inputs(static_cast<size_t>(setup_.sequences()) * length, 0), targets(inputs.size(), -1);
  for (size_t row = 0; row < sequences.size(); ++row) {
    const auto [begin, first, end] = sequences[row];
    const auto from = setup_.tokens.begin();
    std::copy(from + begin, from + end - 1, inputs.begin() + static_cast<std::ptrdiff_t>(row * length));
    std::copy(from + first, from + end,
              targets.begin() + static_cast<std::ptrdiff_t>(row * length) + (first - 1 - begin));
  }
  return model_->loss(ops_, workspace_, {setup_.sequences(), setup_.length(), inputs, targets},
                      {.gradient_scale = gradient_scale, .router_scale = 0.0f});
}

Status TestTimeRun::score(int64_t first_window, int64_t end_window, std::span<float> losses) {
  for (int64_t i = first_window; i < end_window; i += setup_.sequences()) {
    std::vector<Sequence> sequences;
    for (int64_t w = i; w < std::min(end_window, i + setup_.sequences()); ++w)
      sequences.push_back({.begin = windows_[w].begin, .first = windows_[w].scored, .end = windows_[w].end});
    const double total = pass(sequences, 0.0f);
    const std::vector<float> found = model_->token_losses(ops_);
    if (Status s = ops_.finish(); !s.ok()) return s;
    if (!std::isfinite(total)) return not_finite(total, join("the loss of the text from token ", sequences[0].first));
    for (size_t row = 0; row < sequences.size(); ++row) {
      const auto [begin, first, end] = sequences[row];
      const auto at = found.begin() + static_cast<std::ptrdiff_t>(row) * setup_.length() + (first - 1 - begin);
      std::copy(at, at + (end - first), losses.begin() + first);
    }
    if (Status s = worked(std::ssize(sequences) * setup_.length()); !s.ok()) return s;
  }
  return Status();
}

Status TestTimeRun::score_chunk(const Chunk& chunk) {
  const Result<std::string> before = weight_checksum(*backend_, *model_);
  if (!before.ok()) return before.status();
  if (Status s = score(chunk.first_window, chunk.end_window, report_.losses); !s.ok()) return s;
  const Result<std::string> after = weight_checksum(*backend_, *model_);
  if (!after.ok()) return after.status();
  if (*before != *after)
    return error(StatusCode::internal, "weights changed while the text from token ", chunk.first_token,
                 " was scored: their checksum was ", *before, " and is ", *after);
  ++report_.checks;
  const Result<Evaluation> score = evaluation_of_tokens(chunk.first_token, chunk.end_token, report_.losses);
  if (!score.ok()) return score.status();
  report_.chunks.push_back({.score = *score, .first_token = chunk.first_token, .weights = *before});
  return Status();
}

Result<int64_t> TestTimeRun::learn(const Chunk& chunk, double factor) {
  std::vector<Sequence> sequences;
  for (int64_t first = chunk.first_token; first < chunk.end_token; first += setup_.length())
    sequences.push_back(
        {.begin = first - 1, .first = first, .end = std::min(chunk.end_token, first + setup_.length())});
  const int64_t before = report_.updates;
  for (int64_t epoch = 0; epoch < options_.epochs; ++epoch)
    for (size_t at = 0; at < sequences.size(); at += static_cast<size_t>(options_.batch)) {
      const size_t n = std::min(sequences.size() - at, static_cast<size_t>(options_.batch));
      if (Status s = update(std::span(sequences).subspan(at, n), factor); !s.ok()) return s;
    }
  return report_.updates - before;
}

Status TestTimeRun::update(std::span<const Sequence> sequences, double factor) {
  int64_t targets = 0;
  for (const Sequence& s : sequences) targets += s.end - s.first;
  const auto at_once = static_cast<size_t>(setup_.sequences());
  double loss = 0;
  for (size_t at = 0; at < sequences.size(); at += at_once) {
    const auto part = sequences.subspan(at, std::min(at_once, sequences.size() - at));
    loss += pass(part, 1.0f / static_cast<float>(targets));
    if (Status s = ops_.finish(); !s.ok()) return s;
    if (Status s = worked(kWorkOfLearning * std::ssize(part) * setup_.length()); !s.ok()) return s;
  }
  const double norm = optimizer_->gradient_norm(workspace_);
  if (Status s = ops_.finish(); !s.ok()) return s;
  if (!std::isfinite(loss) || !std::isfinite(norm))
    return not_finite(norm,
                      join("after ", report_.updates, " updates the loss is ", loss, ", and the gradient's norm"));
  StepOptions step = {.step = ++report_.updates, .learning_rate = static_cast<float>(options_.learning_rate * factor)};
  if (options_.clip > 0 && norm > options_.clip) step.gradient_scale = static_cast<float>(options_.clip / norm);
  optimizer_->step(workspace_, step);
  return ops_.finish();
}

Status TestTimeRun::not_finite(double value, const std::string& what) const {
  return error(StatusCode::device_error, options_.model, ": ", what, " is ", value, model_->first_not_finite(*backend_),
               report_.updates > 0 ? "; a smaller learning_rate may help" : "");
}

Result<Evaluation> TestTimeRun::evaluation_of_tokens(int64_t first, int64_t end, std::span<const float> losses) const {
  double nats = 0;
  for (float loss : losses.subspan(static_cast<size_t>(first), static_cast<size_t>(end - first))) nats += double{loss};
  int64_t bytes = setup_.bytes;
  if (end - first + 1 < std::ssize(setup_.tokens)) {
    bytes = 0;
    for (auto t = static_cast<size_t>(first); t < static_cast<size_t>(end); ++t)
      bytes += setup_.run.tokenizer->text_bytes(setup_.tokens[t - 1], setup_.tokens[t]);
  }
  return evaluation_of(nats, end - first, bytes, options_.model);
}

Result<TestTimeReport> TestTimeRun::run() {
  const auto started = std::chrono::steady_clock::now();
  const std::lock_guard lock(backend_->mutex());
  if (Status s = prepare(); !s.ok()) return s;
  const std::vector<Chunk>& chunks = setup_.chunks;
  const int64_t n = std::ssize(chunks), end = std::ssize(setup_.tokens);
  report_.window = setup_.sizes.window, report_.stride = setup_.sizes.stride, report_.chunk = setup_.chunk;
  report_.losses.resize(setup_.tokens.size());
  const int64_t learned = n > 1 ? chunks.back().first_token - 1 : 0;
  const int64_t scoring = windows_.count() * setup_.length();
  work_ = scoring * (options_.baseline ? 2 : 1) + kWorkOfLearning * options_.epochs * learned;

  if (options_.baseline) {
    std::vector<float> losses(setup_.tokens.size());
    if (Status s = score(0, windows_.count(), losses); !s.ok()) return s;
    Result<Evaluation> baseline = evaluation_of_tokens(1, end, losses);
    if (!baseline.ok()) return baseline.status();
    report_.baseline = *baseline;
  }
  for (int64_t i = 0; i < n; ++i) {
    const Chunk& chunk = chunks[static_cast<size_t>(i)];
    if (Status s = score_chunk(chunk); !s.ok()) return s;
    if (i + 1 == n) break;  // nothing comes that what it teaches would be of use for
    const Result<int64_t> updates = learn(chunk, cosine(i, n));
    if (!updates.ok()) return updates.status();
    report_.chunks.back().updates = *updates;
  }
  const Result<Evaluation> whole = evaluation_of_tokens(1, end, report_.losses);
  if (!whole.ok()) return whole.status();
  report_.score = *whole;
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report_;
}

}  // namespace tritium::training
