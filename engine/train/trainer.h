// A training run: batches, steps, evaluations, checkpoints, export; all of it by run(), or step by step.
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
  Run(TrainOptions options, TrainCallbacks callbacks, Inspection inspect, RunFolder folder, Setup setup,
      std::unique_ptr<Backend> backend)
      : options_(std::move(options)),
        callbacks_(std::move(callbacks)),
        inspect_(std::move(inspect)),
        folder_(std::move(folder)),
        setup_(std::move(setup)),
        backend_(std::move(backend)),
        ops_(*backend_),
        workspace_(*backend_) {}

  Result<TrainReport> run();

  // As of Trainer (tritium/training.hpp), which asks the CancelScope: start() first.
  Status start();
  Result<TrainProgress> step(int64_t n);
  bool has_ended() const;
  Result<TrainProgress> evaluate_all();
  Status save_to(const std::string& path);
  Result<TrainReport> export_to(const std::string& path);

 private:
  using Clock = std::chrono::steady_clock;
  struct Stopwatch;

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
  Status take_steps(int64_t n);
  Status forget_step();
  Status look_at_experts();
  StepOptions step_options(int64_t step) const;
  Status one_step(int64_t step);
  Status look_around(int64_t step, bool last);
  Result<double> evaluate();
  Status report(int64_t step, std::optional<double> valid);
  bool is_time_to_save(int64_t step) const;
  Status write_state(const std::string& path);
  Status save(const std::string& name);
  void save_or_warn(const std::string& name);
  void save_last();
  Status score();
  Status choose_weights();
  Status calibrate();
  Status ready_weights();
  Status export_result(const std::string& path);
  std::string what_is_kept() const;
  Status finish();
  Status know_itself();
  Status check_usable();
  Status check_written(const std::string& path) const;
  bool export_spoils() const;
  Result<TrainReport> exported(const std::string& path);
  Status go_on_from(const std::string& path);
  TrainProgress where_it_is() const;

  double seconds() const {
    const std::chrono::duration<double> now = started_ ? Clock::now() - *started_ : Clock::duration();
    return state_.seconds + now.count();
  }
  // Steps in all: as asked for, or as many as the minutes will allow at the present speed.
  int64_t expected_steps(int64_t step) const;
  double hardness(int64_t step) const;  // of weights after a step: hardening()
  bool minutes_are_over() const { return options_.minutes > 0 && seconds() >= options_.minutes * 60.0; }
  int64_t interval(int64_t wanted, int64_t parts) const;

  const TrainOptions options_;
  const TrainCallbacks callbacks_;
  const Inspection inspect_;
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
  StepMeans means_;                           // of the steps of one step()
  std::optional<double> valid_loss_;          // of the last evaluation along the way
  std::optional<Clock::time_point> started_;  // while steps are taken; state_.seconds are those before
  Clock::time_point saved_ = Clock::now();
  double host_seconds_ = 0;  // of the steps, outside of operations
  Status unsaved_;           // why the last checkpoint could not be written
  bool cut_short_ = false;   // the last step of step() was begun and not taken
  Status lost_;              // why nothing can be gone on with
};

}  // namespace tritium::training
