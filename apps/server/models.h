// Models: what the server has by name, each with its scheduler; and adapters, which are names, too.
// May be used from any number of threads at once.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/openai/replies.h"
#include "server/scheduler.h"

namespace tritium::server {

// A model, or an adapter beside it.
struct ServedModel {
  std::string id;
  std::shared_ptr<Scheduler> scheduler;
  std::string adapter;     // the scheduler's name of it; empty: the model as it is
  std::string adapter_of;  // the model's id, of an adapter
  int64_t created = 0;     // seconds since 1970
};

class Models {
 public:
  // invalid_argument: the name is taken.
  Status add(const std::string& id, std::unique_ptr<Scheduler> scheduler);
  // "MODEL:NAME", of a model that is there.
  Status add_adapter(const std::string& model, const std::string& name, const std::string& path);
  void remove(const std::string& id);

  // 404 with the names that there are; an empty id is the only model.
  Outcome<ServedModel> find(const std::string& id) const;
  std::vector<ServedModel> all() const;
  std::vector<std::shared_ptr<Scheduler>> schedulers() const;
  void stop_taking() const;
  void end_all() const;
  bool idle() const;

 private:
  mutable std::mutex mutex_;
  std::vector<ServedModel> served_;  // in the order in which they came
};

ModelEntry entry_of(const ServedModel& served);
int64_t seconds_since_1970();

}  // namespace tritium::server
