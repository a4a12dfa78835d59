// How a folder's tensors are packed, as its config.json says.
#include "format/folder/folder_quantization.h"

namespace tritium {
namespace {

MlxPacking read_packing(ConfigReader& json, const MlxPacking& usual) {
  MlxPacking packing;
  packing.bits = static_cast<int>(json.integer_or("bits", usual.bits, 1, 32));
  packing.group_size = json.integer_or("group_size", usual.group_size, 1, 1 << 20);
  const std::string mode = json.text_or("mode", "affine");
  json.refuse(mode != "affine", "mode", "is \"" + mode + "\"; supported: affine");
  json.refuse(packing.bits != 2 && packing.bits != 4 && packing.bits != 8, "bits",
              join("is ", packing.bits, "; supported: 2, 4, 8"));
  return packing;
}

void read_mlx(ConfigReader& config, std::string_view name, FolderQuantization& q) {
  const Json& json = *config.find(name);
  ConfigReader usual(json, std::string(name) + ".");
  q.mlx = true;
  usual.require(usual.has("bits") && usual.has("group_size"), "bits", "and group_size are needed");
  q.packing = read_packing(usual, {.bits = 2, .group_size = 64});
  config.take(usual.status());
  for (const Json::Member& m : *json.object()) {
    if (!m.value.object()) continue;  // false: the module is not packed, which its tensors show
    ConfigReader module(m.value, join(name, ".", m.name, "."));
    q.packing_of[m.name] = read_packing(module, q.packing);
    config.take(module.status());
  }
}

void read_bitnet(ConfigReader& config, FolderQuantization& q) {
  ConfigReader json(*config.find("quantization_config"), "quantization_config.");
  q.bitnet = true;
  const std::string linear = json.text_or("linear_class", "bitlinear");
  json.refuse(linear != "bitlinear" && linear != "autobitlinear", "linear_class",
              "is \"" + linear + "\"; supported: bitlinear, autobitlinear");
  q.divide = linear == "bitlinear";
  const std::string mode = json.text_or("quantization_mode", "offline");
  json.refuse(mode != "offline" && mode != "online", "quantization_mode",
              "is \"" + mode + "\"; supported: offline, online");
  q.online = mode == "online";
  json.refuse(json.boolean_or("use_rms_norm", false), "use_rms_norm",
              "is true: an RMS norm within each linear layer, which is not implemented");
  q.not_converted = json.texts("modules_to_not_convert");
  config.take(json.status());
}

}  // namespace

FolderQuantization read_folder_quantization(ConfigReader& config) {
  FolderQuantization q;
  for (const char* name : {"quantization", "quantization_config"}) {
    const Json* json = config.find(name);
    if (!json) continue;
    config.require(json->object() != nullptr, name, "must be an object");
    if (!json->object()) return q;
    const Json* method = json->find("quant_method");
    if (!method && json->find("bits")) {
      read_mlx(config, name, q);
      return q;
    }
    const std::string called = method && method->text() ? *method->text() : "";
    config.refuse(called != "bitnet", name,
                  "has the method \"" + called + "\"; supported: bitnet, and MLX's bits and group_size");
    if (called == "bitnet") read_bitnet(config, q);
    return q;
  }
  return q;
}

}  // namespace tritium
