// What the training's thread does, by the library.
#pragma once

#include <atomic>
#include <cstdint>

#include "desktop/events.h"
#include "desktop/training_settings.h"
#include "desktop/worker.h"

namespace tritium::desktop {

struct TrainingEnds {
  const std::atomic<bool>* stopped = nullptr;  // the file is written with what was learned until now
  const std::atomic<bool>* closing = nullptr;  // nor is that
};

class TrainingThread {
 public:
  void plan(uint64_t request, const TrainingJob& job, Mailbox<TrainingEvent>& events);
  void train(uint64_t request, const TrainingJob& job, const TrainingEnds& ends, Mailbox<TrainingEvent>& events);
};

}  // namespace tritium::desktop
