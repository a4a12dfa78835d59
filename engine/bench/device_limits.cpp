// What a Vulkan device can do at most, beside which a profile's operations are seen: reading of several sizes, of which
// caches hold the smaller ones, and multiply-adds of floats.
#include <algorithm>
#include <functional>

#include "base/cancel.h"
#include "base/caught.h"
#include "tritium/bench.hpp"
#include "vulkan/device_probe.h"

namespace tritium {
namespace {

using vulkan::DeviceProbe;

constexpr double kGiga = 1e9;
constexpr double kLongEnough = 0.01;  // seconds of one try: a submission takes a small part of them
constexpr int kTries = 3;

// Seconds of one of what `run` does n times: the shortest of several tries of at most `most`.
Result<double> shortest(uint32_t most, const std::function<Result<double>(uint32_t n)>& run) {
  double best = 0;
  uint32_t n = 1;
  for (int tries = 0; tries < kTries;) {
    check_cancelled();
    const Result<double> seconds = run(n);
    if (!seconds.ok()) return seconds.status();
    if (*seconds < kLongEnough && n < most) {
      n = std::min(most, 4 * n);
      continue;
    }
    const double each = *seconds / n;
    best = tries == 0 ? each : std::min(best, each);
    ++tries;
  }
  return best;
}

Result<MachineLimit> read_limit_of(DeviceProbe& probe, const char* name, uint64_t bytes) {
  if (Status s = probe.use_buffer(bytes); !s.ok()) return s;
  const uint64_t round = probe.bytes_of_round();
  const auto whole = static_cast<uint32_t>(std::max<uint64_t>(1, bytes / round));
  const Result<double> seconds = shortest(1 << 12, [&](uint32_t n) { return probe.read(n * whole); });
  if (!seconds.ok()) return seconds.status();
  return MachineLimit{.name = name, .bytes = bytes, .gb_s = static_cast<double>(whole * round) / *seconds / kGiga};
}

}  // namespace

Result<std::vector<MachineLimit>> device_limits(int device_index, const std::function<bool()>& keep_going) try {
  const CancelScope scope(keep_going);
  const auto probe = vulkan::open_device_probe({.device_index = device_index});
  if (!probe.ok()) return probe.status();
  struct Size {
    const char* name;
    uint64_t bytes;
  };
  std::vector<MachineLimit> limits;
  for (const Size& size : {Size{"read memory", uint64_t{1} << 28},
                           {"read 4 MiB", uint64_t{1} << 22},
                           {"read 256 KiB", uint64_t{1} << 18}}) {
    const Result<MachineLimit> limit =
        read_limit_of(**probe, size.name, std::min(size.bytes, (*probe)->largest_read()));
    if (limit.code() == StatusCode::out_of_memory) continue;
    if (!limit.ok()) return limit.status();
    limits.push_back(*limit);
  }
  constexpr double kOperations = 128;  // of a round
  const Result<double> seconds =
      shortest(1 << 12, [&](uint32_t n) { return (*probe)->multiply_add(vulkan::Arithmetic::f32, n); });
  if (!seconds.ok()) return seconds.status();
  const auto invocations = static_cast<double>((*probe)->arithmetic_invocations());
  limits.push_back({.name = "float fma", .gop_s = kOperations * invocations / *seconds / kGiga});
  return limits;
} catch (const Cancelled&) {
  return cancelled_status();
} catch (...) {
  return caught();
}

}  // namespace tritium
