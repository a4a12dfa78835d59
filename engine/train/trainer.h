// A training run: batches, steps, evaluations, checkpoints, export.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "base/disk_room.h"
#include "train/checkpoint.h"
#include "train/data/batch.h"
#include "train/held_out.h"
#include "train/optimizers/averages.h"
#include "train/report/observer.h"
#include "train/run.h"
#include "train/run_folder.h"
#include "train/setup.h"

namespace tritium::training {

inline constexpr int64_t kEvaluations = 20;

class Run {
 public:
  Run(const TrainOptions& options, const TrainCallbacks& callbacks, const Inspection& inspect, RunFolder folder,
      Setup setup, std::unique_ptr<Backend> backend)
      : options_(options),
        callbacks_(callbacks),
        inspect_(inspect),
        folder_(std::move(folder)),
        setup_(std::move(setup)),
        backend_(std::move(backend)),
        ops_(*backend_),
        workspace_(*backend_) {}

  Result<TrainReport> run();

 private:
  using Clock = std::chrono::steady_clock;

  Status prepare();
  Status prepare_weights();
  Status prepare_output();
  Status check_room_for_checkpoints() const;
  std::string used_up() const;
  Status resume();
  Status choose_experts();
  Result<ExpertOrder> most_used(int64_t batches);
  Status order_experts(const ExpertOrder& order, float lambda);
  Status rotate_experts(int64_t step);
  Result<CheckpointState> read(const std::string& path);
  Status train();
  Status look_first();
  Status take_steps();
  Status look_at_experts();
  StepOptions step_options(int64_t step) const;
  Status one_step(int64_t step);
  Status look_around(int64_t step, bool last);
  Result<double> evaluate();
  Status report(int64_t step, std::optional<double> valid);
  bool is_time_to_save(int64_t step) const;
  Status save(const std::string& name);
  void save_or_warn(const std::string& name);
  Status choose_weights();
  Status calibrate();
  Status export_result();
  std::string what_is_kept() const;
  Status finish();

  double seconds() const { return state_.seconds + std::chrono::duration<double>(Clock::now() - started_).count(); }
  // Steps in all: as asked for, or as many as the minutes will allow at the present speed.
  int64_t expected_steps(int64_t step) const;
  double hardness(int64_t step) const;  // of weights after a step: hardening()
  bool minutes_are_over() const { return options_.minutes > 0 && seconds() >= options_.minutes * 60.0; }
  int64_t interval(int64_t wanted, int64_t parts) const;

  const TrainOptions& options_;
  const TrainCallbacks& callbacks_;
  const Inspection& inspect_;
  RunFolder folder_;
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
  DiskRoom output_room_;
  CheckpointState state_;
  TrainReport report_;
  Clock::time_point started_ = Clock::now(), saved_ = started_;
  double host_seconds_ = 0;  // of the steps, outside of operations
  Status unsaved_;           // why the last checkpoint could not be written
};

}  // namespace tritium::training
