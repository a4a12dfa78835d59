// The device: what it says about itself.
#include "base/format_text.h"
#include "gpu_report/section.h"
#include "vulkan/device/device_details.h"

namespace tritium::gpu_report {
namespace {

template <typename Value>
Json object_of(const std::vector<std::pair<std::string, Value>>& pairs) {
  Json object = Json::object();
  for (const auto& [key, value] : pairs) object[key] = value;
  return object;
}

Json rows_of(const std::vector<vulkan::CooperativeMatrixRow>& rows) {
  Json all = Json::array();
  for (const vulkan::CooperativeMatrixRow& r : rows)
    all.push_back({{"m", r.m},
                   {"n", r.n},
                   {"k", r.k},
                   {"a", r.a},
                   {"b", r.b},
                   {"c", r.c},
                   {"result", r.result},
                   {"scope", r.scope},
                   {"saturating", r.saturating}});
  return all;
}

void put_memory(const vulkan::DeviceDetails& d, Entry& entry) {
  for (size_t i = 0; i < d.heaps.size(); ++i)
    entry.add_row("memory_heaps", {{"heap", i},
                                   {"bytes", d.heaps[i].bytes},
                                   {"device_local", d.heaps[i].device_local},
                                   {"budget", d.heaps[i].budget},
                                   {"used", d.heaps[i].used}});
  for (size_t i = 0; i < d.memory_types.size(); ++i)
    entry.add_row("memory_types",
                  {{"type", i}, {"heap", d.memory_types[i].heap}, {"properties", d.memory_types[i].properties}});
}

}  // namespace

Status device_section(Context& context, Entry& entry) {
  const Json search = driver_search();
  entry.put("environment", search["environment"]);
  entry.put("driver_files", search["driver_files"]);
  const Result<vulkan::DeviceDetails> details = vulkan::device_details(context.device_index);
  if (!details.ok()) return details.status();
  const vulkan::DeviceDetails& d = *details;
  entry.put("name", d.description.name);
  entry.put("driver", d.description.driver);
  entry.put("vulkan", d.description.api_version);
  entry.put("type", d.description.type);
  entry.put("free_bytes", context.free_bytes);
  entry.put("timestamp_period_ns", d.timestamp_period_ns);
  entry.put("queue_families", d.queue_families);
  entry.put("limits", object_of(d.numbers));
  entry.put("features", object_of(d.features));
  put_memory(d, entry);
  entry.put("cooperative_matrix_source", d.cooperative_matrix_source);
  entry.put("cooperative_matrices", rows_of(d.cooperative_matrices));
  entry.put("extensions", d.extensions);
  entry.headline(join(d.description.name, ", ", d.description.driver, ", ", d.cooperative_matrices.size(),
                      " cooperative matrix shapes"));
  return Status();
}

}  // namespace tritium::gpu_report
