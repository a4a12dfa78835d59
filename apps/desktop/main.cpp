// tritium-desktop [MODEL] [--scale FACTOR] [--script FILE] [--frames-report FILE]: a window to open a model, chat, and
// fine-tune.
#include <GLFW/glfw3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "desktop/app.h"
#include "desktop/display.h"
#include "desktop/script.h"

namespace tritium::desktop {
namespace {

constexpr double kFrame = 1.0 / 60, kIdle = 0.25;  // seconds; a caret blinks, and what comes unasked is shown
constexpr int kFramesToSettle = 8;                 // of Dear ImGui, after something was pressed

struct Arguments {
  std::string model, script, report;
  float scale = 0;
};

// Waits for the next frame: no longer than that where something moves.
void wait(const App& app, bool is_driven, int& settling) {
  const bool moves = is_driven || app.is_busy() || settling > 0;
  const auto began = std::chrono::steady_clock::now();
  glfwWaitEventsTimeout(moves ? kFrame : kIdle);
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - began;
  if (waited.count() < (moves ? kFrame : kIdle) * 0.9)
    settling = kFramesToSettle;  // something came
  else if (settling > 0)
    --settling;
}

int run(const Arguments& arguments) {
  App app;
  Script script;
  if (!arguments.script.empty() && !script.read(arguments.script)) {
    std::fprintf(stderr, "tritium-desktop: %s cannot be read\n", arguments.script.c_str());
    return 1;
  }
  Display display(app, arguments.scale);
  if (!display.window()) return 1;
  app.models.list();
  if (!arguments.model.empty()) app.open(arguments.model, "auto");
  int settling = kFramesToSettle;
  while (!glfwWindowShouldClose(display.window())) {
    wait(app, !arguments.script.empty(), settling);
    const double milliseconds = display.frame();
    if (!arguments.script.empty() && !script.step(app, display.window(), milliseconds)) break;
  }
  return arguments.report.empty() || script.report(app, arguments.report) ? 0 : 1;
}

constexpr const char* kUsage =
    "usage: tritium-desktop [MODEL] [--scale FACTOR] [--script FILE] [--frames-report FILE]\n"
    "  MODEL                 a GGUF file or a folder\n"
    "  --scale FACTOR        of letters and sizes, 0.5 to 4, in place of the monitor's\n"
    "  --script FILE         does what it says, and ends (apps/desktop/script.h)\n"
    "  --frames-report FILE  in the end: JSON with the times of frames, and what the window showed\n"
    "Keys: Enter sends, Shift+Enter and Ctrl+Enter are a new line, Esc stops a load or an answer and leaves an edit,\n"
    "Ctrl+O goes to the model's path, Ctrl+R answers again, Ctrl+E edits the last message, Ctrl+N begins anew,\n"
    "Ctrl+1, 2, 3: chat, experts, training.\n";

}  // namespace
}  // namespace tritium::desktop

int main(int argc, char** argv) {
  tritium::desktop::Arguments arguments;
  bool is_wrong = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") {
      std::fputs(tritium::desktop::kUsage, stdout);
      return 0;
    }
    if (word == "--script" && i + 1 < argc)
      arguments.script = argv[++i];
    else if (word == "--frames-report" && i + 1 < argc)
      arguments.report = argv[++i];
    else if (word == "--scale" && i + 1 < argc)
      is_wrong |= (arguments.scale = std::strtof(argv[++i], nullptr)) < 0.5F || arguments.scale > 4;
    else if (word.starts_with("-"))
      is_wrong = true;
    else
      arguments.model = word;
  }
  if (!is_wrong) return tritium::desktop::run(arguments);
  std::fputs(tritium::desktop::kUsage, stderr);
  return 2;
}
