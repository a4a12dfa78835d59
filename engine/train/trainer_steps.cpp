// A run step by step: between two calls it waits, as if it had been stopped and gone on with.
#include <limits>

#include "base/cancel.h"
#include "base/folder.h"
#include "base/format_text.h"
#include "train/export.h"
#include "train/trainer.h"

namespace tritium::training {

// Seconds count until its end, whatever ends it.
struct Run::Stopwatch {
  explicit Stopwatch(Run& of) : run(of) {}
  ~Stopwatch() {
    run.state_.seconds = run.seconds();
    run.started_.reset();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  Run& run;
};

Status Run::start() {
  const std::lock_guard lock(backend_->mutex());
  if (Status s = prepare(); !s.ok()) return s;
  saved_ = Clock::now();
  return look_first();
}

bool Run::has_ended() const {
  return report_.stop == TrainStop::early || (setup_.steps > 0 && state_.step >= setup_.steps) || minutes_are_over();
}

Status Run::check_usable() {
  static_cast<void>(ops_.finish());  // what ended an earlier call
  return lost_.ok() ? Status() : lost_.within("this trainer cannot go on");
}

TrainProgress Run::where_it_is() const {
  TrainProgress progress = progress_at(state_.step, has_ended() ? state_.step : expected_steps(state_.step), seconds());
  means_.tell(progress);
  if (!means_.loss())
    progress.train_loss = progress.gradient_norm = progress.tokens_per_second =
        std::numeric_limits<double>::quiet_NaN();
  return progress;
}

Result<TrainProgress> Run::step(int64_t n) {
  if (n < 1) return error(StatusCode::invalid_argument, "n is ", n, " steps, must be 1 or more");
  const std::lock_guard lock(backend_->mutex());
  if (Status s = check_usable(); !s.ok()) return s;
  if (cut_short_)
    if (Status s = forget_step(); !s.ok()) return s;
  means_ = {};
  valid_loss_.reset();
  if (report_.stop == TrainStop::interrupted) report_.stop = TrainStop::finished;
  const int64_t before = state_.step;
  {
    const Stopwatch watch(*this);
    cut_short_ = true;
    if (Status s = take_steps(n); !s.ok()) return s;
  }
  if (report_.stop == TrainStop::interrupted)
    return cancelled_status(join("step ", state_.step + 1, ", after ", state_.step - before, " of ", n, ","));
  cut_short_ = false;
  if (has_ended()) save_last();
  TrainProgress progress = where_it_is();
  progress.valid_loss = valid_loss_;
  if (valid_loss_) progress.bits_per_byte = held_out_->bits_per_byte_of_sample(*valid_loss_);
  return progress;
}

// What the passes of a step that was not taken have added up.
Status Run::forget_step() {
  const CancelShield shield;
  for (const BitLinear* p : model_->parameters()) {
    if (!p->gradient) continue;
    const std::vector<std::byte> zeros(static_cast<size_t>(p->gradient.bytes()));
    ops_.upload(p->gradient, zeros);
  }
  if (Status s = ops_.finish(); !s.ok()) return s;
  Status s = workspace_.run_once([this](Ops& ops) {
    for (int64_t layer = 0; layer < model_->config().n_layers(); ++layer) model_->record_no_uses(ops, layer);
  });
  cut_short_ = !s.ok();
  return s;
}

Result<TrainProgress> Run::evaluate_all() {
  const std::lock_guard lock(backend_->mutex());
  if (Status s = check_usable(); !s.ok()) return s;
  const Result<double> loss = held_out_->loss(ops_, workspace_, *model_);
  if (!loss.ok()) return loss.status();
  TrainProgress progress = where_it_is();
  progress.valid_loss = *loss;
  progress.bits_per_byte = held_out_->bits_per_byte(*loss);
  return progress;
}

// A run without a folder gets its name when it first needs one.
Status Run::know_itself() {
  if (!state_.identity.model.empty()) return Status();
  const Result<std::string> weights = fingerprint_of(options_, setup_);
  if (!weights.ok()) return weights.status();
  const Result<ResumeChoice> nothing = folder_.begin(options_, *weights);
  if (!nothing.ok()) return nothing.status();
  state_.options = train_options_to_json(options_);
  state_.identity = folder_.identity();
  return Status();
}

// Nothing that the run reads, and no file of its folder's.
Status Run::check_written(const std::string& path) const {
  TrainOptions written = options_;
  written.output = path;
  return check_files(written);
}

Status Run::save_to(const std::string& path) {
  const std::lock_guard lock(backend_->mutex());
  if (Status s = check_usable(); !s.ok()) return s;
  if (path.empty() && options_.folder.empty())
    return error(StatusCode::invalid_argument, "the run has no folder to save in: name one (folder), or give a path");
  if (path.empty()) {
    unsaved_ = save(checkpoint_name(state_.step));
    saved_ = Clock::now();
    return unsaved_;
  }
  if (Status s = check_written(path); !s.ok()) return s;
  if (Status s = know_itself(); !s.ok()) return s;
  return write_state(path);
}

// Whether what is exported are other weights than those that learn, or in another order.
bool Run::export_spoils() const {
  return (options_.average != Average::none && state_.averaged_steps > 0) || options_.gptq > 0 ||
         !model_->experts().empty() || report_.stop == TrainStop::early;
}

// Everything anew, from what was written before an export.
Status Run::go_on_from(const std::string& path) {
  const CancelShield shield;
  static_cast<void>(ops_.finish());
  averages_.reset();
  optimizer_.reset();
  model_.reset();
  teacher_.reset();
  if (Status s = prepare_weights(); !s.ok()) return s;
  const Result<CheckpointState> state = read(path);
  if (!state.ok()) return state.status();
  model_->restore(ops_, static_cast<float>(hardness(state_.step)));
  Observer::begin(ops_, *model_);
  return ops_.finish();
}

Result<TrainReport> Run::export_to(const std::string& given) {
  const std::lock_guard lock(backend_->mutex());
  if (Status s = check_usable(); !s.ok()) return s;
  const std::string path = given.empty() ? options_.output : given;
  if (path.empty())
    return error(StatusCode::invalid_argument, "there is nowhere to export to: give a path, or name the output");
  if (Status s = check_written(path); !s.ok()) return s;
  if (Status s = check_export(*model_, options_.export_type, !options_.model.empty()); !s.ok()) return s;
  const bool spoils = export_spoils(), softened = hardness(state_.step) < 1;
  const std::string aside = path + ".training";
  if (spoils)
    if (Status s = write_state(aside); !s.ok()) return s;
  // Until it is known better: what throws leaves the weights as they are exported.
  if (spoils || softened)
    lost_ = error(StatusCode::out_of_memory, "memory ended in the export to ", path,
                  spoils ? "; what was learned until then is in " + aside : "");
  const TrainReport before = report_;
  Result<TrainReport> report = exported(path);
  report_ = before;
  if (spoils) {
    lost_ = go_on_from(aside);
    if (!lost_.ok())
      return lost_.within(join(path, report.ok() ? " is written" : " is not written", ", but ", aside,
                               " could not be gone on from, which is the run until here"));
    static_cast<void>(remove_file(aside));
  } else if (softened) {
    const CancelShield shield;
    static_cast<void>(ops_.finish());
    model_->requantize(ops_, static_cast<float>(hardness(state_.step)));
    lost_ = ops_.finish();
    if (!lost_.ok()) return lost_;
  }
  return report;
}

// As a run ends, of the step that it is at.
Result<TrainReport> Run::exported(const std::string& path) {
  report_.step = report_.exported_step = state_.step;
  report_.seconds = seconds();
  if (Status s = score(); !s.ok()) return s;
  if (Status s = ready_weights(); !s.ok()) return s;
  if (Status s = export_result(path); !s.ok()) return s;
  TrainReport report = report_;
  if (!has_ended()) report.stop = TrainStop::interrupted;
  return report;
}

}  // namespace tritium::training
