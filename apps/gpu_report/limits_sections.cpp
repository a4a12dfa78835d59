// What the device can do at most: reading, transfers, dispatches, multiply-adds.
#include <algorithm>
#include <array>

#include "base/format_text.h"
#include "gpu_report/section.h"
#include "vulkan/device_probe.h"

namespace tritium::gpu_report {
namespace {

using vulkan::DeviceProbe;

constexpr double kGiga = 1e9;
constexpr double kMicro = 1e6;

// A quarter of what is free: the rest of the machine, and a model later, should not be in the way.
bool fits(const Context& context, uint64_t bytes) { return context.free_bytes == 0 || bytes <= context.free_bytes / 4; }

Status read_of_size(DeviceProbe& probe, uint64_t bytes, Context& context, Entry& entry) {
  if (Status s = probe.use_buffer(bytes); !s.ok()) return s;
  constexpr uint32_t kMostRounds = 1 << 16;
  // The whole buffer at least, else the first part of it would do.
  const auto least = static_cast<uint32_t>(std::max<uint64_t>(1, bytes / probe.bytes_of_round()));
  const auto time = best_time(entry.deadline(), kMostRounds, [&](uint32_t n) { return probe.read(n * least); });
  if (!time.ok()) return time.status();
  const double speed = static_cast<double>(least * probe.bytes_of_round()) / time->seconds / kGiga;
  entry.add_row(
      "reads",
      {{"bytes", bytes}, {"read_at_once", time->n * least * probe.bytes_of_round()}, {"gb_per_second", speed}});
  if (context.read_gb_per_second == 0) context.read_gb_per_second = speed;
  return Status();
}

}  // namespace

Status bandwidth_section(Context& context, Entry& entry) {
  auto probe = vulkan::open_device_probe(context.device());
  if (!probe.ok()) return probe.status();
  // The largest first: it is what the others are compared with.
  for (int shift = context.tiny ? 26 : 30; shift >= 16; shift -= 2) {
    const uint64_t bytes = uint64_t{1} << shift;
    if (bytes > (*probe)->largest_read() || !fits(context, bytes)) continue;
    if (context.read_gb_per_second > 0 && entry.deadline().over()) {
      entry.cut(join("buffers up to ", bytes, " bytes were not reached in time"));
      break;
    }
    if (Status s = read_of_size(**probe, bytes, context, entry); !s.ok()) return s;
  }
  entry.put("memory_gb_per_second", context.read_gb_per_second);
  entry.headline(figure(context.read_gb_per_second) + " GB/s of the largest buffer");
  return Status();
}

Status transfers_section(Context& context, Entry& entry) {
  auto probe = vulkan::open_device_probe(context.device());
  if (!probe.ok()) return probe.status();
  const std::array<int, 3> shifts = context.tiny ? std::array{16, 20, 24} : std::array{16, 22, 28};
  double download = 0;
  for (const int shift : shifts) {
    const uint64_t bytes = uint64_t{1} << shift;
    if (!fits(context, bytes)) continue;
    if (Status s = (*probe)->use_buffer(bytes); !s.ok()) return s;
    const auto speed = [&](const auto& once) -> Result<double> {
      const auto time = best_time(entry.deadline(), 1, [&](uint32_t) { return once(); });
      if (!time.ok()) return time.status();
      return static_cast<double>(bytes) / time->seconds / kGiga;
    };
    const Result<double> up = speed([&] { return (*probe)->upload(); });
    if (!up.ok()) return up.status();
    const Result<double> down = speed([&] { return (*probe)->download(); });
    if (!down.ok()) return down.status();
    entry.add_row("transfers", {{"bytes", bytes}, {"upload_gb_per_second", *up}, {"download_gb_per_second", *down}});
    context.upload_gb_per_second = *up;
    download = *down;
  }
  entry.headline(join("up ", figure(context.upload_gb_per_second), " GB/s, down ", figure(download), " GB/s"));
  return Status();
}

Status dispatch_section(Context& context, Entry& entry) {
  auto probe = vulkan::open_device_probe(context.device());
  if (!probe.ok()) return probe.status();
  const int repeats = context.tiny ? 20 : 300;
  std::vector<double> single;
  for (int i = 0; i < repeats && (i < 3 || !entry.deadline().over()); ++i) {
    const auto time = (*probe)->dispatches(1, false);
    if (!time.ok()) return time.status();
    if (i > 0) single.push_back(time->run);  // the first compiles
  }
  std::ranges::sort(single);
  const double median = single[single.size() / 2];
  entry.put("submit_and_fence_best_us", single.front() * kMicro);
  entry.put("submit_and_fence_median_us", median * kMicro);
  std::string line = join("submit and fence ", figure(median * kMicro), " us");
  constexpr uint32_t n = DeviceProbe::kMostDispatches;
  for (const bool dependent : {true, false}) {
    vulkan::DispatchTime best = {1e9, 1e9};
    for (int i = 0; i < 10 && (i < 2 || !entry.deadline().over()); ++i) {
      const auto time = (*probe)->dispatches(n, dependent);
      if (!time.ok()) return time.status();
      best = {std::min(best.record, time->record), std::min(best.run, time->run)};
    }
    const std::string kind = dependent ? "dependent" : "independent";
    const double each = std::max(0.0, best.run - single.front()) / (n - 1) * kMicro;
    entry.add_row(
        "dispatches",
        {{"kind", kind}, {"dispatches", n}, {"record_us_each", best.record / n * kMicro}, {"run_us_each", each}});
    line += join(", ", kind, " dispatch ", figure(each), " us");
  }
  entry.headline(line);
  return Status();
}

Status arithmetic_section(Context& context, Entry& entry) {
  auto probe = vulkan::open_device_probe(context.device());
  if (!probe.ok()) return probe.status();
  constexpr double kOperations = 128.0;  // of an invocation in a round
  constexpr uint32_t kMostRounds = 1 << 16;
  std::string line;
  for (const auto kind : {vulkan::Arithmetic::f32, vulkan::Arithmetic::i32}) {
    const char* name = kind == vulkan::Arithmetic::f32 ? "f32" : "i32";
    const auto time =
        best_time(entry.deadline(), kMostRounds, [&](uint32_t rounds) { return (*probe)->multiply_add(kind, rounds); });
    if (!time.ok()) return time.status();
    const double speed = kOperations * static_cast<double>((*probe)->arithmetic_invocations()) / time->seconds / kGiga;
    entry.add_row("multiply_adds", {{"type", name}, {"gop_per_second", speed}});
    line += join(line.empty() ? "" : ", ", name, " ", figure(speed), " Gop/s");
    context.multiply_adds_gop_per_second = speed;  // i32 is the last
  }
  entry.headline(line);
  return Status();
}

}  // namespace tritium::gpu_report
