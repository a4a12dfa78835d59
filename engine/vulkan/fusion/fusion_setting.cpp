#include "vulkan/fusion/fusion_setting.h"

#include "base/format_text.h"
#include "ops/fusion.h"

namespace tritium::vulkan {

Result<FusionSetting> parse_fusion_setting(std::string_view text) {
  if (text.empty()) return FusionSetting();
  if (text == "0") return FusionSetting{.measured = false, .names = {}};
  if (text == "1") return FusionSetting{.measured = false, .names = fusion_names()};
  FusionSetting setting = {.measured = false, .names = {}};
  std::string_view rest = text;
  for (;;) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const auto known = std::ranges::find(fusion_names(), rest.substr(0, comma));
    if (known == fusion_names().end()) {
      std::string names;
      for (const std::string_view name : fusion_names()) names += join(", ", name);
      return error(StatusCode::invalid_argument, "TRITIUM_VULKAN_FUSION=", text, ": there is no fusion \"",
                   rest.substr(0, comma), "\"; 0 (none), 1 (all), or, with commas between them:", names.substr(1));
    }
    setting.names.push_back(*known);
    if (comma == rest.size()) return setting;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace tritium::vulkan
