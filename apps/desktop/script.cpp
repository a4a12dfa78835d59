// Commands of a test, and the figures of its frames.
#include "desktop/script.h"

#include <GLFW/glfw3.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace tritium::desktop {
namespace {

double quantile(const std::vector<double>& sorted, double q) {
  return sorted[std::min(static_cast<size_t>(q * static_cast<double>(sorted.size())), sorted.size() - 1)];
}

}  // namespace

// The rows of OpenGL begin at the bottom.
void write_picture(GLFWwindow* window, const std::string& path) {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window, &width, &height);
  std::vector<unsigned char> pixels(static_cast<size_t>(width) * static_cast<size_t>(height) * 3);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE, pixels.data());
  std::ofstream file(path, std::ios::binary);
  file << "P6\n" << width << ' ' << height << "\n255\n";
  const auto row = static_cast<std::streamsize>(width) * 3;
  for (int y = height - 1; y >= 0; --y) file.write(reinterpret_cast<const char*>(pixels.data()) + y * row, row);
}

bool Script::read(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines_.push_back(line);
  return file.eof();
}

bool Script::run(App& app, GLFWwindow* window, const std::string& line) {
  std::istringstream words(line);
  std::string command, rest;
  words >> command >> std::ws;
  std::getline(words, rest);
  std::istringstream values(rest);
  int n = 0, m = 0;
  if (command == "open") app.open(rest, app.device);
  if (command == "device") app.open(app.path, rest);
  if (command == "send") {
    app.draft = rest;
    app.send();
  }
  if (command == "stop") app.stop();
  if (command == "regenerate") app.regenerate();
  if (command == "edit") app.edit_last();
  if (command == "plan") {
    values >> app.text_path >> app.output_path >> app.steps;
    app.start_training(true);
  }
  if (command == "train") app.start_training(false);
  if (command == "tab" && values >> n) {
    app.tab = static_cast<Tab>(n);
    app.tab_chosen = true;
  }
  if (command == "theme") {
    app.dark = rest == "dark";
    app.theme_changed = true;
  }
  if (command == "size" && values >> n >> m) glfwSetWindowSize(window, n, m);
  if (command == "tokens" && values >> n) return app.tokens >= n || !app.answering;
  if (command == "reports" && values >> n) return static_cast<int>(app.train_losses.size()) >= n || !app.training;
  if (command == "idle") return !app.loading && !app.answering && !app.training && !app.planning;
  if (command == "frames" && values >> n) return waited_ >= n;
  if (command == "shot") app.shot = rest;
  if (command == "phase") phase_ = rest;
  if (command == "quit") next_ = lines_.size();
  return true;
}

bool Script::step(App& app, GLFWwindow* window, double milliseconds) {
  times_[phase_].push_back(milliseconds);
  while (next_ < lines_.size()) {
    if (!app.shot.empty()) return true;
    const std::string line = lines_[next_];
    if (!run(app, window, line)) {
      ++waited_;
      return true;
    }
    waited_ = 0;
    ++next_;
  }
  return !app.shot.empty();
}

bool Script::report(const App& app, const std::string& path) const {
  nlohmann::ordered_json json;
  for (const auto& [phase, times] : times_) {
    std::vector<double> sorted = times;
    std::sort(sorted.begin(), sorted.end());
    json["phases"][phase] = {{"count", sorted.size()},
                             {"p50_ms", quantile(sorted, 0.5)},
                             {"p95_ms", quantile(sorted, 0.95)},
                             {"max_ms", sorted.back()}};
  }
  json["chat"] = nlohmann::ordered_json::array();
  for (const ChatMessage& message : app.messages) json["chat"].push_back(message.content);
  json["losses"] = app.train_losses;
  json["held_out_losses"] = app.valid_losses;
  json["backend"] = app.backend;
  json["error"] = app.error;
  std::ofstream file(path);
  file << json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  return file.good();
}

}  // namespace tritium::desktop
