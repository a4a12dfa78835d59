// What the window shows, and what a person, or a script, can do with it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "desktop/expert_picture.h"
#include "desktop/model_worker.h"
#include "desktop/training_settings.h"
#include "desktop/training_worker.h"

namespace tritium::desktop {

enum class Tab { chat, experts, training };

// Of an answer: how long its prompt was, and how much of it the session did not have yet.
struct Asked {
  int64_t prompt_tokens = 0, evaluated = 0;
};

struct App {
  // ---- the model
  ModelWorker models;
  std::vector<DeviceInfo> devices;
  std::string path, device = "auto", backend, error;
  ModelInfo info;
  uint64_t request = 0;  // the one whose events count
  bool loading = false, loaded = false, answering = false, has_template = false;
  double fraction = 0;

  // ---- the conversation
  std::vector<ChatMessage> messages;
  std::string draft, draft_before;
  int draft_version = 0;          // another one where the text is not what was typed
  std::optional<size_t> editing;  // the message that the draft takes the place of, with all that follows it
  GenerateOptions generate{.max_tokens = 1024};
  int seed = 0;
  int64_t tokens = 0;
  double tokens_per_second = 0;
  std::chrono::steady_clock::time_point began;
  std::string ended;  // why the answer is not longer
  size_t left_out = 0;
  std::vector<Asked> asked;
  ExpertShares experts;

  // ---- the fine-tuning
  TrainingWorker trainer;
  TrainingSettings settings;
  std::optional<TrainingSettings> planned;  // those of the plan, be it made or under way
  std::optional<TrainPlan> plan;
  bool training = false, planning = false;
  std::string plan_error;
  TrainProgress progress;
  std::vector<float> train_losses, valid_losses;
  std::string trained, written;  // what became of it; the file
  ExpertShares load;

  // ---- the window
  bool dark = true, theme_changed = true, focus_path = false, focus_draft = true, escaped = false;
  float scale = 1;  // of letters and sizes
  float letters = 0;
  bool scale_changed = true;
  Tab tab = Tab::chat;
  bool tab_chosen = false;
  std::string shot;  // the file that the next frame is written to

  void open(const std::string& model, const std::string& on);
  void drop(const std::string& dropped);
  void key(char letter);  // with Ctrl
  void escape();
  bool is_busy() const { return loading || answering || training || planning; }

  void send();
  void regenerate();
  void edit(size_t message);
  void edit_last();
  void cancel_edit();
  void start_anew();
  void stop();

  bool is_planned() const { return planned == settings && !planning; }
  void start_training();
  void choose(Learns learns);

  void take_events();
  void draw();

 private:
  void answer();
  void set_draft(std::string text);
  void take(ModelEvent& event);
  void take(TrainingEvent& event);
  void follow_settings();
  TrainingJob job() const;
  void draw_header();
  void draw_tabs();
  void draw_message(size_t at);
  void draw_draft();
  void draw_chat();
  void draw_training();
  void draw_settings();
  void draw_plan() const;

  Tab shown_ = Tab::chat;
  uint64_t job_ = 0;  // of the training, whose events count
  TrainingSettings watched_;
  std::chrono::steady_clock::time_point changed_;
};

// In the colour of errors.
void draw_problem(const std::string& text, bool dark);

}  // namespace tritium::desktop
