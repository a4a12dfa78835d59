// Commands of a test, and the figures of its frames.
#include "desktop/script.h"

#include <GLFW/glfw3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

namespace tritium::desktop {
namespace {

double quantile(const std::vector<double>& sorted, double q) {
  return sorted[std::min(static_cast<size_t>(q * static_cast<double>(sorted.size())), sorted.size() - 1)];
}

void set(App& app, const std::string& words) {
  std::istringstream stream(words);
  std::string key;
  double value = 0;
  stream >> key >> value;
  const int n = static_cast<int>(value);
  TrainingSettings& settings = app.settings;
  if (key == "temperature") app.generate.sampler.temperature = static_cast<float>(value);
  if (key == "max_tokens") app.generate.max_tokens = n;
  if (key == "steps") settings.steps = n;
  if (key == "context") settings.context = n;
  if (key == "batch") settings.batch = n;
  if (key == "rate") settings.rate = static_cast<float>(value);
  if (key == "learns") app.choose(static_cast<Learns>(n));
  if (key == "experts") settings.experts = static_cast<Experts>(n);
  if (key == "n_experts") settings.n_experts = n;
}

// As the system calls what the window listens with.
void drop(GLFWwindow* window, const std::string& path) {
  const GLFWdropfun listener = glfwSetDropCallback(window, nullptr);
  glfwSetDropCallback(window, listener);
  const char* paths[] = {path.c_str()};
  listener(window, 1, paths);
}

void change_scale(GLFWwindow* window, const std::string& words) {
  float scale = 1;
  std::istringstream(words) >> scale;
  const GLFWwindowcontentscalefun listener = glfwSetWindowContentScaleCallback(window, nullptr);
  glfwSetWindowContentScaleCallback(window, listener);
  listener(window, scale, scale);
}

using Command = std::function<void(App&, GLFWwindow*, const std::string& rest)>;

const std::map<std::string, Command>& commands() {
  static const std::map<std::string, Command> all = {
      {"open", [](App& app, GLFWwindow*, const std::string& rest) { app.open(rest, app.device); }},
      {"device", [](App& app, GLFWwindow*, const std::string& rest) { app.open(app.path, rest); }},
      {"drop", [](App&, GLFWwindow* window, const std::string& rest) { drop(window, rest); }},
      {"scale", [](App&, GLFWwindow* window, const std::string& rest) { change_scale(window, rest); }},
      {"escape", [](App& app, GLFWwindow*, const std::string&) { app.escape(); }},
      {"draft", [](App& app, GLFWwindow*, const std::string& rest) { app.draft = rest; }},
      {"send",
       [](App& app, GLFWwindow*, const std::string& rest) {
         app.draft = rest;
         app.send();
       }},
      {"stop", [](App& app, GLFWwindow*, const std::string&) { app.stop(); }},
      {"again", [](App& app, GLFWwindow*, const std::string&) { app.regenerate(); }},
      {"edit", [](App& app, GLFWwindow*, const std::string& rest) { app.edit(std::stoul("0" + rest)); }},
      {"new", [](App& app, GLFWwindow*, const std::string&) { app.start_anew(); }},
      {"set", [](App& app, GLFWwindow*, const std::string& rest) { set(app, rest); }},
      {"text", [](App& app, GLFWwindow*, const std::string& rest) { app.settings.text = rest; }},
      {"output", [](App& app, GLFWwindow*, const std::string& rest) { app.settings.output = rest; }},
      {"train", [](App& app, GLFWwindow*, const std::string&) { app.start_training(); }},
      {"save", [](App& app, GLFWwindow*, const std::string&) { app.trainer.stop(); }},
      {"tab",
       [](App& app, GLFWwindow*, const std::string& rest) { app.key(static_cast<char>('1' + std::stoi("0" + rest))); }},
      {"theme",
       [](App& app, GLFWwindow*, const std::string& rest) {
         app.dark = rest == "dark";
         app.theme_changed = true;
       }},
      {"size",
       [](App&, GLFWwindow* window, const std::string& rest) {
         int width = 0, height = 0;
         if (std::istringstream(rest) >> width >> height) glfwSetWindowSize(window, width, height);
       }},
      {"shot", [](App& app, GLFWwindow*, const std::string& rest) { app.shot = rest; }},
  };
  return all;
}

nlohmann::ordered_json figures(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {{"count", times.size()},
          {"p50_ms", quantile(times, 0.5)},
          {"p95_ms", quantile(times, 0.95)},
          {"max_ms", times.back()}};
}

nlohmann::ordered_json training_of(const App& app) {
  nlohmann::ordered_json json = {{"steps", app.settings.steps}, {"context", app.settings.context},
                                 {"batch", app.settings.batch}, {"rate", app.settings.rate},
                                 {"text", app.settings.text},   {"output", app.settings.output},
                                 {"losses", app.train_losses},  {"held_out_losses", app.valid_losses},
                                 {"written", app.written},      {"error", app.plan_error}};
  json["plan"] = nullptr;
  if (app.plan)
    json["plan"] = {{"memory_bytes", app.plan->memory_bytes},
                    {"available_bytes", app.plan->available_bytes},
                    {"steps", app.plan->steps}};
  return json;
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

bool Script::meets(const std::string& path) {
  if (waited_ == 0) std::ofstream(path) << "here\n";
  std::error_code problem;
  return waited_ > 0 && !std::filesystem::exists(path, problem);
}

bool Script::run(App& app, GLFWwindow* window, const std::string& line) {
  const size_t blank = std::min(line.find(' '), line.size());
  const std::string command = line.substr(0, blank);
  const std::string rest = line.substr(std::min(blank + 1, line.size()));
  const auto known = commands().find(command);
  if (known != commands().end()) {
    known->second(app, window, rest);
    return true;
  }
  int n = 0;
  std::istringstream(rest) >> n;
  if (command == "loading") return (app.fraction > 0 && app.fraction < 1) || !app.loading;
  if (command == "tokens") return app.tokens >= n || !app.answering;
  if (command == "reports") return static_cast<int>(app.train_losses.size()) >= n || !app.training;
  if (command == "planned") return app.is_planned();
  if (command == "idle") return !app.is_busy();
  if (command == "frames") return waited_ >= n;
  if (command == "meet") return meets(rest);
  if (command == "phase") phase_ = rest;
  if (command == "quit") next_ = lines_.size();
  return true;
}

bool Script::step(App& app, GLFWwindow* window, double milliseconds) {
  times_[phase_].push_back(milliseconds);
  if (app.loading) fractions_.insert(app.fraction);
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
  for (const auto& [phase, times] : times_) json["phases"][phase] = figures(times);
  json["loading_seen"] = fractions_;
  json["path"] = app.path;
  json["backend"] = app.backend;
  json["loaded"] = app.loaded;
  json["error"] = app.error;
  json["chat"] = json["thoughts"] = json["asked"] = nlohmann::ordered_json::array();
  for (const ChatMessage& message : app.messages) {
    json["chat"].push_back(message.content);
    json["thoughts"].push_back(message.reasoning_content);
  }
  for (const Asked& one : app.asked) json["asked"].push_back({{"prompt", one.prompt_tokens}, {"new", one.evaluated}});
  json["draft"] = app.draft;
  json["ended"] = app.ended;
  json["left_out"] = app.left_out;
  json["training"] = training_of(app);
  json["scale"] = app.scale;
  json["letters"] = app.letters;
  std::ofstream file(path);
  file << json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  return file.good();
}

}  // namespace tritium::desktop
