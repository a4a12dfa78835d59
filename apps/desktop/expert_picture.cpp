// A cell for each expert of each layer, the more of its layer's tokens the stronger.
#include "desktop/expert_picture.h"

#include <imgui.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace tritium::desktop {

void ExpertShares::reset(int64_t n_experts) {
  n_experts_ = n_experts;
  n_layers_ = 0;
  amounts_.clear();
}

void ExpertShares::count(std::span<const int32_t> experts, int64_t n_used) {
  if (n_used < 1 || n_experts_ < 1) return;
  const auto layers = static_cast<int64_t>(experts.size()) / n_used;
  n_layers_ = std::max(n_layers_, layers);
  amounts_.resize(static_cast<size_t>(n_layers_ * n_experts_));
  for (int64_t slot = 0; slot < layers * n_used; ++slot) {
    const int64_t expert = experts[static_cast<size_t>(slot)];
    if (expert >= 0 && expert < n_experts_) amounts_[static_cast<size_t>(slot / n_used * n_experts_ + expert)] += 1;
  }
}

void ExpertShares::set(std::span<const float> shares, int64_t n_experts) {
  reset(n_experts);
  if (n_experts < 1) return;
  n_layers_ = static_cast<int64_t>(shares.size()) / n_experts;
  amounts_.assign(shares.begin(), shares.begin() + n_layers_ * n_experts);
}

void ExpertShares::draw() const {
  if (amounts_.empty()) {
    ImGui::TextWrapped("Nothing yet: the picture comes with the tokens of a mixture of experts.");
    return;
  }
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  const float line = ImGui::GetTextLineHeight();
  const float labels = line * 2;
  const float width = std::max((ImGui::GetContentRegionAvail().x - labels) / static_cast<float>(n_experts_), 2.0F);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec4 full = ImGui::GetStyleColorVec4(ImGuiCol_PlotHistogram);
  for (int64_t layer = 0; layer < n_layers_; ++layer) {
    const double* row = amounts_.data() + layer * n_experts_;
    const double all = std::accumulate(row, row + n_experts_, 0.0);
    const double most = *std::max_element(row, row + n_experts_);
    const float y = origin.y + line * static_cast<float>(layer);
    list->AddText(ImVec2(origin.x, y), ImGui::GetColorU32(ImGuiCol_TextDisabled), std::to_string(layer).c_str());
    for (int64_t expert = 0; expert < n_experts_; ++expert) {
      const ImVec2 from(origin.x + labels + width * static_cast<float>(expert), y);
      const ImVec2 to(from.x + std::max(width - 1, 1.0F), y + line - 1);
      const double strength = most > 0 ? row[expert] / most : 0;
      list->AddRectFilled(from, to, ImGui::GetColorU32(ImGuiCol_FrameBg));
      list->AddRectFilled(from, to, ImGui::GetColorU32(ImVec4(full.x, full.y, full.z, static_cast<float>(strength))));
      if (ImGui::IsMouseHoveringRect(from, to))
        ImGui::SetTooltip("layer %d, expert %d: %.1f %%", static_cast<int>(layer), static_cast<int>(expert),
                          all > 0 ? 100 * row[expert] / all : 0.0);
    }
  }
  ImGui::Dummy(ImVec2(1, line * static_cast<float>(n_layers_)));
  ImGui::PushStyleColor(ImGuiCol_Text, ImGui::GetStyleColorVec4(ImGuiCol_TextDisabled));
  ImGui::TextWrapped("rows: layers; columns: %d experts; the stronger, the more of the layer's tokens",
                     static_cast<int>(n_experts_));
  ImGui::PopStyleColor();
}

}  // namespace tritium::desktop
