#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/print_json.h"
#include "cli/terminal.h"

namespace tritium::cli {
namespace {

nlohmann::json to_json(const DeviceInfo& d) {
  return {{"backend", d.backend},     {"description", d.description},
          {"driver", d.driver},       {"available", d.available},
          {"reason", d.reason},       {"software", d.software},
          {"auto", d.chosen_by_auto}, {"memory_bytes", d.memory_bytes},
          {"features", d.features}};
}

void show(const DeviceInfo& d) {
  print_format("%c %-12s %s\n", d.chosen_by_auto ? '*' : ' ', d.backend.c_str(),
               d.available ? d.description.c_str() : ("not available: " + d.reason).c_str());
  const auto line = [](const std::string& text) {
    if (!text.empty()) print_format("  %-12s %s\n", "", text.c_str());
  };
  if (!d.available) line(d.description);
  line(d.driver);
  if (d.memory_bytes > 0) line(human_bytes(d.memory_bytes) + " of memory");
  std::string features;
  for (const std::string& f : d.features) features += (features.empty() ? "" : ", ") + f;
  line(features);
  if (d.software) line("software driver: used only when named");
}

int devices(bool json) {
  const std::vector<DeviceInfo> all = list_devices();
  if (json) {
    nlohmann::json list = nlohmann::json::array();
    for (const DeviceInfo& d : all) list.push_back(to_json(d));
    print_json(list);
    return kOk;
  }
  for (const DeviceInfo& d : all) show(d);
  print_format("(*: what --backend auto takes)\n");
  return kOk;
}

}  // namespace

void add_devices(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("devices", "every backend and device, and which one auto takes");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "a JSON array on stdout");
  command->footer("Example:\n  tritium devices --json");
  command->callback([=, &action] { action = [json] { return devices(*json); }; });
}

}  // namespace tritium::cli
