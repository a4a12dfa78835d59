// A training run: batches, steps, evaluations, checkpoints, export.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "backends.h"
#include "base/atomic_file.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/log.h"
#include "ops/timed_backend.h"
#include "train/checkpoint.h"
#include "train/data/batch.h"
#include "train/expert_distance.h"
#include "train/export.h"
#include "train/held_out.h"
#include "train/limits.h"
#include "train/memory_plan.h"
#include "train/optimizers/averages.h"
#include "train/optimizers/schedule.h"
#include "train/report/observer.h"
#include "train/run.h"
#include "train/setup.h"

namespace tritium::training {
namespace {

constexpr int64_t kEvaluations = 20;

class Run {
 public:
  Run(const TrainOptions& options, const TrainCallbacks& callbacks, const Inspection& inspect, Setup setup,
      std::unique_ptr<Backend> backend)
      : options_(options),
        callbacks_(callbacks),
        inspect_(inspect),
        setup_(std::move(setup)),
        backend_(std::move(backend)),
        ops_(*backend_),
        workspace_(*backend_) {}

  Result<TrainReport> run();

 private:
  using Clock = std::chrono::steady_clock;

  Status prepare();
  Status resume();
  Status train();
  Status look_at_experts();
  StepOptions step_options(int64_t step) const;
  Status one_step(int64_t step);
  Status look_around(int64_t step, bool last);
  Status save(const std::string& name);
  Status choose_weights();
  Status finish();
  std::string path_of(const std::string& name) const {
    return (std::filesystem::path(options_.folder) / name).string();
  }

  double seconds() const { return state_.seconds + std::chrono::duration<double>(Clock::now() - started_).count(); }
  // Steps in all: as asked for, or as many as the minutes will allow at the present speed.
  int64_t expected_steps(int64_t step) const;
  int64_t interval(int64_t wanted, int64_t parts) const;

