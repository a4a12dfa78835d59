// Runtime: a device, opened. DeviceInfo: what can be opened here.
// A Runtime may be used from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tritium/model.hpp"
#include "tritium/options.hpp"
#include "tritium/status.hpp"

namespace tritium {

struct DeviceInfo {
  std::string backend;      // what RuntimeOptions::backend takes: "reference", "cpu", "vulkan:0"
  std::string description;  // the device's own name
  std::string driver;       // Vulkan: driver name and version; cpu: instruction set in use
  bool available = false;
  std::string reason;     // why it is not available
  bool software = false;  // a Vulkan driver that runs on the CPU: never chosen by `auto`
  bool chosen_by_auto = false;
  uint64_t memory_bytes = 0;          // 0: unknown
  std::vector<std::string> features;  // those that matter for speed, in words
};

// Every backend and device, also those that cannot be used. Takes the time of opening the Vulkan loader.
// Empty where memory ends.
std::vector<DeviceInfo> list_devices();

class WeightSource;
struct DebugOptions;
struct ProfileEntry;
struct DeviceWork;
struct FusionChoice;

// A device, opened. A handle: copies share it.
class Runtime {
 public:
  struct State;  // the library's own

  // `auto` falls back to the CPU and says why in the log; a backend asked for by name that is not there is an error.
  static Result<Runtime> create(const RuntimeOptions& options = {});
  // Watched, for kernel engineers: debug.hpp.
  static Result<Runtime> create(const RuntimeOptions& options, const DebugOptions& debug);
  const std::string& backend() const;  // "cpu", "vulkan:0"
  // With DebugOptions::profile: the operations until now, those that took longest first. Else empty, and where memory
  // ends. Waits for an evaluation that is under way.
  std::vector<ProfileEntry> profile() const;
  // Until now; the difference of two is what came between. Waits for an evaluation that is under way.
  DeviceWork device_work() const;
  // Which operations of a decoded token a GPU does as one, and why; empty before the first one, of the cpu and the
  // reference, and where memory ends. Waits for an evaluation that is under way.
  std::vector<FusionChoice> fusions() const;
  // `path`: a GGUF file, any part of a split one, or a Hugging Face folder with safetensors.
  Result<Model> load(const std::string& path, const LoadOptions& options = {}) const;
  // A GGUF file in one part that the application has open, where it may not open it by a path (a sandbox, a file
  // picker): a POSIX descriptor, for reading, of which the model keeps a duplicate as long as it lives.
  // invalid_argument with LoadOptions::cache, which needs a path.
  Result<Model> load_descriptor(int descriptor, const LoadOptions& options = {}) const;

 private:
  Result<Model> load_from(WeightSource source, const LoadOptions& options) const;
  explicit Runtime(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tritium
