// The window's parts, drawn anew each frame from what is known.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>

#include "desktop/app.h"

namespace tritium::desktop {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

// Losses over the reports; both curves by one scale.
void draw_curves(const std::vector<float>& train, const std::vector<float>& valid) {
  if (train.empty()) return;
  const auto [low, high] = std::minmax_element(train.begin(), train.end());
  float least = *low, most = *high;
  for (const float loss : valid) {
    least = std::min(least, loss);
    most = std::max(most, loss);
  }
  const float margin = std::max((most - least) * 0.05F, 1e-3F);
  const ImVec2 size(ImGui::GetContentRegionAvail().x, ImGui::GetTextLineHeight() * 5);
  ImGui::Text("training: %.4f nats a token", static_cast<double>(train.back()));
  ImGui::PlotLines("##train", train.data(), static_cast<int>(train.size()), 0, nullptr, least - margin, most + margin,
                   size);
  if (valid.empty()) return;
  ImGui::Text("held-out: %.4f nats a token", static_cast<double>(valid.back()));
  ImGui::PlotLines("##valid", valid.data(), static_cast<int>(valid.size()), 0, nullptr, least - margin, most + margin,
                   size);
}

}  // namespace

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
  if (!error.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, dark ? ImVec4(1, 0.58F, 0.55F, 1) : ImVec4(0.66F, 0.14F, 0.1F, 1));
    ImGui::TextWrapped("%s", error.c_str());
    ImGui::PopStyleColor();
  }
}

void App::draw_chat() {
  const float em = ImGui::GetFontSize();
  const float below = ImGui::GetFrameHeightWithSpacing() * 2 + em * 3;
  ImGui::BeginChild("messages", ImVec2(0, std::max(ImGui::GetContentRegionAvail().y - below, em * 3)), true);
  for (const ChatMessage& message : messages) {
    ImGui::TextDisabled("%s", message.role == "user" ? "You" : "Model");
    if (!message.reasoning_content.empty()) {
      ImGui::PushStyleColor(ImGuiCol_Text, ImGui::GetStyleColorVec4(ImGuiCol_TextDisabled));
      ImGui::TextWrapped("(thinks) %s", message.reasoning_content.c_str());
      ImGui::PopStyleColor();
    }
    ImGui::TextWrapped("%s", message.content.c_str());
    ImGui::Spacing();
  }
  if (answering) ImGui::SetScrollHereY(1);
  ImGui::EndChild();
  // Enter sends; Ctrl+Enter is a new line.
  if (ImGui::InputTextMultiline("##draft", &draft, ImVec2(-1, em * 3),
                                ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CtrlEnterForNewLine)) {
    send();
    ImGui::SetKeyboardFocusHere(-1);
  }
  ImGui::BeginDisabled(!loaded);
  if (answering ? ImGui::Button("Stop") : ImGui::Button("Send")) answering ? stop() : send();
  ImGui::SameLine();
  if (ImGui::Button("Again")) regenerate();
  ImGui::SameLine();
  if (ImGui::Button("Edit")) edit_last();
  ImGui::EndDisabled();
  ImGui::SameLine();
  ImGui::TextDisabled("%d tokens, %.1f/s", static_cast<int>(tokens), tokens_per_second);
  const float width = std::max((ImGui::GetContentRegionAvail().x - em * 13) / 3, em * 3);
  ImGui::SetNextItemWidth(width);
  ImGui::SliderFloat("temp", &generate.sampler.temperature, 0, 2, "%.2f");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(width);
  ImGui::SliderFloat("top-p", &generate.sampler.top_p, 0.05F, 1, "%.2f");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(width);
  ImGui::InputInt("seed", &seed, 0);
}

void App::draw_training() {
  const float em = ImGui::GetFontSize();
  ImGui::InputTextWithHint("text", "a text file to learn from", &text_path);
  ImGui::InputTextWithHint("save as", "tuned.gguf", &output_path);
  ImGui::SetNextItemWidth(em * 6);
  ImGui::InputInt("steps", &steps);
  steps = std::max(steps, 1);
  ImGui::BeginDisabled(!loaded || training || planning || text_path.empty() || output_path.empty());
  if (ImGui::Button("Plan")) start_training(true);
  ImGui::SameLine();
  ImGui::BeginDisabled(!has_plan);
  if (ImGui::Button("Train")) start_training(false);
  ImGui::EndDisabled();
  ImGui::EndDisabled();
  ImGui::SameLine();
  ImGui::BeginDisabled(!training);
  if (ImGui::Button("Stop and save")) trainer.stop();
  ImGui::EndDisabled();
  if (has_plan)
    ImGui::TextWrapped("plan: %.0f MiB of %.0f free, %lld steps, %lld tokens to learn, %lld held out",
                       static_cast<double>(plan.memory_bytes) / kMiB, static_cast<double>(plan.available_bytes) / kMiB,
                       static_cast<long long>(plan.steps), static_cast<long long>(plan.train_tokens),
                       static_cast<long long>(plan.valid_tokens));
  if (!train_losses.empty())
    ImGui::TextWrapped("step %lld of %lld, %.0f tokens/s, %.0f s left, %.3f %% of trits flipped",
                       static_cast<long long>(progress.step), static_cast<long long>(progress.steps),
                       progress.tokens_per_second, progress.seconds_left, progress.flipped_percent);
  if (!trained.empty()) ImGui::TextWrapped("%s", trained.c_str());
  draw_curves(train_losses, valid_losses);
}

void App::draw() {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.KeyCtrl && ImGui::IsKeyPressed('O', false)) focus_path = true;
  if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Escape), false)) stop();
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::Begin("tritium", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus);
  draw_header();
  const bool chosen = std::exchange(tab_chosen, false);
  const auto flags = [&](Tab one) { return chosen && tab == one ? ImGuiTabItemFlags_SetSelected : 0; };
  if (ImGui::BeginTabBar("tabs")) {
    if (ImGui::BeginTabItem("Chat", nullptr, flags(Tab::chat))) {
      draw_chat();
      ImGui::EndTabItem();
    }
    if (ImGui::BeginTabItem("Experts", nullptr, flags(Tab::experts))) {
      ImGui::BeginChild("experts");
      ImGui::TextUnformatted("Of the latest answer");
      experts.draw();
      ImGui::Separator();
      ImGui::TextUnformatted("Of the fine-tuning");
      load.draw();
      ImGui::EndChild();
      ImGui::EndTabItem();
    }
    if (ImGui::BeginTabItem("Training", nullptr, flags(Tab::training))) {
      ImGui::BeginChild("training");
      draw_training();
      ImGui::EndChild();
      ImGui::EndTabItem();
    }
    ImGui::EndTabBar();
  }
  ImGui::End();
}

}  // namespace tritium::desktop
