// Gpu: memory, kernels and transfers of one device behind Status-returning calls; the Vulkan backend without
// its operations. Tests run kernels of their own on it. No Vulkan type appears here (pimpl): the backend
// compiles fast.
//
// Thread rule: one thread at a time, as for Backend; tensors may be dropped on any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ops/tensor.h"
#include "vulkan/kernel.h"
#include "vulkan/pipelines/cache_file.h"
#include "vulkan/recorder.h"
#include "vulkan/vulkan_backend.h"

namespace tritium::vulkan {

struct Device;
enum class MemoryUse;
struct RecorderOptions;
struct RecordedCommands;

class Gpu {
 public:
  static Result<std::unique_ptr<Gpu>> open(const VulkanOptions& options, std::span<const Kernel> kernels);
  static Result<std::unique_ptr<Gpu>> open(const VulkanOptions& options, std::span<const Kernel> kernels,
                                           const RecorderOptions& recorder);
  // Waits for the device; tensors may outlive it.
  ~Gpu();

  const DeviceDescription& description() const;
  Recorder& recorder();
  Device& device();  // for tests: vulkan/device/device.h

  // Zeros.
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& name);
  // Not zeroed: the caller uploads all of it, padding (to 16 bytes) excepted.
  Result<Tensor> allocate_weight(const Shape& shape, DType dtype, const std::string& name);
  // Zeros that are soon dropped: they take no more memory than they need, and give it back.
  Result<Tensor> allocate_briefly(const Shape& shape, DType dtype, const std::string& name);
  // Whether its memory is of this kind, and not of another backend.
  static bool owns(const Tensor& tensor);
  Status upload(const Tensor& tensor, std::span<const std::byte> data);
  // The same from a function that writes bytes [begin, begin + out.size()) when asked.
  Status upload(const Tensor& tensor, uint64_t bytes,
                const std::function<void(uint64_t begin, std::span<std::byte> out)>& write);
  Status download(const Tensor& tensor, std::span<std::byte> data);
  Status submit();

  // Zeroed memory that the host reads where `mapped` says, once what wrote it was posted and waited for.
  Result<Tensor> allocate_readable(const Shape& shape, DType dtype, const std::string& name);
  static std::span<const std::byte> mapped(const Tensor& tensor);
  // Sends off what is recorded; the number of the last submission.
  Result<uint64_t> post();
  Status wait(uint64_t post);

  // What `record` dispatches, recorded to run many times. `most_marks`: so often may it call mark().
  Result<std::shared_ptr<const RecordedCommands>> record(const std::function<Status()>& record,
                                                         uint32_t most_marks = 0);
  // The commands being recorded note the time when everything before has run.
  Status mark();
  // Seconds from the first mark to each, of the last run, which has ended (finish()).
  Result<std::vector<double>> marks(const RecordedCommands& commands);
  // Whether the device has a clock for that.
  bool has_marks() const;
  // In the order of the calls among everything else.
  Status run(const std::shared_ptr<const RecordedCommands>& commands);

  // Submits, and waits until all that was submitted has run.
  Status finish();
  // The operation that is recorded next takes so many seconds at most.
  void expect(double seconds);
  void push_label(std::string_view name);
  void pop_label();

  Status begin_capture();
  Status end_capture();
  const DeviceWork& work() const;
  void set_work(const DeviceWork& work);  // by who does more than is to be counted
  uint64_t bytes_in_use() const;
  uint64_t bytes_held() const;  // from the driver: with what blocks have free
  // Where files of what was found out on this device may be kept; empty: nowhere.
  const std::filesystem::path& cache_folder() const;
  CacheKey cache_key() const;         // of what is about its kernels
  uint64_t available_memory() const;  // as Backend::available_memory()

 private:
  struct Parts;
  explicit Gpu(std::unique_ptr<Parts> parts);
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& name, MemoryUse use);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tritium::vulkan
