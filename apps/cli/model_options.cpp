#include "cli/model_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "cli/terminal.h"

namespace tritium::cli {

namespace {

// An option that takes one of three names.
template <typename Choice>
void add_choice(CLI::App& command, const std::string& option, Choice& choice,
                const std::array<std::pair<std::string, Choice>, 3>& choices, const std::string& help) {
  command.add_option_function<std::string>(
      option,
      [&choice, option, choices](const std::string& name) {
        const auto found = std::ranges::find(choices, name, &std::pair<std::string, Choice>::first);
        if (found == choices.end())
          throw CLI::ValidationError(option, "\"" + name + "\" is not known; take " + choices[0].first + ", " +
                                                 choices[1].first + " or " + choices[2].first);
        choice = found->second;
      },
      help);
}

}  // namespace

void add_activations(CLI::App& command, Activations& activations) {
  add_choice<Activations>(
      command, "--activations", activations,
      {{{"int8", Activations::int8}, {"int8-block", Activations::int8_block}, {"f32", Activations::f32}}},
      "inputs of ternary products: int8 (per token) | int8-block (per 256) | f32 (default int8)");
}

void add_kv(CLI::App& command, KvCacheType& kv) {
  add_choice<KvCacheType>(
      command, "--kv", kv, {{{"f16", KvCacheType::f16}, {"int8", KvCacheType::int8}, {"f32", KvCacheType::f32}}},
      "keys and values are kept as f16 | int8 (a scale for each head and token) | f32 (default f16)");
}

void add_layout(CLI::App& command, WeightLayout& layout) {
  add_choice<WeightLayout>(
      command, "--layout", layout,
      {{{"auto", WeightLayout::automatic}, {"2bit", WeightLayout::two_bit}, {"base3", WeightLayout::base3}}},
      "trits in the cpu's memory: 2bit | base3 (1.6 bits, AVX-512 VBMI) | auto: base3 for large weights where a "
      "measurement finds it faster (default auto)");
}

void add_machine_options(CLI::App& command, ModelOptions& options) {
  command.add_option("--backend", options.runtime.backend, "auto | reference | cpu | vulkan | vulkan:INDEX")
      ->capture_default_str();
  command.add_option("--threads", options.runtime.threads, "threads of the cpu backend; 0: all physical cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_flag("--pin", options.runtime.pin, "each thread of the cpu backend stays on a processor of its own");
  add_activations(command, options.activations);
  add_kv(command, options.kv);
  add_layout(command, options.runtime.layout);
  command.add_flag("--i2s-64", options.load.i2s_interleave_64,
                   "I2_S codes are interleaved 64 per 16 bytes (Arm files)");
  command.add_option("--pre", options.load.tokenizer_pre,
                     "how a byte-level vocabulary splits text, instead of what the file says: llama-bpe, qwen2 …");
  command.add_flag("--cache{auto}", options.load.cache,
                   "keep the weights as the backend wants them, to load them at once the next time: beside the model, "
                   "or in the user's cache folder where that cannot be written; --cache=FOLDER: there");
  command.add_flag("-v,--verbose", options.verbose, "say on stderr what happens");
}

void add_model_options(CLI::App& command, ModelOptions& options) {
  command.add_option("MODEL", options.model, "model: a .gguf file, any part of a split one, or a Hugging Face folder")
      ->required();
  add_machine_options(command, options);
  command.add_option("--lora", options.load.adapter, "GGUF file of LoRA adapters, used beside the model's weights");
  command.add_option("--lora-strength", options.load.adapter_strength, "multiplies what the adapters add")
      ->capture_default_str();
}

Result<Model> load_into(const Runtime& runtime, ModelOptions options) {
  ProgressLine line("loading " + options.model);
  options.load.progress = [&](double fraction) {
    line.show(fraction);
    return !interrupted();
  };
  options.load.keep_going = keep_going;
  return runtime.load(options.model, options.load);
}

Result<LoadedModel> load(ModelOptions options) {
  options.runtime.log = log_sink(options.verbose);
  Result<Runtime> runtime = Runtime::create(options.runtime, options.debug);
  if (!runtime.ok()) return runtime.status();
  Result<Model> model = load_into(*runtime, std::move(options));
  if (!model.ok()) return model.status();
  return LoadedModel{*std::move(runtime), *std::move(model)};
}

Result<std::vector<int32_t>> parse_tokens(const std::string& text) {
  std::vector<int32_t> tokens;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    while (at != end && (*at == ' ' || *at == ',' || *at == '\t' || *at == '\n')) ++at;
    if (at == end) break;
    int32_t token = 0;
    const auto [stop, problem] = std::from_chars(at, end, token);
    const bool separated = stop == end || *stop == ' ' || *stop == ',' || *stop == '\t' || *stop == '\n';
    if (problem != std::errc() || !separated)
      return Status(StatusCode::invalid_argument, "--tokens: \"" + std::string(at, end).substr(0, 20) +
                                                      "\" is not a token id; give numbers like \"1 403 7\"");
    tokens.push_back(token);
    at = stop;
  }
  if (tokens.empty())
    return Status(StatusCode::invalid_argument, "--tokens is empty; give at least one token id, like \"1\"");
  return tokens;
}

}  // namespace tritium::cli
