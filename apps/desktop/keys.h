// Keys of the whole window, and what is dropped on it. To be set before Dear ImGui's own, which hand on to these.
#pragma once

struct GLFWwindow;

namespace tritium::desktop {

struct App;

void listen(GLFWwindow* window, App& app);

}  // namespace tritium::desktop
