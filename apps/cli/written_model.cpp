#include "cli/written_model.h"

#include <map>
#include <nlohmann/json.hpp>

#include "cli/print_json.h"
#include "cli/printable.h"

namespace tritium::cli {
namespace {

using nlohmann::json;

json to_json(const WrittenModel& w, const std::string& output) {
  json tensors = json::array();
  for (const WrittenTensor& t : w.tensors)
    tensors.push_back({{"name", t.name},
                       {"from", t.from},
                       {"type", t.type},
                       {"bytes", t.bytes},
                       {"rms_error", t.rms_error},
                       {"relative_error", t.relative_error},
                       {"note", t.note}});
  return {{"output", output}, {"bytes", w.bytes}, {"warnings", w.warnings}, {"tensors", tensors}};
}

void show_tensor(const WrittenTensor& t) {
  const bool exact = t.rms_error == 0;
  print_format("  %-36s %-9s -> %-8s %10s", printable(t.name).c_str(), printable(t.from).c_str(), t.type.c_str(),
               human_bytes(t.bytes).c_str());
  if (!exact) print_format("  rms error %.3g (%.3g of the values)", t.rms_error, t.relative_error);
  print_format("%s%s\n", t.note.empty() ? "" : "  ", printable(t.note).c_str());
}

// How many tensors became what, and the worst of them.
void show_types(const WrittenModel& w) {
  struct Group {
    size_t n = 0;
    uint64_t bytes = 0;
    double worst = 0;
  };
  std::map<std::pair<std::string, std::string>, Group> groups;
  for (const WrittenTensor& t : w.tensors) {
    Group& g = groups[{t.from, t.type}];
    ++g.n;
    g.bytes += t.bytes;
    g.worst = std::max(g.worst, t.relative_error);
  }
  for (const auto& [types, g] : groups) {
    print_format("  %-9s -> %-8s %4zu tensors, %s", printable(types.first).c_str(), types.second.c_str(), g.n,
                 human_bytes(g.bytes).c_str());
    print_format(g.worst > 0 ? ", relative rms error up to %.3g\n" : "\n", g.worst);
  }
}

}  // namespace

void print_written(const WrittenModel& w, const std::string& output, bool as_json, bool all_tensors) {
  if (as_json) {
    print_json(to_json(w, output));
    return;
  }
  print_format("%s: %zu tensors, %s\n", printable(output).c_str(), w.tensors.size(), human_bytes(w.bytes).c_str());
  show_types(w);
  for (const WrittenTensor& t : w.tensors)
    if (all_tensors || !t.note.empty()) show_tensor(t);
  for (const std::string& warning : w.warnings) print_format("  warning: %s\n", printable(warning).c_str());
}

}  // namespace tritium::cli
