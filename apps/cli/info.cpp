#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/print_json.h"
#include "cli/printable.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

using nlohmann::json;

std::string text_of(const std::vector<int64_t>& shape) {
  std::string s;
  for (int64_t d : shape) s += (s.empty() ? "" : " x ") + std::to_string(d);
  return s;
}

json to_json(const ModelInfo& m) {
  json tensors = json::array();
  for (const ModelTensor& t : m.tensors)
    tensors.push_back({{"name", t.name}, {"type", t.type}, {"shape", t.shape}, {"bytes", t.bytes}});
  json memory = json::array();
  for (const MemoryEstimate& e : m.memory)
    memory.push_back({{"backend", e.backend},
                      {"weight_bytes", e.weight_bytes},
                      {"kv_bytes_per_token", e.kv_bytes_per_token},
                      {"work_bytes", e.work_bytes}});
  return {{"path", m.path},
          {"architecture", m.architecture},
          {"name", m.name},
          {"vocab_size", m.vocab_size},
          {"dim", m.dim},
          {"n_layers", m.n_layers},
          {"n_heads", m.n_heads},
          {"n_kv_heads", m.n_kv_heads},
          {"head_dim", m.head_dim},
          {"n_experts", m.n_experts},
          {"n_experts_used", m.n_experts_used},
          {"context_length", m.context_length},
          {"parameters", m.parameters},
          {"active_parameters", m.active_parameters},
          {"ternary_parameters", m.ternary_parameters},
          {"tokenizer", m.has_tokenizer ? json("yes") : json(m.tokenizer_problem)},
          {"warnings", m.warnings},
          {"memory", memory},
          {"tensors", tensors}};
}

void show(const ModelInfo& m, bool all_tensors) {
  const auto count = [](uint64_t n) { return static_cast<double>(n) / 1e6; };
  print_format("%s: %s \"%s\"\n", printable(m.path).c_str(), printable(m.architecture).c_str(),
               printable(m.name).c_str());
  print_format("  %lld layers, dim %lld, %lld heads (%lld kv) of %lld, vocabulary %lld, context %lld\n",
               static_cast<long long>(m.n_layers), static_cast<long long>(m.dim), static_cast<long long>(m.n_heads),
               static_cast<long long>(m.n_kv_heads), static_cast<long long>(m.head_dim),
               static_cast<long long>(m.vocab_size), static_cast<long long>(m.context_length));
  if (m.n_experts > 0)
    print_format("  %lld experts, %lld for each token\n", static_cast<long long>(m.n_experts),
                 static_cast<long long>(m.n_experts_used));
  print_format("  %.2f M parameters, %.2f M of them ternary, %.2f M used by a token\n", count(m.parameters),
               count(m.ternary_parameters), count(m.active_parameters));
  print_format("  tokenizer: %s\n", m.has_tokenizer ? "yes" : printable(m.tokenizer_problem).c_str());
  for (const std::string& warning : m.warnings) print_format("  warning: %s\n", printable(warning).c_str());
  for (const MemoryEstimate& e : m.memory)
    print_format("  memory on %-9s  weights %s, KV cache %s a token, work %s\n", e.backend.c_str(),
                 human_bytes(e.weight_bytes).c_str(), human_bytes(e.kv_bytes_per_token).c_str(),
                 human_bytes(e.work_bytes).c_str());
  std::map<std::string, std::pair<size_t, uint64_t>> types;
  for (const ModelTensor& t : m.tensors) {
    auto& [n, bytes] = types[t.type];
    ++n;
    bytes += t.bytes;
  }
  for (const auto& [type, use] : types)
    print_format("  %-9s %4zu tensors, %s\n", type.c_str(), use.first, human_bytes(use.second).c_str());
  if (!all_tensors) return;
  for (const ModelTensor& t : m.tensors)
    print_format("  %-36s %-8s %-20s %s\n", printable(t.name).c_str(), t.type.c_str(), text_of(t.shape).c_str(),
                 human_bytes(t.bytes).c_str());
}

}  // namespace

void add_info(CLI::App& app, Action& action) {
  struct Options {
    std::string model;
    bool tensors = false;
    bool json = false;
  };
  CLI::App* command = app.add_subcommand("info", "what a model holds and the memory it needs");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "model: a .gguf file, any part of a split one, or a Hugging Face folder")
      ->required();
  command->add_flag("--tensors", options->tensors, "list every tensor");
  command->add_flag("--json", options->json, "everything as JSON");
  command->footer("Example:\n  tritium info model.gguf --tensors");
  command->callback([=, &action] {
    action = [options] {
      const Result<ModelInfo> info = inspect_model(options->model);
      if (!info.ok()) return report(info.status());
      if (options->json) {
        print_json(to_json(*info));
      } else {
        show(*info, options->tensors);
      }
      return kOk;
    };
  });
}

}  // namespace tritium::cli
