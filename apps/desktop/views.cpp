// The window's parts, drawn anew each frame from what is known.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "desktop/app.h"

namespace tritium::desktop {

void draw_problem(const std::string& text, bool dark) {
  ImGui::PushStyleColor(ImGuiCol_Text, dark ? ImVec4(1, 0.58F, 0.55F, 1) : ImVec4(0.66F, 0.14F, 0.1F, 1));
  ImGui::TextWrapped("%s", text.c_str());
  ImGui::PopStyleColor();
}

void App::draw_header() {
  const float room = ImGui::GetContentRegionAvail().x;
  const float em = ImGui::GetFontSize();
  ImGui::SetNextItemWidth(std::max(room - em * 17, em * 10));
  if (std::exchange(focus_path, false)) ImGui::SetKeyboardFocusHere();
  const bool entered = ImGui::InputTextWithHint("##path", "model: a GGUF file or a folder; or drop it here", &path,
                                                ImGuiInputTextFlags_EnterReturnsTrue);
  ImGui::SameLine();
  if (loading) {
    if (ImGui::Button("Cancel")) stop();
  } else if (ImGui::Button("Open") || entered) {
    open(path, device);
  }
  ImGui::SameLine();
  ImGui::SetNextItemWidth(em * 7);
  if (ImGui::BeginCombo("##device", device.c_str())) {
    if (ImGui::Selectable("auto", device == "auto")) open(path, "auto");
    for (const DeviceInfo& one : devices) {
      ImGui::BeginDisabled(!one.available);
      const std::string label = one.backend + "  " + (one.available ? one.description : one.reason);
      if (ImGui::Selectable(label.c_str(), device == one.backend)) open(path, one.backend);
      ImGui::EndDisabled();
    }
    ImGui::EndCombo();
  }
  ImGui::SameLine();
  if (ImGui::Button(dark ? "Light" : "Dark")) {
    dark = !dark;
    theme_changed = true;
  }
  if (loading) ImGui::ProgressBar(static_cast<float>(fraction), ImVec2(-1, 0));
  if (loaded)
    ImGui::TextDisabled("%s %s on %s: %.1f M weights%s", info.architecture.c_str(), info.name.c_str(), backend.c_str(),
                        static_cast<double>(info.parameters) / 1e6,
                        has_template ? "" : "; no chat template: it goes on with your text");
  if (!error.empty()) draw_problem(error, dark);
}

void App::draw_tabs() {
  const bool chosen = std::exchange(tab_chosen, false);
  const auto begin = [&](const char* label, Tab one) {
    if (!ImGui::BeginTabItem(label, nullptr, chosen && tab == one ? ImGuiTabItemFlags_SetSelected : 0)) return false;
    shown_ = one;
    return true;
  };
  if (!ImGui::BeginTabBar("tabs")) return;
  if (begin("Chat", Tab::chat)) {
    draw_chat();
    ImGui::EndTabItem();
  }
  if (begin("Experts", Tab::experts)) {
    ImGui::BeginChild("experts");
    ImGui::TextUnformatted("Of the latest answer");
    experts.draw();
    ImGui::Separator();
    ImGui::TextUnformatted("Of the fine-tuning");
    load.draw();
    ImGui::EndChild();
    ImGui::EndTabItem();
  }
  if (begin("Training", Tab::training)) {
    ImGui::BeginChild("training");
    draw_training();
    ImGui::EndChild();
    ImGui::EndTabItem();
  }
  ImGui::EndTabBar();
  if (!chosen) tab = shown_;
}

void App::draw() {
  letters = ImGui::GetFontSize();
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
  ImGui::Begin("tritium", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus);
  draw_header();
  draw_tabs();
  ImGui::End();
}

}  // namespace tritium::desktop
