// Drives the window from a file, a command a line, and measures its frames: how the tests use it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "desktop/app.h"

struct GLFWwindow;

namespace tritium::desktop {

// The frame that was drawn and not yet shown, as a PPM file.
void write_picture(GLFWwindow* window, const std::string& path);

// open PATH | device NAME | send TEXT | stop | regenerate | edit | plan TEXT OUTPUT STEPS | train | tab N | theme
// dark|light | size W H | tokens N, reports N, idle: wait until so many | frames N: wait | shot FILE (PPM) | phase NAME
// | quit
class Script {
 public:
  bool read(const std::string& path);
  // After each frame: its time, and the next commands whose turn it is. False: it has ended.
  bool step(App& app, GLFWwindow* window, double milliseconds);
  // {"phases": {NAME: {"count", "p50_ms", "p95_ms", "max_ms"}}, "chat": [TEXT, …], "losses": […], "error": TEXT}
  bool report(const App& app, const std::string& path) const;

 private:
  bool run(App& app, GLFWwindow* window, const std::string& line);  // false: not yet

  std::vector<std::string> lines_;
  size_t next_ = 0;
  int waited_ = 0;  // frames
  std::string phase_ = "start";
  std::map<std::string, std::vector<double>> times_;
};

}  // namespace tritium::desktop
