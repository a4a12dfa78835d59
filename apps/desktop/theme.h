// Colours, sizes and letters.
#pragma once

namespace tritium::desktop {

void set_theme(bool dark, float scale);
// DejaVu Sans with Latin, Greek and Cyrillic where it is installed, else the letters that ImGui brings.
void load_font(float scale);

}  // namespace tritium::desktop
