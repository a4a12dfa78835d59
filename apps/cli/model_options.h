// Options that several commands share: which model, which backend, which arithmetic.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tritium/debug.hpp"
#include "tritium/tritium.hpp"

namespace tritium::cli {

struct ModelOptions {
  std::string model;
  RuntimeOptions runtime;
  DebugOptions debug;
  LoadOptions load;
  Activations activations = Activations::int8;
  KvCacheType kv = KvCacheType::f16;
  bool verbose = false;
};

void add_activations(CLI::App& command, Activations& activations);
void add_layout(CLI::App& command, WeightLayout& layout);
void add_kv(CLI::App& command, KvCacheType& kv);
void add_model_options(CLI::App& command, ModelOptions& options);
// Those of them that are not about one model: backend, arithmetic, how files are read.
void add_machine_options(CLI::App& command, ModelOptions& options);

struct LoadedModel {
  Runtime runtime;
  Model model;
};

// With a progress line; Ctrl-C cancels.
Result<Model> load_into(const Runtime& runtime, ModelOptions options);
// Opens the backend and loads the model.
Result<LoadedModel> load(ModelOptions options);

// "1 403 7", commas too. invalid_argument names what is not a token id.
Result<std::vector<int32_t>> parse_tokens(const std::string& text);

}  // namespace tritium::cli
