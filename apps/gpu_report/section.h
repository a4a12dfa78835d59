// A section of the report: something that is measured within a share of the time, and says what came of it.
#pragma once

#include <string>
#include <vector>

#include "gpu_report/gpu_report.h"
#include "gpu_report/report.h"
#include "gpu_report/timing.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::gpu_report {

// The device, and what earlier sections measured of it: later ones are seen as fractions of that. 0: not measured.
struct Context {
  int device_index = 0;
  bool tiny = false;  // a software driver: every size is reduced, since only the way through is tried
  uint64_t free_bytes = 0;
  double read_gb_per_second = 0;  // of a buffer that no cache holds
  double upload_gb_per_second = 0;
  double multiply_adds_gop_per_second = 0;  // 32-bit integers, the base kernels' instruction

  LogSink log;

  vulkan::VulkanOptions device() const { return {.device_index = device_index, .log = log}; }
};

// A number for a headline, with three digits.
std::string figure(double value);

// What a section writes to.
class Entry {
 public:
  Entry(Report& report, std::string name, Deadline deadline)
      : report_(report), name_(std::move(name)), deadline_(std::move(deadline)) {}

  const Deadline& deadline() const { return deadline_; }
  void put(const std::string& key, Json value) { report_.put(name_, key, std::move(value)); }
  void add_row(const std::string& table, Json row) { report_.add_row(name_, table, std::move(row)); }
  // For the summary.
  void headline(const std::string& text) { put("headline", text); }
  // Something was left out, and why.
  void cut(const std::string& reason) { reasons_ += (reasons_.empty() ? "" : "; ") + reason; }
  const std::string& reasons() const { return reasons_; }

 private:
  Report& report_;
  std::string name_;
  Deadline deadline_;
  std::string reasons_;
};

struct Section {
  const char* name;
  const char* title;
  const char* about;
  double share;  // of the budget, relative to the others'
  Status (*run)(Context&, Entry&);
};

// In the order in which they run.
const std::vector<Section>& sections();

// What there is of Vulkan on this machine: when no device is found, a report should say why. Descriptions of drivers,
// what the environment says, libraries that load, device files.
Json driver_search();

Status device_section(Context& context, Entry& entry);
Status selftest_section(Context& context, Entry& entry);
Status bandwidth_section(Context& context, Entry& entry);
Status transfers_section(Context& context, Entry& entry);
Status dispatch_section(Context& context, Entry& entry);
Status arithmetic_section(Context& context, Entry& entry);
Status kernels_section(Context& context, Entry& entry);
Status fusions_section(Context& context, Entry& entry);
Status maple_section(Context& context, Entry& entry);
Status qwen3_section(Context& context, Entry& entry);
Status bitnet_section(Context& context, Entry& entry);
Status training_section(Context& context, Entry& entry);

}  // namespace tritium::gpu_report
