#include "tests/vulkan/isa/noting_backend.h"

namespace tritium::vulkan {
namespace {

// One of them is written, and they have bytes in common.
bool overlap(const Binding& a, const Binding& b) {
  if (a.access == Access::read && b.access == Access::read) return false;
  if (!a.tensor || !b.tensor || a.tensor->buffer != b.tensor->buffer) return false;
  const auto end_of = [](const Binding& binding) {
    return binding.bytes > 0 ? binding.offset + binding.bytes : static_cast<uint64_t>(binding.tensor->bytes());
  };
  return a.offset < end_of(b) && b.offset < end_of(a);
}

}  // namespace

Status NotingRecorder::dispatch(const Dispatch& d) {
  bool aliased = false;
  for (size_t i = 0; i < d.bindings.size(); ++i)
    for (size_t j = 0; j < i; ++j) aliased = aliased || overlap(d.bindings[i], d.bindings[j]);
  const auto same = [&](const DispatchedKernel& other) {
    return other.name == d.kernel && other.constants == d.constants && other.aliased == aliased;
  };
  // Kernels are specialised by shapes, and those to come are small.
  const bool settled = knows(d.kernel) && !d.constants.empty();
  if (!settled && std::ranges::none_of(noted, same))
    noted.push_back({std::string(d.kernel), d.constants, aliased, use});
  return Status();
}

}  // namespace tritium::vulkan
