#include "server/models.h"

#include <algorithm>
#include <chrono>

namespace tritium::server {

int64_t seconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Status Models::add(const std::string& id, std::unique_ptr<Scheduler> scheduler) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(served_, id, &ServedModel::id) != served_.end())
    return Status(StatusCode::invalid_argument,
                  "two models are called \"" + id + "\": give one of them another name, NAME=PATH");
  served_.push_back({.id = id, .scheduler = std::move(scheduler), .created = seconds_since_1970()});
  return Status();
}

Status Models::add_adapter(const std::string& model, const std::string& name, const std::string& path) {
  const std::string id = model + ":" + name;
  Outcome<ServedModel> base = find(model);
  if (!base.ok() || !base->adapter.empty())
    return Status(StatusCode::not_found, "adapter " + id + ": there is no model \"" + model + "\"");
  Result<Adapter> adapter = base->scheduler->model().load_adapter(path);
  if (!adapter.ok()) return adapter.status().within("adapter " + id);
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(served_, id, &ServedModel::id) != served_.end())
    return Status(StatusCode::invalid_argument, "two adapters are called \"" + id + "\"");
  base->scheduler->add_adapter(id, *std::move(adapter));
  served_.push_back(
      {.id = id, .scheduler = base->scheduler, .adapter = id, .adapter_of = base->id, .created = seconds_since_1970()});
  return Status();
}

void Models::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(served_, id, &ServedModel::id);
  if (found == served_.end()) return;
  if (!found->adapter.empty()) found->scheduler->remove_adapter(found->adapter);
  served_.erase(found);
}

Outcome<ServedModel> Models::find(const std::string& id) const {
  const std::vector<ServedModel> served = all();
  std::string names;
  for (const ServedModel& one : served) {
    if (one.id == id) return one;
    names += (names.empty() ? "" : ", ") + one.id;
  }
  const auto is_model = [](const ServedModel& one) { return one.adapter.empty(); };
  if (id.empty() && std::ranges::count_if(served, is_model) == 1) return *std::ranges::find_if(served, is_model);
  if (id.empty()) return invalid("model", "is missing; there are " + names);
  ApiError error = not_found("model_not_found", "there is no model \"" + id.substr(0, 200) + "\"; there are " + names);
  error.param = "model";
  return error;
}

std::vector<ServedModel> Models::all() const {
  const std::lock_guard lock(mutex_);
  return served_;
}

std::vector<std::shared_ptr<Scheduler>> Models::schedulers() const {
  std::vector<std::shared_ptr<Scheduler>> schedulers;
  for (const ServedModel& one : all())
    if (one.adapter.empty()) schedulers.push_back(one.scheduler);
  return schedulers;
}

void Models::stop_taking() const {
  for (const auto& scheduler : schedulers()) scheduler->stop_taking();
}

void Models::end_all() const {
  for (const auto& scheduler : schedulers()) scheduler->end_all();
}

bool Models::idle() const {
  return std::ranges::all_of(schedulers(), [](const auto& scheduler) { return scheduler->idle(); });
}

ModelEntry entry_of(const ServedModel& served) {
  const Model& model = served.scheduler->model();
  const ModelInfo& info = model.info();
  ModelEntry entry{.id = served.id,
                   .adapter_of = served.adapter_of,
                   .architecture = info.architecture,
                   .parameters = info.parameters,
                   .active_parameters = info.active_parameters,
                   .layers = info.n_layers,
                   .experts = info.n_experts,
                   .experts_used = info.n_experts_used,
                   .context = served.scheduler->context(),
                   .vocabulary = info.vocab_size,
                   .created = served.created,
                   .chat = model.has_chat_template(),
                   .parked = model.is_parked(),
                   .warnings = info.warnings};
  for (const ModelTensor& tensor : info.tensors) entry.bytes += tensor.bytes;
  if (!info.tokenizer_problem.empty()) entry.warnings.push_back(info.tokenizer_problem);
  return entry;
}

}  // namespace tritium::server
