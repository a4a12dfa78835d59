// Dark and light.
#include "desktop/theme.h"

#include <imgui.h>

#include <filesystem>

namespace tritium::desktop {

void set_theme(bool dark, float scale) {
  ImGuiStyle style;
  style.FrameRounding = style.WindowRounding = 4;
  style.FramePadding = ImVec2(8, 4);
  if (dark)
    ImGui::StyleColorsDark(&style);
  else
    ImGui::StyleColorsLight(&style);
  style.Colors[ImGuiCol_PlotHistogram] = dark ? ImVec4(0.36F, 0.84F, 0.72F, 1) : ImVec4(0.04F, 0.42F, 0.36F, 1);
  style.Colors[ImGuiCol_PlotLines] = dark ? ImVec4(0.94F, 0.65F, 0.38F, 1) : ImVec4(0.61F, 0.27F, 0, 1);
  style.Colors[ImGuiCol_TextDisabled] = dark ? ImVec4(0.66F, 0.66F, 0.63F, 1) : ImVec4(0.36F, 0.35F, 0.32F, 1);
  style.Colors[ImGuiCol_FrameBg] = dark ? ImVec4(0.18F, 0.21F, 0.21F, 1) : ImVec4(0.88F, 0.87F, 0.84F, 1);
  style.ScaleAllSizes(scale);
  ImGui::GetStyle() = style;
}

void load_font(float scale) {
  static constexpr ImWchar kRanges[] = {0x20, 0x24F, 0x370, 0x52F, 0x1E00, 0x1EFF, 0x2010, 0x205E, 0x20A0, 0x20BF, 0};
  ImFontAtlas& fonts = *ImGui::GetIO().Fonts;
  for (const char* path : {"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans.ttf",
                           "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf"}) {
    std::error_code problem;
    if (std::filesystem::exists(path, problem) && fonts.AddFontFromFileTTF(path, 15 * scale, nullptr, kRanges)) return;
  }
  ImFontConfig config;
  config.SizePixels = 13 * scale;
  fonts.AddFontDefault(&config);
}

}  // namespace tritium::desktop
