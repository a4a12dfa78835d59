// A model on a device, and its answers, on a thread of their own (model_thread.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "desktop/events.h"
#include "desktop/worker.h"

namespace tritium::desktop {

class ModelThread;

// Called by the window alone; nothing here waits but the destructor. A request ends the one before it, and events of
// that one that still come have its number.
class ModelWorker {
 public:
  ModelWorker();
  ~ModelWorker();
  uint64_t list();
  uint64_t open(const std::string& path, const std::string& backend);
  uint64_t answer(std::vector<ChatMessage> messages, const GenerateOptions& options);
  void stop() { ++current_; }
  std::vector<ModelEvent> take() { return events_.take(); }

 private:
  std::atomic<uint64_t> current_ = 0;
  Mailbox<ModelEvent> events_;
  Worker<ModelThread> worker_;  // the first to go
};

}  // namespace tritium::desktop
