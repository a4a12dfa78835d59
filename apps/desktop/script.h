// Drives the window from a file, a command a line, and measures its frames: how the tests use it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "desktop/app.h"

struct GLFWwindow;

namespace tritium::desktop {

// The frame that was drawn and not yet shown, as a PPM file.
void write_picture(GLFWwindow* window, const std::string& path);

// What follows the first word is one argument, blanks included, up to the end of the line:
//   open PATH | device NAME | drop PATH, scale FACTOR (by the window's own callbacks) | escape | tab N | theme
//   dark|light draft TEXT | send TEXT | stop | again | edit N (a message) | new | set KEY VALUE text PATH | output PATH
//   | train | save (stops the training) wait until: loading (some of it was read), tokens N, reports N, planned, idle,
//   frames N, meet PATH (writes it; goes on when it is gone: what drives the window from outside acts in between) size
//   W H | shot FILE (PPM) | phase NAME | quit
class Script {
 public:
  bool read(const std::string& path);
  // After each frame: its time, and the next commands whose turn it is. False: it has ended.
  bool step(App& app, GLFWwindow* window, double milliseconds);
  // JSON: "phases": {NAME: {"count", "p50_ms", "p95_ms", "max_ms"}}, and what the window shows in the end.
  bool report(const App& app, const std::string& path) const;

 private:
  bool run(App& app, GLFWwindow* window, const std::string& line);  // false: not yet
  bool meets(const std::string& path);

  std::vector<std::string> lines_;
  size_t next_ = 0;
  int waited_ = 0;  // frames
  std::string phase_ = "start";
  std::map<std::string, std::vector<double>> times_;
  std::set<double> fractions_;  // of a load, that frames showed
};

}  // namespace tritium::desktop
