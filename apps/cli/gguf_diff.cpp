#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/print_json.h"
#include "cli/printable.h"
#include "cli/terminal.h"
#include "tritium/convert.hpp"

namespace tritium::cli {
namespace {

using nlohmann::json;

json to_json(const ModelDifference& d) {
  json keys = json::array(), tensors = json::array();
  for (const KeyDifference& k : d.keys)
    keys.push_back({{"key", k.key},
                    {"first", k.first ? json(*k.first) : json()},
                    {"second", k.second ? json(*k.second) : json()}});
  for (const TensorDifference& t : d.tensors)
    tensors.push_back({{"name", t.name},
                       {"kind", t.kind},
                       {"first", t.first},
                       {"second", t.second},
                       {"values", t.values},
                       {"trits", t.trits},
                       {"largest", t.largest},
                       {"rms", t.rms},
                       {"relative", t.relative}});
  return {{"same", d.same()}, {"tensors_compared", d.tensors_compared}, {"keys", keys}, {"tensors", tensors}};
}

void show(const ModelDifference& d) {
  for (const KeyDifference& k : d.keys)
    print_format("key %s: %s | %s\n", printable(k.key).c_str(), k.first ? printable(*k.first).c_str() : "not there",
                 k.second ? printable(*k.second).c_str() : "not there");
  for (const TensorDifference& t : d.tensors) {
    print_format("tensor %s: %s", printable(t.name).c_str(), t.kind.c_str());
    if (!t.first.empty()) print_format(", %s", printable(t.first).c_str());
    if (!t.second.empty() && t.second != t.first) print_format(" | %s", printable(t.second).c_str());
    if (t.values > 0)
      print_format(": %lld values differ, by at most %.4g, rms %.4g (%.4g of the values)",
                   static_cast<long long>(t.values), t.largest, t.rms, t.relative);
    if (t.trits > 0) print_format(", %lld trits", static_cast<long long>(t.trits));
    print("\n");
  }
  print_format("%lld tensors compared, %zu differ; %zu keys differ\n", static_cast<long long>(d.tensors_compared),
               d.tensors.size(), d.keys.size());
}

}  // namespace

void add_gguf_diff(CLI::App& app, Action& action) {
  struct Options {
    std::string first, second;
    bool json = false;
  };
  CLI::App* command = app.add_subcommand("gguf-diff", "what differs between two models: keys, and values of tensors");
  auto options = std::make_shared<Options>();
  command->add_option("FIRST", options->first, "model: a .gguf file, any part of a split one, or a folder")->required();
  command->add_option("SECOND", options->second, "another")->required();
  command->add_flag("--json", options->json, "everything as JSON");
  command->footer(
      "Exit codes: 0 they are the same, 1 they differ or cannot be read, 2 wrong usage.\n"
      "Example:\n"
      "  tritium gguf-diff model.gguf small.gguf");
  command->callback([=, &action] {
    action = [options] {
      catch_interrupt();
      const Result<ModelDifference> difference = diff_models(options->first, options->second, keep_going);
      if (!difference.ok()) return report(difference.status());
      if (options->json) {
        print_json(to_json(*difference));
      } else {
        show(*difference);
      }
      return difference->same() ? kOk : kFailed;
    };
  });
}

}  // namespace tritium::cli
