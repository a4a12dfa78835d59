#include "ops/fusion.h"

#include "ops/compose.h"

namespace tritium {
namespace {

std::string text_of(DType dtype, const Shape& shape) { return std::string(name_of(dtype)) + shape.text(); }

Shape without_rows(const Shape& s) { return s.rank() == 3 ? Shape{s[1], s[2]} : Shape{s[1]}; }

std::string text_of(const Tensor& tensor) { return tensor ? text_of(tensor.dtype, tensor.shape) : "-"; }

std::string text_of(const Weight& weight) {
  if (!weight.data) return "-";
  const std::string text = text_of(weight.dtype, {weight.n_matrices, weight.rows, weight.cols});
  const bool grouped = weight.group_size > 0 && weight.group_size < weight.row_stride;
  return grouped ? text + "/" + std::to_string(weight.group_size) : text;
}

// Rows of positions, as many as a session wants: an operation touches those that its token sees, and how many splits
// that may be says the shape of its parts.
template <typename Op>
bool has_a_row_a_position(const Op& op, const Tensor& tensor) {
  bool has = false;
  if constexpr (requires { op.cos_sin; }) has = has || &tensor == &op.cos_sin;
  if constexpr (requires { op.k_cache; })
    has = has || &tensor == &op.k_cache || &tensor == &op.v_cache || &tensor == &op.k_scales || &tensor == &op.v_scales;
  return has;
}

template <typename Op>
std::string text_of(const Op& op) {
  std::string text(Op::kName);
  Op::visit(op, [&]<typename Value>(Role, const Value& x, auto...) {
    if constexpr (std::is_same_v<Value, Tensor>) {
      if (x && has_a_row_a_position(op, x)) {
        text += " " + text_of(Tensor{x.buffer, without_rows(x.shape), x.dtype});
        return;
      }
    }
    text += " " + text_of(x);
  });
  if constexpr (requires { op.window; })
    if (op.window > 0) text += " window " + std::to_string(op.window);
  return text;
}

}  // namespace

const std::vector<std::string_view>& fusion_names() {
  static const std::vector<std::string_view> kNames = [] {
    std::vector<std::string_view> names;
    AllOps::each([&]<typename Op>(std::type_identity<Op>) {
      // What is computed in splits has a reference of its own, and a twin all the same.
      if constexpr (kIsComposed<Op> || std::is_same_v<Op, AttentionStep>) names.push_back(Op::kName);
    });
    return names;
  }();
  return kNames;
}

std::string class_of(const Fusion& fusion) {
  return std::visit([](const auto& op) { return text_of(op); }, fusion.fused.front());
}

int64_t rows_of(const Fusion& fusion) {
  return std::visit(
      [](const auto& op) -> int64_t {
        if constexpr (requires { op.x.shape; }) return op.x.shape[0];
        return 1;
      },
      fusion.fused.front());
}

}  // namespace tritium
