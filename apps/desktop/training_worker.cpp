// The window's side: tasks for the thread, and nothing of the library.
#include "desktop/training_worker.h"

#include "desktop/training_thread.h"

namespace tritium::desktop {

TrainingWorker::TrainingWorker() = default;

TrainingWorker::~TrainingWorker() {
  closing_ = true;
  stop();
}

uint64_t TrainingWorker::plan(const TrainingJob& job) {
  const uint64_t request = ++current_;
  worker_.post([=, this](TrainingThread& thread) {
    if (current_ == request) thread.plan(request, job, events_);
  });
  return request;
}

uint64_t TrainingWorker::start(const TrainingJob& job) {
  stopped_ = false;
  const uint64_t request = ++current_;
  worker_.post([=, this](TrainingThread& thread) { thread.train(request, job, {&stopped_, &closing_}, events_); });
  return request;
}

}  // namespace tritium::desktop
