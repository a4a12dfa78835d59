#include "train/trainer.h"

#include <algorithm>
#include <cmath>

#include "base/cancel.h"
#include "base/disk_space.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "base/log.h"
#include "ops/timed_backend.h"
#include "train/calibration.h"
#include "train/expert_distance.h"
#include "train/export.h"
#include "train/limits.h"
#include "train/memory_plan.h"
#include "train/optimizers/schedule.h"

namespace tritium::training {
namespace {

double seconds_of(const std::vector<ProfileEntry>& profile) {
  double sum = 0;
  for (const ProfileEntry& entry : profile) sum += entry.seconds;
  return sum;
}

// What steps took beside their operations: batches, reports, checkpoints, transfers.
void insert_host(std::vector<ProfileEntry>& profile, int64_t steps, double seconds) {
  const auto shorter = [=](const ProfileEntry& entry) { return entry.seconds < seconds; };
  profile.insert(std::ranges::find_if(profile, shorter), {.operation = "host", .calls = steps, .seconds = seconds});
}

}  // namespace

int64_t Run::expected_steps(int64_t step) const {
  int64_t steps = setup_.steps > 0 ? setup_.steps : kUntilMeasured;
  if (options_.minutes > 0 && step > 3) {
    const double a_step = seconds() / static_cast<double>(step);
    const auto by_time = static_cast<int64_t>(std::min(options_.minutes * 60.0 / a_step, double{kMostSteps}));
    steps = setup_.steps > 0 ? std::min(steps, by_time) : by_time;
  }
  return std::max(steps, step);
}

double Run::hardness(int64_t step) const { return hardening(options_, step, expected_steps(step)); }

int64_t Run::interval(int64_t wanted, int64_t parts) const {
  return wanted > 0 ? wanted : std::max<int64_t>(1, setup_.steps > 0 ? setup_.steps / parts : 50);
}

Status Run::prepare_weights() {
  Result<std::unique_ptr<Transformer>> model = Transformer::create(*backend_, setup_.model, setup_.recipe);
  if (!model.ok()) return model.status();
  model_ = *std::move(model);
  if (options_.gptq > 0 && !has_integers(*model_))
    return error(StatusCode::invalid_argument,
                 "gptq rounds integers, and no weights are (attention, feed_forward, weights: int8 … int4)");
  if (setup_.teacher) {
    Result<std::unique_ptr<Transformer>> teacher =
        Transformer::create(*backend_, *setup_.teacher, frozen_recipe(options_));
    if (!teacher.ok()) return teacher.status().within("the teacher");
    teacher_ = *std::move(teacher);
  }
  optimizer_ = std::make_unique<Optimizer>(ops_, *model_, optimizer_options_of(options_));
  averages_.emplace(*model_, average_options_of(options_));
  const auto lambda = static_cast<float>(hardness(0));
  const RunMemory memory = {.model = *model_,
                            .teacher = teacher_.get(),
                            .optimizer = *optimizer_,
                            .averages = *averages_,
                            .soft = lambda < 1.0f};
  Allocator allocator(*backend_);
  if (Status s = allocate_run(options_, memory, allocator, workspace_); !s.ok()) return s;
  optimizer_->start(workspace_, lambda);
  return Status();
}

// Hours before it is needed: that it can be written, and has room on its disk.
Status Run::prepare_output() {
  if (options_.output.empty()) return Status();
  if (Status s = check_export(*model_, options_.export_type, !options_.model.empty()); !s.ok()) return s;
  const Result<uint64_t> bytes = export_bytes(*model_, setup_.metadata, options_.export_type);
  if (!bytes.ok()) return bytes.status();
  Result<DiskRoom> room = DiskRoom::hold(options_.output, *bytes);
  if (!room.ok()) return room.status();
  output_room_ = *std::move(room);
  return Status();
}

// A run that could not keep anything is none. Room for fewer checkpoints than are kept may do: others may go meanwhile.
Status Run::check_room_for_checkpoints() const {
  if (options_.folder.empty()) return Status();
  const std::string path = folder_.path_of(checkpoint_name(0));
  const std::optional<uint64_t> free = free_disk_bytes(path);
  const uint64_t one = checkpoint_bytes(*model_, state_);
  const auto held = static_cast<int64_t>(list_checkpoints(options_.folder, folder_.identity().run).size());
  const bool has_best = is_there(folder_.path_of(kBestCheckpoint));
  // Those that are kept, the best, and the next one before the oldest goes.
  const auto more = static_cast<uint64_t>(std::max<int64_t>(options_.keep_last - held, 0) + (has_best ? 1 : 2));
  if (!free || *free / one >= more) return Status();
  const std::string what = join(options_.folder, ": a checkpoint has ", one, " bytes, and ", *free, " are free");
  if (*free < one)
    return error(StatusCode::io_error, what, ": nothing could be saved; make room, or name a folder on another disk");
  log_to(options_.log, LogLevel::warning, join(what, ": there may be no room for the ", more, " that will be written"));
  return Status();
}

Status Run::prepare() {
  if (Status s = prepare_weights(); !s.ok()) return s;
  if (Status s = prepare_output(); !s.ok()) return s;
  Result<BatchPlan> plan = BatchPlan::create(setup_.corpus.train, options_.context, options_.batch, options_.seed);
  if (!plan.ok()) return plan.status();
  batches_.emplace(*std::move(plan));
  const int64_t sequences = options_.micro_batch > 0 ? options_.micro_batch : options_.batch;
  const int64_t between = interval(options_.eval_every, kEvaluations) * options_.batch * options_.context;
  held_out_.emplace(setup_.corpus.valid, *setup_.tokenizer, options_.context, sequences, between);
  state_.best_valid_loss = INFINITY;
  if (Status s = resume(); !s.ok()) return s;
  if (state_.step == 0)
    if (Status s = choose_experts(); !s.ok()) return s;
  if (Status s = check_room_for_checkpoints(); !s.ok()) return s;
  Result<Observer> observer = Observer::create(options_, folder_.identity().run, state_.step);
  if (!observer.ok()) return observer.status();
  observer_.emplace(*std::move(observer));
  Observer::begin(ops_, *model_);
  return ops_.finish();
}

// What of the time asked for is used up, and which option gives more; empty: there is some left.
std::string Run::used_up() const {
  if (setup_.steps > 0 && state_.step >= setup_.steps)
    return join("it has taken all its ", setup_.steps, " steps, and goes on when more ",
                options_.steps == setup_.steps ? "--steps" : "--epochs", " are asked for");
  if (options_.minutes > 0 && state_.seconds >= options_.minutes * 60.0)
    return join("it has trained for ", state_.seconds / 60.0, " of its ", options_.minutes,
                " minutes, and goes on when more --minutes are asked for");
  return {};
}

// The folder becomes this run's; what it holds of it is gone on with.
Status Run::resume() {
  if (options_.folder.empty() && options_.resume.empty()) return Status();
  const Result<std::string> weights = fingerprint_of(options_, setup_);
  if (!weights.ok()) return weights.status();
  const Result<ResumeChoice> choice = folder_.begin(options_, *weights);
  if (!choice.ok()) return choice.status();
  state_.options = train_options_to_json(options_);
  state_.identity = folder_.identity();
  if (choice->path.empty()) return folder_.describe(options_);
  if (setup_.steps > 0 && choice->state.step > setup_.steps)
    return error(StatusCode::invalid_argument, choice->path, ": the run is at step ", choice->state.step,
                 ", beyond the ", setup_.steps, " that are asked for; ask for more steps");
  const std::string options = state_.options;
  const RunIdentity identity = state_.identity;
  Result<CheckpointState> state = read(choice->path);
  if (!state.ok()) return state.status();
  const std::string changed = changed_options(state->options, options);
  state_ = *std::move(state);
  state_.options = options;
  state_.identity = identity;
  if (const std::string end = used_up(); !end.empty())
    log_to(options_.log, LogLevel::warning,
           join(choice->path, ": the run is finished: ", end, "; nothing more is learned",
                changed.empty() ? "" : ", nor with what differs from before (" + changed + ")"));
  else if (!changed.empty())
    log_to(options_.log, LogLevel::warning, join(choice->path, ": goes on with other options than before: ", changed));
  // One that was lost cannot be exported: the next evaluation makes another.
  if (!options_.folder.empty() && !named_checkpoint(folder_.path_of(kBestCheckpoint), identity, {}).ok())
    state_.best_valid_loss = INFINITY;
  report_.checkpoint = choice->path;
  if (Status s = folder_.describe(options_); !s.ok()) return s;
  model_->restore(ops_, static_cast<float>(hardness(state_.step)));
  return ops_.finish();
}

StepOptions Run::step_options(int64_t step) const {
  const int64_t total = expected_steps(step);
  const double progress = static_cast<double>(step) / static_cast<double>(total);
  return {.step = step,
          .learning_rate = static_cast<float>(options_.learning_rate * learning_rate_factor(options_, step, total)),
          .momentum = static_cast<float>(momentum_of(options_, step)),
          .weight_decay = static_cast<float>(weight_decay_factor(options_, step, total)),
          .gradient_scale = 1.0f,
          .noise_scale = hardness(step) > 0 ? static_cast<float>(options_.noise * std::max(0.0, 1.0 - progress)) : 0.0f,
          .lambda = static_cast<float>(hardness(step))};
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
  // A step that is cancelled has not been taken: until weights change, which is done to the end.
  std::optional<CancelShield> shield;
  if (options_.update_by_layer) shield.emplace();
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
  loss /= static_cast<double>(batch.n_scored);
  const double norm = optimizer_->gradient_norm(workspace_);
  if (Status s = ops_.finish(); !s.ok()) return s;
  if (!std::isfinite(loss) || !std::isfinite(norm))
    return error(StatusCode::device_error, "step ", step, ": the loss is ", loss, " and the gradient's norm ", norm,
                 model_->first_not_finite(*backend_),
                 "; a smaller learning_rate or a smaller clip may help, the last checkpoint is from before");
  if (cancelled()) return cancelled_status();
  shield.emplace();
  if (options_.clip > 0 && norm > options_.clip) now.gradient_scale = static_cast<float>(options_.clip / norm);
  if (!options_.update_by_layer) optimizer_->step(workspace_, now);
  const Result<int64_t> averaged = averages_->update(workspace_, step, expected_steps(step), state_.averaged_steps);
  if (!averaged.ok()) return averaged.status();
  state_.averaged_steps = *averaged;
  StepSeen seen = {.loss = loss,
                   .gradient_norm = norm,
                   .learning_rate = double{now.learning_rate},
                   .hardness = double{now.lambda},
                   .tokens = batch.n_scored,
                   .seconds = std::chrono::duration<double>(Clock::now() - begun).count()};
  if (teacher_) seen.divergence = divergence / static_cast<double>(batch.n_scored);
  observer_->stepped(seen);
  means_.add(seen);
  if (now.lambda > 0 && hardness(step - 1) == 0 && options_.quantize_from > 0)
    log_to(options_.log, LogLevel::info,
           join("from step ", step, " on weights are quantised", now.lambda < 1 ? ", more and more" : ""));
  return ops_.finish();
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

// Before the first step, outside of the minutes.
Status Run::look_first() {
  if (options_.quantize_from > 0 && hardness(state_.step) == 0)
    log_to(options_.log, LogLevel::info,
           join("weights are in full precision for the first ", options_.quantize_from * 100,
                " % of the steps, and held-out text is scored with them so; what is exported is quantised"));
  const Result<double> first = held_out_->loss(ops_, workspace_, *model_);
  if (!first.ok()) return first.status();
  report_.first_valid_loss = report_.valid_loss = *first;
  report_.bits_per_byte = held_out_->bits_per_byte(*first);
  if (Status s = look_at_experts(); !s.ok()) return s;
  if (!teacher_) return Status();
  const Result<double> theirs = held_out_->loss(ops_, workspace_, *teacher_);
  if (!theirs.ok()) return theirs.status();
  report_.teacher_valid_loss = *theirs;
  return Status();
}

// n at most; report_.stop says what ended the run.
Status Run::take_steps(int64_t n) {
  const double before = seconds_of(operation_times(*backend_));
  const Clock::time_point begun = Clock::now();
  started_ = begun;
  for (; n > 0 && report_.stop == TrainStop::finished && !has_ended(); --n) {
    const int64_t step = state_.step + 1;
    if (cancelled() || (callbacks_.keep_going && !callbacks_.keep_going())) {
      report_.stop = TrainStop::interrupted;
      break;
    }
    Status s = rotate_experts(step);
    if (s.ok()) s = one_step(step);
    if (s.ok()) {
      state_.step = step;
      s = look_around(step, step == setup_.steps || minutes_are_over());
    }
    if (s.code() == StatusCode::cancelled) {
      report_.stop = TrainStop::interrupted;
    } else if (!s.ok()) {
      return s;
    }
  }
  host_seconds_ +=
      std::chrono::duration<double>(Clock::now() - begun).count() - (seconds_of(operation_times(*backend_)) - before);
  return Status();
}

Status Run::train() {
  if (Status s = look_first(); !s.ok()) return s;
  saved_ = Clock::now();
  if (Status s = take_steps(kMostSteps); !s.ok()) return s;
  save_last();
  // Steps after the last report, where the run was stopped between two.
  if (const std::optional<double> loss = observer_->means().loss()) {
    report_.train_loss = loss;
    report_.tokens_per_second = observer_->means().tokens_per_second();
  }
  if (report_.stop == TrainStop::interrupted) return Status();
  if (state_.step == 0)
    return error(StatusCode::cancelled, "no step was taken in ", options_.minutes,
                 " minutes: nothing was learned, and nothing is exported; more minutes are needed");
  Status scored = score();
  if (scored.code() == StatusCode::cancelled) return report_.stop = TrainStop::interrupted, Status();
  return scored;
}

Result<TrainReport> Run::run() {
  const std::lock_guard lock(backend_->mutex());
  if (Status s = prepare(); !s.ok()) return s;
  if (Status s = train(); !s.ok()) return s;
  report_.profile = operation_times(*backend_);
  if (!report_.profile.empty()) insert_host(report_.profile, state_.step, host_seconds_);
  if (Status s = finish(); !s.ok()) return s;
  return report_;
}

}  // namespace tritium::training
