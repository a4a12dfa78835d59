// Any bytes, and changed adapters, beside a model that is whole.
#include <memory>
#include <span>

#include "backends.h"
#include "format/gguf.h"
#include "model/adapters.h"
#include "model/transformer.h"
#include "tests/fuzz/model_file.h"
#include "tritium/tritium.hpp"

namespace tritium::fuzz {
namespace {

const ModelFile& base() {
  static const ModelFile model = small_model("qwen3moe", false);
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

// The model on a backend, loaded once; each adapter takes the place of the one before.
class LoadedBase {
 public:
  explicit LoadedBase(const std::string& path) : backend_(*make_backend({.backend = "cpu", .threads = 1})) {
    Result<std::unique_ptr<TensorMap>> file = open_gguf(path, {});
    require(file.ok(), "the model is a file");
    const Result<CheckedModel> model = CheckedModel::check(*std::move(file));
    require(model.ok(), "the model is whole");
    config_ = model->config();
    Result<Weights> weights = load_weights(*model, *backend_, {});
    require(weights.ok(), "the model has weights");
    weights_ = *std::move(weights);
  }

  Status adapt(const std::string& path) {
    const Result<std::unique_ptr<TensorMap>> file = open_gguf(path, {});
    if (!file.ok()) return file.status();
    Result<LowRankAdapter> adapter = load_adapter(**file, config_, weights_, *backend_);
    if (!adapter.ok()) return adapter.status();
    adapter_ = *std::move(adapter);
    adapted_ = with_adapter(weights_, config_, adapter_, 1.0f);
    return Status();
  }

  void run(std::span<const int32_t> tokens) {
    const auto n = static_cast<int64_t>(tokens.size());
    Result<ForwardState> state = make_state(config_, adapted_, *backend_, {.capacity = n, .batch = n});
    require(state.ok(), "a model that was loaded has room to run");
    std::vector<float> logits(static_cast<size_t>(config_.vocab_size));
    const Status status = forward(config_, adapted_, *state, *backend_, tokens, 0, Logits::last, logits);
    require(status.ok(), "a model that was loaded runs");
  }

 private:
  std::unique_ptr<Backend> backend_;
  Config config_;
  Weights weights_;
  LowRankAdapter adapter_;
  Weights adapted_;
};

constexpr int32_t kTokens[] = {1, 5};

// As an application does it.
Status load_and_run(const std::string& model_path, const std::string& adapter_path) {
  static const Runtime runtime = *Runtime::create({.backend = "cpu", .threads = 1});
  const Result<Model> model = runtime.load(model_path, {.adapter = adapter_path});
  if (!model.ok()) return model.status();
  Result<Session> session = model->create_session({.context = 8});
  require(session.ok(), "a model that was loaded has sessions");
  (void)session->evaluate(kTokens);
  return Status();
}

}  // namespace

void try_input(std::string_view bytes) {
  static const MemoryFile whole(base().bytes());
  static LoadedBase loaded(whole.path());
  static const ModelFile unchanged = small_adapter();
  Choices choices(bytes);
  const uint8_t how = choices.take<uint8_t>();
  std::string adapter;
  bool whole_adapter = false;
  if (how & 1) {
    adapter = choices.rest();
  } else {
    ModelFile changed = unchanged;
    whole_adapter = choices.empty();
    change(changed, choices);
    adapter = changed.bytes();
  }
  const MemoryFile file(adapter);
  // That costs ten times as much: few of the inputs that a fuzzer makes of one take it.
  const bool by_application = how >= 0xF8 && (bytes.size() < 2 || bytes.back() % 8 == 0);
  const Status status = by_application ? load_and_run(whole.path(), file.path()) : loaded.adapt(file.path());
  require(status.ok() || !whole_adapter, "an unchanged adapter is loaded");
  require(status.ok() || !status.message().empty(), "an error has a message");
  if (status.ok() && !by_application) loaded.run(kTokens);
}

}  // namespace tritium::fuzz
