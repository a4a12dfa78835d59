#include "desktop/display.h"

#include <GLFW/glfw3.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>
#include <imgui_impl_opengl3.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "desktop/app.h"
#include "desktop/keys.h"
#include "desktop/script.h"
#include "desktop/theme.h"

namespace tritium::desktop {
namespace {

constexpr const char* kShaders = "#version 130";  // of OpenGL 3.0
constexpr int kWidth = 960, kHeight = 640, kLeastWidth = 480, kLeastHeight = 360;

// Systems differ in whether a window's sizes are in pixels: where they are not, letters are drawn larger into the
// picture, and shown smaller.
float pixels_per_unit(GLFWwindow* window) {
  int pixels = 0, units = 0, ignored = 0;
  glfwGetFramebufferSize(window, &pixels, &ignored);
  glfwGetWindowSize(window, &units, &ignored);
  return units > 0 ? static_cast<float>(pixels) / static_cast<float>(units) : 1;
}

}  // namespace

Display::Display(App& app, float forced_scale) : app_(app) {
  glfwSetErrorCallback([](int, const char* text) { std::fprintf(stderr, "tritium-desktop: %s\n", text); });
  if (!glfwInit()) return;
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 0);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, forced_scale > 0 ? GLFW_FALSE : GLFW_TRUE);
  const float larger = forced_scale > 0 ? forced_scale : 1;
  window_ = glfwCreateWindow(static_cast<int>(kWidth * larger), static_cast<int>(kHeight * larger), "tritium", nullptr,
                             nullptr);
  if (!window_) return;
  glfwSetWindowSizeLimits(window_, kLeastWidth, kLeastHeight, GLFW_DONT_CARE, GLFW_DONT_CARE);
  glfwMakeContextCurrent(window_);
  glfwSwapInterval(1);
  listen(window_, app_);
  float ignored = 1;
  glfwGetWindowContentScale(window_, &app_.scale, &ignored);
  if (forced_scale > 0) {
    app_.scale = forced_scale;
    glfwSetWindowContentScaleCallback(window_, nullptr);
  }
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui::GetIO().ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  ImGui_ImplGlfw_InitForOpenGL(window_, true);
  ImGui_ImplOpenGL3_Init(kShaders);
}

Display::~Display() {
  if (window_) {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
    glfwDestroyWindow(window_);
  }
  glfwTerminate();
}

void Display::set_scale() {
  ImGui::GetIO().Fonts->Clear();
  load_font(app_.scale);
  ImGui::GetIO().FontGlobalScale = 1 / pixels_per_unit(window_);
  // The old letters go with all that the backend has: of single objects ImGui 1.86 does not make its buffers anew.
  ImGui_ImplOpenGL3_Shutdown();
  ImGui_ImplOpenGL3_Init(kShaders);
  app_.theme_changed = true;
}

double Display::frame() {
  const auto begin = std::chrono::steady_clock::now();
  app_.take_events();
  if (std::exchange(app_.scale_changed, false)) set_scale();
  if (std::exchange(app_.theme_changed, false)) set_theme(app_.dark, app_.scale / pixels_per_unit(window_));
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  ImGui::NewFrame();
  app_.draw();
  ImGui::Render();
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  glViewport(0, 0, width, height);
  glClear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (!app_.shot.empty()) write_picture(window_, std::exchange(app_.shot, {}));
  glfwSwapBuffers(window_);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace tritium::desktop
