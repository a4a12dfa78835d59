#include "vulkan/device_probe.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <vector>

#include "shaders/params/probe.h"
#include "vulkan/gpu.h"
#include "vulkan/kernel.h"
#include "vulkan/ops/grid.h"

namespace tritium::vulkan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kVector = 16;        // bytes an invocation reads at once
constexpr uint32_t kReadsOfRound = 4;   // of an invocation
constexpr uint32_t kMostGroups = 4096;  // more invocations than any GPU has in flight

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class GpuProbe final : public DeviceProbe {
 public:
  explicit GpuProbe(std::unique_ptr<Gpu> gpu) : gpu_(std::move(gpu)) {}

  Status prepare();
  uint64_t largest_read() const override { return std::bit_floor(gpu_->recorder().limits().storage_range); }
  Status use_buffer(uint64_t bytes) override;
  Result<double> read(uint32_t rounds) override;
  uint64_t bytes_of_round() const override { return uint64_t{groups()} * kWorkgroup * kReadsOfRound * kVector; }
  Result<double> upload() override;
  Result<double> download() override;
  Result<double> multiply_add(Arithmetic arithmetic, uint32_t rounds) override;
  uint64_t arithmetic_invocations() const override { return uint64_t{groups()} * kWorkgroup; }
  Result<DispatchTime> dispatches(uint32_t n, bool dependent) override;

 private:
  uint32_t groups() const { return std::min(kMostGroups, gpu_->recorder().limits().groups[0]); }
  Status touch(const Tensor& tensor);
  // Wall clock of `record`, which records commands, and of all that is recorded.
  template <typename Record>
  Result<double> timed(const Record& record);

  std::unique_ptr<Gpu> gpu_;
  Tensor result_;
  Tensor buffer_;
  std::vector<Tensor> touched_;
  std::vector<std::byte> host_;
};

Status GpuProbe::prepare() {
  const auto make = [&](Tensor& tensor, const char* name) {
    Result<Tensor> made = gpu_->allocate({4}, DType::i32, name);
    if (made.ok()) tensor = *made;
    return made.status();
  };
  touched_.resize(kMostDispatches);
  for (Tensor& tensor : touched_)
    if (Status s = make(tensor, "touched"); !s.ok()) return s;
  if (Status s = make(result_, "probe result"); !s.ok()) return s;
  return gpu_->finish();
}

template <typename Record>
Result<double> GpuProbe::timed(const Record& record) {
  if (Status s = gpu_->finish(); !s.ok()) return s;
  const auto start = Clock::now();
  if (Status s = record(); !s.ok()) return s;
  if (Status s = gpu_->finish(); !s.ok()) return s;
  return seconds_since(start);
}

Status GpuProbe::use_buffer(uint64_t bytes) {
  buffer_ = {};
  Result<Tensor> made = gpu_->allocate({static_cast<int64_t>(bytes / sizeof(uint32_t))}, DType::i32, "probe buffer");
  if (!made.ok()) return made.status();
  buffer_ = *made;
  return gpu_->finish();
}

Result<double> GpuProbe::read(uint32_t rounds) {
  const ReadProbeParams params = {.n_vectors = static_cast<uint32_t>(buffer_.bytes() / kVector), .n_rounds = rounds};
  return timed([&] {
    return gpu_->recorder().dispatch({.kernel = "read",
                                      .bindings = {{&buffer_}, {&result_, Access::write}},
                                      .push_constants = bytes_of(params),
                                      .groups = {groups(), 1, 1}});
  });
}

Result<double> GpuProbe::upload() {
  const auto bytes = static_cast<uint64_t>(buffer_.bytes());
  return timed([&] {
    return gpu_->upload(buffer_, bytes,
                        [](uint64_t, std::span<std::byte> out) { std::memset(out.data(), 1, out.size()); });
  });
}

Result<double> GpuProbe::download() {
  host_.assign(static_cast<size_t>(buffer_.bytes()), std::byte{1});
  return timed([&] { return gpu_->download(buffer_, host_); });
}

Result<double> GpuProbe::multiply_add(Arithmetic arithmetic, uint32_t rounds) {
  const MultiplyAddProbeParams params = {
      .n_rounds = rounds, .integers = arithmetic == Arithmetic::i32 ? 1u : 0u, .seed = 0};
  return timed([&] {
    return gpu_->recorder().dispatch({.kernel = "multiply_add",
                                      .bindings = {{&result_, Access::write}},
                                      .push_constants = bytes_of(params),
                                      .groups = {groups(), 1, 1}});
  });
}

Status GpuProbe::touch(const Tensor& tensor) {
  const TouchProbeParams params = {.value = 0};
  return gpu_->recorder().dispatch({.kernel = "touch",
                                    .bindings = {{&tensor, Access::write}},
                                    .push_constants = bytes_of(params),
                                    .groups = {1, 1, 1}});
}

Result<DispatchTime> GpuProbe::dispatches(uint32_t n, bool dependent) {
  if (Status s = gpu_->finish(); !s.ok()) return s;
  DispatchTime time;
  auto start = Clock::now();
  for (uint32_t i = 0; i < std::clamp(n, 1u, kMostDispatches); ++i)
    if (Status s = touch(touched_[dependent ? 0 : i]); !s.ok()) return s;
  time.record = seconds_since(start);
  start = Clock::now();
  if (Status s = gpu_->finish(); !s.ok()) return s;
  time.run = seconds_since(start);
  return time;
}

}  // namespace

Result<std::unique_ptr<DeviceProbe>> open_device_probe(const VulkanOptions& options) {
  Result<std::unique_ptr<Gpu>> gpu = Gpu::open(options, probe_kernels());
  if (!gpu.ok()) return gpu.status();
  auto probe = std::make_unique<GpuProbe>(*std::move(gpu));
  if (Status s = probe->prepare(); !s.ok()) return s;
  return std::unique_ptr<DeviceProbe>(std::move(probe));
}

}  // namespace tritium::vulkan
