// What a run does beside its steps: looks around, saves, and in the end exports.
#include <cmath>

#include "base/cancel.h"
#include "base/format_text.h"
#include "base/log.h"
#include "train/calibration.h"
#include "train/export.h"
#include "train/trainer.h"

namespace tritium::training {

// Evaluation, checkpoint and report, where they are due. Sets report_.stop to what ends the run.
Status Run::look_around(int64_t step, bool last) {
  const bool evaluates = last || step % interval(options_.eval_every, kEvaluations) == 0;
  std::optional<double> valid;
  if (evaluates) {
    const Result<double> loss = evaluate();
    if (!loss.ok()) return loss.status();
    valid = *loss;
  }
  // Before anything that is only told. After the last step it is saved anyway.
  if (!last && is_time_to_save(step)) save_or_warn(checkpoint_name(step));
  if (evaluates || step % interval(options_.log_every, 100) == 0)
    if (Status s = report(step, valid); !s.ok()) return s;
  if (evaluates && options_.early_stop > 0 && state_.evaluations_since_best >= options_.early_stop)
    report_.stop = TrainStop::early;
  return Status();
}

// The loss of a part of the held-out text; where it is the best so far, the weights are saved.
Result<double> Run::evaluate() {
  Result<double> loss = held_out_->loss_of_sample(ops_, workspace_, *model_);
  if (!loss.ok()) return loss;
  report_.valid_loss = *loss;
  valid_loss_ = *loss;
  if (hardness(state_.step) < 1) return loss;  // of other weights than would be exported: no measure for those
  const bool better = *loss < state_.best_valid_loss;
  state_.evaluations_since_best = better ? 0 : state_.evaluations_since_best + 1;
  if (!better) return loss;
  state_.best_valid_loss = *loss;
  if (!options_.folder.empty()) save_or_warn(kBestCheckpoint);
  return loss;
}

Status Run::report(int64_t step, std::optional<double> valid) {
  const Result<TrainProgress> progress =
      observer_->report(ops_, *model_, step, expected_steps(step), seconds(), valid, *held_out_);
  if (!progress.ok()) return progress.status();
  report_.train_loss = progress->train_loss;
  report_.tokens_per_second = progress->tokens_per_second;
  if (progress->bits_per_byte) report_.bits_per_byte = *progress->bits_per_byte;
  if (callbacks_.progress && !callbacks_.progress(*progress)) report_.stop = TrainStop::interrupted;
  return Status();
}

bool Run::is_time_to_save(int64_t step) const {
  if (options_.folder.empty()) return false;
  if (options_.save_every > 0 && step % options_.save_every == 0) return true;
  const std::chrono::duration<double> since = Clock::now() - saved_;
  return options_.save_minutes > 0 && since.count() >= options_.save_minutes * 60.0;
}

Status Run::write_state(const std::string& path) {
  const CancelShield shield;
  CheckpointState now = state_;
  now.seconds = seconds();
  now.experts = model_->experts();
  return write_checkpoint(path, *backend_, *model_, now);
}

Status Run::save(const std::string& name) {
  const std::string path = folder_.path_of(name);
  if (Status s = write_state(path); !s.ok()) return s;
  if (name == kBestCheckpoint) return Status();
  report_.checkpoint = path;
  folder_.saved(name, options_.keep_last);
  return Status();
}

// A disk that is full now may have room at the next checkpoint, and what was saved before is as it was: the run goes
// on.
void Run::save_or_warn(const std::string& name) {
  unsaved_ = save(name);
  if (name != kBestCheckpoint) saved_ = Clock::now();
  if (unsaved_.ok()) return;
  const bool any = !list_checkpoints(options_.folder, folder_.identity().run).empty() ||
                   named_checkpoint(folder_.path_of(kBestCheckpoint), folder_.identity(), {}).ok();
  log_to(options_.log, LogLevel::warning,
         unsaved_.message() + (any ? "; earlier checkpoints are as they were" : "; the run has no checkpoint yet"));
}

// After the last step. A checkpoint that was gone on from without a step stays, with the options that it was trained
// with.
void Run::save_last() {
  const std::string last = checkpoint_name(state_.step);
  if (state_.step > 0 && !options_.folder.empty() && report_.checkpoint != folder_.path_of(last)) save_or_warn(last);
}

// What is inspected and exported: averages, or after an early stop the best weights.
Status Run::choose_weights() {
  if (options_.average != Average::none && state_.averaged_steps > 0) {
    if (Status s = averages_->take_over(*backend_); !s.ok()) return s;
    optimizer_->start(workspace_, 1.0f);
    const Result<double> loss = held_out_->loss(ops_, workspace_, *model_);
    if (!loss.ok()) return loss.status();
    report_.average_valid_loss = *loss;
    constexpr double kWorse = 0.01;
    if (has_ternary(setup_.recipe) && *loss > report_.valid_loss + kWorse)
      log_to(options_.log, LogLevel::warning,
             join("the averaged weights are worse when they are ternary: ", *loss, " nats a token on held-out text, ",
                  report_.valid_loss, " those of the last step; they are exported as asked, average none (--average ",
                  "none) exports the last"));
  } else if (report_.stop == TrainStop::early && !options_.folder.empty()) {
    const std::string path = folder_.path_of(kBestCheckpoint);
    const Status usable = named_checkpoint(path, folder_.identity(), {}).status();
    const Result<CheckpointState> best = usable.ok() ? read(path) : usable;
    if (!best.ok()) {
      log_to(options_.log, LogLevel::warning, best.message() + "; the last weights are taken in place of the best");
      return ops_.finish();
    }
    model_->restore(ops_, 1.0f);
    report_.valid_loss = best->best_valid_loss;
    report_.exported_step = best->step;
  }
  return ops_.finish();
}

// All held-out text, by weights as they are exported.
Status Run::score() {
  if (hardness(state_.step) < 1) model_->requantize(ops_, 1.0f);
  const Result<double> loss = held_out_->loss(ops_, workspace_, *model_);
  if (!loss.ok()) return loss.status();
  report_.valid_loss = *loss;
  report_.bits_per_byte = held_out_->bits_per_byte(*loss);
  return Status();
}

// Integers by the inputs of the batches that would come next; held-out text is scored as they are then.
Status Run::calibrate() {
  if (options_.gptq == 0) return Status();
  const int64_t sequences = options_.micro_batch > 0 ? options_.micro_batch : options_.batch;
  const auto tokens = static_cast<size_t>(sequences * options_.context);
  std::vector<Batch> drawn;
  std::vector<TokenBatch> parts;
  for (int64_t seen = 0; seen < options_.gptq; seen += options_.batch * options_.context)
    drawn.push_back(batches_->batch(state_.step + static_cast<int64_t>(drawn.size())));
  for (const Batch& batch : drawn)
    for (size_t at = 0; at < batch.inputs.size(); at += tokens)
      parts.push_back({sequences, options_.context, std::span(batch.inputs).subspan(at, tokens),
                       std::span(batch.targets).subspan(at, tokens)});
  if (Status s = round_calibrated(ops_, workspace_, *model_, parts); !s.ok()) return s.within("gptq");
  const Result<double> loss = held_out_->loss(ops_, workspace_, *model_);
  if (!loss.ok()) return loss.status();
  report_.valid_loss = *loss;
  report_.bits_per_byte = held_out_->bits_per_byte(*loss);
  return Status();
}

// The weights that are inspected and exported.
Status Run::ready_weights() {
  if (Status s = choose_weights(); !s.ok()) return s;
  model_->requantize(ops_, 1.0f);
  if (Status s = calibrate(); !s.ok()) return s;
  return model_->restore_experts(*backend_);
}

Status Run::export_result(const std::string& path) {
  const Batch& sample = held_out_->first();
  const auto n = static_cast<size_t>(std::min<int64_t>(options_.context, 64));
  const auto tokens = std::span(sample.inputs).first(n);
  Destination to = {path, path == options_.output ? std::move(output_room_) : DiskRoom()};
  const Result<Exported> exported =
      exports_adapter(*model_, options_.export_type)
          ? export_adapter(std::move(to), options_.model, ops_, workspace_, *model_, tokens)
          : export_model(std::move(to), ops_, workspace_, *model_, setup_.metadata, options_.export_type, tokens);
  if (!exported.ok()) return exported.status();
  report_.output = path;
  report_.export_difference = exported->largest_difference;
  report_.packed_bytes = exported->tensor_bytes;
  return Status();
}

// Of the last step, when its export fails.
std::string Run::what_is_kept() const {
  if (report_.checkpoint.empty()) return "of which there is no checkpoint (a run with a folder keeps some)";
  const bool last = unsaved_.ok() && !options_.folder.empty();
  return join(last ? "which is saved as " : "of which there is no checkpoint, but ", report_.checkpoint);
}

Status Run::finish() {
  report_.step = report_.exported_step = state_.step;
  report_.seconds = seconds();
  if (report_.stop == TrainStop::interrupted) return unsaved_;
  if (Status s = ready_weights(); !s.ok()) return s;
  if (inspect_)
    if (Status s = inspect_(ops_, workspace_, *model_, held_out_->first()); !s.ok()) return s;
  if (const Status s = options_.output.empty() ? ops_.finish() : export_result(options_.output); !s.ok())
    return s.within(join("the export of step ", state_.step, ", ", what_is_kept()));
  return options_.output.empty() ? unsaved_
                                 : unsaved_.within(options_.output + " is written, but the checkpoint is not");
}

}  // namespace tritium::training
