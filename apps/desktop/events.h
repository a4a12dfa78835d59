// What threads tell the window.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tritium/training.hpp"
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
  Generation generation{};         // answered: its prompt_tokens are those that were evaluated
  int64_t prompt_tokens = 0;       // answered: all of the conversation's
  size_t left_out = 0;             // answered: messages at the beginning that the context has no room for
  Status status{};                 // failed
};

struct TrainingEvent {
  uint64_t request = 0;
  std::optional<TrainPlan> plan{};
  std::optional<TrainProgress> progress{};
  std::optional<TrainReport> report{};
  Status failure{};
};

}  // namespace tritium::desktop
