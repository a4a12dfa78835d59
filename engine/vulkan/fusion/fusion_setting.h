// FusionSetting: which fusions the environment asks for (TRITIUM_VULKAN_FUSION).
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "tritium/status.hpp"

namespace tritium::vulkan {

struct FusionSetting {
  bool measured = true;                 // nothing is asked for: those that pay
  std::vector<std::string_view> names;  // else these, of fusion_names()

  bool asks_for(std::string_view name) const { return std::ranges::find(names, name) != names.end(); }
};

// "": measured; "0": none; "1": all; "norm_qkv,expert_down": these. invalid_argument names what there is.
Result<FusionSetting> parse_fusion_setting(std::string_view text);

}  // namespace tritium::vulkan
