// What can be done with a model and a conversation, and what comes of it.
#include "desktop/app.h"

#include <algorithm>
#include <utility>

namespace tritium::desktop {
namespace {

std::string why_it_ended(StopReason reason) {
  if (reason == StopReason::max_tokens) return "the longest answer that is asked for";
  if (reason == StopReason::context_full) return "the context is full";
  return reason == StopReason::cancelled ? "stopped" : "";
}

}  // namespace

void App::open(const std::string& model, const std::string& on) {
  path = model;
  device = on;
  error.clear();
  loaded = answering = false;
  loading = true;
  fraction = 0;
  request = models.open(path, device);
}

// Where a text is asked for, what is no GGUF file is one.
void App::drop(const std::string& dropped) {
  if (tab == Tab::training && !dropped.ends_with(".gguf"))
    settings.text = dropped;
  else
    open(dropped, device);
}

void App::set_draft(std::string text) {
  draft = std::move(text);
  ++draft_version;
  focus_draft = true;
}

void App::key(char letter) {
  if (letter == 'o') focus_path = true;
  if (letter == 'r') regenerate();
  if (letter == 'e') edit_last();
  if (letter == 'n') start_anew();
  if (letter >= '1' && letter <= '3') {
    tab = static_cast<Tab>(letter - '1');
    tab_chosen = true;
  }
}

// A training is not for Esc to end.
void App::escape() {
  escaped = true;
  if (loading || answering)
    stop();
  else
    cancel_edit();
}

void App::answer() {
  error.clear();
  ended.clear();
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
  if (editing) messages.resize(*std::exchange(editing, std::nullopt));
  messages.push_back({.role = "user", .content = std::exchange(draft, {})});
  set_draft(std::exchange(draft_before, {}));
  answer();
}

void App::regenerate() {
  if (!loaded || answering || messages.empty()) return;
  cancel_edit();
  if (messages.back().role == "assistant") messages.pop_back();
  if (seed >= 0) ++seed;  // another answer
  answer();
}

// The turns that follow go when the text is sent, and not before.
void App::edit(size_t message) {
  if (answering || message >= messages.size() || messages[message].role != "user") return;
  if (!editing) draft_before = draft;
  editing = message;
  set_draft(messages[message].content);
}

void App::edit_last() {
  for (size_t message = messages.size(); message-- > 0;)
    if (messages[message].role == "user") return edit(message);
}

void App::cancel_edit() {
  if (!editing) return;
  editing.reset();
  set_draft(std::exchange(draft_before, {}));
}

void App::start_anew() {
  if (answering) return;
  cancel_edit();
  messages.clear();
  ended.clear();
  error.clear();
  left_out = 0;
}

// What is stopped goes on to tell how it ended.
void App::stop() {
  if (loading || answering) models.stop();
}

void App::take(ModelEvent& event) {
  using Kind = ModelEvent::Kind;
  if (event.kind == Kind::devices) devices = std::move(event.devices);
  if (event.kind == Kind::devices || event.request != request) return;
  if (event.kind == Kind::loading) fraction = event.fraction;
  if (event.kind == Kind::loaded) {
    loading = false;
    loaded = focus_draft = true;
    backend = event.backend;
    info = std::move(event.info);
    has_template = event.has_template;
    const std::string text = std::move(settings.text);
    settings = suggested_settings(info);
    settings.text = text;
    planned.reset();
    plan.reset();
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
    ended = why_it_ended(event.generation.stop);
    left_out = event.left_out;
    asked.push_back({event.prompt_tokens, event.generation.prompt_tokens});
    // Vocabularies write a space before the first word.
    std::string& text = messages.back().content;
    if (has_template) text.erase(0, std::min(text.find_first_not_of(" \n"), text.size()));
  }
  if (event.kind == Kind::failed) {
    error = event.status.code() == StatusCode::cancelled ? "stopped" : event.status.message();
    const bool is_empty = messages.empty() || messages.back().content.empty();
    if (answering && is_empty && messages.back().reasoning_content.empty()) messages.pop_back();
    loading = answering = false;
  }
}

void App::take_events() {
  for (ModelEvent& event : models.take()) take(event);
  for (TrainingEvent& event : trainer.take()) take(event);
  follow_settings();
}

}  // namespace tritium::desktop
