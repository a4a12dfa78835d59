// A model on a device, and its answers, on a thread of their own.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "desktop/worker.h"
#include "tritium/tritium.hpp"

namespace tritium::desktop {

struct ModelEvent {
  enum class Kind { devices, loading, loaded, part, answered, failed };
  Kind kind = Kind::failed;
  uint64_t request = 0;
  std::vector<DeviceInfo> devices{};
  double fraction = 0;             // loading
  std::string backend{};           // loaded
  ModelInfo info{};                // loaded
  bool has_template = false;       // loaded
  ChatReply part{};                // part
  std::vector<int32_t> experts{};  // part: [layers, experts used]
  int64_t tokens = 0;              // part: until now
  Generation generation{};         // answered
  Status status{};                 // failed
};

// Called by the window alone; nothing here waits but the destructor. A request ends the one before it, and events of
// that one that still come have its number.
class ModelWorker {
 public:
  ~ModelWorker() { stop(); }
  uint64_t list();
  uint64_t open(const std::string& path, const std::string& backend);
  uint64_t answer(std::vector<ChatMessage> messages, const GenerateOptions& options);
  void stop() { ++current_; }
  std::vector<ModelEvent> take() { return events_.take(); }

 private:
  void load(uint64_t request, const std::string& path, const std::string& backend);
  void generate(uint64_t request, const std::vector<ChatMessage>& messages, GenerateOptions options);
  Result<std::vector<int32_t>> prompt_of(const std::vector<ChatMessage>& messages) const;
  void fail(uint64_t request, Status status);

  std::atomic<uint64_t> current_ = 0;
  Mailbox<ModelEvent> events_;
  // Of the thread.
  std::optional<Model> model_;
  std::optional<Session> session_;
  Worker worker_;  // the first to go
};

}  // namespace tritium::desktop
