#include "desktop/keys.h"

#include <GLFW/glfw3.h>

#include <cctype>

#include "desktop/app.h"

namespace tritium::desktop {
namespace {

App& app_of(GLFWwindow* window) { return *static_cast<App*>(glfwGetWindowUserPointer(window)); }

// The letter that the keyboard's layout has there, or where that is none (Cyrillic), the key's.
char letter_of(int key, int scancode) {
  const char* name = glfwGetKeyName(key, scancode);
  if (name && name[0] > 0 && name[1] == 0) return static_cast<char>(std::tolower(name[0]));
  return key > 0 && key < 128 ? static_cast<char>(std::tolower(key)) : '\0';
}

void on_key(GLFWwindow* window, int key, int scancode, int action, int mods) {
  if (action != GLFW_PRESS) return;
  if (key == GLFW_KEY_ESCAPE) app_of(window).escape();
  if ((mods & GLFW_MOD_CONTROL) != 0) app_of(window).key(letter_of(key, scancode));
}

void on_drop(GLFWwindow* window, int n, const char** paths) {
  if (n > 0) app_of(window).drop(paths[0]);
}

void on_scale(GLFWwindow* window, float scale, float) {
  App& app = app_of(window);
  app.scale = scale;
  app.scale_changed = true;
}

}  // namespace

void listen(GLFWwindow* window, App& app) {
  glfwSetWindowUserPointer(window, &app);
  glfwSetKeyCallback(window, on_key);
  glfwSetDropCallback(window, on_drop);
  glfwSetWindowContentScaleCallback(window, on_scale);
}

}  // namespace tritium::desktop
