// A fine-tuning on a thread of its own: what it would need, then its course (training_thread.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "desktop/events.h"
#include "desktop/training_settings.h"
#include "desktop/worker.h"

namespace tritium::desktop {

class TrainingThread;

// Called by the window alone; nothing here waits but the destructor.
class TrainingWorker {
 public:
  TrainingWorker();
  ~TrainingWorker();
  // What is planned for earlier settings has another number, and is not begun any more.
  uint64_t plan(const TrainingJob& job);
  uint64_t start(const TrainingJob& job);
  // The file is written with what was learned until now.
  void stop() { stopped_ = true; }
  std::vector<TrainingEvent> take() { return events_.take(); }

 private:
  std::atomic<uint64_t> current_ = 0;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> closing_ = false;  // nobody waits for the file any more
  Mailbox<TrainingEvent> events_;
  Worker<TrainingThread> worker_;  // the first to go
};

}  // namespace tritium::desktop
