#include "train/report/observer.h"

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/path.h"
#include "train/report/training_chart.h"

namespace tritium::training {
namespace {

// Entropy of softmax(logits), nats.
double entropy_of(std::span<const float> logits) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0, weighted = 0;
  for (float l : logits) {
    const double e = std::exp(l - largest);
    sum += e;
    weighted += e * (l - largest);
  }
  return std::log(sum) - weighted / sum;
}

void clear(Ops& ops, const Tensor& flips) {
  const std::vector<int32_t> zeros(static_cast<size_t>(flips.elements()));
  ops.upload(flips, std::as_bytes(std::span(zeros)));
}

}  // namespace

Result<Observer> Observer::create(const TrainOptions& options, const std::string& run, int64_t step) {
  Observer observer;
  observer.sink_ = options.log;
  if (options.folder.empty()) return observer;
  Result<TrainingLog> log = TrainingLog::open(options.folder, step > 0 ? step : -1, run);
  if (!log.ok()) return log.status();
  observer.log_.emplace(*std::move(log));
  observer.chart_path_ = path_in(options.folder, "chart.svg");
  return observer;
}

void StepMeans::add(const StepSeen& step) {
  loss_ += step.loss;
  norm_ += step.gradient_norm;
  learning_rate_ = step.learning_rate;
  hardness_ = step.hardness;
  ++steps_;
  tokens_ += step.tokens;
  seconds_ += step.seconds;
  if (step.divergence) divergence_ = divergence_.value_or(0.0) + *step.divergence;
}

std::optional<double> StepMeans::loss() const {
  if (steps_ == 0) return std::nullopt;
  return loss_ / static_cast<double>(steps_);
}

void StepMeans::tell(TrainProgress& progress) const {
  const auto n = static_cast<double>(std::max<int64_t>(steps_, 1));
  progress.train_loss = loss_ / n;
  progress.learning_rate = learning_rate_;
  progress.gradient_norm = norm_ / n;
  progress.tokens_per_second = tokens_per_second();
  progress.hardness = hardness_;
  if (divergence_) progress.divergence = *divergence_ / n;
}

TrainProgress progress_at(int64_t step, int64_t steps, double seconds) {
  TrainProgress progress{.step = step, .steps = steps, .seconds = seconds};
  progress.seconds_left = step > 0 ? seconds / static_cast<double>(step) * static_cast<double>(steps - step) : 0.0;
  return progress;
}

void Observer::begin(Ops& ops, Transformer& model) {
  for (const BitLinear* p : model.parameters())
    if (p->flips) clear(ops, p->flips);
}

// Flips since the last report, and how many trits are zero now.
Status Observer::read_trits(Ops& ops, Transformer& model, TrainProgress& progress) {
  double flips = 0, trits = 0, zeros = 0;
  for (const BitLinear* p : model.parameters()) {
    if (!p->flips) continue;
    std::vector<int32_t> counts(static_cast<size_t>(p->flips.elements()));
    ops.download(p->flips, std::as_writable_bytes(std::span(counts)));
    if (Status s = ops.finish(); !s.ok()) return s;
    for (int32_t c : counts) flips += c;
    clear(ops, p->flips);
    const Result<TernaryMatrix> matrix = ops.backend().download_weight(p->packed);
    if (!matrix.ok()) return matrix.status();
    trits += static_cast<double>(p->stack_elements());
    zeros += matrix->zero_fraction() * static_cast<double>(p->stack_elements());
  }
  progress.flipped_percent = trits > 0 ? 100.0 * flips / trits : 0.0;
  progress.zero_percent = trits > 0 ? 100.0 * zeros / trits : 0.0;
  return Status();
}

Status Observer::read_routers(Ops& ops, Transformer& model, TrainProgress& progress) {
  double entropy = 0;
  double rows = 0;
  for (const RouterState& router : model.routers()) {
    const auto n = static_cast<size_t>(router.load.elements());
    std::vector<float> load(n), logits(static_cast<size_t>(router.logits.elements()));
    ops.download(router.load, std::as_writable_bytes(std::span(load)));
    ops.download(router.logits, std::as_writable_bytes(std::span(logits)));
    if (Status s = ops.finish(); !s.ok()) return s;
    const auto step = static_cast<size_t>(&router - model.routers().data());
    progress.expert_load.resize(progress.expert_load.size() + n);
    const auto shown = std::span(progress.expert_load).last(n);
    for (size_t i = 0; i < n; ++i) shown[model.expert_at(step, i)] = load[i];
    progress.n_experts = static_cast<int64_t>(n);
    for (size_t r = 0; r + n <= logits.size(); r += n)
      entropy += entropy_of(std::span(logits).subspan(r, n)), rows += 1;
  }
  if (rows > 0) progress.router_entropy = entropy / rows;
  return Status();
}

void Observer::log(const TrainProgress& p) {
  if (!log_) return;
  const auto warn_once = [this](const Status& written, bool& warned) {
    if (!written.ok() && !warned) log_to(sink_, LogLevel::warning, written.message() + "; the run goes on without");
    warned = warned || !written.ok();
  };
  warn_once(log_->append(p), row_missing_);
  warn_once(write_file(chart_path_, training_chart_svg(log_->records(), "Training")), chart_missing_);
}

Result<TrainProgress> Observer::report(Ops& ops, Transformer& model, int64_t step, int64_t steps, double seconds,
                                       std::optional<double> valid_loss, const HeldOut& held_out) {
  TrainProgress progress = progress_at(step, steps, seconds);
  means_.tell(progress);
  progress.valid_loss = valid_loss;
  if (valid_loss) progress.bits_per_byte = held_out.bits_per_byte_of_sample(*valid_loss);
  if (Status s = read_trits(ops, model, progress); !s.ok()) return s;
  if (Status s = read_routers(ops, model, progress); !s.ok()) return s;
  log(progress);
  means_ = {};
  return progress;
}

}  // namespace tritium::training
