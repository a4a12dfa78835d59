// tritium-desktop [MODEL] [--script FILE] [--frames-report FILE]: a window to open a model, chat, and fine-tune.
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <imgui.h>

#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

#include "desktop/app.h"
#include "desktop/script.h"
#include "desktop/theme.h"

namespace tritium::desktop {
namespace {

struct Arguments {
  std::string model, script, report;
};

GLFWwindow* make_window(App& app) {
  glfwSetErrorCallback([](int, const char* text) { std::fprintf(stderr, "tritium-desktop: %s\n", text); });
  if (!glfwInit()) return nullptr;
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 0);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  GLFWwindow* window = glfwCreateWindow(960, 640, "tritium", nullptr, nullptr);
  if (!window) return nullptr;
  glfwSetWindowSizeLimits(window, 480, 360, GLFW_DONT_CARE, GLFW_DONT_CARE);
  glfwMakeContextCurrent(window);
  glfwSwapInterval(1);
  glfwSetWindowUserPointer(window, &app);
  glfwSetDropCallback(window, [](GLFWwindow* on, int n, const char** paths) {
    App& dropped = *static_cast<App*>(glfwGetWindowUserPointer(on));
    if (n > 0) dropped.open(paths[0], dropped.device);
  });
  return window;
}

// One frame, in milliseconds.
double frame(App& app, GLFWwindow* window, float scale) {
  const auto begin = std::chrono::steady_clock::now();
  app.take_events();
  if (std::exchange(app.theme_changed, false)) set_theme(app.dark, scale);
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGui::NewFrame();
  app.draw();
  ImGui::Render();
  int width = 0, height = 0;
  glfwGetFramebufferSize(window, &width, &height);
  glViewport(0, 0, width, height);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (!app.shot.empty()) write_picture(window, std::exchange(app.shot, {}));
  glfwSwapBuffers(window);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

int run(const Arguments& arguments) {
  App app;
  Script script;
  if (!arguments.script.empty() && !script.read(arguments.script)) {
    std::fprintf(stderr, "tritium-desktop: %s cannot be read\n", arguments.script.c_str());
    return 1;
  }
  GLFWwindow* window = make_window(app);
  if (!window) return 1;
  float scale = 1, ignored = 1;
  glfwGetWindowContentScale(window, &scale, &ignored);
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui::GetIO().ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  load_font(scale);
  ImGui_ImplGlfw_InitForOpenGL(window, true);
  ImGui_ImplOpenGL3_Init("#version 130");
  app.models.list();
  if (!arguments.model.empty()) app.open(arguments.model, "auto");
  while (!glfwWindowShouldClose(window)) {
    glfwWaitEventsTimeout(1.0 / 60);
    const double milliseconds = frame(app, window, scale);
    if (!arguments.script.empty() && !script.step(app, window, milliseconds)) break;
  }
  const bool told = arguments.report.empty() || script.report(app, arguments.report);
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplGlfw_Shutdown();
  ImGui::DestroyContext();
  glfwDestroyWindow(window);
  glfwTerminate();
  return told ? 0 : 1;
}

}  // namespace
}  // namespace tritium::desktop

int main(int argc, char** argv) {
  tritium::desktop::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--script" && i + 1 < argc) {
      arguments.script = argv[++i];
    } else if (word == "--frames-report" && i + 1 < argc) {
      arguments.report = argv[++i];
    } else if (word.starts_with("-")) {
      std::fprintf(stderr, "usage: tritium-desktop [MODEL] [--script FILE] [--frames-report FILE]\n");
      return word == "--help" ? 0 : 2;
    } else {
      arguments.model = word;
    }
  }
  return tritium::desktop::run(arguments);
}
