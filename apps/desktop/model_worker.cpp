// The window's side: tasks for the thread, and nothing of the library.
#include "desktop/model_worker.h"

#include "desktop/model_thread.h"

namespace tritium::desktop {

ModelWorker::ModelWorker() = default;
ModelWorker::~ModelWorker() { stop(); }

uint64_t ModelWorker::list() {
  const Request request{current_, &current_, &events_};
  worker_.post([request](ModelThread& thread) { thread.list(request); });
  return request.number;
}

uint64_t ModelWorker::open(const std::string& path, const std::string& backend) {
  const Request request{++current_, &current_, &events_};
  worker_.post([=](ModelThread& thread) { thread.load(request, path, backend); });
  return request.number;
}

uint64_t ModelWorker::answer(std::vector<ChatMessage> messages, const GenerateOptions& options) {
  const Request request{++current_, &current_, &events_};
  worker_.post([=, messages = std::move(messages)](ModelThread& thread) { thread.answer(request, messages, options); });
  return request.number;
}

}  // namespace tritium::desktop
