// A model's file in which some keys, values and tensors are others.
#include "tests/fuzz/model_file.h"
#include "tests/fuzz/use_model.h"

namespace tritium::fuzz {
namespace {

const ModelFile& base(size_t which) {
  static const ModelFile models[] = {small_model("llama", false),   small_model("bitnet", true),
                                     small_model("qwen3moe", true), small_model("maple", true),
                                     small_model("olmoe", false),   small_model("llama", true)};
  return models[which % std::size(models)];
}

}  // namespace

void try_input(std::string_view bytes) {
  Choices choices(bytes);
  ModelFile model = base(choices.take<uint8_t>());
  const uint8_t how = choices.take<uint8_t>() % 16;
  // A step of training costs as much as ten sessions: few of the inputs that a fuzzer makes of one take it.
  const bool trains = how == 0 && (choices.empty() || bytes.back() % 8 == 0);
  const bool changed = !choices.empty();
  change(model, choices);
  const MemoryFile file(model.bytes());
  const bool used = trains ? train_model(file.path()) : use_model(file.path(), how == 8);
  require(used || changed, "an unchanged model can be used");
}

}  // namespace tritium::fuzz
