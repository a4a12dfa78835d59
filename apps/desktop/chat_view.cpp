// The conversation, and the text that comes next.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <utility>

#include "desktop/app.h"

namespace tritium::desktop {
namespace {

// Once for each text that was put in place of what was typed.
int caret_to_the_end(ImGuiInputTextCallbackData* text) {
  auto& wanted = *static_cast<bool*>(text->UserData);
  if (std::exchange(wanted, false)) text->CursorPos = text->SelectionStart = text->SelectionEnd = text->BufTextLen;
  return 0;
}

void draw_dimmed(const char* text) {
  ImGui::PushStyleColor(ImGuiCol_Text, ImGui::GetStyleColorVec4(ImGuiCol_TextDisabled));
  ImGui::TextWrapped("%s", text);
  ImGui::PopStyleColor();
}

}  // namespace

void App::draw_message(size_t at) {
  const ChatMessage& message = messages[at];
  const bool is_users = message.role == "user";
  ImGui::PushID(static_cast<int>(at));
  if (at < left_out)
    ImGui::TextDisabled(is_users ? "You (left out: the context is too short)" : "Model (left out)");
  else
    ImGui::TextDisabled(is_users ? "You" : "Model");
  ImGui::SameLine();
  if (ImGui::SmallButton("Copy")) ImGui::SetClipboardText(message.content.c_str());
  if (is_users) {
    ImGui::SameLine();
    ImGui::BeginDisabled(answering);
    if (ImGui::SmallButton("Edit")) edit(at);
    ImGui::EndDisabled();
  }
  if (!message.reasoning_content.empty()) {
    ImGui::SetNextItemOpen(true, ImGuiCond_Once);
    if (ImGui::TreeNode("Thoughts")) {
      draw_dimmed(message.reasoning_content.c_str());
      ImGui::TreePop();
    }
  }
  ImGui::TextWrapped("%s", message.content.c_str());
  ImGui::Spacing();
  ImGui::PopID();
}

// Enter sends; with Shift or Ctrl it is a new line.
void App::draw_draft() {
  const ImGuiIO& io = ImGui::GetIO();
  if (editing) {
    ImGui::TextDisabled("In place of your message %d, and what follows it", static_cast<int>(*editing) / 2 + 1);
    ImGui::SameLine();
    if (ImGui::SmallButton("Keep as it was")) cancel_edit();
  }
  static bool caret_at_end = false;
  ImGui::PushID(draft_version);
  if (std::exchange(focus_draft, false)) {
    ImGui::SetKeyboardFocusHere();
    caret_at_end = true;
  }
  const std::string typed = draft;
  const int sends = ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_CtrlEnterForNewLine;
  const bool entered = ImGui::InputTextMultiline("##draft", &draft, ImVec2(-1, ImGui::GetFontSize() * 3),
                                                 ImGuiInputTextFlags_CallbackAlways | (io.KeyShift ? 0 : sends),
                                                 caret_to_the_end, &caret_at_end);
  ImGui::PopID();
  // Dear ImGui takes back what was typed; a person who stops an answer goes on with it.
  if (std::exchange(escaped, false) && draft != typed) set_draft(typed);
  if (entered && !io.KeyShift) {
    send();
    focus_draft = true;
  }
}

void App::draw_chat() {
  const float em = ImGui::GetFontSize();
  const float below = ImGui::GetFrameHeightWithSpacing() * (editing ? 3.0F : 2.0F) + em * 3.5F;
  ImGui::BeginChild("messages", ImVec2(0, std::max(ImGui::GetContentRegionAvail().y - below, em * 3)), true);
  const bool at_end = ImGui::GetScrollY() >= ImGui::GetScrollMaxY() - em;
  for (size_t at = 0; at < messages.size(); ++at) draw_message(at);
  if (!ended.empty()) ImGui::TextDisabled("(%s)", ended.c_str());
  if (answering && at_end) ImGui::SetScrollHereY(1);
  ImGui::EndChild();
  draw_draft();
  ImGui::BeginDisabled(!loaded);
  if (answering ? ImGui::Button("Stop") : ImGui::Button("Send")) answering ? stop() : send();
  ImGui::BeginDisabled(answering || messages.empty());
  ImGui::SameLine();
  if (ImGui::Button("Again")) regenerate();
  ImGui::SameLine();
  if (ImGui::Button("New")) start_anew();
  ImGui::EndDisabled();
  ImGui::EndDisabled();
  ImGui::SameLine();
  ImGui::TextDisabled("%d tokens, %.1f/s", static_cast<int>(tokens), tokens_per_second);
  if (!asked.empty() && !answering && ImGui::IsItemHovered())
    ImGui::SetTooltip("%d tokens before the answer, %d of them new", static_cast<int>(asked.back().prompt_tokens),
                      static_cast<int>(asked.back().evaluated));
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

}  // namespace tritium::desktop
