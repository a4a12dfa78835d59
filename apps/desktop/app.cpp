// What can be done, and what comes of it.
#include "desktop/app.h"

#include <algorithm>
#include <utility>

namespace tritium::desktop {

void App::open(const std::string& model, const std::string& on) {
  path = model;
  device = on;
  error.clear();
  loaded = answering = false;
  loading = true;
  fraction = 0;
  request = models.open(path, device);
}

void App::answer() {
  error.clear();
  messages.push_back({.role = "assistant"});
  experts.reset(info.n_experts);
  tokens = 0;
  answering = true;
  began = std::chrono::steady_clock::now();
  generate.sampler.seed = seed < 0 ? kRandomSeed : static_cast<uint64_t>(seed);
  request = models.answer({messages.begin(), messages.end() - 1}, generate);
}

void App::send() {
  if (!loaded || answering || draft.find_first_not_of(" \n\t") == std::string::npos) return;
  messages.push_back({.role = "user", .content = std::exchange(draft, {})});
  answer();
}

void App::regenerate() {
  if (!loaded || answering || messages.empty()) return;
  if (messages.back().role == "assistant") messages.pop_back();
  if (seed >= 0) ++seed;  // another answer
  answer();
}

void App::edit_last() {
  if (answering) return;
  while (!messages.empty() && messages.back().role != "user") messages.pop_back();
  if (messages.empty()) return;
  draft = std::move(messages.back().content);
  messages.pop_back();
}

// What is stopped goes on to tell how it ended.
void App::stop() {
  if (loading || answering) models.stop();
  if (training) trainer.stop();
}

void App::start_training(bool only_plan) {
  if (training || planning) return;
  TrainOptions options;
  options.model = info.path;
  options.backend = backend;
  options.data = {text_path};
  options.output = output_path;
  options.steps = steps;
  options.context = 64;
  options.batch = 4;
  options.log_every = 1;
  options.eval_every = std::max(steps / 10, 1);
  options.threads = worker_threads();
  error.clear();
  trained.clear();
  if (only_plan) {
    planning = true;
    has_plan = false;
    trainer.plan(options);
    return;
  }
  training = true;
  train_losses.clear();
  valid_losses.clear();
  trainer.start(options);
}

void App::take(ModelEvent& event) {
  using Kind = ModelEvent::Kind;
  if (event.kind == Kind::devices) devices = std::move(event.devices);
  if (event.kind == Kind::devices || event.request != request) return;
  if (event.kind == Kind::loading) fraction = event.fraction;
  if (event.kind == Kind::loaded) {
    loading = false;
    loaded = true;
    backend = event.backend;
    info = std::move(event.info);
    has_template = event.has_template;
  }
  if (event.kind == Kind::part && answering) {
    messages.back().content += event.part.content;
    messages.back().content += event.part.tool_calls;
    messages.back().reasoning_content += event.part.reasoning_content;
    experts.count(event.experts, info.n_experts_used);
    tokens = event.tokens;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began;
    tokens_per_second = static_cast<double>(tokens) / taken.count();
  }
  if (event.kind == Kind::answered) {
    answering = false;
    tokens_per_second = event.generation.tokens_per_second;
  }
  if (event.kind == Kind::failed) {
    error = event.status.code() == StatusCode::cancelled ? "stopped" : event.status.message();
    if (answering && !messages.empty() && messages.back().content.empty()) messages.pop_back();
    loading = answering = false;
  }
}

void App::take_events() {
  for (ModelEvent& event : models.take()) take(event);
  for (TrainingEvent& event : trainer.take()) {
    if (event.plan) {
      plan = *std::move(event.plan);
      has_plan = true;
      planning = false;
    } else if (event.progress) {
      progress = *std::move(event.progress);
      train_losses.push_back(static_cast<float>(progress.train_loss));
      if (progress.valid_loss) valid_losses.push_back(static_cast<float>(*progress.valid_loss));
      if (!progress.expert_load.empty()) load.set(progress.expert_load, progress.n_experts);
    } else if (event.report) {
      training = false;
      trained = event.report->output.empty() ? "nothing was written" : "written: " + event.report->output;
    } else {
      training = planning = false;
      error = event.failure.message();
    }
  }
}

}  // namespace tritium::desktop
