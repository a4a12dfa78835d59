// Models whose logits another program has computed, as ../shared/hf lists them, and the backends to compare on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "tests/model_files/npy.h"
#include "tritium/tritium.hpp"

namespace tritium {

struct KnownFolder {
  std::string name;
  std::vector<int32_t> tokens;
  std::vector<std::pair<std::string, std::vector<float>>> logits;  // by mode
};

inline std::vector<int32_t> tokens_of(const Json& json) {
  std::vector<int32_t> tokens;
  for (const Json& t : *json.find("tokens")->array()) tokens.push_back(static_cast<int32_t>(*t.integer()));
  return tokens;
}

// Those of `root`/expected.json; none: it cannot be read.
inline std::vector<KnownFolder> known_folders(const std::filesystem::path& root) {
  std::vector<KnownFolder> folders;
  const Result<std::string> text = read_file((root / "expected.json").string());
  const Result<Json> json = parse_json(text.ok() ? *text : "null");
  if (!json.ok() || !json->object()) return folders;
  for (const Json::Member& m : *json->object()) {
    KnownFolder& folder = folders.emplace_back();
    folder.name = m.name;
    folder.tokens = tokens_of(m.value);
    for (const Json::Member& f : *m.value.find("logits")->object())
      folder.logits.emplace_back(f.name, read_npy((root / *f.value.text()).string()));
  }
  return folders;
}

inline bool has_backend(const std::string& name) {
  for (const DeviceInfo& device : list_devices())
    if (device.backend.starts_with(name) && device.available) return true;
  return false;
}

}  // namespace tritium
