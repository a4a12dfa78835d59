// An operation's tensors as the arguments of its reference: call<function>(op) passes op.params() and then the spans of
// the tensors, in the order of Op::visit.
#pragma once

#include <array>
#include <cassert>
#include <tuple>
#include <type_traits>
#include <utility>

#include "cpu_ref/host_memory.h"
#include "ops/op.h"
#include "shaders/lib/step.h"

namespace tritium::cpu_ref {

// The planes of an operation in the order of Op::visit; null for those that are not there.
class Planes {
 public:
  template <typename Op>
  explicit Planes(const Op& op) {
    Op::visit(op, [this](Role, const auto& x, auto... scales) {
      if constexpr ((std::is_same_v<decltype(scales), OfTheStep> || ...)) return;
      if constexpr (std::is_same_v<decltype(x), const Weight&>) {
        push(x.data);
        if (sizeof...(scales) > 0) push(x.scales);
      } else {
        push(x);
      }
    });
  }

  template <typename Span>
  Span next() {
    return host_span<std::remove_const_t<typename Span::element_type>>(*planes_[next_++]);
  }
  // The pointer to the values of the next plane; void and const void: to its bytes.
  template <typename Pointer>
  Pointer next_pointer() {
    return static_cast<Pointer>(static_cast<void*>(host_span<std::byte>(*planes_[next_++]).data()));
  }
  const Tensor* tensor() const { return planes_[next_]; }
  bool done() const { return next_ == size_; }

 private:
  void push(const Tensor& plane) { planes_[size_++] = &plane; }

  std::array<const Tensor*, 16> planes_;
  size_t size_ = 0;
  size_t next_ = 0;
};

// The numbers of an operation as kernels get them: those of the step, where it has them.
template <typename Op>
auto params_of(const Op& op) {
  auto params = op.params();
  if constexpr (requires { op.now; })
    if (op.now)
      params = shader::at_step(params, *reinterpret_cast<const StepValues*>(host_span<std::byte>(op.now).data()));
  return params;
}

template <typename Op, typename Params, typename... Spans>
void call(void (*function)(Params, Spans...), const Op& op) {
  Planes planes(op);
  // Braces: the spans are taken from left to right.
  std::tuple<std::remove_cvref_t<Params>, Spans...> arguments{params_of(op), planes.next<Spans>()...};
  assert(planes.done());
  std::apply(function, arguments);
}

}  // namespace tritium::cpu_ref