  const TrainOptions& options_;
  const TrainCallbacks& callbacks_;
  const Inspection& inspect_;
  Setup setup_;
  std::unique_ptr<Backend> backend_;
  Ops ops_;
  Workspace workspace_;
  std::unique_ptr<Transformer> model_;
  std::unique_ptr<Transformer> teacher_;  // null: none
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<Averages> averages_;
  std::optional<BatchPlan> batches_;
  std::optional<HeldOut> held_out_;
  std::optional<Observer> observer_;
  CheckpointState state_;
  TrainReport report_;
  Clock::time_point started_ = Clock::now();
};

int64_t Run::expected_steps(int64_t step) const {
  int64_t steps = setup_.steps > 0 ? setup_.steps : kUntilMeasured;
  if (options_.minutes > 0 && step > 3) {
    const double a_step = seconds() / static_cast<double>(step);
    const auto by_time = static_cast<int64_t>(std::min(options_.minutes * 60.0 / a_step, double{kMostSteps}));
    steps = setup_.steps > 0 ? std::min(steps, by_time) : by_time;
  }
  return std::max(steps, step);
}

int64_t Run::interval(int64_t wanted, int64_t parts) const {
  return wanted > 0 ? wanted : std::max<int64_t>(1, setup_.steps > 0 ? setup_.steps / parts : 50);
}

Status Run::prepare() {
  Result<std::unique_ptr<Transformer>> model =
      Transformer::create(*backend_, setup_.config, *setup_.source, setup_.recipe);
  if (!model.ok()) return model.status();
  model_ = *std::move(model);
  if (setup_.teacher) {
    Result<std::unique_ptr<Transformer>> teacher =
        Transformer::create(*backend_, setup_.teacher_config, *setup_.teacher, frozen_recipe(options_));
    if (!teacher.ok()) return teacher.status().within("the teacher");
    teacher_ = *std::move(teacher);
  }
  optimizer_ = std::make_unique<Optimizer>(ops_, *model_, optimizer_options_of(options_));
  averages_.emplace(*model_, average_options_of(options_));
  const auto lambda = static_cast<float>(hardening(options_, 0, expected_steps(0)));
  const RunMemory memory = {.model = *model_,
                            .teacher = teacher_.get(),
                            .optimizer = *optimizer_,
                            .averages = *averages_,
                            .soft = lambda < 1.0f};
  Allocator allocator(*backend_);
  if (Status s = allocate_run(options_, memory, allocator, workspace_); !s.ok()) return s;
  if (!options_.output.empty()) {
    if (Status s = check_export(*model_, options_.export_type, !options_.model.empty()); !s.ok()) return s;
    // Hours before it is needed.
    if (const Result<AtomicFile> file = AtomicFile::create(options_.output); !file.ok()) return file.status();
  }
  optimizer_->start(workspace_, lambda);
  Result<BatchPlan> plan = BatchPlan::create(setup_.corpus.train, options_.context, options_.batch, options_.seed);
  if (!plan.ok()) return plan.status();
  batches_.emplace(*std::move(plan));
  const int64_t sequences = options_.micro_batch > 0 ? options_.micro_batch : options_.batch;
  const int64_t between = interval(options_.eval_every, kEvaluations) * options_.batch * options_.context;
  held_out_.emplace(setup_.corpus.valid, options_.context, sequences, between);
  state_.best_valid_loss = INFINITY;
  if (!options_.folder.empty()) {
    state_.options = train_options_to_json(options_);
    std::error_code problem;
    std::filesystem::create_directories(options_.folder, problem);
    if (problem) return error(StatusCode::io_error, options_.folder, ": ", problem.message());
  }
  if (Status s = resume(); !s.ok()) return s;
  Result<Observer> observer = Observer::create(options_, state_.step);
  if (!observer.ok()) return observer.status();
  observer_.emplace(*std::move(observer));
  Observer::begin(ops_, *model_);
  return ops_.finish();
}

Status Run::resume() {
  if (options_.resume.empty()) return Status();
  std::string path = options_.resume;
  if (path == "auto") {
    const Result<std::string> newest = checkpoint_to_resume(options_.folder, options_.log);
    if (!newest.ok() || newest->empty()) return newest.status();
    path = *newest;
  }
  Result<CheckpointState> state = read_checkpoint(path, *backend_, *model_);
  if (!state.ok()) return state.status();
  const std::string options = state_.options;
  state_ = *std::move(state);
  state_.options = options;
  report_.checkpoint = path;
  model_->restore(ops_, static_cast<float>(hardening(options_, state_.step, expected_steps(state_.step))));
  return ops_.finish();
}

StepOptions Run::step_options(int64_t step) const {
  const int64_t total = expected_steps(step);
  const double progress = static_cast<double>(step) / static_cast<double>(total);
  return {.step = step,
          .learning_rate = static_cast<float>(options_.learning_rate * learning_rate_factor(options_, step, total)),
          .gradient_scale = 1.0f,
          .noise_scale = static_cast<float>(options_.noise * std::max(0.0, 1.0 - progress)),
          .lambda = static_cast<float>(hardening(options_, step, total))};
}

Status Run::one_step(int64_t step) {
  const Clock::time_point begun = Clock::now();
  const Batch batch = batches_->batch(step - 1);
  if (batch.n_scored == 0) return Status();
  StepOptions now = step_options(step);
  const int64_t sequences = options_.micro_batch > 0 ? options_.micro_batch : options_.batch;
  const int64_t tokens = sequences * options_.context;
  const int64_t n_micro = options_.batch / sequences;
  double loss = 0, divergence = 0;
  for (int64_t i = 0; i < n_micro; ++i) {
    const auto part = [&](const std::vector<int32_t>& values) {
      return std::span(values).subspan(static_cast<size_t>(i * tokens), static_cast<size_t>(tokens));
    };
    LossOptions how = {.gradient_scale = 1.0f / static_cast<float>(batch.n_scored),
                       .router_scale = 1.0f / static_cast<float>(n_micro),
                       .teacher = teacher_.get(),
                       .distill = static_cast<float>(options_.distill),
                       .temperature = static_cast<float>(options_.temperature),
                       .hidden_mse = static_cast<float>(options_.hidden_mse)};
    if (options_.update_by_layer) how.update = &optimizer_->update_by_layer(now);
    loss += model_->loss(ops_, workspace_, {sequences, options_.context, part(batch.inputs), part(batch.targets)}, how);
    divergence += model_->taught().divergence;
  }
  if (teacher_) observer_->taught(divergence / static_cast<double>(batch.n_scored));
  loss /= static_cast<double>(batch.n_scored);
  const double norm = optimizer_->gradient_norm();
  if (Status s = ops_.finish(); !s.ok()) return s;
  if (!std::isfinite(loss) || !std::isfinite(norm))
    return error(StatusCode::device_error, "step ", step, ": the loss is ", loss, " and the gradient's norm ", norm,
                 "; a smaller learning_rate or a smaller clip may help, the last checkpoint is from before");
  if (options_.clip > 0 && norm > options_.clip) now.gradient_scale = static_cast<float>(options_.clip / norm);
  if (!options_.update_by_layer) optimizer_->step(workspace_, now);
  const Result<int64_t> averaged = averages_->update(workspace_, step, expected_steps(step), state_.averaged_steps);
  if (!averaged.ok()) return averaged.status();
  state_.averaged_steps = *averaged;
  observer_->stepped(loss, norm, double{now.learning_rate}, batch.n_scored,
                     std::chrono::duration<double>(Clock::now() - begun).count());
  return ops_.finish();
}

// Evaluation, report and checkpoint, where they are due. Sets report_.stop to what ends the run.
Status Run::look_around(int64_t step, bool last) {
  const bool evaluates = last || step % interval(options_.eval_every, kEvaluations) == 0;
  if (evaluates || step % interval(options_.log_every, 100) == 0) {
    std::optional<double> valid;
    if (evaluates) {
      const Result<double> loss = held_out_->loss_of_sample(ops_, workspace_, *model_);
      if (!loss.ok()) return loss.status();
      valid = *loss;
      report_.valid_loss = *loss;
      const bool better = *loss < state_.best_valid_loss;
      state_.evaluations_since_best = better ? 0 : state_.evaluations_since_best + 1;
      if (better) {
        state_.best_valid_loss = *loss;
        if (!options_.folder.empty())
          if (Status s = save(kBestCheckpoint); !s.ok()) return s;
      }
    }
    const Result<TrainProgress> progress =
        observer_->report(ops_, *model_, step, expected_steps(step), seconds(), valid, *held_out_);
    if (!progress.ok()) return progress.status();
    report_.train_loss = progress->train_loss;
    report_.tokens_per_second = progress->tokens_per_second;
    if (progress->bits_per_byte) report_.bits_per_byte = *progress->bits_per_byte;
    if (callbacks_.progress && !callbacks_.progress(*progress)) report_.stop = TrainStop::interrupted;
    if (evaluates && options_.early_stop > 0 && state_.evaluations_since_best >= options_.early_stop)
      report_.stop = TrainStop::early;
  }
  if (!last && options_.save_every > 0 && step % options_.save_every == 0 && !options_.folder.empty()) {
    if (Status s = save(checkpoint_name(step)); !s.ok()) return s;
    prune_checkpoints(options_.folder, options_.keep_last);
  }
  return Status();
}

Status Run::save(const std::string& name) {
  CheckpointState now = state_;
  now.seconds = seconds();
  if (Status s = write_checkpoint(path_of(name), *backend_, *model_, now); !s.ok()) return s;
  if (name != kBestCheckpoint) report_.checkpoint = path_of(name);
  return Status();
}

Status Run::look_at_experts() {
  const Result<std::optional<double>> distance = expert_distance(*backend_, *model_);
  if (!distance.ok()) return distance.status();
  report_.expert_distance = *distance;
  constexpr double kNearlyCopies = 0.01;
  if (*distance && **distance < kNearlyCopies)
    log_to(options_.log, LogLevel::warning,
           join("the experts are nearly copies of each other (distance ", **distance,
                "): they will hardly separate in training; make them different first"));
  return Status();
}

Status Run::train() {
  started_ = Clock::now();
  const Result<double> first = held_out_->loss(ops_, workspace_, *model_);
  if (!first.ok()) return first.status();
  report_.first_valid_loss = report_.valid_loss = *first;
  if (Status s = look_at_experts(); !s.ok()) return s;
  if (teacher_) {
    const Result<double> theirs = held_out_->loss(ops_, workspace_, *teacher_);
    if (!theirs.ok()) return theirs.status();
    report_.teacher_valid_loss = *theirs;
  }
  while (report_.stop == TrainStop::finished) {
    const int64_t step = state_.step + 1;
    if (setup_.steps > 0 && step > setup_.steps) break;
    if (options_.minutes > 0 && seconds() >= options_.minutes * 60.0) break;
    if (callbacks_.keep_going && !callbacks_.keep_going()) {
      report_.stop = TrainStop::interrupted;
      break;
    }
    if (Status s = one_step(step); !s.ok()) return s;
    state_.step = step;
    const bool last = step == setup_.steps || (options_.minutes > 0 && seconds() >= options_.minutes * 60.0);
    if (Status s = look_around(step, last); !s.ok()) return s;
  }
  // Steps after the last report, where the run was stopped between two.
  if (const std::optional<double> loss = observer_->mean_loss()) {
    report_.train_loss = loss;
    report_.tokens_per_second = observer_->tokens_per_second();
  }
  if (report_.stop == TrainStop::interrupted) return Status();
  const Result<double> final_loss = held_out_->loss(ops_, workspace_, *model_);
  if (!final_loss.ok()) return final_loss.status();
  report_.valid_loss = *final_loss;
  report_.bits_per_byte = held_out_->bits_per_byte(*final_loss);
  return Status();
}

// What is inspected and exported: averages, or after an early stop the best weights.
Status Run::choose_weights() {
  if (options_.average != Average::none && state_.averaged_steps > 0) {
    if (Status s = averages_->take_over(*backend_); !s.ok()) return s;
    optimizer_->start(workspace_, 1.0f);
    const Result<double> loss = held_out_->loss(ops_, workspace_, *model_);
    if (!loss.ok()) return loss.status();
    report_.average_valid_loss = *loss;
  } else if (report_.stop == TrainStop::early && !options_.folder.empty()) {
    const Result<CheckpointState> best = read_checkpoint(path_of(kBestCheckpoint), *backend_, *model_);
    if (!best.ok()) return best.status();
    model_->restore(ops_, 1.0f);
    report_.valid_loss = best->best_valid_loss;
    report_.exported_step = best->step;
  }
  return ops_.finish();
}

Status Run::finish() {
  if (!options_.folder.empty()) {
    if (Status s = save(checkpoint_name(state_.step)); !s.ok()) return s;
    prune_checkpoints(options_.folder, options_.keep_last);
  }
  report_.step = report_.exported_step = state_.step;
  report_.seconds = seconds();
  if (report_.stop == TrainStop::interrupted) return Status();
  if (Status s = choose_weights(); !s.ok()) return s;
  model_->requantize(ops_, 1.0f);
  const Batch& sample = held_out_->first();
  if (inspect_)
    if (Status s = inspect_(ops_, workspace_, *model_, sample); !s.ok()) return s;
  if (options_.output.empty()) return ops_.finish();
  const auto n = static_cast<size_t>(std::min<int64_t>(options_.context, 64));
  const auto tokens = std::span(sample.inputs).first(n);
  const Result<Exported> exported =
      exports_adapter(*model_, options_.export_type)
          ? export_adapter(options_.output, options_.model, ops_, workspace_, *model_, tokens)
          : export_model(options_.output, ops_, workspace_, *model_, setup_.metadata, options_.export_type, tokens);
  if (!exported.ok()) return exported.status();
  report_.output = options_.output;
  report_.export_difference = exported->largest_difference;
  report_.packed_bytes = exported->tensor_bytes;
  return Status();
}

Result<TrainReport> Run::run() {
  const std::lock_guard lock(backend_->mutex());
  if (Status s = prepare(); !s.ok()) return s;
  if (Status s = train(); !s.ok()) return s;
  report_.profile = operation_times(*backend_);
  if (Status s = finish(); !s.ok()) return s;
  return report_;
}

}  // namespace
}  // namespace tritium::training

