#include "vulkan/fusion/timed_tensors.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "base/checked_math.h"
#include "ops/program.h"

namespace tritium::vulkan {
namespace {

constexpr int64_t kKeys = 512;  // that a token sees, where its window is no smaller: some MB of a cache at most
constexpr int64_t kAlign = 256;

template <typename Fusion, typename F>
void each_operation(Fusion& fusion, const F& f) {
  for (auto* operations : {&fusion.fused, &fusion.simple})
    for (auto& operation : *operations) std::visit(f, operation);
}

Shape first_rows(const Shape& shape, int64_t n) {
  return shape.rank() == 2 ? Shape{n, shape[1]} : Shape{n, shape[1], shape[2]};
}

template <typename Op>
concept HasCaches = requires(Op op) {
  op.k_cache;
  op.v_cache;
  op.k_scales;
  op.v_scales;
};

// Returns the last position that they hold; 0: there are none.
int64_t shorten_caches(Fusion& fusion) {
  int64_t last = 0;
  each_operation(fusion, [&]<typename Op>(Op& op) {
    if constexpr (HasCaches<Op>)
      for (Tensor* cache : {&op.k_cache, &op.v_cache, &op.k_scales, &op.v_scales})
        if (*cache) {
          cache->shape = first_rows(cache->shape, std::min(kKeys, cache->shape[0]));
          last = cache->shape[0] - 1;
        }
  });
  return last;
}

// Of what needs other memory: its size.
std::map<const Buffer*, int64_t> replaced_buffers(const Fusion& fusion) {
  std::map<const Buffer*, int64_t> replaced;
  each_operation(fusion, [&](const auto& op) {
    each_tensor(op, [&](Role role, const Tensor& tensor) {
      const Buffer* buffer = tensor.buffer.get();
      if (role != Role::input || dynamic_cast<const Temporary*>(buffer)) replaced.try_emplace(buffer, 0);
    });
  });
  each_operation(fusion, [&](const auto& op) {
    each_tensor(op, [&](Role, const Tensor& tensor) {
      if (const auto found = replaced.find(tensor.buffer.get()); found != replaced.end())
        found->second = std::max(found->second, tensor.bytes());
    });
  });
  return replaced;
}

}  // namespace

Result<Tensor> TimedTensors::take(int64_t bytes) {
  const int64_t rounded = round_up(bytes, kAlign);
  auto piece = std::ranges::find_if(pieces_, [&](const Piece& p) { return !p.taken && p.tensor.bytes() == rounded; });
  if (piece == pieces_.end()) {
    Result<Tensor> made = gpu_.allocate_briefly({rounded / 4}, DType::f32, "timed");
    if (!made.ok()) return made.status();
    piece = pieces_.insert(pieces_.end(), {.tensor = *std::move(made)});
  }
  piece->taken = true;
  return piece->tensor;
}

Status TimedTensors::bind(Fusion& fusion) {
  for (Piece& piece : pieces_) piece.taken = false;
  const std::array<int32_t, 2> row = {static_cast<int32_t>(shorten_caches(fusion)), 0};
  Result<Tensor> rows = take(sizeof row);
  if (!rows.ok()) return rows.status();
  if (Status s = gpu_.upload(*rows, std::as_bytes(std::span(row))); !s.ok()) return s;

  std::map<const Buffer*, Tensor> memory;
  for (const auto& [buffer, bytes] : replaced_buffers(fusion)) {
    Result<Tensor> tensor = take(bytes);
    if (!tensor.ok()) return tensor.status();
    memory[buffer] = *std::move(tensor);
  }
  Status status;
  each_operation(fusion, [&]<typename Op>(Op& op) {
    if constexpr (requires { op.rows; }) op.rows.buffer = rows->buffer;
    if constexpr (requires { op.expert_ids; })
      if (const auto ids = memory.find(op.expert_ids.buffer.get()); ids != memory.end() && status.ok())
        status = count_up(ids->second, op.expert_ids.elements());
    each_tensor(op, [&](Role, Tensor& tensor) {
      if (const auto found = memory.find(tensor.buffer.get()); found != memory.end()) {
        tensor.buffer = found->second.buffer;
      } else if (!Gpu::owns(tensor) && status.ok()) {
        status = Status(StatusCode::unsupported, "tensors of another backend cannot be timed on this one");
      }
    });
  });
  return status;
}

Status TimedTensors::count_up(const Tensor& tensor, int64_t n) {
  std::vector<int32_t> numbers(static_cast<size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return gpu_.upload(tensor, std::as_bytes(std::span(numbers)));
}

}  // namespace tritium::vulkan
