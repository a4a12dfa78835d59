// Any bytes, and changed adapters, beside a model that is whole.
#include <algorithm>

#include "tests/fuzz/model_file.h"
#include "tritium/tritium.hpp"

namespace tritium::fuzz {
namespace {

const ModelFile& base() {
  static const ModelFile model = small_model("qwen3moe", true);
  return model;
}

std::string text_value(std::string_view text) {
  const auto kind = uint32_t{8};
  const uint64_t size = text.size();
  std::string bytes(reinterpret_cast<const char*>(&kind), sizeof kind);
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  return bytes.append(text);
}

// Matrices of rank 2 for those of the model, with zeros in them.
ModelFile small_adapter() {
  ModelFile file;
  const auto add = [&file](const std::string& name, std::vector<uint64_t> dims) {
    uint64_t elements = 1;
    for (uint64_t d : dims) elements *= d;
    file.tensors.push_back({name, std::move(dims), 0, file.data.size()});
    file.data.resize(file.data.size() + elements * 4);
  };
  for (const char* name : {"general.architecture", "general.type", "adapter.type"})
    file.keys.push_back({name, text_value(std::string_view(name) == "general.type"   ? "adapter"
                                          : std::string_view(name) == "adapter.type" ? "lora"
                                                                                     : "qwen3moe")});
  constexpr float kAlpha = 4.0f;
  const auto kind = uint32_t{6};
  std::string alpha(reinterpret_cast<const char*>(&kind), sizeof kind);
  file.keys.push_back({"adapter.lora.alpha", alpha.append(reinterpret_cast<const char*>(&kAlpha), sizeof kAlpha)});
  for (const RawTensor& of : base().tensors) {
    const bool adaptable = of.name.find("attn_") != of.name.npos || of.name.find("_exps") != of.name.npos;
    if (of.dims.size() < 2 || !adaptable) continue;
    std::vector<uint64_t> a = of.dims, b = of.dims;
    a[1] = b[0] = 2;
    add(of.name + ".lora_a", a);
    add(of.name + ".lora_b", b);
  }
  return file;
}

}  // namespace

void try_input(std::string_view bytes) {
  static const MemoryFile whole(base().bytes());
  static const Runtime runtime = *Runtime::create({.backend = "cpu", .threads = 1});
  static const ModelFile unchanged = small_adapter();
  Choices choices(bytes);
  std::string adapter;
  bool whole_adapter = false;
  if (choices.flag()) {
    adapter = choices.rest();
  } else {
    ModelFile changed = unchanged;
    whole_adapter = choices.empty();
    change(changed, choices);
    adapter = changed.bytes();
  }
  const MemoryFile file(adapter);
  const Result<Model> model = runtime.load(whole.path(), {.adapter = file.path()});
  require(model.ok() || !whole_adapter, "an unchanged adapter is loaded");
  if (!model.ok()) return;
  Result<Session> session = model->create_session({.context = 8});
  require(session.ok(), "a model that was loaded has sessions");
  const int32_t tokens[] = {1, 5};
  (void)session->evaluate(tokens);
}

}  // namespace tritium::fuzz
