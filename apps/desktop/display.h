// The window of the system, with Dear ImGui in it.
#pragma once

struct GLFWwindow;

namespace tritium::desktop {

struct App;

class Display {
 public:
  // forced_scale: of letters and sizes, in place of the monitor's; 0: none.
  Display(App& app, float forced_scale);
  ~Display();
  Display(const Display&) = delete;
  Display& operator=(const Display&) = delete;

  GLFWwindow* window() const { return window_; }  // nullptr: it could not be opened, which was said
  // The next frame, in milliseconds: what came to the app, then drawing, up to the swap of buffers.
  double frame();

 private:
  void set_scale();

  App& app_;
  GLFWwindow* window_ = nullptr;
};

}  // namespace tritium::desktop
