// A fine-tuning on a thread of its own: what it would need, then its course.
#pragma once

#include <atomic>
#include <optional>
#include <vector>

#include "desktop/worker.h"
#include "tritium/training.hpp"

namespace tritium::desktop {

struct TrainingEvent {
  std::optional<TrainPlan> plan{};
  std::optional<TrainProgress> progress{};
  std::optional<TrainReport> report{};
  Status failure{};
};

// Called by the window alone; nothing here waits but the destructor.
class TrainingWorker {
 public:
  ~TrainingWorker() {
    closing_ = true;
    stop();
  }
  void plan(const TrainOptions& options) {
    worker_.post([this, options] {
      Result<TrainPlan> plan = plan_training(options);
      if (plan.ok())
        events_.put({.plan = *std::move(plan)});
      else
        events_.put({.failure = plan.status()});
    });
  }
  void start(const TrainOptions& options) {
    stopped_ = false;
    worker_.post([this, options] {
      Result<TrainReport> report = run(options);
      if (report.ok())
        events_.put({.report = *std::move(report)});
      else
        events_.put({.failure = report.status()});
    });
  }
  // The file is written with what was learned until now.
  void stop() { stopped_ = true; }
  std::vector<TrainingEvent> take() { return events_.take(); }

 private:
  // A step at a time, so that what is stopped is written, too.
  Result<TrainReport> run(const TrainOptions& options) {
    const auto going = [this] { return !stopped_; };
    Result<Trainer> trainer = Trainer::create(options, {.progress =
                                                            [this](const TrainProgress& progress) {
                                                              events_.put({.progress = progress});
                                                              return true;
                                                            },
                                                        .keep_going = going});
    if (!trainer.ok()) return trainer.status();
    while (going() && !trainer->has_ended()) {
      const Status taken = trainer->step(1, going).status();
      if (!taken.ok() && taken.code() != StatusCode::cancelled) return taken;
    }
    return trainer->export_to({}, [this] { return !closing_; });
  }

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> closing_ = false;  // nobody waits for the file any more
  Mailbox<TrainingEvent> events_;
  Worker worker_;  // the first to go
};

}  // namespace tritium::desktop
