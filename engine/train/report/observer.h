// Observer: what is said about a run while it goes: means over the steps since the last report, flips, routers, and the
// logs they go to.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "train/held_out.h"
#include "train/report/training_log.h"
#include "train/transformer.h"
#include "tritium/training.hpp"

namespace tritium::training {

// What a step was.
struct StepSeen {
  double loss = 0, gradient_norm = 0, learning_rate = 0;
  double hardness = 1;  // of the weights after it (TrainProgress)
  int64_t tokens = 0;
  double seconds = 0;
  std::optional<double> divergence{};  // from a teacher, nats a token
};

// Means over steps.
class StepMeans {
 public:
  void add(const StepSeen& step);
  std::optional<double> loss() const;  // none without steps
  double tokens_per_second() const { return static_cast<double>(tokens_) / std::max(seconds_, 1e-9); }
  // What of a progress they are.
  void tell(TrainProgress& progress) const;

 private:
  double loss_ = 0, norm_ = 0, learning_rate_ = 0, hardness_ = 1, seconds_ = 0;
  std::optional<double> divergence_;
  int64_t steps_ = 0, tokens_ = 0;
};

// seconds_left by the seconds of the steps until now.
TrainProgress progress_at(int64_t step, int64_t steps, double seconds);

class Observer {
 public:
  // Opens the logs of options.folder, of the run of that name; on resume, rows after `step` are dropped.
  static Result<Observer> create(const TrainOptions& options, const std::string& run, int64_t step);

  // What was packed for the first time, or again after a resume, is no flip.
  static void begin(Ops& ops, Transformer& model);
  void stepped(const StepSeen& step) { means_.add(step); }
  const StepMeans& means() const { return means_; }  // of the steps since the last report
  // Closes the interval.
  Result<TrainProgress> report(Ops& ops, Transformer& model, int64_t step, int64_t steps, double seconds,
                               std::optional<double> valid_loss, const HeldOut& held_out);

 private:
  // What cannot be written is said once; the run goes on.
  void log(const TrainProgress& progress);
  Status read_trits(Ops& ops, Transformer& model, TrainProgress& progress);
  Status read_routers(Ops& ops, Transformer& model, TrainProgress& progress);

  std::optional<TrainingLog> log_;
  std::string chart_path_;
  LogSink sink_;
  bool row_missing_ = false, chart_missing_ = false;
  StepMeans means_;
};

}  // namespace tritium::training