namespace tritium::training {
namespace {

Status check_memory(const TrainOptions& options, const Setup& setup, Backend& backend) {
  const Result<TrainPlan> plan = plan_memory(options, setup, backend);
  if (!plan.ok()) return plan.status();
  if (plan->available_bytes == 0 || plan->memory_bytes <= plan->available_bytes) return Status();
  std::string parts;
  for (const MemoryPart& part : plan->memory)
    parts += join(parts.empty() ? "" : ", ", part.what, " ", part.bytes >> 20, " MiB");
  return error(StatusCode::out_of_memory, "training needs about ", plan->memory_bytes >> 20, " MiB (", parts,
               "), this machine has ", plan->available_bytes >> 20,
               " MiB free; a smaller micro_batch or context, checkpoint_activations, BF16 shadows or 8-bit states "
               "need less");
}

}  // namespace

Result<TrainReport> train_and_inspect(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const Inspection& inspect) {
  Result<Setup> setup = prepare_run(options);
  if (!setup.ok()) return setup.status();
  for (const std::string& warning : setup->warnings)
    log_to(options.log, LogLevel::warning, setup->source->source() + ": " + warning);
  Result<std::unique_ptr<Backend>> backend =
      make_backend({.backend = options.backend, .threads = options.threads, .capture_file = {}, .log = options.log});
  if (!backend.ok()) return backend.status();
  std::unique_ptr<Backend> device = *std::move(backend);
  if (Status s = check_memory(options, *setup, *device); !s.ok()) return s;
  if (options.profile) device = make_timed_backend(std::move(device));
  return Run(options, callbacks, inspect, *std::move(setup), std::move(device)).run();
}

}  // namespace tritium::training

namespace tritium {

Result<TrainReport> train(const TrainOptions& options, const TrainCallbacks& callbacks) try {
  return training::train_and_inspect(options, callbacks, {});
} catch (...) {
  return caught();
}

}  // namespace tritium
