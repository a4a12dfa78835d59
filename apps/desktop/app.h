// What the window shows, and what a person, or a script, can do with it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "desktop/expert_picture.h"
#include "desktop/model_worker.h"
#include "desktop/training_worker.h"

namespace tritium::desktop {

enum class Tab { chat, experts, training };

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
  std::string draft;
  GenerateOptions generate{.max_tokens = 1024};
  int seed = 0;
  int64_t tokens = 0;
  double tokens_per_second = 0;
  std::chrono::steady_clock::time_point began;
  ExpertShares experts;

  // ---- the fine-tuning
  TrainingWorker trainer;
  std::string text_path, output_path;
  int steps = 100;
  bool training = false, planning = false;
  TrainPlan plan;
  bool has_plan = false;
  TrainProgress progress;
  std::vector<float> train_losses, valid_losses;
  std::string trained;  // what became of it
  ExpertShares load;

  // ---- the window
  bool dark = true, theme_changed = true, focus_path = false;
  Tab tab = Tab::chat;
  bool tab_chosen = false;
  std::string shot;  // the file that the next frame is written to

  void open(const std::string& model, const std::string& on);
  void send();
  void regenerate();
  void edit_last();
  void stop();
  void start_training(bool only_plan);
  void take_events();
  void draw();

 private:
  void answer();
  void take(ModelEvent& event);
  void draw_header();
  void draw_chat();
  void draw_training();
};

}  // namespace tritium::desktop
